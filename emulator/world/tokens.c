/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - bearer and refresh tokens of SSO and login sessions.
 *
 * Those in the world file are valid as it says; refreshing gives out new ones,
 * kept here. */
#include <string.h>
#include <uv.h>

#include "err.h"
#include "impl.h"
#include "mem.h"
#include "wipe.h"

enum { MAX_TOKENS = 1024, TOKEN_HEX = 64 };

void token_free(struct world_token *t)
{
    if (t != NULL) {
        wipe_free(t->text);
        mem_free(t);
    }
}

/* Put @t at the front; when there are too many, forget the last. */
static void insert(struct world *w, struct world_token *t)
{
    struct world_token **link = &w->tokens;

    t->next = w->tokens;
    w->tokens = t;
    w->n_tokens++;
    w->generation++;
    if (w->n_tokens > MAX_TOKENS) {
        while ((*link)->next != NULL) {
            link = &(*link)->next;
        }
        token_free(*link);
        *link = NULL;
        w->n_tokens--;
    }
}

const char *world_token_new(struct world *w, enum world_token_kind kind,
                            const void *owner, int64_t lifetime_s)
{
    struct world_token *t = mem_zalloc(sizeof *t);

    if (t == NULL) {
        return NULL;
    }
    t->kind = kind;
    t->owner = owner;
    t->expires_ms =
        lifetime_s > 0 ? world_now_ms(w) + lifetime_s * 1000 : INT64_MAX;
    t->text = mem_alloc(TOKEN_HEX + 1);
    if (t->text == NULL || world_random_hex(w, t->text, TOKEN_HEX) != 0) {
        token_free(t);
        return NULL;
    }
    insert(w, t);
    return t->text;
}

/* Whose run-time token this is, or NULL. */
static const void *owner_of(const struct world *w, enum world_token_kind kind,
                            const char *text)
{
    int64_t now = world_now_ms(w);
    const struct world_token *t;

    for (t = w->tokens; t != NULL; t = t->next) {
        if (t->kind == kind && t->expires_ms > now &&
            strcmp(t->text, text) == 0) {
            return t->owner;
        }
    }
    return NULL;
}

/* Whether @u is who @owner says or whose fixed token is @text. */
static bool is_sso_user(const struct world_sso_user *u, const void *owner,
                        const char *fixed, const char *text)
{
    return u == owner || (fixed != NULL && strcmp(fixed, text) == 0);
}

bool world_sso_by_access_token(const struct world *w, const char *token,
                               struct world_sso_hit *out)
{
    const void *owner = owner_of(w, WORLD_TOKEN_ACCESS, token);
    int64_t now = world_now_ms(w);
    size_t i;
    size_t k;

    for (i = 0; i < w->n_sso; i++) {
        for (k = 0; k < w->sso[i].n_users; k++) {
            const struct world_sso_user *u = &w->sso[i].users[k];
            bool alive = u->expires_ms == 0 || u->expires_ms > now;

            if (is_sso_user(u, owner, alive ? u->access_token : NULL, token)) {
                *out = (struct world_sso_hit){.sso = &w->sso[i], .user = u};
                return true;
            }
        }
    }
    return false;
}

bool world_sso_by_refresh_token(const struct world *w, const char *token,
                                struct world_sso_hit *out)
{
    const void *owner = owner_of(w, WORLD_TOKEN_REFRESH, token);
    size_t i;
    size_t k;

    for (i = 0; i < w->n_sso; i++) {
        for (k = 0; k < w->sso[i].n_users; k++) {
            const struct world_sso_user *u = &w->sso[i].users[k];

            if (is_sso_user(u, owner, u->refresh_token, token)) {
                *out = (struct world_sso_hit){.sso = &w->sso[i], .user = u};
                return true;
            }
        }
    }
    return false;
}

const struct world_login *world_login_by_token(const struct world *w,
                                               const char *refresh_token)
{
    const void *owner = owner_of(w, WORLD_TOKEN_REFRESH, refresh_token);
    size_t i;

    for (i = 0; i < w->n_logins; i++) {
        if (&w->logins[i] == owner ||
            strcmp(w->logins[i].refresh_token, refresh_token) == 0) {
            return &w->logins[i];
        }
    }
    return NULL;
}

/* --- saved state -------------------------------------------------------- */

/* Owners are named by their place in the file. */
static const char *owner_name(const struct world *w, const void *owner)
{
    size_t i;
    size_t k;

    for (i = 0; i < w->n_sso; i++) {
        for (k = 0; k < w->sso[i].n_users; k++) {
            if (&w->sso[i].users[k] == owner) {
                return w->sso[i].users[k].name;
            }
        }
    }
    for (i = 0; i < w->n_logins; i++) {
        if (&w->logins[i] == owner) {
            return w->logins[i].arn;
        }
    }
    return NULL; /* UNTESTED: every token was made for one of these */
}

static const void *owner_named(const struct world *w, const char *name)
{
    size_t i;
    size_t k;

    for (i = 0; i < w->n_sso; i++) {
        for (k = 0; k < w->sso[i].n_users; k++) {
            if (strcmp(w->sso[i].users[k].name, name) == 0) {
                return &w->sso[i].users[k];
            }
        }
    }
    for (i = 0; i < w->n_logins; i++) {
        if (strcmp(w->logins[i].arn, name) == 0) {
            return &w->logins[i];
        }
    }
    return NULL;
}

json_t *tokens_save(const struct world *w)
{
    json_t *list = json_array();
    const struct world_token *t;

    for (t = w->tokens; t != NULL; t = t->next) {
        json_t *one =
            json_pack("{s:s, s:s, s:s, s:I}", "kind",
                      t->kind == WORLD_TOKEN_ACCESS ? "access" : "refresh",
                      "of", owner_name(w, t->owner), "token", t->text,
                      "expires", (json_int_t)t->expires_ms);

        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* A token as saved. */
struct file_token {
    const char *kind;
    const char *of;
    const char *token;
    int64_t expires_ms;
};

#define AT(member) offsetof(struct file_token, member)

static const struct field token_fields[] = {
    {.key = "kind",
     .kind = FIELD_STRING,
     .required = true,
     .offset = AT(kind),
     .words = "access|refresh"},
    {.key = "of", .kind = FIELD_STRING, .required = true, .offset = AT(of)},
    {.key = "token",
     .kind = FIELD_STRING,
     .required = true,
     .offset = AT(token)},
    {.key = "expires",
     .kind = FIELD_INT,
     .required = true,
     .offset = AT(expires_ms)},
};
static const struct record token_record = {
    .size = sizeof(struct file_token),
    .fields = token_fields,
    .n_fields = sizeof token_fields / sizeof token_fields[0],
};

int tokens_restore(struct world *w, struct reader *r, json_t *list)
{
    size_t i = json_array_size(list);

    while (i-- > 0) { /* The last is the oldest */
        struct file_token f = {0};
        struct world_token *t;
        const void *owner;
        size_t mark = reader_enter_at(r, i);
        int rv = reader_object(r, json_array_get(list, i), &token_record, &f);

        if (rv != 0) {
            return rv;
        }
        reader_leave(r, mark);
        owner = owner_named(w, f.of);
        if (owner == NULL) {
            continue;
        }
        t = mem_zalloc(sizeof *t);
        if (t == NULL) {
            return err_set_uv(r->e, UV_ENOMEM, r->file);
        }
        t->kind = strcmp(f.kind, "access") == 0 ? WORLD_TOKEN_ACCESS
                                                : WORLD_TOKEN_REFRESH;
        t->owner = owner;
        t->expires_ms = f.expires_ms;
        t->text = mem_strdup(f.token);
        if (t->text == NULL) {
            token_free(t);
            return err_set_uv(r->e, UV_ENOMEM, r->file);
        }
        insert(w, t);
    }
    return 0;
}
