/* SPDX-License-Identifier: Apache-2.0 */
/* people.c - accounts, users, roles, SSO and login sessions of a world. */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "impl.h"
#include "policy.h"

#define AT(type, member) offsetof(struct type, member)
#define STR(type, name, member, req)                                           \
    {                                                                          \
        .key = (name), .kind = FIELD_STRING, .offset = AT(type, member),       \
        .required = (req)                                                      \
    }
#define LIST(type, name, member, rec)                                          \
    {                                                                          \
        .key = (name), .kind = FIELD_LIST, .offset = AT(type, member),         \
        .n_offset = AT(type, n_##member), .record = &(rec)                     \
    }
#define TAGS(type)                                                             \
    {                                                                          \
        .key = "tags", .kind = FIELD_TAGS, .offset = AT(type, tags),           \
        .n_offset = AT(type, n_tags)                                           \
    }
#define CUSTOM(name, fn)                                                       \
    {                                                                          \
        .key = (name), .kind = FIELD_CUSTOM, .custom = (fn)                    \
    }
#define RECORD(var, type, table, fill)                                         \
    const struct record var = {                                                \
        .size = sizeof(struct type),                                           \
        .fields = (table),                                                     \
        .n_fields = sizeof(table) / sizeof((table)[0]),                        \
        .defaults = (fill),                                                    \
    }

/* --- policies ----------------------------------------------------------- */

/* One policy: a document, or the name of a managed one (linked later). */
static int read_policy(struct reader *r, json_t *value, size_t index,
                       struct world_policy *p)
{
    if (json_is_string(value)) {
        p->name = json_string_value(value);
        return 0;
    }
    if (!json_is_object(value)) {
        return reader_fail(r, "must be a policy or the name of one");
    }
    p->doc = value;
    p->name = arena_printf(r->arena, "inline-%zu", index + 1);
    return p->name == NULL ? err_set_uv(r->e, UV_ENOMEM, r->file) : 0;
}

/* An array of policies into the list at @out. */
static int read_policies(struct reader *r, json_t *value,
                         struct world_policy **out, size_t *n)
{
    size_t i;

    if (!json_is_array(value)) {
        return reader_fail(r, "must be an array");
    }
    *n = json_array_size(value);
    *out = arena_alloc(r->arena, (*n + 1) * sizeof **out);
    if (*out == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    for (i = 0; i < *n; i++) {
        size_t mark = reader_enter_at(r, i);
        int rv = read_policy(r, json_array_get(value, i), i, &(*out)[i]);

        if (rv != 0) {
            return rv;
        }
        reader_leave(r, mark);
    }
    return 0;
}

/* A single policy, so that its absence shows. */
static int read_one(struct reader *r, json_t *value, struct world_policy **out)
{
    *out = arena_alloc(r->arena, sizeof **out);
    if (*out == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    return read_policy(r, value, 0, *out);
}

static int user_policies(struct reader *r, json_t *value, void *object)
{
    struct world_user *u = object;

    return read_policies(r, value, &u->policies, &u->n_policies);
}

static int user_boundary(struct reader *r, json_t *value, void *object)
{
    return read_one(r, value, &((struct world_user *)object)->boundary);
}

static int role_policies(struct reader *r, json_t *value, void *object)
{
    struct world_role *role = object;

    return read_policies(r, value, &role->policies, &role->n_policies);
}

static int role_boundary(struct reader *r, json_t *value, void *object)
{
    return read_one(r, value, &((struct world_role *)object)->boundary);
}

static int role_trust(struct reader *r, json_t *value, void *object)
{
    if (!json_is_object(value)) {
        return reader_fail(r, "must be a policy");
    }
    return read_one(r, value, &((struct world_role *)object)->trust);
}

/* {"name": document, ...}: the account's managed policies. */
static int account_policies(struct reader *r, json_t *value, void *object)
{
    struct world_account *a = object;
    const char *name;
    json_t *doc;

    if (!json_is_object(value)) {
        return reader_fail(r, "must be an object of policies by name");
    }
    a->policies = arena_alloc(r->arena, (json_object_size(value) + 1) *
                                            sizeof *a->policies);
    if (a->policies == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    json_object_foreach(value, name, doc)
    {
        size_t mark = reader_enter(r, name);
        struct world_policy *p = &a->policies[a->n_policies++];

        if (!json_is_object(doc)) {
            return reader_fail(r, "must be a policy");
        }
        p->name = name;
        p->doc = doc;
        reader_leave(r, mark);
    }
    return 0;
}

/* --- tables ------------------------------------------------------------- */

static int key_status(struct reader *r, json_t *value, void *object)
{
    const char *word = json_string_value(value);

    if (word == NULL ||
        (strcmp(word, "Active") != 0 && strcmp(word, "Inactive") != 0)) {
        return reader_fail(r, "must be \"Active\" or \"Inactive\"");
    }
    ((struct world_key *)object)->inactive = strcmp(word, "Inactive") == 0;
    return 0;
}

static const struct field key_fields[] = {
    STR(world_key, "id", id, true),
    STR(world_key, "secret", secret, true),
    CUSTOM("status", key_status),
};
static RECORD(key_record, world_key, key_fields, NULL);

static const struct field mfa_fields[] = {
    STR(world_mfa, "serial", serial, true),
    STR(world_mfa, "code", code, false),
    STR(world_mfa, "seed", seed, false),
};
static RECORD(mfa_record, world_mfa, mfa_fields, NULL);

static void user_defaults(void *object)
{
    ((struct world_user *)object)->path = "/";
}

static const struct field user_fields[] = {
    STR(world_user, "name", name, true),
    STR(world_user, "path", path, false),
    STR(world_user, "id", id, false),
    TAGS(world_user),
    LIST(world_user, "keys", keys, key_record),
    LIST(world_user, "mfa", mfa, mfa_record),
    CUSTOM("policies", user_policies),
    CUSTOM("boundary", user_boundary),
};
static RECORD(user_record, world_user, user_fields, user_defaults);

static const struct field root_fields[] = {
    LIST(world_user, "keys", keys, key_record),
    LIST(world_user, "mfa", mfa, mfa_record),
};
static RECORD(root_record, world_user, root_fields, user_defaults);

static void role_defaults(void *object)
{
    ((struct world_role *)object)->path = "/";
    ((struct world_role *)object)->max_session_s = 3600;
}

static const struct field role_fields[] = {
    STR(world_role, "name", name, true),
    STR(world_role, "path", path, false),
    STR(world_role, "id", id, false),
    {.key = "max_session_seconds",
     .kind = FIELD_INT,
     .offset = AT(world_role, max_session_s),
     .min = 3600,
     .max = 43200},
    TAGS(world_role),
    CUSTOM("trust", role_trust),
    CUSTOM("policies", role_policies),
    CUSTOM("boundary", role_boundary),
};
static RECORD(role_record, world_role, role_fields, role_defaults);

static void web_token_defaults(void *object)
{
    ((struct world_web_token *)object)->audience = "sts.amazonaws.com";
}

static const struct field web_token_fields[] = {
    STR(world_web_token, "token", token, true),
    STR(world_web_token, "subject", subject, true),
    STR(world_web_token, "audience", audience, false),
    {.key = "expires",
     .kind = FIELD_TIME,
     .offset = AT(world_web_token, expires_ms)},
};
static RECORD(web_token_record, world_web_token, web_token_fields,
              web_token_defaults);

static const struct field oidc_fields[] = {
    STR(world_oidc_provider, "url", url, true),
    LIST(world_oidc_provider, "tokens", tokens, web_token_record),
};
static RECORD(oidc_record, world_oidc_provider, oidc_fields, NULL);

static int account_root(struct reader *r, json_t *value, void *object)
{
    struct world_account *a = object;

    a->root = arena_alloc(r->arena, sizeof *a->root);
    if (a->root == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    return reader_object(r, value, &root_record, a->root);
}

static const struct field account_fields[] = {
    STR(world_account, "id", id, true),
    CUSTOM("root", account_root),
    CUSTOM("policies", account_policies),
    LIST(world_account, "users", users, user_record),
    LIST(world_account, "roles", roles, role_record),
    LIST(world_account, "oidc_providers", oidc, oidc_record),
};
RECORD(account_record, world_account, account_fields, NULL);

static const struct field access_fields[] = {
    STR(world_sso_access, "account", account_id, true),
    STR(world_sso_access, "role", role_name, true),
};
static RECORD(access_record, world_sso_access, access_fields, NULL);

static void sso_user_defaults(void *object)
{
    ((struct world_sso_user *)object)->lifetime_s = 3600;
}

static const struct field sso_user_fields[] = {
    STR(world_sso_user, "name", name, true),
    STR(world_sso_user, "client_id", client_id, false),
    STR(world_sso_user, "client_secret", client_secret, false),
    STR(world_sso_user, "access_token", access_token, false),
    STR(world_sso_user, "refresh_token", refresh_token, false),
    {.key = "expires",
     .kind = FIELD_TIME,
     .offset = AT(world_sso_user, expires_ms)},
    {.key = "token_seconds",
     .kind = FIELD_INT,
     .offset = AT(world_sso_user, lifetime_s),
     .min = 1,
     .max = 604800},
    LIST(world_sso_user, "access", access, access_record),
};
static RECORD(sso_user_record, world_sso_user, sso_user_fields,
              sso_user_defaults);

static const struct field sso_fields[] = {
    STR(world_sso, "start_url", start_url, true),
    STR(world_sso, "region", region, false),
    LIST(world_sso, "users", users, sso_user_record),
};
RECORD(sso_record, world_sso, sso_fields, NULL);

static void login_defaults(void *object)
{
    ((struct world_login *)object)->lifetime_s = 900;
    ((struct world_login *)object)->client_id =
        "arn:aws:signin:::devtools/same-device";
}

static const struct field login_fields[] = {
    STR(world_login, "arn", arn, true),
    STR(world_login, "client_id", client_id, false),
    STR(world_login, "refresh_token", refresh_token, true),
    {.key = "error",
     .kind = FIELD_STRING,
     .offset = AT(world_login, error),
     .words = "TOKEN_EXPIRED|USER_CREDENTIALS_CHANGED|"
              "INSUFFICIENT_PERMISSIONS|AUTHCODE_EXPIRED"},
    {.key = "credentials_seconds",
     .kind = FIELD_INT,
     .offset = AT(world_login, lifetime_s),
     .min = 1,
     .max = 900},
};
RECORD(login_record, world_login, login_fields, login_defaults);

/* --- linking ------------------------------------------------------------ */

/* Where we are while linking: the list of policies of one person. */
struct place {
    const struct world_account *account;
    const char *list; /* "accounts[0].users[1]" */
};

static void at(struct reader *r, const struct place *p, const char *key)
{
    snprintf(r->path, sizeof r->path, "$.%s.%s", p->list, key);
}

/* Replace a name by the managed policy, or have iam read the document. */
static int link_policy(struct world *w, struct reader *r,
                       const struct place *place, struct world_policy *p,
                       bool trust)
{
    size_t i;

    if (p->doc != NULL) {
        return policy_parse(w, r, p, trust);
    }
    for (i = 0; i < place->account->n_policies; i++) {
        if (strcmp(place->account->policies[i].name, p->name) == 0) {
            *p = place->account->policies[i];
            return 0;
        }
    }
    return reader_fail(r, "there is no policy \"%s\" in account %s", p->name,
                       place->account->id);
}

static int link_policies(struct world *w, struct reader *r,
                         const struct place *place, struct world_policy *list,
                         size_t n, struct world_policy *boundary)
{
    char key[32];
    size_t i;
    int rv = 0;

    for (i = 0; i < n && rv == 0; i++) {
        snprintf(key, sizeof key, "policies[%zu]", i);
        at(r, place, key);
        rv = link_policy(w, r, place, &list[i], false);
    }
    if (rv == 0 && boundary != NULL) {
        at(r, place, "boundary");
        rv = link_policy(w, r, place, boundary, false);
    }
    return rv;
}

/* A path is "/" or "/a/b/". */
static bool good_path(const char *path)
{
    size_t len = strlen(path);

    return len > 0 && len <= 512 && path[0] == '/' && path[len - 1] == '/';
}

static int link_user(struct world *w, struct reader *r,
                     const struct world_account *a, size_t account, size_t i)
{
    struct world_user *u = &a->users[i];
    char list[64];
    struct place place = {.account = a, .list = list};

    snprintf(list, sizeof list, "accounts[%zu].users[%zu]", account, i);
    u->account = a;
    at(r, &place, "path");
    if (!good_path(u->path)) {
        return reader_fail(r, "must begin and end with a slash");
    }
    at(r, &place, "name");
    if (u->name[0] == '\0' || strlen(u->name) > 64) {
        return reader_fail(r, "must have 1 to 64 characters");
    }
    u->arn = arena_printf(r->arena, "arn:%s:iam::%s:user%s%s",
                          w->settings.partition, a->id, u->path, u->name);
    if (u->arn != NULL && u->id == NULL) {
        u->id = derive_id(r->arena, "AIDA", DERIVE_UPPER, 17, u->arn);
    }
    if (u->arn == NULL || u->id == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    if (world_user_by_arn(w, u->arn) != u) {
        return reader_fail(r, "user \"%s\" is there twice", u->name);
    }
    return link_policies(w, r, &place, u->policies, u->n_policies, u->boundary);
}

static int link_role(struct world *w, struct reader *r,
                     const struct world_account *a, size_t account, size_t i)
{
    struct world_role *role = &a->roles[i];
    char list[64];
    struct place place = {.account = a, .list = list};
    int rv;

    snprintf(list, sizeof list, "accounts[%zu].roles[%zu]", account, i);
    role->account = a;
    at(r, &place, "path");
    if (!good_path(role->path)) {
        return reader_fail(r, "must begin and end with a slash");
    }
    at(r, &place, "name");
    if (role->name[0] == '\0' || strlen(role->name) > 64) {
        return reader_fail(r, "must have 1 to 64 characters");
    }
    role->arn =
        arena_printf(r->arena, "arn:%s:iam::%s:role%s%s", w->settings.partition,
                     a->id, role->path, role->name);
    if (role->arn != NULL && role->id == NULL) {
        role->id = derive_id(r->arena, "AROA", DERIVE_UPPER, 17, role->arn);
    }
    if (role->arn == NULL || role->id == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    if (world_role(w, a->id, role->name) != role) {
        return reader_fail(r, "role \"%s\" is there twice", role->name);
    }
    if (role->trust != NULL) {
        at(r, &place, "trust");
        rv = link_policy(w, r, &place, role->trust, true);
        if (rv != 0) {
            return rv;
        }
    }
    return link_policies(w, r, &place, role->policies, role->n_policies,
                         role->boundary);
}

static int link_root(struct world *w, struct reader *r,
                     const struct world_account *a)
{
    struct world_user *root = a->root;

    root->account = a;
    root->root = true;
    root->name = "root";
    root->id = a->id;
    root->arn = arena_printf(r->arena, "arn:%s:iam::%s:root",
                             w->settings.partition, a->id);
    return root->arn != NULL ? 0 : err_set_uv(r->e, UV_ENOMEM, r->file);
}

static int link_oidc(struct world *w, struct reader *r,
                     const struct world_account *a)
{
    size_t i;

    for (i = 0; i < a->n_oidc; i++) {
        struct world_oidc_provider *p = &a->oidc[i];

        if (strncmp(p->url, "https://", 8) == 0) {
            p->url += 8;
        }
        p->arn = arena_printf(r->arena, "arn:%s:iam::%s:oidc-provider/%s",
                              w->settings.partition, a->id, p->url);
        if (p->arn == NULL) {
            return err_set_uv(r->e, UV_ENOMEM, r->file);
        }
    }
    return 0;
}

/* No two people may share an access key. */
static int check_keys(struct world *w, struct reader *r, size_t account)
{
    const struct world_account *a = &w->accounts[account];
    size_t i;
    size_t k;

    for (i = 0; i < a->n_users; i++) {
        for (k = 0; k < a->users[i].n_keys; k++) {
            const struct world_key *key = &a->users[i].keys[k];
            struct world_principal p;

            snprintf(r->path, sizeof r->path,
                     "$.accounts[%zu].users[%zu].keys[%zu].id", account, i, k);
            if (strlen(key->id) < 4 || strlen(key->id) > 128 ||
                strspn(key->id, DERIVE_UPPER
                       "0189abcdefghijklmnopqrstuvwxyz") != strlen(key->id)) {
                return reader_fail(r, "must be 4 to 128 letters and digits");
            }
            if (!world_find_key(w, key->id, &p) || p.secret != key->secret) {
                return reader_fail(r, "the key is there twice");
            }
        }
    }
    return 0;
}

static int link_account(struct world *w, struct reader *r, size_t index)
{
    struct world_account *a = &w->accounts[index];
    size_t i;
    int rv = 0;

    reader_at(r, "accounts", index, "id");
    if (strlen(a->id) != 12 || strspn(a->id, "0123456789") != 12) {
        return reader_fail(r, "must have twelve digits");
    }
    if (world_account(w, a->id) != a) {
        return reader_fail(r, "account %s is there twice", a->id);
    }
    for (i = 0; i < a->n_policies && rv == 0; i++) {
        char key[128];

        snprintf(key, sizeof key, "policies.%s", a->policies[i].name);
        reader_at(r, "accounts", index, key);
        rv = policy_parse(w, r, &a->policies[i], false);
    }
    if (rv == 0 && a->root != NULL) {
        rv = link_root(w, r, a);
    }
    for (i = 0; i < a->n_users && rv == 0; i++) {
        rv = link_user(w, r, a, index, i);
    }
    for (i = 0; i < a->n_roles && rv == 0; i++) {
        rv = link_role(w, r, a, index, i);
    }
    rv = rv != 0 ? rv : link_oidc(w, r, a);
    return rv != 0 ? rv : check_keys(w, r, index);
}

static int link_sso(struct world *w, struct reader *r, size_t index)
{
    struct world_sso *sso = &w->sso[index];
    size_t i;
    size_t k;

    if (sso->region == NULL) {
        sso->region = w->settings.region;
    }
    for (i = 0; i < sso->n_users; i++) {
        struct world_sso_user *u = &sso->users[i];

        for (k = 0; k < u->n_access; k++) {
            struct world_sso_access *access = &u->access[k];
            char key[64];

            snprintf(key, sizeof key, "users[%zu].access[%zu].role", i, k);
            reader_at(r, "sso", index, key);
            access->role = world_role(w, access->account_id, access->role_name);
            if (access->role == NULL) {
                return reader_fail(r, "there is no role \"%s\" in account %s",
                                   access->role_name, access->account_id);
            }
        }
    }
    return 0;
}

int people_link(struct world *w, struct reader *r)
{
    size_t i;
    int rv = 0;

    if (w->n_accounts == 0) {
        strcpy(r->path, "$.accounts");
        return reader_fail(r, "a world needs at least one account");
    }
    for (i = 0; i < w->n_accounts && rv == 0; i++) {
        rv = link_account(w, r, i);
    }
    for (i = 0; i < w->n_sso && rv == 0; i++) {
        rv = link_sso(w, r, i);
    }
    for (i = 0; i < w->n_logins && rv == 0; i++) {
        struct world_login *login = &w->logins[i];

        reader_at(r, "login", i, "arn");
        login->user = world_user_by_arn(w, login->arn);
        login->role = world_role_by_arn(w, login->arn);
        if (login->user == NULL && login->role == NULL) {
            rv = reader_fail(r, "there is no user or role \"%s\"", login->arn);
        }
    }
    return rv;
}
