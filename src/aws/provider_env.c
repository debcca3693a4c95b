/* SPDX-License-Identifier: Apache-2.0 */
/* provider_env.c - keys in the environment. */
#include "creds.h"
#include "iso8601.h"
#include "mem.h"
#include "provider.h"
#include "settings.h"

/* A variable that is set and not empty, or NULL. */
static const char *get(const struct provider *p, const char *name)
{
    const char *value = settings_env(p->ctx->settings, name);

    return value != NULL && *value != '\0' ? value : NULL;
}

/* Answers at once. */
static void env_fetch(struct provider *p)
{
    const char *id = get(p, "AWS_ACCESS_KEY_ID");
    const char *secret = get(p, "AWS_SECRET_ACCESS_KEY");
    const char *token = get(p, "AWS_SECURITY_TOKEN");
    const char *expires = get(p, "AWS_CREDENTIAL_EXPIRATION");
    int64_t expires_at = 0;

    if (id == NULL) {
        provider_pass(p, "AWS_ACCESS_KEY_ID is not set");
        return;
    }
    if (secret == NULL) {
        provider_fail(p, "Partial credentials found in env, missing: "
                         "AWS_SECRET_ACCESS_KEY");
        return;
    }
    if (token == NULL) {
        token = get(p, "AWS_SESSION_TOKEN");
    }
    if (expires != NULL && iso8601_parse(expires, &expires_at, NULL) != 0) {
        provider_fail(p, "Unknown string format: %s", expires);
        return;
    }
    provider_keys(p, id, secret, token, get(p, "AWS_ACCOUNT_ID"), expires_at);
}

/* Never needed: the answer is immediate. */
static void env_stop(struct provider *p)
{
    (void)p;
}

static void env_free(struct provider *p)
{
    mem_free(p);
}

static const struct provider_ops env_ops = {
    .name = "env",
    .fetch = env_fetch,
    .stop = env_stop,
    .free = env_free,
};

struct provider *provider_env_new(const struct provider_spec *spec)
{
    struct provider *p = mem_zalloc(sizeof *p);

    if (p != NULL) {
        *p = (struct provider){.ops = &env_ops, .ctx = spec->ctx};
    }
    return p;
}
