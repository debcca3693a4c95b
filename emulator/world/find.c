/* SPDX-License-Identifier: Apache-2.0 */
/* find.c - looking things up in a world. */
#include <stdio.h>
#include <string.h>

#include "impl.h"

/* Lists are short; every look-up walks them. */
#define FINDER(name, type, list, id_field)                                     \
    const struct type *name(const struct world *w, const char *id)             \
    {                                                                          \
        size_t i;                                                              \
                                                                               \
        for (i = 0; i < w->n_##list; i++) {                                    \
            if (strcmp(w->list[i].id_field, id) == 0) {                        \
                return &w->list[i];                                            \
            }                                                                  \
        }                                                                      \
        return NULL;                                                           \
    }

#define COUNTED(name, type, list)                                              \
    size_t world_n_##name##s(const struct world *w)                            \
    {                                                                          \
        return w->n_##list;                                                    \
    }                                                                          \
    const struct type *world_##name##_at(const struct world *w, size_t i)      \
    {                                                                          \
        return &w->list[i];                                                    \
    }

FINDER(world_account, world_account, accounts, id)
FINDER(world_vpc, world_vpc, vpcs, id)
FINDER(world_subnet, world_subnet, subnets, id)
FINDER(world_group, world_group, groups, id)
FINDER(world_instance, world_instance, instances, id)
COUNTED(account, world_account, accounts)
COUNTED(vpc, world_vpc, vpcs)
COUNTED(subnet, world_subnet, subnets)
COUNTED(group, world_group, groups)
COUNTED(instance, world_instance, instances)

const struct world_settings *world_settings(const struct world *w)
{
    return &w->settings;
}

struct world_settings *world_settings_mut(struct world *w)
{
    return &w->settings;
}

const struct world_imds *world_imds(const struct world *w)
{
    return &w->imds;
}

const struct world_container *world_container(const struct world *w)
{
    return &w->container;
}

json_t *world_faults(const struct world *w)
{
    return w->faults;
}

/* --- people ------------------------------------------------------------- */

static bool find_user_key(const struct world_user *u, const char *key_id,
                          struct world_principal *out)
{
    size_t i;

    for (i = 0; u != NULL && i < u->n_keys; i++) {
        if (strcmp(u->keys[i].id, key_id) == 0) {
            *out = (struct world_principal){.account = u->account,
                                            .user = u,
                                            .key_id = u->keys[i].id,
                                            .secret = u->keys[i].secret,
                                            .inactive = u->keys[i].inactive};
            return true;
        }
    }
    return false;
}

bool world_find_key(const struct world *w, const char *key_id,
                    struct world_principal *out)
{
    const struct world_session *s;
    size_t i;
    size_t k;

    for (i = 0; i < w->n_accounts; i++) {
        const struct world_account *a = &w->accounts[i];

        if (find_user_key(a->root, key_id, out)) {
            return true;
        }
        for (k = 0; k < a->n_users; k++) {
            if (find_user_key(&a->users[k], key_id, out)) {
                return true;
            }
        }
    }
    for (s = w->sessions; s != NULL; s = s->next) {
        if (strcmp(s->key_id, key_id) == 0) {
            *out = (struct world_principal){.account = s->account,
                                            .user = s->user,
                                            .role = s->role,
                                            .session = s,
                                            .key_id = s->key_id,
                                            .secret = s->secret};
            return true;
        }
    }
    return false;
}

const char *world_principal_arn(const struct world *w,
                                const struct world_principal *p,
                                char out[static WORLD_ARN_SIZE])
{
    if (p->role == NULL) {
        snprintf(out, WORLD_ARN_SIZE, "%s", p->user->arn);
    } else {
        snprintf(out, WORLD_ARN_SIZE, "arn:%s:sts::%s:assumed-role/%s/%s",
                 w->settings.partition, p->account->id, p->role->name,
                 p->session->name);
    }
    return out;
}

const char *world_principal_userid(const struct world_principal *p,
                                   char out[static WORLD_USERID_SIZE])
{
    if (p->role == NULL) {
        snprintf(out, WORLD_USERID_SIZE, "%s", p->user->id);
    } else {
        snprintf(out, WORLD_USERID_SIZE, "%s:%s", p->role->id,
                 p->session->name);
    }
    return out;
}

const struct world_user *world_user_by_arn(const struct world *w,
                                           const char *arn)
{
    size_t i;
    size_t k;

    for (i = 0; i < w->n_accounts; i++) {
        const struct world_account *a = &w->accounts[i];

        if (a->root != NULL && a->root->arn != NULL &&
            strcmp(a->root->arn, arn) == 0) {
            return a->root;
        }
        for (k = 0; k < a->n_users; k++) {
            if (a->users[k].arn != NULL && strcmp(a->users[k].arn, arn) == 0) {
                return &a->users[k];
            }
        }
    }
    return NULL;
}

const struct world_role *world_role_by_arn(const struct world *w,
                                           const char *arn)
{
    size_t i;
    size_t k;

    for (i = 0; i < w->n_accounts; i++) {
        const struct world_account *a = &w->accounts[i];

        for (k = 0; k < a->n_roles; k++) {
            if (a->roles[k].arn != NULL && strcmp(a->roles[k].arn, arn) == 0) {
                return &a->roles[k];
            }
        }
    }
    return NULL;
}

const struct world_role *world_role(const struct world *w,
                                    const char *account_id, const char *name)
{
    const struct world_account *a = world_account(w, account_id);
    size_t i;

    for (i = 0; a != NULL && i < a->n_roles; i++) {
        if (strcmp(a->roles[i].name, name) == 0) {
            return &a->roles[i];
        }
    }
    return NULL;
}

const struct world_web_token *
world_web_token(const struct world *w, const char *account_id,
                const char *token, const struct world_oidc_provider **provider)
{
    const struct world_account *a = world_account(w, account_id);
    size_t i;
    size_t k;

    for (i = 0; a != NULL && i < a->n_oidc; i++) {
        for (k = 0; k < a->oidc[i].n_tokens; k++) {
            if (strcmp(a->oidc[i].tokens[k].token, token) == 0) {
                *provider = &a->oidc[i];
                return &a->oidc[i].tokens[k];
            }
        }
    }
    return NULL;
}

/* --- networks ----------------------------------------------------------- */

const struct world_group *world_default_group(const struct world *w,
                                              const struct world_vpc *vpc)
{
    size_t i;

    for (i = 0; i < w->n_groups; i++) {
        if (w->groups[i].vpc == vpc &&
            strcmp(w->groups[i].name, "default") == 0) {
            return &w->groups[i];
        }
    }
    return NULL;
}

static bool has_address(const struct world_instance *in, const struct ip *ip)
{
    size_t i;

    if (in->private_ip != NULL && ip_equal(in->private_ip, ip)) {
        return true;
    }
    for (i = 0; i < in->n_ipv6; i++) {
        if (ip_equal(&in->ipv6[i], ip)) {
            return true;
        }
    }
    return false;
}

const struct world_instance *world_instance_by_ip(const struct world *w,
                                                  const struct world_vpc *vpc,
                                                  const struct ip *ip)
{
    size_t i;

    for (i = 0; i < w->n_instances; i++) {
        const struct world_instance *in = &w->instances[i];

        if (in->subnet != NULL && in->subnet->vpc == vpc &&
            has_address(in, ip)) {
            return in;
        }
    }
    return NULL;
}

bool world_rules_allow(const struct world_rule *rules, size_t n_rules,
                       const struct ip *peer,
                       const struct world_group *const *peer_groups,
                       size_t n_peer_groups, int port)
{
    size_t i;
    size_t k;
    size_t g;

    for (i = 0; i < n_rules; i++) {
        const struct world_rule *rule = &rules[i];
        bool all = strcmp(rule->protocol, "-1") == 0;

        if (!all &&
            (strcmp(rule->protocol, "tcp") != 0 ||
             (rule->from >= 0 && (port < rule->from || port > rule->to)))) {
            continue;
        }
        for (k = 0; k < rule->n_cidrs; k++) {
            if (cidr_contains(&rule->cidrs[k], peer)) {
                return true;
            }
        }
        for (k = 0; k < rule->n_groups; k++) {
            for (g = 0; g < n_peer_groups; g++) {
                if (strcmp(rule->group_ids[k], peer_groups[g]->id) == 0) {
                    return true;
                }
            }
        }
    }
    return false;
}
