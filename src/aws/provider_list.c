/* SPDX-License-Identifier: Apache-2.0 */
/* provider_list.c - several providers in a row.
 *
 * The happy path is: fetch asks the first, each pass moves on to the next, and
 * the first good answer is handed up; later questions go to its giver only.
 * What can go wrong is that one fails, which is handed up as it is, or that
 * all pass, which is a pass. */
#include "creds.h"
#include "mem.h"
#include "provider.h"
#include "settings.h"

struct list {
    struct provider base;
    struct provider_spec spec;
    provider_make *const *kinds; /* NULL-terminated */
    unsigned next;               /* The kind to ask after the present one */
    struct provider *current;    /* Asked now, or the winner */
    bool won;                    /* @current gave credentials once */
};

/* In the order of the AWS CLI. */
static provider_make *const default_kinds[] = {
    provider_env_new,         /* env */
    provider_role_new,        /* assume-role */
    provider_web_new,         /* assume-role-with-web-identity */
    provider_sso_new,         /* sso */
    provider_shared_file_new, /* shared-credentials-file */
    provider_login_new,       /* login */
    provider_process_new,     /* custom-process */
    provider_config_file_new, /* config-file */
    provider_ec2_file_new,    /* ec2-credentials-file */
    provider_boto_new,        /* boto-config */
    provider_container_new,   /* container-role */
    provider_imds_new,        /* iam-role */
    NULL,
};

static provider_make *const profile_kinds[] = {
    provider_web_new,         /* assume-role-with-web-identity */
    provider_sso_new,         /* sso */
    provider_shared_file_new, /* shared-credentials-file */
    provider_login_new,       /* login */
    provider_process_new,     /* custom-process */
    provider_config_file_new, /* config-file */
    NULL,
};

static void ask_next(struct list *list);

/* The present provider has answered. */
static void on_answer(struct provider *p, enum provider_answer answer,
                      struct creds *creds, const struct err *err)
{
    struct list *list = p->data;

    switch (answer) {
    case PROVIDER_GOOD:
        list->won = true;
        provider_good(&list->base, creds);
        return;
    case PROVIDER_BAD:
        provider_bad(&list->base, err);
        return;
    case PROVIDER_PASS:
        break;
    }
    if (list->won) { /* It had some before and is the only one to ask */
        provider_fail(&list->base,
                      "Error when retrieving credentials from %s: Credential "
                      "refresh failed, response did not contain: access_key, "
                      "secret_key, token, expiry_time",
                      p->ops->name);
        return;
    }
    ask_next(list);
}

/* Make the next provider and ask it. */
static void ask_next(struct list *list)
{
    struct err e;

    provider_free(list->current);
    list->current = NULL;
    if (list->kinds[list->next] == NULL) {
        provider_pass(&list->base, "none of them has credentials");
        return;
    }
    list->current = list->kinds[list->next++](&list->spec);
    if (list->current == NULL) {
        err_set_uv(&e, UV_ENOMEM, "credentials");
        provider_bad(&list->base, &e);
        return;
    }
    provider_fetch(list->current, &list->base.need, on_answer, list);
}

static void list_fetch(struct provider *p)
{
    struct list *list = (struct list *)p;

    if (list->won) {
        provider_fetch(list->current, &p->need, on_answer, list);
        return;
    }
    list->next = 0;
    ask_next(list);
}

static void list_stop(struct provider *p)
{
    struct list *list = (struct list *)p;

    provider_stop(list->current);
}

static void list_free(struct provider *p)
{
    struct list *list = (struct list *)p;

    provider_free(list->current);
    mem_free(list);
}

static const struct provider_ops default_ops = {
    .name = "the default chain",
    .fetch = list_fetch,
    .stop = list_stop,
    .free = list_free,
};

static const struct provider_ops profile_ops = {
    .name = "the source profile",
    .fetch = list_fetch,
    .stop = list_stop,
    .free = list_free,
};

/* Either of the two. */
static struct provider *make(const struct provider_spec *spec,
                             provider_make *const *kinds,
                             const struct provider_ops *ops)
{
    struct list *list = mem_zalloc(sizeof *list);

    if (list == NULL) {
        return NULL;
    }
    list->base = (struct provider){.ops = ops, .ctx = spec->ctx};
    list->spec = *spec;
    list->kinds = kinds;
    return &list->base;
}

struct provider *provider_default_list_new(const struct provider_spec *spec)
{
    /* --profile means: what the profile says, not the environment. */
    return make(spec, default_kinds + (spec->ignore_env ? 1 : 0), &default_ops);
}

struct provider *provider_profile_list_new(const struct provider_spec *spec)
{
    return make(spec, profile_kinds, &profile_ops);
}
