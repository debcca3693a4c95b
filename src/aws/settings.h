/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h - flags, environment and profile made into one set of answers.
 *
 * Read once, synchronously, before the loop has work; everything after that
 * only asks.  Each setting is taken from the flag, else from the environment,
 * else from the profile, else it has the AWS CLI's default. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "endpoint.h"
#include "err.h"

struct env;
struct imds_settings;
struct log;
struct profiles;
struct settings;

/* What the caller was told explicitly; NULL where it was not.  Strings are
 * copied. */
struct settings_input {
    const char *profile;       /* --profile */
    const char *region;        /* --region */
    const char *endpoint_url;  /* --endpoint-url */
    const char *ca_bundle;     /* --ca-bundle */
    bool no_verify_ssl;        /* --no-verify-ssl */
    bool no_sign_request;      /* --no-sign-request */
    int64_t connect_timeout_s; /* --cli-connect-timeout; -1: not given */
    int64_t read_timeout_s;    /* --cli-read-timeout; -1: not given */
    /* The environment, as getenv(); NULL means getenv() itself.  It is asked
     * as long as the settings live. */
    const char *(*env)(void *data, const char *name);
    void *env_data;
};

/* Read everything.  *out is set on 0 only.  Errors name file and line. */
int settings_load(struct settings **out, const struct settings_input *in,
                  const struct log *log, struct err *e);
void settings_free(struct settings *s);

/* The region as configured (not looked up in IMDS), or NULL.  It may be
 * empty or malformed; settings_endpoint() finds that out. */
const char *settings_region(const struct settings *s);

/* Where that came from: "--region", "AWS_REGION", "AWS_DEFAULT_REGION", "the
 * profile", or NULL.  Static. */
const char *settings_region_source(const struct settings *s);

/* The endpoint of @service in @region (NULL: ERR_NO_REGION).  @use_flag says
 * whether --endpoint-url applies to this client (AWS-REFERENCE A4). */
int settings_endpoint(const struct settings *s, enum service service,
                      const char *region, bool use_flag, struct endpoint *out,
                      struct err *e);

/* Plain answers. */
bool settings_use_fips(const struct settings *s);
const char *settings_profile(const struct settings *s);   /* NULL: default */
const char *settings_ca_bundle(const struct settings *s); /* NULL: system */
bool settings_no_verify(const struct settings *s);
bool settings_no_sign(const struct settings *s);
unsigned settings_max_attempts(const struct settings *s);
bool settings_new_retries(const struct settings *s);
uint64_t settings_connect_timeout_ms(const struct settings *s); /* 0: none */
uint64_t settings_read_timeout_ms(const struct settings *s);    /* 0: none */
const char *settings_app_id(const struct settings *s);          /* NULL: none */

/* Keepalive probes on connections to the API (tcp_keepalive). */
bool settings_tcp_keepalive(const struct settings *s);

/* Whether parameters are checked before they are sent
 * (parameter_validation). */
bool settings_validates(const struct settings *s);

/* Any variable of the environment and any key of the selected profile, for
 * settings that only one module cares about ("output", "cli_pager"). */
const char *settings_env(const struct settings *s, const char *name);
const char *settings_profile_key(const struct settings *s, const char *key);

/* The rest is for the credential chain. */

/* How the instance metadata service is reached (imds_settings.h). */
const struct imds_settings *settings_imds(const struct settings *s);

/* Whether --profile was given: then credentials in the environment do not
 * count. */
bool settings_profile_is_flag(const struct settings *s);

/* Expiry times in caches as the service wrote them. */
bool settings_wire_timestamps(const struct settings *s);

const struct profiles *settings_profiles(const struct settings *s);
const struct env *settings_environment(const struct settings *s);
const char *settings_credentials_path(const struct settings *s);
const char *settings_config_path(const struct settings *s);

#endif /* SETTINGS_H */
