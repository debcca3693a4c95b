/* SPDX-License-Identifier: Apache-2.0 */
/* people.c - reading accounts, users, roles, SSO and login sessions. */
#include <string.h>
#include <uv.h>

#include "err.h"
#include "impl.h"

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
    {.key = "credentials_seconds",
     .kind = FIELD_INT,
     .offset = AT(world_role, credentials_s),
     .min = 1,
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
