/* SPDX-License-Identifier: Apache-2.0 */
/* policy_check.c - the words of policy-check, its files, its answer. */
#include "policy_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "iam.h"
#include "iso8601.h"
#include "json.h"
#include "mem.h"

enum {
    MAX_FILES = 16, /* Policies of one kind */
    EXIT_ALLOWED = 0,
    EXIT_DENIED = 1,
    EXIT_USAGE = 252,
    EXIT_OTHER = 255
};

const char policy_check_usage[] =
    "usage: eice-emulator policy-check --policy FILE --action ACTION\n"
    "           [--resource ARN] [--context KEY=VALUE]... [options]\n"
    "\n"
    "Says whether policies allow a request, and which statement decides.\n"
    "\n"
    "  --policy FILE          an identity policy; may be repeated\n"
    "  --session-policy FILE  a session policy; may be repeated\n"
    "  --boundary FILE        the permissions boundary\n"
    "  --action ACTION        such as ec2-instance-connect:OpenTunnel\n"
    "  --resource ARN         what it is about; * when not given\n"
    "  --context KEY=VALUE    a condition key; repeated for more values\n"
    "  --principal ARN        who asks: aws:PrincipalArn\n"
    "  --json                 the answer as JSON\n"
    "\n"
    "FILE may be - for standard input. aws:CurrentTime and aws:EpochTime are\n"
    "now, and a tunnel's maxTunnelDuration is 3600, unless given.\n"
    "Exit code: 0 allowed, 1 denied, 252 bad words, 255 bad file.\n";

/* Policies of one kind, read. */
struct files {
    struct iam_attached at[MAX_FILES];
    struct iam_policy *owned[MAX_FILES];
    size_t n;
};

/* One run. */
struct check {
    struct buf *out;
    struct buf *err;
    struct files identity;
    struct files session;
    struct files boundary;
    const char *action;
    const char *resource;
    const char *principal;
    struct iam_context *context;
    bool json;
    bool help;
};

/* Say what is wrong with the words. */
static int bad_words(struct check *c, const char *what, const char *word)
{
    buf_addf(c->err, "eice-emulator: policy-check: %s %s\n", what, word);
    buf_adds(c->err, "try: eice-emulator policy-check --help\n");
    return EXIT_USAGE;
}

/* Say what is wrong with a file, or with us. */
static int bad_file(struct check *c, const char *path, const char *why)
{
    buf_addf(c->err, "eice-emulator: policy-check: %s: %s\n", path, why);
    return EXIT_OTHER;
}

/* All of a file, one byte past the limit at most.  0 or an errno. */
static int read_all(struct buf *text, const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char part[4096];
    size_t n = 1;
    int rv = 0;

    if (f == NULL) {
        return errno;
    }
    while (n > 0 && buf_error(text) == 0) {
        n = fread(part, 1, sizeof part, f);
        buf_add(text, part, n);
    }
    if (ferror(f)) {
        rv = errno;
    }
    if (f != stdin) {
        fclose(f);
    }
    return rv;
}

/* Read one policy file into @files. */
static int add_file(struct check *c, struct files *files, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct buf text;
    struct err e;
    int rv;

    if (files->n == MAX_FILES) {
        return bad_words(c, "too many files:", path);
    }
    buf_init(&text, IAM_MAX_BYTES);
    rv = read_all(&text, path);
    if (rv != 0) {
        rv = bad_file(c, path, strerror(rv));
    } else if (buf_error(&text) != 0) {
        rv = bad_file(c, path, err_sentence(buf_error(&text)));
    } else if (iam_policy_parse(&files->owned[files->n], buf_str(&text),
                                text.len, IAM_IDENTITY, &e) != 0) {
        rv = bad_file(c, path, e.msg);
    } else {
        files->at[files->n].name = strcmp(path, "-") == 0 ? "standard input"
                                   : slash != NULL        ? slash + 1
                                                          : path;
        files->at[files->n].policy = files->owned[files->n];
        files->n++;
    }
    buf_free(&text);
    return rv;
}

/* KEY=VALUE into the context. */
static int add_context(struct check *c, const char *pair)
{
    const char *equals = strchr(pair, '=');
    char *key;
    int rv;

    if (equals == NULL || equals == pair) {
        return bad_words(c, "--context takes KEY=VALUE, not", pair);
    }
    key = mem_strndup(pair, (size_t)(equals - pair));
    rv = key == NULL ? UV_ENOMEM : iam_context_add(c->context, key, equals + 1);
    mem_free(key);
    return rv == 0 ? 0 : bad_file(c, pair, err_sentence(rv));
}

/* Take one option and its value. */
static int take_option(struct check *c, const char *name, const char *value)
{
    if (strcmp(name, "--policy") == 0) {
        return add_file(c, &c->identity, value);
    }
    if (strcmp(name, "--session-policy") == 0) {
        return add_file(c, &c->session, value);
    }
    if (strcmp(name, "--boundary") == 0) {
        return c->boundary.n > 0
                   ? bad_words(c, "only one --boundary, not", value)
                   : add_file(c, &c->boundary, value);
    }
    if (strcmp(name, "--context") == 0) {
        return add_context(c, value);
    }
    if (strcmp(name, "--action") == 0) {
        c->action = value;
    } else if (strcmp(name, "--resource") == 0) {
        c->resource = value;
    } else {
        c->principal = value;
    }
    return 0;
}

/* Whether @name is an option that takes a value. */
static bool takes_value(const char *name)
{
    static const char *const names[] = {
        "--policy", "--session-policy", "--boundary", "--context",
        "--action", "--resource",       "--principal"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Read "--name value" and "--name=value". */
static int take_words(struct check *c, int argc, const char *const *argv)
{
    char name[32];
    int rv = 0;
    int i;

    for (i = 0; i < argc && rv == 0; i++) {
        size_t len = strcspn(argv[i], "=");
        bool inside = argv[i][len] == '=';

        snprintf(name, sizeof name, "%.*s", (int)(len < 31 ? len : 31),
                 argv[i]);
        if (strcmp(argv[i], "--json") == 0) {
            c->json = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            c->help = true;
            return 0;
        } else if (!takes_value(name)) {
            rv = bad_words(c, "unknown option", argv[i]);
        } else if (inside) {
            rv = take_option(c, name, argv[i] + len + 1);
        } else if (i + 1 == argc) {
            rv = bad_words(c, "a value is missing after", argv[i]);
        } else {
            rv = take_option(c, name, argv[i + 1]);
            i++;
        }
    }
    return rv;
}

/* Give @key @value unless the words gave it. */
static int add_default(struct check *c, const char *key, const char *value)
{
    return iam_context_has(c->context, key)
               ? 0
               : iam_context_add(c->context, key, value);
}

/* What every request has, unless the words say otherwise. */
static int add_defaults(struct check *c, int64_t now)
{
    char date[ISO8601_EXTENDED_SIZE];
    char epoch[24];
    int rv;

    iso8601_extended(date, now);
    snprintf(epoch, sizeof epoch, "%lld", (long long)now);
    rv = add_default(c, "aws:CurrentTime", date);
    if (rv == 0) {
        rv = add_default(c, "aws:EpochTime", epoch);
    }
    if (rv == 0 && c->principal != NULL) {
        rv = add_default(c, "aws:PrincipalArn", c->principal);
    }
    if (rv == 0 &&
        strcasecmp(c->action, "ec2-instance-connect:OpenTunnel") == 0) {
        rv = add_default(c, "ec2-instance-connect:maxTunnelDuration", "3600");
    }
    return rv;
}

/* The answer as one JSON object. */
static int write_json(struct check *c, const struct iam_result *r)
{
    static const char *const verdicts[] = {"allowed", "explicitDeny",
                                           "implicitDeny"};
    static const char *const sources[] = {"identity", "session", "boundary",
                                          "trust", "root"};
    json_t *o = json_pack("{s:s, s:s}", "verdict", verdicts[r->verdict],
                          "source", sources[r->source]);

    if (r->policy != NULL) {
        json_object_set_new(o, "policy", json_string(r->policy));
        json_object_set_new(o, "statement",
                            json_integer((json_int_t)r->statement));
    }
    if (r->sid != NULL) {
        json_object_set_new(o, "sid", json_string(r->sid));
    }
    if (o == NULL) {
        return UV_ENOMEM;
    }
    js_write(c->out, o, JS_PRETTY);
    buf_addc(c->out, '\n');
    json_decref(o);
    return 0;
}

/* The answer in words, with what kept each statement from deciding. */
static int write_words(struct check *c, const struct iam_result *r,
                       const struct iam_request *request)
{
    const struct files *all[] = {&c->identity, &c->session, &c->boundary};
    int rv = 0;
    size_t i;
    size_t j;

    iam_explain(c->out, r);
    buf_addc(c->out, '\n');
    if (r->verdict == IAM_ALLOWED) {
        return 0;
    }
    if (c->principal != NULL) {
        iam_denial(c->out, r, c->principal, request);
        buf_addc(c->out, '\n');
    }
    for (i = 0; i < 3 && r->verdict == IAM_IMPLICIT_DENY; i++) {
        for (j = 0; j < all[i]->n && rv == 0; j++) {
            rv = iam_why_not(c->out, &all[i]->at[j], request);
        }
    }
    return rv;
}

/* Ask, and write the answer. */
static int answer(struct check *c, int64_t now)
{
    struct iam_policies policies = {.identity = c->identity.at,
                                    .n_identity = c->identity.n,
                                    .session = c->session.at,
                                    .n_session = c->session.n};
    struct iam_request request = {c->action, c->resource, c->context};
    struct iam_result r;
    int rv;

    policies.boundary = c->boundary.n > 0 ? c->boundary.at : NULL;
    rv = add_defaults(c, now);
    if (rv == 0) {
        rv = iam_evaluate(&r, &policies, &request);
    }
    if (rv == 0) {
        rv = c->json ? write_json(c, &r) : write_words(c, &r, &request);
    }
    if (rv != 0) {
        return bad_file(c, c->action, err_sentence(rv));
    }
    return r.verdict == IAM_ALLOWED ? EXIT_ALLOWED : EXIT_DENIED;
}

/* Free the policies of one kind. */
static void files_free(struct files *files)
{
    while (files->n > 0) {
        iam_policy_free(files->owned[--files->n]);
    }
}

int policy_check(int argc, const char *const *argv, int64_t now,
                 struct buf *out, struct buf *err)
{
    struct check c = {.out = out, .err = err, .resource = "*"};
    int rv;

    c.context = iam_context_new();
    if (c.context == NULL) {
        return bad_file(&c, "policy-check", err_sentence(UV_ENOMEM));
    }
    rv = take_words(&c, argc, argv);
    if (rv == 0 && c.help) {
        buf_adds(out, policy_check_usage);
    } else if (rv == 0 && c.identity.n == 0) {
        rv = bad_words(&c, "what is missing is", "--policy FILE");
    } else if (rv == 0 && c.action == NULL) {
        rv = bad_words(&c, "what is missing is", "--action ACTION");
    } else if (rv == 0) {
        rv = answer(&c, now);
    }
    files_free(&c.identity);
    files_free(&c.session);
    files_free(&c.boundary);
    iam_context_free(c.context);
    return rv;
}
