/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c - asking flag, environment and profile in that order. */
#include "settings.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "imds_settings.h"
#include "log.h"
#include "mem.h"
#include "paths.h"
#include "profiles.h"
#include "sources.h"
#include "urls.h"

enum {
    DEFAULT_TIMEOUT_MS = 10000, /* Shorter than the CLI's minute on purpose */
    DEFAULT_ATTEMPTS = 3,
    APP_ID_MAX = 50
};

struct settings {
    struct sources from;  /* Its profiles are ours */
    char *profile;        /* As chosen, or NULL */
    bool profile_is_flag; /* by --profile */
    char *region;         /* or NULL */
    const char *region_source;
    struct endpoint_rules endpoints;
    char *ca_bundle; /* or NULL */
    char *config_path;
    char *credentials_path;
    bool no_verify;
    bool no_sign;
    bool new_retries;
    unsigned max_attempts;
    uint64_t connect_timeout_ms;
    uint64_t read_timeout_ms;
    const char *app_id;
    struct imds_settings imds;
};

/* Copy @value (may be NULL) to *@out. */
static int keep(char **out, const char *value, struct err *e)
{
    *out = NULL;
    if (value == NULL) {
        return 0;
    }
    *out = mem_strdup(value);
    return *out != NULL ? 0 : err_set_uv(e, UV_ENOMEM, "settings");
}

/* Find, read and merge the two files. */
static int load_files(struct settings *s, struct err *e)
{
    const char *config = env_get(&s->from.env, "AWS_CONFIG_FILE");
    const char *creds = env_get(&s->from.env, "AWS_SHARED_CREDENTIALS_FILE");

    s->config_path =
        path_expand(&s->from.env, config != NULL ? config : "~/.aws/config");
    s->credentials_path =
        path_expand(&s->from.env, creds != NULL ? creds : "~/.aws/credentials");
    if (s->config_path == NULL || s->credentials_path == NULL) {
        return err_set_uv(e, UV_ENOMEM, "settings");
    }
    return profiles_load(&s->from.profiles, s->config_path, s->credentials_path,
                         e);
}

/* Which profile, and whether there is such a thing. */
static int choose_profile(struct settings *s, const struct settings_input *in,
                          struct err *e)
{
    const char *name = in->profile;
    int rv;

    s->profile_is_flag = name != NULL;
    if (name == NULL) {
        name = env_get(&s->from.env, "AWS_PROFILE");
    }
    if (name == NULL) {
        name = env_get(&s->from.env, "AWS_DEFAULT_PROFILE");
    }
    rv = keep(&s->profile, name, e);
    if (rv != 0) {
        return rv;
    }
    s->from.profile = s->profile != NULL ? s->profile : "default";
    if (s->profile != NULL && !profiles_has(s->from.profiles, s->profile)) {
        return err_set(e, ERR_PROFILE,
                       "The config profile (%s) could not be found",
                       s->profile);
    }
    return 0;
}

/* The region and where it came from. */
static int choose_region(struct settings *s, const struct settings_input *in,
                         struct err *e)
{
    static const char *const variables[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
    const char *region = in->region;
    size_t i;

    s->region_source = "--region";
    for (i = 0; region == NULL && i < 2; i++) {
        region = env_get(&s->from.env, variables[i]);
        s->region_source = variables[i];
    }
    if (region == NULL) {
        region = profiles_get(s->from.profiles, s->from.profile, "region");
        s->region_source = region != NULL ? "the profile" : NULL;
    }
    return keep(&s->region, region, e);
}

/* Whom to trust. */
static int choose_trust(struct settings *s, const struct settings_input *in,
                        struct err *e)
{
    const char *path = in->ca_bundle;

    s->no_verify = in->no_verify_ssl;
    if (s->no_verify) {
        return 0;
    }
    if (path == NULL) {
        path = sources_text(&s->from, "AWS_CA_BUNDLE", "ca_bundle");
    }
    if (path == NULL) {
        path = env_get(&s->from.env, "REQUESTS_CA_BUNDLE");
    }
    if (path != NULL && path[strspn(path, " \t\r\n\f\v")] == '\0') {
        return err_set(e, ERR_SETTING,
                       "Invalid CA bundle: the configured value (ca_bundle, "
                       "AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, or verify) "
                       "resolved to an empty or whitespace-only string. "
                       "Provide a valid path to a CA bundle file.");
    }
    return keep(&s->ca_bundle, path, e);
}

/* Attempts and deadlines. */
static int choose_retries(struct settings *s, const struct settings_input *in,
                          struct err *e)
{
    const char *mode = sources_text(&s->from, "AWS_RETRY_MODE", "retry_mode");
    int64_t n;
    int rv;

    if (mode != NULL && strcmp(mode, "standard") != 0 &&
        strcmp(mode, "adaptive") != 0) {
        return err_set(e, ERR_SETTING,
                       "Invalid value provided to \"mode\": \"%s\" must be "
                       "one of: \"standard\" or \"adaptive\"",
                       mode);
    }
    rv = sources_int(&s->from, "AWS_MAX_ATTEMPTS", "max_attempts",
                     DEFAULT_ATTEMPTS, &n, e);
    if (rv != 0) {
        return rv;
    }
    if (n < 1) {
        return err_set(e, ERR_SETTING,
                       "Value provided to \"max_attempts\": %lld must be an "
                       "integer greater than or equal to one.",
                       (long long)n);
    }
    s->max_attempts = n < 1000 ? (unsigned)n : 1000;
    s->new_retries = sources_bool(&s->from, "AWS_NEW_RETRIES_2026", NULL);
    s->connect_timeout_ms = in->connect_timeout_s >= 0
                                ? (uint64_t)in->connect_timeout_s * 1000
                                : DEFAULT_TIMEOUT_MS;
    s->read_timeout_ms = in->read_timeout_s >= 0
                             ? (uint64_t)in->read_timeout_s * 1000
                             : DEFAULT_TIMEOUT_MS;
    return 0;
}

/* --endpoint-url must at least have a scheme. */
static int choose_endpoint_url(struct settings *s,
                               const struct settings_input *in, struct err *e)
{
    const char *url = in->endpoint_url;

    if (url != NULL && !url_has_scheme(url)) {
        return err_set(e, ERR_USAGE,
                       "Bad value for --endpoint-url \"%s\": scheme is "
                       "missing.  Must be of the form http://<hostname>/ or "
                       "https://<hostname>/",
                       url);
    }
    return keep(&s->endpoints.flag_url, url, e);
}

/* All settings, in the order their faults are reported. */
static int fill(struct settings *s, const struct settings_input *in,
                const struct log *log, struct err *e)
{
    int rv = choose_endpoint_url(s, in, e);

    if (rv == 0) {
        rv = load_files(s, e);
    }
    if (rv == 0) {
        rv = choose_profile(s, in, e);
    }
    if (rv == 0) {
        rv = choose_region(s, in, e);
    }
    if (rv == 0) {
        rv = choose_trust(s, in, e);
    }
    if (rv == 0) {
        rv = choose_retries(s, in, e);
    }
    if (rv == 0) {
        rv = imds_settings_read(&s->imds, &s->from, e);
    }
    if (rv != 0) {
        return rv;
    }
    s->no_sign = in->no_sign_request;
    endpoint_rules_read(&s->endpoints, &s->from);
    s->app_id = sources_text(&s->from, "AWS_SDK_UA_APP_ID", "sdk_ua_app_id");
    if (s->app_id != NULL && strlen(s->app_id) > APP_ID_MAX) {
        log_warn(log, CONFIG, 0,
                 "user agent app id is longer than %d characters", APP_ID_MAX);
    }
    log_debug(log, CONFIG, 0, "profile %s, region %s from %s", s->from.profile,
              s->region != NULL ? s->region : "not configured",
              s->region_source != NULL ? s->region_source : "nowhere");
    return 0;
}

int settings_load(struct settings **out, const struct settings_input *in,
                  const struct log *log, struct err *e)
{
    struct settings *s = mem_zalloc(sizeof *s);
    int rv;

    if (s == NULL) {
        return err_set_uv(e, UV_ENOMEM, "settings");
    }
    s->from.env = (struct env){.get = in->env, .data = in->env_data};
    rv = fill(s, in, log, e);
    if (rv != 0) {
        settings_free(s);
        return rv;
    }
    *out = s;
    return 0;
}

void settings_free(struct settings *s)
{
    if (s == NULL) {
        return;
    }
    profiles_free(s->from.profiles);
    mem_free(s->profile);
    mem_free(s->region);
    mem_free(s->endpoints.flag_url);
    mem_free(s->ca_bundle);
    mem_free(s->config_path);
    mem_free(s->credentials_path);
    mem_free(s);
}

int settings_endpoint(const struct settings *s, enum service service,
                      const char *region, bool use_flag, struct endpoint *out,
                      struct err *e)
{
    return endpoint_find(&s->endpoints, &s->from, service, region, use_flag,
                         out, e);
}

const char *settings_region(const struct settings *s)
{
    return s->region;
}

const char *settings_region_source(const struct settings *s)
{
    return s->region_source;
}

bool settings_use_fips(const struct settings *s)
{
    return s->endpoints.fips;
}

const char *settings_profile(const struct settings *s)
{
    return s->profile;
}

const char *settings_ca_bundle(const struct settings *s)
{
    return s->ca_bundle;
}

bool settings_no_verify(const struct settings *s)
{
    return s->no_verify;
}

bool settings_no_sign(const struct settings *s)
{
    return s->no_sign;
}

unsigned settings_max_attempts(const struct settings *s)
{
    return s->max_attempts;
}

bool settings_new_retries(const struct settings *s)
{
    return s->new_retries;
}

uint64_t settings_connect_timeout_ms(const struct settings *s)
{
    return s->connect_timeout_ms;
}

uint64_t settings_read_timeout_ms(const struct settings *s)
{
    return s->read_timeout_ms;
}

const char *settings_app_id(const struct settings *s)
{
    return s->app_id;
}

bool settings_tcp_keepalive(const struct settings *s)
{
    return sources_bool(&s->from, NULL, "tcp_keepalive");
}

bool settings_validates(const struct settings *s)
{
    return sources_text(&s->from, NULL, "parameter_validation") == NULL ||
           sources_bool(&s->from, NULL, "parameter_validation");
}

const char *settings_env(const struct settings *s, const char *name)
{
    return env_get(&s->from.env, name);
}

const char *settings_profile_key(const struct settings *s, const char *key)
{
    return profiles_get(s->from.profiles, s->from.profile, key);
}

const struct imds_settings *settings_imds(const struct settings *s)
{
    return &s->imds;
}

bool settings_profile_is_flag(const struct settings *s)
{
    return s->profile_is_flag;
}

bool settings_wire_timestamps(const struct settings *s)
{
    const char *format =
        profiles_get(s->from.profiles, s->from.profile, "cli_timestamp_format");

    return format != NULL && strcmp(format, "wire") == 0;
}

const struct profiles *settings_profiles(const struct settings *s)
{
    return s->from.profiles;
}

const struct env *settings_environment(const struct settings *s)
{
    return &s->from.env;
}

const char *settings_credentials_path(const struct settings *s)
{
    return s->credentials_path;
}

const char *settings_config_path(const struct settings *s)
{
    return s->config_path;
}
