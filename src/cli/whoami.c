/* SPDX-License-Identifier: Apache-2.0 */
/* whoami.c - eice whoami: whose credentials are used, where they come from, how
 * long they last, and which region is worked in.
 *
 * The happy path is: STS is asked, the answer is printed.  What can go wrong:
 * the configuration, the credentials, the service's refusal, a signal. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <eice/eice.h>

#include "answer.h"
#include "buf.h"
#include "commands.h"
#include "error.h"
#include "iso8601.h"
#include "json.h"
#include "options.h"
#include "program.h"
#include "question.h"
#include "say.h"

enum { TEXT_LIMIT = 8192 };

/* Values of the options. */
struct args {
    bool json;
};

#define AT(field) offsetof(struct args, field)

static const struct option options[] = {
    {"json", OPTION_FLAG, AT(json), NULL, "Print a JSON object", NULL,
     OPTION_OURS, 0},
    {.name = NULL},
};

/* One run of the command. */
struct run {
    struct question q;
    const struct args *args;
};

/* "2026-01-02T03:04:05Z (in 43 min)", or "never". */
static void say_expiry(char *out, size_t size, int64_t expires_at)
{
    char when[ISO8601_EXTENDED_SIZE];
    long long left = (long long)(expires_at - (int64_t)time(NULL));

    if (expires_at == 0) {
        snprintf(out, size, "never");
        return;
    }
    iso8601_extended(when, expires_at);
    if (left >= 7200) {
        snprintf(out, size, "%s (in %lld h)", when, left / 3600);
    } else {
        snprintf(out, size, "%s (in %lld min)", when, left / 60);
    }
}

/* Lines for people. */
static void print_text(const struct eice_identity *i)
{
    char expiry[64];
    struct buf out;

    say_expiry(expiry, sizeof expiry, i->expires_at);
    buf_init(&out, TEXT_LIMIT);
    buf_addf(&out, "Account      %s\n", i->account);
    buf_addf(&out, "ARN          %s\n", i->arn);
    buf_addf(&out, "User id      %s\n", i->user_id);
    buf_addf(&out, "Credentials  from %s\n",
             i->source != NULL ? i->source : "nowhere");
    buf_addf(&out, "Expire       %s\n", expiry);
    buf_addf(&out, "Region       %s (from %s)\n", i->region, i->region_source);
    say_text(STDOUT_FILENO, buf_str(&out));
    buf_free(&out);
}

/* An object for programs. */
static int print_object(struct program *p, const struct eice_identity *i)
{
    char when[ISO8601_EXTENDED_SIZE];
    json_t *o = json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s}", "Account",
                          i->account, "Arn", i->arn, "UserId", i->user_id,
                          "CredentialsSource", i->source, "Region", i->region,
                          "RegionSource", i->region_source);

    int rv;

    if (o != NULL && i->expires_at != 0) {
        iso8601_extended(when, i->expires_at);
        json_object_set_new(o, "Expiration", json_string(when));
    }
    rv = answer_print(p, "json", "WhoAmI", o);
    json_decref(o);
    return rv;
}

/* STS has answered. */
static void on_identity(void *data, const struct eice_identity *identity,
                        const struct eice_error *error)
{
    struct run *r = data;

    if (error != NULL) {
        question_fail(&r->q, error);
        return;
    }
    if (r->args->json || answer_wanted(r->q.p->globals)) {
        r->q.exit_code = print_object(r->q.p, identity);
    } else {
        print_text(identity);
    }
    question_end(&r->q);
}

static int run(struct program *p, void *args, const char *const *words,
               size_t n_words)
{
    struct run r = {.args = args};
    struct eice_error error = {0};
    int rv;

    (void)words;
    (void)n_words;
    rv = question_start(&r.q, p, &error);
    if (rv != 0) {
        return error_print(&p->style, &error);
    }
    rv = eice_whoami(&r.q.op, p->eice, on_identity, &r, &error);
    return question_run(&r.q, rv, &error);
}

const struct command command_whoami = {
    .name = "whoami",
    .summary = "Show whose credentials are used, and the region",
    .synopsis = "eice whoami [--json] [--query JMESPATH]",
    .description =
        "Asks STS for the account and the ARN, and says where the credentials\n"
        "come from, when they expire, and which region is worked in and why.\n"
        "With --output or --query the answer is for programs.\n"
        "With --debug it shows every source that was looked at.\n",
    .examples = "  eice whoami --profile work\n"
                "  eice whoami --json\n"
                "  eice whoami --query Account --output text\n",
    .options = options,
    .args_size = sizeof(struct args),
    .is_aws = false,
    .run = run,
};
