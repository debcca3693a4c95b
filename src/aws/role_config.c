/* SPDX-License-Identifier: Apache-2.0 */
/* role_config.c - following source_profile from profile to profile. */
#include "role_config.h"

#include <assert.h>
#include <string.h>

#include "buf.h"
#include "numbers.h"
#include "profiles.h"

bool role_config_present(const struct profiles *p, const char *profile)
{
    /* With web_identity_token_file it is another provider's business. */
    return profiles_get(p, profile, "role_arn") != NULL &&
           profiles_get(p, profile, "web_identity_token_file") == NULL;
}

/* Whether @profile holds any long-lived key. */
static bool has_static_keys(const struct profiles *p, const char *profile)
{
    return profiles_get(p, profile, "aws_secret_access_key") != NULL ||
           profiles_get(p, profile, "aws_access_key_id") != NULL;
}

/* Refuse a loop in the words of the CLI, which lists those visited. */
static int refuse_loop(const char *profile, const struct role_config *links,
                       size_t n, struct err *e)
{
    struct buf list;
    size_t i;

    buf_init(&list, ERR_MSG_SIZE);
    for (i = 0; i < n; i++) {
        buf_addf(&list, "%s'%s'", i > 0 ? ", " : "", links[i].profile);
    }
    err_set(e, ERR_CREDENTIALS,
            "Infinite loop in credential configuration detected. Attempting to "
            "load from profile %s which has already been visited. Visited "
            "profiles: [%s]",
            profile, buf_str(&list));
    buf_free(&list);
    return ERR_CREDENTIALS;
}

/* Check that @name may be the source of the last of @links. */
static int check_source(const struct profiles *p, const char *name,
                        const struct role_config *links, size_t n,
                        struct err *e)
{
    const char *parent = links[n - 1].profile;
    size_t i;

    if (!profiles_has(p, name)) {
        return err_set(e, ERR_CREDENTIALS,
                       "The source_profile \"%s\" referenced in the profile "
                       "\"%s\" does not exist.",
                       name, parent);
    }
    for (i = 0; i < n && strcmp(links[i].profile, name) != 0; i++) {
    }
    if (i < n && (strcmp(name, parent) != 0 || !has_static_keys(p, name))) {
        return refuse_loop(name, links, n, e);
    }
    return 0;
}

/* Which source a credential_source names; case counts. */
static int read_source_name(const char *name, struct role_config *link,
                            struct err *e)
{
    if (strcmp(name, "Environment") == 0) {
        link->source = ROLE_FROM_ENVIRONMENT;
    } else if (strcmp(name, "Ec2InstanceMetadata") == 0) {
        link->source = ROLE_FROM_IMDS;
    } else if (strcmp(name, "EcsContainer") == 0) {
        link->source = ROLE_FROM_CONTAINER;
    } else {
        return err_set(e, ERR_CREDENTIALS,
                       "The credential source \"%s\" referenced in profile "
                       "\"%s\" is not valid.",
                       name, link->profile);
    }
    link->source_name = name;
    return 0;
}

/* Read the role of links[n - 1].profile and where its source is. */
static int read_link(const struct profiles *p, struct role_config *links,
                     size_t n, struct err *e)
{
    struct role_config *link = &links[n - 1];
    const char *from_profile = profiles_get(p, link->profile, "source_profile");
    const char *from_name = profiles_get(p, link->profile, "credential_source");
    const char *duration = profiles_get(p, link->profile, "duration_seconds");
    int rv;

    link->request = (struct role_request){
        .role_arn = profiles_get(p, link->profile, "role_arn"),
        .session_name = profiles_get(p, link->profile, "role_session_name"),
        .external_id = profiles_get(p, link->profile, "external_id"),
        .mfa_serial = profiles_get(p, link->profile, "mfa_serial"),
    };
    if (duration != NULL) { /* What is no number is silently ignored */
        link->request.has_duration =
            number_parse(duration, &link->request.duration_s);
    }
    if (from_profile != NULL && from_name != NULL) {
        return err_set(e, ERR_CREDENTIALS,
                       "The profile \"%s\" contains both source_profile and "
                       "credential_source.",
                       link->profile);
    }
    if (from_name != NULL) {
        return read_source_name(from_name, link, e);
    }
    if (from_profile == NULL) {
        return err_set(e, ERR_CREDENTIALS,
                       "Partial credentials found in assume-role, missing: "
                       "source_profile or credential_source");
    }
    rv = check_source(p, from_profile, links, n, e);
    link->source_name = from_profile;
    link->source = has_static_keys(p, from_profile) ||
                           !role_config_present(p, from_profile)
                       ? ROLE_FROM_PROFILE
                       : ROLE_FROM_ROLE;
    return rv;
}

int role_config_read(const struct profiles *p, const char *profile,
                     struct role_config links[static ROLE_CHAIN_MAX], size_t *n,
                     struct err *e)
{
    int rv;

    for (*n = 0; *n < ROLE_CHAIN_MAX; profile = links[*n - 1].source_name) {
        assert(profile != NULL); /* A link to another role has a name */
        links[(*n)++] = (struct role_config){.profile = profile};
        rv = read_link(p, links, *n, e);
        if (rv != 0 || links[*n - 1].source != ROLE_FROM_ROLE) {
            return rv;
        }
    }
    return err_set(e, ERR_CREDENTIALS,
                   "more than %d profiles follow each other by source_profile",
                   ROLE_CHAIN_MAX);
}
