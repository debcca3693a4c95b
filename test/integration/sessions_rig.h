/* SPDX-License-Identifier: Apache-2.0 */
/* sessions_rig.h - the services behind sessions that a user logged in to, SSO's
 * and those of "aws login", which say what they are told to; and the files of
 * such sessions as the AWS CLI writes them. */
#ifndef SESSIONS_RIG_H
#define SESSIONS_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "aws_home.h"
#include "fake_http.h"

/* Configurations: SSO in both its forms, and a login. */
#define NEW_FORM                                                               \
    "[default]\nregion = eu-west-1\nsso_session = my\n"                        \
    "sso_account_id = 111122223333\nsso_role_name = Ad min\n"                  \
    "[sso-session my]\nsso_start_url = https://x.awsapps.com/start\n"          \
    "sso_region = eu-central-1\n"
#define OLD_FORM                                                               \
    "[default]\nregion = eu-west-1\n"                                          \
    "sso_start_url = https://x.awsapps.com/start\nsso_region = eu-central-1\n" \
    "sso_account_id = 111122223333\nsso_role_name = Admin\n"
#define LOGIN                                                                  \
    "[default]\nregion = eu-west-1\n"                                          \
    "login_session = arn:aws:iam::111122223333:user/me\n"

/* What a token needs to be renewed, as further members. */
#define MEANS                                                                  \
    ", \"clientId\": \"cid\", \"clientSecret\": \"client-word\", "             \
    "\"registrationExpiresAt\": \"2040-01-01T00:00:00Z\", "                    \
    "\"refreshToken\": \"old-refresh\""

/* The services and what they say. */
struct world {
    struct aws_home home;
    struct fake_http http;
    unsigned portal_calls, oidc_calls, signin_calls;
    int status;         /* Of a refusal, 0 for none */
    const char *header; /* X-Amzn-ErrorType line */
    const char *body;
    int64_t lifetime_s;
    bool no_refresh_token;
    bool stall;
};

/* A home with @config that knows these services. */
void sessions_setup(struct world *w, const char *config);

/* All is closed and gone, and no secret was logged. */
void sessions_teardown(struct world *w);

/* The name of the file of @text under @dir (lent until the next call); that of
 * the SSO session, and that of the login. */
const char *sessions_file(const char *text, const EVP_MD *md, const char *dir);
const char *sso_session_file(void);
const char *sessions_login_file(void);

/* Write a token with @left seconds left; @more are further members. */
void sessions_write_token(struct world *w, const char *file, int64_t left,
                          const char *more);

/* Write a login session with @left seconds left. */
void sessions_write_login(struct world *w, int64_t left);

#endif /* SESSIONS_RIG_H */
