/* SPDX-License-Identifier: Apache-2.0 */
/* sso_token.h - the access token that "aws sso login" left in
 * ~/.aws/sso/cache, renewed when it has little time left and can be. */
#ifndef SSO_TOKEN_H
#define SSO_TOKEN_H

#include "err.h"

struct provider_ctx;
struct sso_config;
struct sso_token;

/* The token (lent), or why there is none.  Once, from the loop; not at all
 * after sso_token_close(). */
typedef void (*sso_token_cb)(void *data, const char *token,
                             const struct err *err);

/* Look for the token of @config, which outlives it.  Returns 0, or UV_ENOMEM
 * and nothing will be called. */
int sso_token_start(struct sso_token **out, struct provider_ctx *ctx,
                    const struct sso_config *config, sso_token_cb cb,
                    void *data);

/* Stop, wipe and free; NULL is fine.  Any state, and from @cb. */
void sso_token_close(struct sso_token *t);

/* The words for a session that has to be renewed by its user. */
int sso_token_expired(struct err *e);

#endif /* SSO_TOKEN_H */
