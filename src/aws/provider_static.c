/* SPDX-License-Identifier: Apache-2.0 */
/* provider_static.c - long-lived keys in the credentials file and in the
 * config file; each of the two looks at its own file only.
 *
 * The happy path is an immediate answer from what was read at start-up.  When
 * a service has refused those keys the file is read again: somebody may have
 * put new ones there while a listener kept running. */
#include <stdbool.h>
#include <stddef.h>

#include "creds.h"
#include "ini.h"
#include "log.h"
#include "mem.h"
#include "profiles.h"
#include "provider.h"
#include "settings.h"
#include "shared_file.h"

enum { FILE_MAX = 1 << 20 };

struct static_keys {
    struct provider base;
    const char *profile;
    bool is_config;           /* The config file, not that of credentials */
    struct shared_file *file; /* While it is read again */
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

/* Where the file is. */
static const char *path_of(const struct static_keys *k)
{
    const struct settings *s = k->base.ctx->settings;

    return k->is_config ? settings_config_path(s)
                        : settings_credentials_path(s);
}

/* Answer from @profiles, which lives until this returns. */
static void take_profile(struct static_keys *k, const struct profiles *profiles)
{
    take_keys(&k->base,
              k->is_config ? profiles_in_config(profiles, k->profile)
                           : profiles_in_credentials(profiles, k->profile),
              path_of(k));
}

/* The file was read again. */
static void on_read(void *data, int status, const char *text, size_t len)
{
    struct static_keys *k = data;
    struct profiles *profiles = NULL;
    struct err e;

    if (status == 0) {
        status = k->is_config ? profiles_parse(&profiles, text, len, path_of(k),
                                               NULL, 0, "", &e)
                              : profiles_parse(&profiles, NULL, 0, "", text,
                                               len, path_of(k), &e);
        if (status != 0) {
            log_warn(k->base.ctx->log, CREDS, 0, "%s", e.msg);
        }
    }
    shared_file_close(k->file);
    k->file = NULL;
    if (status != 0) { /* Then what is known must do */
        take_profile(k, settings_profiles(k->base.ctx->settings));
        return;
    }
    take_profile(k, profiles);
    profiles_free(profiles);
}

static void static_fetch(struct provider *p)
{
    struct static_keys *k = (struct static_keys *)p;
    const struct profiles *profiles = settings_profiles(p->ctx->settings);

    if (p->need.avoid != NULL) {
        k->file = shared_file_new(p->ctx, path_of(k), FILE_MAX);
    }
    if (k->file != NULL) {
        shared_file_read(k->file, on_read, k);
    } else {
        take_profile(k, profiles);
    }
}

static void static_stop(struct provider *p)
{
    struct static_keys *k = (struct static_keys *)p;

    shared_file_close(k->file);
    k->file = NULL;
}

static void static_free(struct provider *p)
{
    mem_free(p);
}

static const struct provider_ops shared_ops = {
    .name = "shared-credentials-file",
    .fetch = static_fetch,
    .stop = static_stop,
    .free = static_free,
};

static const struct provider_ops config_ops = {
    .name = "config-file",
    .fetch = static_fetch,
    .stop = static_stop,
    .free = static_free,
};

/* Either of the two. */
static struct provider *make(const struct provider_spec *spec,
                             const struct provider_ops *ops, bool is_config)
{
    struct static_keys *k = mem_zalloc(sizeof *k);

    if (k == NULL) {
        return NULL;
    }
    k->base = (struct provider){.ops = ops, .ctx = spec->ctx};
    k->profile = spec->profile;
    k->is_config = is_config;
    return &k->base;
}

struct provider *provider_shared_file_new(const struct provider_spec *spec)
{
    return make(spec, &shared_ops, false);
}

struct provider *provider_config_file_new(const struct provider_spec *spec)
{
    return make(spec, &config_ops, true);
}
