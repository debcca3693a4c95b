/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint.c - the URL somebody asked for, or the one the partition gives. */
#include "endpoint.h"

#include <stdio.h>

#include "ini.h"
#include "partitions.h"
#include "profiles.h"
#include "sources.h"
#include "urls.h"

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

/* The URL configured for @service in the profile's services section; NULL
 * when there is none. */
static int services_url(const struct sources *from, enum service service,
                        const char **url, struct err *e)
{
    const char *name = profiles_get(from->profiles, from->profile, "services");
    const struct ini_section *section;

    *url = NULL;
    if (name == NULL) {
        return 0;
    }
    section = profiles_services(from->profiles, name);
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
static int configured_url(const struct endpoint_rules *rules,
                          const struct sources *from, enum service service,
                          bool use_flag, const char **url, struct err *e)
{
    int rv;

    *url = use_flag ? rules->flag_url : NULL;
    if (*url != NULL || rules->ignore_urls) {
        return 0;
    }
    *url = env_get(&from->env, services[service].env);
    if (*url == NULL || **url == '\0') {
        *url = env_get(&from->env, "AWS_ENDPOINT_URL");
    }
    if (*url == NULL || **url == '\0') {
        rv = services_url(from, service, url, e);
        if (rv != 0) {
            return rv;
        }
    }
    if (*url == NULL || **url == '\0') {
        *url = profiles_get(from->profiles, from->profile, "endpoint_url");
    }
    if (*url != NULL && **url == '\0') {
        *url = NULL;
    }
    return 0;
}

void endpoint_rules_read(struct endpoint_rules *rules,
                         const struct sources *from)
{
    rules->fips =
        sources_bool(from, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
    rules->dual_stack = sources_bool(from, "AWS_USE_DUALSTACK_ENDPOINT",
                                     "use_dualstack_endpoint");
    rules->ignore_urls =
        sources_bool(from, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                     "ignore_configured_endpoint_urls");
}

int endpoint_find(const struct endpoint_rules *rules,
                  const struct sources *from, enum service service,
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
    fips = region_strip_fips(region, plain) || rules->fips;
    rv = configured_url(rules, from, service, use_flag, &url, e);
    if (rv != 0) {
        return rv;
    }
    rv = partition_host(service, plain, fips && url == NULL,
                        rules->dual_stack && url == NULL, host,
                        out->signing_region, e);
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
