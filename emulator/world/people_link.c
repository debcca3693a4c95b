/* SPDX-License-Identifier: Apache-2.0 */
/* people_link.c - names into pointers: whose policy, role and key is whose. */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "impl.h"
#include "policy.h"

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
