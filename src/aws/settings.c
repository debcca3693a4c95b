/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c - asking flag, environment and profile in that order. */
#include "settings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "ini.h"
#include "log.h"
#include "mem.h"
#include "numbers.h"
#include "partitions.h"
#include "paths.h"
#include "profiles.h"
#include "urls.h"

enum {
    DEFAULT_TIMEOUT_MS = 10000, /* Shorter than the CLI's minute on purpose */
    DEFAULT_ATTEMPTS = 3,
    APP_ID_MAX = 50,
    IMDS_URL_SIZE = 512
};

struct settings {
    struct env env;
    struct profiles *profiles;
    char *profile;        /* As chosen, or NULL */
    bool profile_is_flag; /* by --profile */
    const char *name;     /* Of the profile that is looked at */
    char *region;         /* or NULL */
    const char *region_source;
    char *endpoint_url; /* --endpoint-url or NULL */
    char *ca_bundle;    /* or NULL */
    char *config_path;
    char *credentials_path;
    bool no_verify;
    bool no_sign;
    bool fips;
    bool dual_stack;
    bool ignore_urls;
    bool new_retries;
    unsigned max_attempts;
    uint64_t connect_timeout_ms;
    uint64_t read_timeout_ms;
    const char *app_id;
    struct imds_settings imds;
    char imds_url[IMDS_URL_SIZE];
};

/* How each service is called in variables and in profiles, and what requests
 * to it are signed as. */
static const struct {
    const char *env;
    const char *key;
    const char *signing_name;
} services[SERVICE_COUNT] = {
    [SERVICE_EC2] = {"AWS_ENDPOINT_URL_EC2", "ec2", "ec2"},
    [SERVICE_EC2_INSTANCE_CONNECT] = {"AWS_ENDPOINT_URL_EC2_INSTANCE_CONNECT",
                                      "ec2_instance_connect",
                                      "ec2-instance-connect"},
    [SERVICE_STS] = {"AWS_ENDPOINT_URL_STS", "sts", "sts"},
    [SERVICE_SSO] = {"AWS_ENDPOINT_URL_SSO", "sso", "awsssoportal"},
    [SERVICE_SSO_OIDC] = {"AWS_ENDPOINT_URL_SSO_OIDC", "sso_oidc", "sso-oauth"},
    [SERVICE_SIGNIN] = {"AWS_ENDPOINT_URL_SIGNIN", "signin", "signin"},
};

/* The setting that is the variable @env or else the key @key of the profile;
 * either name may be NULL.  A variable that is set but empty counts. */
static const char *lookup(const struct settings *s, const char *env,
                          const char *key)
{
    const char *value = env != NULL ? env_get(&s->env, env) : NULL;

    if (value == NULL && key != NULL) {
        value = profiles_get(s->profiles, s->name, key);
    }
    return value;
}

/* Only "true", in any case, is true. */
static bool lookup_bool(const struct settings *s, const char *env,
                        const char *key)
{
    const char *value = lookup(s, env, key);

    return value != NULL && strcasecmp(value, "true") == 0;
}

/* A number, or @fallback when it is not set. */
static int lookup_int(const struct settings *s, const char *env,
                      const char *key, int64_t fallback, int64_t *out,
                      struct err *e)
{
    const char *value = lookup(s, env, key);

    *out = fallback;
    if (value != NULL && !number_parse(value, out)) {
        return err_set(e, ERR_SETTING,
                       "invalid literal for int() with base 10: '%s'", value);
    }
    return 0;
}

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
    const char *config = env_get(&s->env, "AWS_CONFIG_FILE");
    const char *creds = env_get(&s->env, "AWS_SHARED_CREDENTIALS_FILE");

    s->config_path =
        path_expand(&s->env, config != NULL ? config : "~/.aws/config");
    s->credentials_path =
        path_expand(&s->env, creds != NULL ? creds : "~/.aws/credentials");
    if (s->config_path == NULL || s->credentials_path == NULL) {
        return err_set_uv(e, UV_ENOMEM, "settings");
    }
    return profiles_load(&s->profiles, s->config_path, s->credentials_path, e);
}

/* Which profile, and whether there is such a thing. */
static int choose_profile(struct settings *s, const struct settings_input *in,
                          struct err *e)
{
    const char *name = in->profile;
    int rv;

    s->profile_is_flag = name != NULL;
    if (name == NULL) {
        name = env_get(&s->env, "AWS_PROFILE");
    }
    if (name == NULL) {
        name = env_get(&s->env, "AWS_DEFAULT_PROFILE");
    }
    rv = keep(&s->profile, name, e);
    if (rv != 0) {
        return rv;
    }
    s->name = s->profile != NULL ? s->profile : "default";
    if (s->profile != NULL && !profiles_has(s->profiles, s->profile)) {
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
        region = env_get(&s->env, variables[i]);
        s->region_source = variables[i];
    }
    if (region == NULL) {
        region = profiles_get(s->profiles, s->name, "region");
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
        path = lookup(s, "AWS_CA_BUNDLE", "ca_bundle");
    }
    if (path == NULL) {
        path = env_get(&s->env, "REQUESTS_CA_BUNDLE");
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
    const char *mode = lookup(s, "AWS_RETRY_MODE", "retry_mode");
    int64_t n;
    int rv;

    if (mode != NULL && strcmp(mode, "standard") != 0 &&
        strcmp(mode, "adaptive") != 0) {
        return err_set(e, ERR_SETTING,
                       "Invalid value provided to \"mode\": \"%s\" must be "
                       "one of: \"standard\" or \"adaptive\"",
                       mode);
    }
    rv = lookup_int(s, "AWS_MAX_ATTEMPTS", "max_attempts", DEFAULT_ATTEMPTS, &n,
                    e);
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
    s->new_retries = lookup_bool(s, "AWS_NEW_RETRIES_2026", NULL);
    s->connect_timeout_ms = in->connect_timeout_s >= 0
                                ? (uint64_t)in->connect_timeout_s * 1000
                                : DEFAULT_TIMEOUT_MS;
    s->read_timeout_ms = in->read_timeout_s >= 0
                             ? (uint64_t)in->read_timeout_s * 1000
                             : DEFAULT_TIMEOUT_MS;
    return 0;
}

/* Write the base URL of IMDS to s->imds_url. */
static int choose_imds_url(struct settings *s, struct err *e)
{
    const char *mode = lookup(s, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                              "ec2_metadata_service_endpoint_mode");
    const char *url = lookup(s, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                             "ec2_metadata_service_endpoint");
    bool v6 = lookup_bool(s, "AWS_IMDS_USE_IPV6", "imds_use_ipv6");
    size_t len;

    if (mode != NULL) {
        v6 = strcasecmp(mode, "ipv6") == 0;
        if (!v6 && strcasecmp(mode, "ipv4") != 0) {
            return err_set(e, ERR_SETTING,
                           "Invalid EC2 Instance Metadata endpoint mode: %s "
                           "Valid endpoint modes (case-insensitive): "
                           "('ipv4', 'ipv6').",
                           mode);
        }
    }
    if (url == NULL || *url == '\0') {
        url = v6 ? "http://[fd00:ec2::254]/" : "http://169.254.169.254/";
    }
    len = strlen(url);
    if (!url_valid(url) || len + 2 > sizeof s->imds_url) {
        return err_set(e, ERR_SETTING,
                       "Invalid endpoint EC2 Instance Metadata endpoint: %s",
                       url);
    }
    snprintf(s->imds_url, sizeof s->imds_url, "%s%s", url,
             url[len - 1] == '/' ? "" : "/");
    return 0;
}

/* Everything about IMDS. */
static int choose_imds(struct settings *s, struct err *e)
{
    int64_t timeout, attempts;
    int rv;

    rv = lookup_int(s, "AWS_METADATA_SERVICE_TIMEOUT",
                    "metadata_service_timeout", 1, &timeout, e);
    if (rv == 0) {
        rv = lookup_int(s, "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
                        "metadata_service_num_attempts", 1, &attempts, e);
    }
    if (rv == 0) {
        rv = choose_imds_url(s, e);
    }
    if (rv != 0) {
        return rv;
    }
    s->imds.base_url = s->imds_url;
    s->imds.timeout_s = timeout < 1     ? 1
                        : timeout < 600 ? (unsigned)timeout
                                        : 600;
    s->imds.attempts = attempts < 0     ? 0
                       : attempts < 100 ? (unsigned)attempts
                                        : 100;
    s->imds.v1_disabled = lookup_bool(s, "AWS_EC2_METADATA_V1_DISABLED",
                                      "ec2_metadata_v1_disabled");
    s->imds.disabled = lookup_bool(s, "AWS_EC2_METADATA_DISABLED", NULL);
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
    return keep(&s->endpoint_url, url, e);
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
        rv = choose_imds(s, e);
    }
    if (rv != 0) {
        return rv;
    }
    s->no_sign = in->no_sign_request;
    s->fips = lookup_bool(s, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
    s->dual_stack =
        lookup_bool(s, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
    s->ignore_urls = lookup_bool(s, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                 "ignore_configured_endpoint_urls");
    s->app_id = lookup(s, "AWS_SDK_UA_APP_ID", "sdk_ua_app_id");
    if (s->app_id != NULL && strlen(s->app_id) > APP_ID_MAX) {
        log_warn(log, CONFIG, 0,
                 "user agent app id is longer than %d characters", APP_ID_MAX);
    }
    log_debug(log, CONFIG, 0, "profile %s, region %s from %s", s->name,
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
    s->env = (struct env){.get = in->env, .data = in->env_data};
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
    profiles_free(s->profiles);
    mem_free(s->profile);
    mem_free(s->region);
    mem_free(s->endpoint_url);
    mem_free(s->ca_bundle);
    mem_free(s->config_path);
    mem_free(s->credentials_path);
    mem_free(s);
}

/* The URL configured for @service in the profile's services section; NULL
 * when there is none. */
static int services_url(const struct settings *s, enum service service,
                        const char **url, struct err *e)
{
    const char *name = profiles_get(s->profiles, s->name, "services");
    const struct ini_section *section;

    *url = NULL;
    if (name == NULL) {
        return 0;
    }
    section = profiles_services(s->profiles, name);
    if (section == NULL) {
        return err_set(e, ERR_SETTING,
                       "The profile is configured to use the services section "
                       "but the \"%s\" services configuration does not exist.",
                       name);
    }
    *url = ini_block_value(section, services[service].key, "endpoint_url");
    return 0;
}

/* The URL somebody asked for, or NULL; empty ones are passed over. */
static int configured_url(const struct settings *s, enum service service,
                          bool use_flag, const char **url, struct err *e)
{
    int rv;

    *url = use_flag ? s->endpoint_url : NULL;
    if (*url != NULL || s->ignore_urls) {
        return 0;
    }
    *url = env_get(&s->env, services[service].env);
    if (*url == NULL || **url == '\0') {
        *url = env_get(&s->env, "AWS_ENDPOINT_URL");
    }
    if (*url == NULL || **url == '\0') {
        rv = services_url(s, service, url, e);
        if (rv != 0) {
            return rv;
        }
    }
    if (*url == NULL || **url == '\0') {
        *url = profiles_get(s->profiles, s->name, "endpoint_url");
    }
    if (*url != NULL && **url == '\0') {
        *url = NULL;
    }
    return 0;
}

int settings_endpoint(const struct settings *s, enum service service,
                      const char *region, bool use_flag, struct endpoint *out,
                      struct err *e)
{
    char plain[REGION_SIZE];
    char host[HOST_SIZE];
    const char *url;
    size_t len;
    bool fips;
    int rv;

    if (region == NULL) {
        return err_set(e, ERR_NO_REGION,
                       "You must specify a region. You can also configure "
                       "your region by running \"aws configure\".");
    }
    if (!region_valid(region)) {
        return err_set(e, ERR_SETTING,
                       "Provided region_name '%s' doesn't match a supported "
                       "format.",
                       region);
    }
    fips = region_strip_fips(region, plain) || s->fips;
    rv = configured_url(s, service, use_flag, &url, e);
    if (rv != 0) {
        return rv;
    }
    rv = partition_host(service, plain, fips && url == NULL,
                        s->dual_stack && url == NULL, host, out->signing_region,
                        e);
    if (rv != 0) {
        return rv;
    }
    len = url != NULL
              ? (size_t)snprintf(out->url, sizeof out->url, "%s", url)
              : (size_t)snprintf(out->url, sizeof out->url, "https://%s", host);
    if (len >= sizeof out->url || !url_valid(out->url)) {
        return err_set(e, ERR_SETTING, "Invalid endpoint: %s", out->url);
    }
    while (len > 0 && out->url[len - 1] == '/') {
        out->url[--len] = '\0';
    }
    out->signing_name = services[service].signing_name;
    return 0;
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
    return s->fips;
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
    return lookup_bool(s, NULL, "tcp_keepalive");
}

bool settings_validates(const struct settings *s)
{
    return lookup(s, NULL, "parameter_validation") == NULL ||
           lookup_bool(s, NULL, "parameter_validation");
}

const char *settings_env(const struct settings *s, const char *name)
{
    return env_get(&s->env, name);
}

const char *settings_profile_key(const struct settings *s, const char *key)
{
    return profiles_get(s->profiles, s->name, key);
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
        profiles_get(s->profiles, s->name, "cli_timestamp_format");

    return format != NULL && strcmp(format, "wire") == 0;
}

const struct profiles *settings_profiles(const struct settings *s)
{
    return s->profiles;
}

const struct env *settings_environment(const struct settings *s)
{
    return &s->env;
}

const char *settings_credentials_path(const struct settings *s)
{
    return s->credentials_path;
}

const char *settings_config_path(const struct settings *s)
{
    return s->config_path;
}
