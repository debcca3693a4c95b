/* SPDX-License-Identifier: Apache-2.0 */
/* client_asked.c - what a person asks of eice ssh, scp, sftp or rsync. */
#include "client_asked.h"

#include <stdio.h>
#include <string.h>

#include <eice/eice.h>

#include "err.h"
#include "error.h"

/* Whether all remote words name the same instance. */
static int check_one_target(const struct client_asked *q,
                            struct eice_error *error)
{
    struct client_target t;
    size_t i;

    for (i = q->line.target + 1; q->c->kind == CLIENT_COPY && i < q->line.n;
         i++) {
        if (client_is_operand(&q->line, q->c, i) &&
            client_target_read(&t, q->line.words[i], true) && t.remote &&
            strcmp(t.host, q->host) != 0) {
            return error_set(error, ERR_USAGE,
                             "'%s' and '%s' are two instances; copy from one "
                             "to here, and from here to the other.",
                             q->host, t.host);
        }
    }
    return 0;
}

/* Find the word that names the instance. */
static int read_target(struct client_asked *q, struct eice_error *error)
{
    const struct client_line *l = &q->line;
    struct client_target t = {.rest = ""};
    bool colon = q->c->kind == CLIENT_COPY ||
                 (q->c->kind == CLIENT_SFTP && l->target < l->n &&
                  (strchr(l->words[l->target], ':') != NULL));
    const char *last;

    if (l->target < l->n &&
        !client_target_read(&t, l->words[l->target], colon)) {
        return error_set(error, ERR_USAGE, "'%s' is too long.",
                         l->words[l->target]);
    }
    if (colon && l->target < l->n && q->c->kind == CLIENT_SFTP &&
        l->words[l->target][0] != '[') {
        /* An IPv6 address without brackets is no host and path. */
        last = strchr(l->words[l->target], ':');
        if (strchr(last + 1, ':') != NULL && strchr(last, '/') == NULL) {
            (void)client_target_read(&t, l->words[l->target], false);
        }
    }
    snprintf(q->user, sizeof q->user, "%s", t.user);
    snprintf(q->host, sizeof q->host, "%s", t.host);
    q->word = q->a->instance_id != NULL ? q->a->instance_id : q->host;
    if (l->unfinished != 0) {
        return error_set(error, ERR_USAGE,
                         "argument -%c: expected one argument", l->unfinished);
    }
    if (q->word[0] == '\0' && l->at_home) {
        return 0;
    }
    if (q->word[0] == '\0') {
        error_set(error, ERR_USAGE,
                  "the following arguments are required: --instance-id");
        snprintf(error->hint, sizeof error->hint,
                 "or name an instance: eice %s %s", q->c->program,
                 q->c->kind == CLIENT_COPY ? "FILE NAME:" : "NAME");
        return ERR_USAGE;
    }
    return check_one_target(q, error);
}

int client_asked_read(struct client_asked *q, const struct client *c,
                      const struct client_args *a, const char *const *words,
                      size_t n, struct eice_error *error)
{
    int rv;

    *q = (struct client_asked){.c = c, .a = a};
    rv = client_args_check(a, &q->choices, error);
    if (rv != 0) {
        return rv;
    }
    if (a->key != NULL && (a->private_key_file != NULL || a->no_push)) {
        return error_set(error, ERR_USAGE,
                         "--key cannot be combined with --private-key-file or "
                         "--no-push.");
    }
    client_line_read(&q->line, q->c,
                     a->instance_id == NULL || q->c->kind == CLIENT_COPY, words,
                     n);
    if (q->line.user != NULL) {
        snprintf(q->user, sizeof q->user, "%s", q->line.user);
    }
    return read_target(q, error);
}

const char *client_asked_user(const struct client_asked *q)
{
    if (q->line.user != NULL) {
        return q->line.user;
    }
    if (q->user[0] != '\0') {
        return q->user;
    }
    return q->a->os_user;
}

bool client_asked_host_keys(const struct client_asked *q, const char *mode)
{
    return strcmp(q->a->host_keys != NULL ? q->a->host_keys : "console",
                  mode) == 0;
}

bool client_asked_own_key(const struct client_asked *q)
{
    return q->a->no_push || q->a->private_key_file != NULL ||
           (q->line.identity != NULL && q->a->key == NULL);
}

bool client_asked_nothing(const struct client_asked *q)
{
    return q->word[0] == '\0';
}

bool client_asked_print(const struct client_asked *q)
{
    return q->a->print || q->a->json;
}
