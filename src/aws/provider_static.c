/* SPDX-License-Identifier: Apache-2.0 */
/* provider_static.c - long-lived keys in the credentials file and in the
 * config file; each of the two looks at its own file only. */
#include "creds.h"
#include "ini.h"
#include "mem.h"
#include "profiles.h"
#include "provider.h"
#include "settings.h"

struct static_keys {
    struct provider base;
    const char *profile;
};

/* Answer from the profile as one file has it; @s may be NULL. */
static void take_keys(struct provider *p, const struct ini_section *s,
                      const char *path)
{
    const char *id = ini_value(s, "aws_access_key_id");
    const char *secret = ini_value(s, "aws_secret_access_key");
    const char *token = ini_value(s, "aws_security_token");

    if (s == NULL) {
        provider_pass(p, "the profile is not in %s", path);
        return;
    }
    if (id == NULL) {
        provider_pass(p, "the profile in %s has no aws_access_key_id", path);
        return;
    }
    if (secret == NULL) {
        provider_fail(p,
                      "Partial credentials found in %s, missing: "
                      "aws_secret_access_key",
                      p->ops->name);
        return;
    }
    if (token == NULL) {
        token = ini_value(s, "aws_session_token");
    }
    provider_keys(p, id, secret, token, ini_value(s, "aws_account_id"), 0);
}

static void shared_fetch(struct provider *p)
{
    const struct static_keys *k = (const struct static_keys *)p;
    const struct settings *s = p->ctx->settings;

    take_keys(p, profiles_in_credentials(settings_profiles(s), k->profile),
              settings_credentials_path(s));
}

static void config_fetch(struct provider *p)
{
    const struct static_keys *k = (const struct static_keys *)p;
    const struct settings *s = p->ctx->settings;

    take_keys(p, profiles_in_config(settings_profiles(s), k->profile),
              settings_config_path(s));
}

/* Never needed: the answer is immediate. */
static void static_stop(struct provider *p)
{
    (void)p;
}

static void static_free(struct provider *p)
{
    mem_free(p);
}

static const struct provider_ops shared_ops = {
    .name = "shared-credentials-file",
    .fetch = shared_fetch,
    .stop = static_stop,
    .free = static_free,
};

static const struct provider_ops config_ops = {
    .name = "config-file",
    .fetch = config_fetch,
    .stop = static_stop,
    .free = static_free,
};

/* Either of the two. */
static struct provider *make(const struct provider_spec *spec,
                             const struct provider_ops *ops)
{
    struct static_keys *k = mem_zalloc(sizeof *k);

    if (k == NULL) {
        return NULL;
    }
    k->base = (struct provider){.ops = ops, .ctx = spec->ctx};
    k->profile = spec->profile;
    return &k->base;
}

struct provider *provider_shared_file_new(const struct provider_spec *spec)
{
    return make(spec, &shared_ops);
}

struct provider *provider_config_file_new(const struct provider_spec *spec)
{
    return make(spec, &config_ops);
}
