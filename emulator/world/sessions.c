/* SPDX-License-Identifier: Apache-2.0 */
/* sessions.c - temporary credentials: given out, found, forgotten. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "impl.h"
#include "mem.h"
#include "policy.h"
#include "wipe.h"

enum {
    MAX_SESSIONS = 4096,          /* Beyond it the oldest is forgotten */
    KEEP_EXPIRED_MS = 3600 * 1000 /* So that one is told "expired" */
};

/* Fill @out with @n characters from @alphabet (64 of them at most). */
static int random_text(struct world *w, char *out, size_t n,
                       const char *alphabet)
{
    size_t letters = strlen(alphabet);
    unsigned char byte;
    size_t i;
    int rv = 0;

    for (i = 0; i < n && rv == 0; i++) {
        rv = world_random(w, &byte, 1);
        out[i] = alphabet[byte % letters];
    }
    out[n] = '\0';
    return rv;
}

#define BASE64                                                                 \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

void session_free(struct world_session *s)
{
    size_t i;

    if (s == NULL) {
        return;
    }
    for (i = 0; i < s->n_tags; i++) {
        mem_free((char *)(uintptr_t)s->tags[i].key);
        mem_free((char *)(uintptr_t)s->tags[i].value);
    }
    mem_free(s->tags);
    for (i = 0; i < s->n_policies; i++) {
        policy_free(s->policies[i].parsed);
        json_decref(s->policies[i].doc);
    }
    mem_free(s->policies);
    mem_free(s->name);
    mem_free(s->source_identity);
    wipe_free(s->token);
    wipe(s->secret, sizeof s->secret);
    mem_free(s);
}

/* Have the session policies read.  0 or a code with @e filled. */
static int add_policies(struct world_session *s, const char *const *texts,
                        size_t n, struct err *e)
{
    size_t i;
    int rv = 0;

    if (n == 0) {
        return 0;
    }
    s->policies = mem_zalloc(n * sizeof *s->policies);
    if (s->policies == NULL) {
        return err_set_uv(e, UV_ENOMEM, "session policies");
    }
    for (i = 0; i < n && rv == 0; i++) {
        struct world_policy *p = &s->policies[i];

        p->doc = reader_document("policy", texts[i], strlen(texts[i]), e);
        s->n_policies++;
        if (p->doc == NULL) {
            return ERR_PARSE;
        }
        p->name = "session";
        rv = policy_read(&p->parsed, p->doc, false, e);
    }
    return rv;
}

/* Copies of the session tags. */
static int add_tags(struct world_session *s, const struct world_tag *tags,
                    size_t n)
{
    size_t i;

    if (n == 0) {
        return 0;
    }
    s->tags = mem_zalloc(n * sizeof *s->tags);
    for (i = 0; s->tags != NULL && i < n; i++) {
        s->tags[i].key = mem_strdup(tags[i].key);
        s->tags[i].value = mem_strdup(tags[i].value);
        s->n_tags++;
        if (s->tags[i].key == NULL || s->tags[i].value == NULL) {
            return UV_ENOMEM;
        }
    }
    return s->tags != NULL ? 0 : UV_ENOMEM;
}

/* Key id, secret and token. */
static int make_credentials(struct world *w, struct world_session *s)
{
    enum { TOKEN_LEN = 200 };
    int rv;

    s->token = mem_alloc(TOKEN_LEN + 1);
    if (s->token == NULL) {
        return UV_ENOMEM;
    }
    memcpy(s->key_id, "ASIA", 4);
    rv = random_text(w, s->key_id + 4, 16, DERIVE_UPPER);
    rv = rv != 0 ? rv : random_text(w, s->secret, 40, BASE64);
    rv = rv != 0 ? rv : random_text(w, s->token, TOKEN_LEN, BASE64);
    if (rv == 0) {
        memcpy(s->token, "IQoJ", 4); /* As real ones begin */
    }
    return rv;
}

/* Put @s at the front; when there are too many, forget the last. */
static void insert(struct world *w, struct world_session *s)
{
    struct world_session **link = &w->sessions;

    s->next = w->sessions;
    w->sessions = s;
    w->n_sessions++;
    w->generation++;
    if (w->n_sessions > MAX_SESSIONS) {
        while ((*link)->next != NULL) {
            link = &(*link)->next;
        }
        session_free(*link);
        *link = NULL;
        w->n_sessions--;
    }
}

/* Make a session and keep it; world_session_new() with a result that the
 * reader of saved state may still change. */
static int make(struct world *w, const struct world_session_config *config,
                struct world_session **out, struct err *e)
{
    struct world_session *s = mem_zalloc(sizeof *s);
    int rv;

    if (s == NULL) {
        return err_set_uv(e, UV_ENOMEM, "new session");
    }
    s->user = config->user;
    s->role = config->role;
    s->account =
        s->role != NULL ? config->role->account : config->user->account;
    s->mfa = config->mfa;
    s->issued_ms = world_now_ms(w);
    s->expires_ms = s->issued_ms + config->duration_s * 1000;
    rv = make_credentials(w, s);
    if (rv == 0 && config->name != NULL) {
        s->name = mem_strdup(config->name);
        rv = s->name == NULL ? UV_ENOMEM : 0;
    }
    if (rv == 0 && config->source_identity != NULL) {
        s->source_identity = mem_strdup(config->source_identity);
        rv = s->source_identity == NULL ? UV_ENOMEM : 0;
    }
    rv = rv != 0 ? rv : add_tags(s, config->tags, config->n_tags);
    if (rv != 0) {
        err_set_uv(e, rv, "new session");
    } else {
        rv = add_policies(s, config->policies, config->n_policies, e);
    }
    if (rv != 0) {
        session_free(s);
        return rv;
    }
    insert(w, s);
    *out = s;
    return 0;
}

int world_session_new(struct world *w,
                      const struct world_session_config *config,
                      const struct world_session **out, struct err *e)
{
    struct world_session *s = NULL;
    int rv = make(w, config, &s, e);

    *out = s;
    return rv;
}

const struct world_session *world_session_find(const struct world *w,
                                               const struct world_role *role,
                                               const char *name, int64_t left_s)
{
    int64_t until = world_now_ms(w) + left_s * 1000;
    const struct world_session *s;

    for (s = w->sessions; s != NULL; s = s->next) {
        if (s->role == role && s->expires_ms > until && s->name != NULL &&
            strcmp(s->name, name) == 0) {
            return s;
        }
    }
    return NULL;
}

void sessions_settle(struct world *w, int64_t now)
{
    struct world_session **s = &w->sessions;
    struct world_token **t = &w->tokens;

    while (*s != NULL) {
        struct world_session *gone = *s;

        if (gone->expires_ms + KEEP_EXPIRED_MS > now) {
            s = &gone->next;
            continue;
        }
        *s = gone->next;
        session_free(gone);
        w->n_sessions--;
    }
    while (*t != NULL) {
        struct world_token *gone = *t;

        if (gone->expires_ms > now) {
            t = &gone->next;
            continue;
        }
        *t = gone->next;
        token_free(gone);
        w->n_tokens--;
    }
}

/* Forgetting what has expired is not urgent: never a reason to wake up. */
int64_t sessions_next_ms(const struct world *w)
{
    (void)w;
    return INT64_MAX;
}

/* --- saved state -------------------------------------------------------- */

json_t *sessions_save(const struct world *w)
{
    json_t *list = json_array();
    const struct world_session *s;
    size_t i;
    int rv = 0;

    for (s = w->sessions; s != NULL; s = s->next) {
        json_t *tags = json_object();
        json_t *policies = json_array();

        for (i = 0; i < s->n_tags; i++) {
            rv |= json_object_set_new(tags, s->tags[i].key,
                                      json_string(s->tags[i].value));
        }
        for (i = 0; i < s->n_policies; i++) {
            rv |= json_array_append(policies, s->policies[i].doc);
        }
        rv |= json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*, s:I, s:I, s:b, s:o, "
                      "s:o}",
                      "key", s->key_id, "secret", s->secret, "token", s->token,
                      "of", s->role != NULL ? s->role->arn : s->user->arn,
                      "name", s->name, "source_identity", s->source_identity,
                      "issued", (json_int_t)s->issued_ms, "expires",
                      (json_int_t)s->expires_ms, "mfa", s->mfa ? 1 : 0, "tags",
                      tags, "policies", policies));
    }
    if (rv != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

/* A session as saved. */
struct file_session {
    const char *key_id;
    const char *secret;
    const char *token;
    const char *of;
    struct world_session_config config;
    int64_t issued_ms;
    int64_t expires_ms;
    json_t *policies;
    struct world_tag *tags;
    size_t n_tags;
};

#define AT(member) offsetof(struct file_session, member)
#define STR(name, member, must)                                                \
    {                                                                          \
        .key = (name), .kind = FIELD_STRING, .required = (must),               \
        .offset = AT(member)                                                   \
    }

static const struct field session_fields[] = {
    STR("key", key_id, true),
    STR("secret", secret, true),
    STR("token", token, true),
    STR("of", of, true),
    STR("name", config.name, false),
    STR("source_identity", config.source_identity, false),
    {.key = "issued", .kind = FIELD_INT, .offset = AT(issued_ms)},
    {.key = "expires", .kind = FIELD_INT, .offset = AT(expires_ms)},
    {.key = "mfa", .kind = FIELD_BOOL, .offset = AT(config.mfa)},
    {.key = "tags",
     .kind = FIELD_TAGS,
     .offset = AT(tags),
     .n_offset = AT(n_tags)},
    {.key = "policies", .kind = FIELD_ANY, .offset = AT(policies)},
};
static const struct record session_record = {
    .size = sizeof(struct file_session),
    .fields = session_fields,
    .n_fields = sizeof session_fields / sizeof session_fields[0],
};

enum { MAX_SESSION_POLICIES = 16 };

/* Policies back to text, so that one way of reading them is enough. */
static size_t policy_texts(json_t *list, char *out[static MAX_SESSION_POLICIES])
{
    size_t n = json_array_size(list);
    size_t i;

    n = n < MAX_SESSION_POLICIES ? n : MAX_SESSION_POLICIES;
    for (i = 0; i < n; i++) {
        out[i] = json_dumps(json_array_get(list, i), JSON_COMPACT);
    }
    return n;
}

/* Have the session made, with its policies. */
static int remake(struct world *w, struct reader *r,
                  const struct file_session *f, struct world_session **out)
{
    struct world_session_config config = f->config;
    char *texts[MAX_SESSION_POLICIES] = {0};
    size_t i;
    int rv;

    config.tags = f->tags;
    config.n_tags = f->n_tags;
    config.n_policies = policy_texts(f->policies, texts);
    config.policies = (const char *const *)texts;
    rv = make(w, &config, out, r->e);
    for (i = 0; i < config.n_policies; i++) {
        free(texts[i]); /* jansson's */
    }
    return rv;
}

/* Make the saved session again; one whose owner is gone is dropped. */
static int restore_one(struct world *w, struct reader *r,
                       struct file_session *f)
{
    struct world_session *s = NULL;
    char *token;
    int rv;

    f->config.user = world_user_by_arn(w, f->of);
    f->config.role = world_role_by_arn(w, f->of);
    if ((f->config.user == NULL && f->config.role == NULL) ||
        (f->config.role != NULL && f->config.name == NULL) ||
        strlen(f->key_id) >= sizeof s->key_id ||
        strlen(f->secret) >= sizeof s->secret) {
        return 0;
    }
    token = mem_strdup(f->token);
    if (token == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    rv = remake(w, r, f, &s);
    if (rv != 0) {
        wipe_free(token);
        return rv;
    }
    assert(s != NULL);
    snprintf(s->key_id, sizeof s->key_id, "%s", f->key_id);
    snprintf(s->secret, sizeof s->secret, "%s", f->secret);
    wipe_free(s->token);
    s->token = token;
    s->issued_ms = f->issued_ms;
    s->expires_ms = f->expires_ms;
    return 0;
}

int sessions_restore(struct world *w, struct reader *r, json_t *list)
{
    size_t i = json_array_size(list);
    int rv = 0;

    while (i-- > 0 && rv == 0) { /* The last is the oldest */
        struct file_session f = {0};
        size_t mark = reader_enter_at(r, i);

        rv = reader_object(r, json_array_get(list, i), &session_record, &f);
        rv = rv != 0 ? rv : restore_one(w, r, &f);
        if (rv == 0) {
            reader_leave(r, mark);
        }
    }
    return rv;
}
