/* SPDX-License-Identifier: Apache-2.0 */
/* provider_process.c - credentials that a program of the user's choice prints.
 *
 * The happy path is: the configured line is split into words, run without a
 * shell, and prints a JSON document of version 1 with the keys in it.  What can
 * go wrong is all that programs can do; each has its message. */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "creds.h"
#include "json.h"
#include "key_doc.h"
#include "mem.h"
#include "process.h"
#include "profiles.h"
#include "provider.h"
#include "settings.h"
#include "words.h"

#define FAILED "Error when retrieving credentials from custom-process: "

struct process_keys {
    struct provider base;
    const char *profile;
    struct process *process; /* While it runs */
};

/* Copy @text without line ends and blanks around it. */
static void copy_trimmed(char *out, size_t size, const char *text)
{
    size_t n;

    text += strspn(text, " \t\r\n");
    snprintf(out, size, "%s", text);
    n = strlen(out);
    while (n > 0 && strchr(" \t\r\n", out[n - 1]) != NULL) {
        out[--n] = '\0';
    }
}

/* Say how the program failed: in its own words, or by its end. */
static void fail_end(struct process_keys *k, const struct process_end *end)
{
    char said[ERR_MSG_SIZE];

    copy_trimmed(said, sizeof said, end->err);
    if (end->status == UV_ETIMEDOUT) {
        provider_fail(&k->base, FAILED "it took longer than %u s",
                      end->timeout_s);
    } else if (end->status == ERR_TOO_BIG) {
        provider_fail(&k->base, FAILED "it printed more than %d bytes",
                      PROCESS_OUT_MAX);
    } else if (end->status != 0) {
        provider_fail(&k->base, FAILED "%s", err_sentence(end->status));
    } else if (said[0] != '\0') {
        provider_fail(&k->base, FAILED "%s", said);
    } else if (end->signal != 0) {
        provider_fail(&k->base, FAILED "it was ended by signal %d",
                      end->signal);
    } else {
        provider_fail(&k->base,
                      FAILED "it ended with status %lld and said "
                             "nothing",
                      (long long)end->exit_status);
    }
}

/* What is not JSON gets the words of Python's reader, which people search
 * for. */
static void fail_json(struct process_keys *k, const char *text,
                      const struct err *why)
{
    size_t at = strspn(text, " \t\r\n");
    unsigned line = 1;
    size_t i, column = 1;
    struct err e;

    if (text[at] == '{' || text[at] == '[') {
        provider_fail(&k->base, FAILED "%s", why->msg);
        return;
    }
    for (i = 0; i < at; i++) {
        column++;
        if (text[i] == '\n') {
            line++;
            column = 1;
        }
    }
    err_set(&e, ERR_CREDENTIALS,
            "Expecting value: line %u column %zu (char %zu)", line, column, at);
    err_hint(&e, "credential_process must print a JSON document");
    provider_bad(&k->base, &e);
}

/* Answer with the credentials in @doc. */
static void take(struct process_keys *k, const json_t *doc)
{
    struct key_doc keys;
    struct err e;

    if (key_doc_process(&keys, doc, &e) != 0) {
        if (strncmp(e.msg, "Unknown", strlen("Unknown")) != 0) {
            err_wrap(&e, "Error when retrieving credentials from "
                         "custom-process");
        }
        provider_bad(&k->base, &e);
        return;
    }
    if (keys.account == NULL || *keys.account == '\0') {
        keys.account = profiles_get(settings_profiles(k->base.ctx->settings),
                                    k->profile, "aws_account_id");
    }
    provider_keys(&k->base, keys.access_key_id, keys.secret, keys.token,
                  keys.account, keys.expires_at);
}

/* The program has ended. */
static void on_end(void *data, const struct process_end *end)
{
    struct process_keys *k = data;
    struct process *process = k->process;
    json_t *doc;
    struct err e;

    /* Whatever is answered below, the output lives until the process is
     * closed, and @k may be gone by then. */
    k->process = NULL;
    if (end->status != 0 || end->exit_status != 0 || end->signal != 0) {
        fail_end(k, end);
        process_close(process);
        return;
    }
    doc = js_parse(end->out, end->out_len, &e);
    if (doc == NULL) {
        fail_json(k, end->out, &e);
    } else {
        take(k, doc);
    }
    js_wipe(doc);
    process_close(process);
}

/* Say that @program could not be started, as Python does. */
static void fail_start(struct process_keys *k, int code, const char *program)
{
    switch (code) {
    case UV_ENOENT:
        provider_fail(&k->base, "[Errno 2] No such file or directory: '%s'",
                      program);
        return;
    case UV_EACCES:
        provider_fail(&k->base, "[Errno 13] Permission denied: '%s'", program);
        return;
    default:
        provider_fail(&k->base, FAILED "%s: %s", program, err_sentence(code));
        return;
    }
}

static void process_fetch(struct provider *p)
{
    struct process_keys *k = (struct process_keys *)p;
    const char *line = profiles_get(settings_profiles(p->ctx->settings),
                                    k->profile, "credential_process");
    struct words w;
    struct err e;
    int rv;

    if (line == NULL) {
        provider_pass(p, "the profile has no credential_process");
        return;
    }
    rv = words_split(&w, line, &e);
    if (rv == ERR_PARSE) {
        provider_fail(p, "%s", e.msg);
        return;
    }
    if (rv != 0) {
        provider_bad(p, &e);
        return;
    }
    if (w.n == 0) {
        words_free(&w);
        provider_fail(p, FAILED "credential_process is empty");
        return;
    }
    rv = process_start(&k->process, p->ctx, w.v, on_end, k);
    if (rv != 0) {
        fail_start(k, rv, w.v[0]);
    }
    words_free(&w);
}

static void process_stop(struct provider *p)
{
    struct process_keys *k = (struct process_keys *)p;

    process_close(k->process);
    k->process = NULL;
}

static void process_free(struct provider *p)
{
    mem_free(p);
}

static const struct provider_ops process_ops = {
    .name = "custom-process",
    .fetch = process_fetch,
    .stop = process_stop,
    .free = process_free,
};

struct provider *provider_process_new(const struct provider_spec *spec)
{
    struct process_keys *k = mem_zalloc(sizeof *k);

    if (k == NULL) {
        return NULL;
    }
    k->base = (struct provider){.ops = &process_ops, .ctx = spec->ctx};
    k->profile = spec->profile;
    return &k->base;
}
