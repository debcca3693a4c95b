/* SPDX-License-Identifier: Apache-2.0 */
/* sso_config.c - profile and session laid over each other. */
#include "sso_config.h"

#include <stddef.h>
#include <string.h>

#include "buf.h"
#include "ini.h"
#include "profiles.h"

bool sso_config_present(const struct profiles *p, const char *profile)
{
    return profiles_get(p, profile, "sso_role_name") != NULL ||
           profiles_get(p, profile, "sso_account_id") != NULL;
}

/* What profile and session both say must be the same. */
static int check_session(const struct profiles *p, const char *profile,
                         const struct ini_section *session, struct err *e)
{
    const char *own, *value;
    size_t i;

    for (i = 0; i < session->n; i++) {
        own = profiles_get(p, profile, session->entries[i].key);
        value = session->entries[i].value;
        if (own != NULL && !session->entries[i].is_block &&
            strcmp(own, value) != 0) {
            return err_set(e, ERR_CREDENTIALS,
                           "The value for %s is inconsistent between profile "
                           "(%s) and sso-session (%s).",
                           session->entries[i].key, own, value);
        }
    }
    return 0;
}

/* The session must name URL and region itself: its token is made with them. */
static int check_token_config(const char *profile,
                              const struct ini_section *session, struct err *e)
{
    bool url = ini_value(session, "sso_start_url") != NULL;
    bool region = ini_value(session, "sso_region") != NULL;

    if (url && region) {
        return 0;
    }
    return err_set(e, ERR_CREDENTIALS,
                   "The profile \"%s\" is configured to use the SSO token "
                   "provider but is missing the following configuration: "
                   "[%s%s%s].",
                   profile, url ? "" : "'sso_start_url'",
                   url || region ? "" : ", ", region ? "" : "'sso_region'");
}

/* Name everything that is required and not there. */
static int check_complete(const char *profile, const struct sso_config *c,
                          struct err *e)
{
    const struct {
        const char *key, *value;
    } required[] = {{"sso_role_name", c->role_name},
                    {"sso_account_id", c->account_id},
                    {"sso_start_url", c->start_url},
                    {"sso_region", c->region}};
    struct buf missing;
    size_t i;

    buf_init(&missing, ERR_MSG_SIZE);
    for (i = 0; i < sizeof required / sizeof required[0]; i++) {
        if (required[i].value == NULL) {
            buf_addf(&missing, "%s%s", missing.len > 0 ? ", " : "",
                     required[i].key);
        }
    }
    if (missing.len > 0) {
        err_set(e, ERR_CREDENTIALS,
                "The profile \"%s\" is configured to use SSO but is missing "
                "required configuration: %s",
                profile, buf_str(&missing));
        buf_free(&missing);
        return ERR_CREDENTIALS;
    }
    return 0;
}

int sso_config_read(const struct profiles *p, const char *profile,
                    struct sso_config *out, struct err *e)
{
    const struct ini_section *session = NULL;
    int rv;

    *out = (struct sso_config){
        .role_name = profiles_get(p, profile, "sso_role_name"),
        .account_id = profiles_get(p, profile, "sso_account_id"),
        .start_url = profiles_get(p, profile, "sso_start_url"),
        .region = profiles_get(p, profile, "sso_region"),
        .session = profiles_get(p, profile, "sso_session"),
    };
    if (out->session != NULL) {
        session = profiles_sso_session(p, out->session);
        if (session == NULL) {
            return err_set(e, ERR_CREDENTIALS,
                           "The specified sso-session does not exist: \"%s\"",
                           out->session);
        }
        rv = check_session(p, profile, session, e);
        if (rv != 0) {
            return rv;
        }
        if (out->start_url == NULL) {
            out->start_url = ini_value(session, "sso_start_url");
        }
        if (out->region == NULL) {
            out->region = ini_value(session, "sso_region");
        }
        if (out->role_name == NULL) {
            out->role_name = ini_value(session, "sso_role_name");
        }
        if (out->account_id == NULL) {
            out->account_id = ini_value(session, "sso_account_id");
        }
    }
    rv = check_complete(profile, out, e);
    return rv == 0 && session != NULL ? check_token_config(profile, session, e)
                                      : rv;
}
