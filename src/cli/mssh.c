/* SPDX-License-Identifier: Apache-2.0 */
/* mssh.c - mssh [-t id] [-u profile] [-z zone] [-r region] [-d] [ssh flags]
 * target [command].
 *
 * Unlike the original we know which of ssh's flags take a value, so a flag
 * before the target never swallows it, and raw IPv6 targets work. */
#include "mssh.h"

#include <string.h>
#include <uv.h>

#include "argv.h"
#include "client_line.h"
#include "err.h"

static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char digits[] = "0123456789";

/* One command line, read. */
struct mssh {
    const char *region;
    const char *zone;
    const char *profile;
    const char *instance_id;
    bool debug;
};

static const char *base_name(const char *program)
{
    const char *slash = strrchr(program, '/');

    return slash != NULL ? slash + 1 : program;
}

bool mssh_is(const char *program)
{
    const char *name = base_name(program);

    return strcmp(name, "mssh") == 0 || strcmp(name, "msftp") == 0;
}

const char *mssh_usage(const char *program)
{
    return strcmp(base_name(program), "mssh") == 0
               ? "usage: mssh [-t instance_id] [-u profile] [-z "
                 "availability_zone] [-r region] [ssh flags] target [command]"
               : "usage: msftp [-t instance_id] [-u profile] [-z "
                 "availability_zone] [-r region] [sftp flags] target[:file]";
}

/* The place for the value of one of mssh's own options, or NULL. */
static const char **own_find(struct mssh *m, const char *word, size_t len)
{
    const struct {
        const char *letter;
        const char *name;
        const char **value;
    } rows[] = {
        {"-r", "--region", &m->region},
        {"-z", "--zone", &m->zone},
        {"-u", "--profile", &m->profile},
        {"-t", "--instance_id", &m->instance_id},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((len == 2 && strncmp(word, rows[i].letter, 2) == 0) ||
            (len > 2 && strncmp(word, rows[i].name, len) == 0)) {
            return rows[i].value;
        }
    }
    return NULL;
}

/* Take one of mssh's own options; returns how many words, 0 if it is none. */
static size_t own_take(struct mssh *m, const char *const *words, size_t n)
{
    size_t len = strcspn(words[0], "=");
    const char **value;

    if (words[0][0] != '-' || words[0][1] == '\0') {
        return 0;
    }
    if (strcmp(words[0], "-d") == 0 ||
        (len > 2 && strncmp(words[0], "--debug", len) == 0)) {
        m->debug = true;
        return 1;
    }
    value = own_find(m, words[0], len);
    if (value == NULL && words[0][1] != '-') {
        value = own_find(m, words[0], 2);
        if (value != NULL) {
            *value = words[0] + 2; /* "-rREGION" */
            return 1;
        }
    }
    if (value == NULL) {
        return 0;
    }
    if (words[0][len] == '=') {
        *value = words[0] + len + 1;
        return 1;
    }
    *value = n > 1 ? words[1] : "";
    return n > 1 ? 2 : 1;
}

/* "eu-central-1": words and dashes, then digits, and a letter for a zone. */
static bool is_place(const char *text, bool zone)
{
    const char *p = text;
    size_t n;

    while ((n = strspn(p, lower)) > 0 && p[n] == '-') {
        p += n + 1;
    }
    n = strspn(p, digits);
    if (p == text || n == 0) {
        return false;
    }
    p += n;
    n = strspn(p, lower);
    return zone ? n > 0 : *p == '\0';
}

static bool is_user(const char *text)
{
    size_t n;

    if (text[0] != '_' && strspn(text, lower) == 0) {
        return false;
    }
    n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return text[n] == '\0' || (text[n] == '$' && text[n + 1] == '\0');
}

static bool is_instance(const char *text)
{
    return strncmp(text, "i-", 2) == 0 && text[2] != '\0' &&
           text[2 + strspn(text + 2, "0123456789abcdef")] == '\0';
}

/* mssh's checks. */
static int check(const struct mssh *m, const struct client_line *l,
                 const struct client_target *t, struct err *e)
{
    if (l->identity != NULL) {
        return err_set(e, ERR_USAGE,
                       "'-i' is not supported when using mssh. A key is made "
                       "and pushed for every run.");
    }
    if (l->target == l->n) {
        return err_set(e, ERR_USAGE, "Missing target");
    }
    if (m->region != NULL && !is_place(m->region, false)) {
        return err_set(e, ERR_USAGE, "%s is not a valid region", m->region);
    }
    if (m->zone != NULL && !is_place(m->zone, true)) {
        return err_set(e, ERR_USAGE, "%s is not a valid availability zone",
                       m->zone);
    }
    if (!is_instance(t->host) && m->instance_id == NULL) {
        return err_set(e, ERR_USAGE, "Missing instance_id");
    }
    if (m->instance_id != NULL && !is_instance(m->instance_id)) {
        return err_set(e, ERR_USAGE, "%s is not a valid instance id",
                       m->instance_id);
    }
    if (t->host[0] == '\0') {
        return err_set(e, ERR_USAGE, "Invalid target");
    }
    if (t->user[0] != '\0' && !is_user(t->user)) {
        return err_set(e, ERR_USAGE, "%s is not a valid UNIX user", t->user);
    }
    return 0;
}

/* The same in our words. */
static void translate(struct argv *out, const struct mssh *m,
                      const struct client *c, const struct client_line *l,
                      const struct client_target *t)
{
    bool host = !is_instance(t->host);
    const char *user = t->user[0] != '\0' ? t->user
                       : l->user != NULL  ? l->user
                                          : "ec2-user";
    size_t i;

    if (m->region != NULL) {
        argv_addf(out, "--region=%s", m->region);
    }
    if (m->profile != NULL) {
        argv_addf(out, "--profile=%s", m->profile);
    }
    if (m->debug) {
        argv_add(out, "--debug");
    }
    argv_add(out, c->program);
    argv_addf(out, "--connection-type=%s", host ? "direct" : "auto");
    if (host) {
        argv_add(out, "-o");
        argv_addf(out, "HostName=%s", t->host);
    }
    for (i = 0; i < l->n; i++) {
        if (i == l->target) {
            argv_addf(out, "%s@%s%s", user, host ? m->instance_id : t->host,
                      t->rest);
        } else {
            argv_add(out, l->words[i]);
        }
    }
}

int mssh_translate(struct argv *out, const char *program,
                   const char *const *words, size_t n, struct err *e)
{
    const struct client *c =
        strcmp(base_name(program), "mssh") == 0 ? &client_ssh : &client_sftp;
    struct client_target t = {.rest = ""};
    struct argv theirs = {0};
    struct client_line l;
    struct mssh m = {0};
    size_t took;
    size_t i;
    int rv;

    for (i = 0; i < n; i += took) {
        client_line_read(&l, c, true, (const char *const *)theirs.list,
                         theirs.n);
        took = l.target < l.n ? 0 : own_take(&m, words + i, n - i);
        if (took == 0) {
            argv_add(&theirs, words[i]);
            took = 1;
        }
    }
    client_line_read(&l, c, true, (const char *const *)theirs.list, theirs.n);
    if (l.target < l.n) {
        (void)client_target_read(&t, l.words[l.target], c->kind == CLIENT_SFTP);
    }
    rv = check(&m, &l, &t, e);
    if (rv == 0) {
        translate(out, &m, c, &l, &t);
        if (out->failed || theirs.failed) {
            rv = err_set_uv(e, UV_ENOMEM, "the command line");
        }
    }
    argv_free(&theirs);
    return rv;
}
