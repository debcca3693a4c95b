/* SPDX-License-Identifier: Apache-2.0 */
/* oidc.c - CreateToken with a refresh token. */
#include "oidc.h"

#include <string.h>

#include "call.h"
#include "err.h"
#include "json.h"

/* OAuth's own shape of an error; the type is in the header. */
static void refuse(struct api_call *c, int status, const char *type,
                   const char *error, const char *description)
{
    json_t *doc = json_pack("{s:s, s:s}", "error", error, "error_description",
                            description);

    call_fail(c, status, type, "%s", description);
    buf_clear(&c->answer->body);
    js_write(&c->answer->body, doc, JS_COMPACT);
    json_decref(doc);
}

/* Whether the client is the one the person's tokens were made for. */
static bool is_client(const struct world_sso_user *u, const char *id,
                      const char *secret)
{
    return (u->client_id == NULL || strcmp(u->client_id, id) == 0) &&
           (u->client_secret == NULL || strcmp(u->client_secret, secret) == 0);
}

static void give(struct api_call *c, const struct world_sso_user *u)
{
    const char *access =
        world_token_new(c->w, WORLD_TOKEN_ACCESS, u, u->lifetime_s);
    const char *refresh = world_token_new(c->w, WORLD_TOKEN_REFRESH, u, 0);

    if (access == NULL || refresh == NULL) {
        call_no_memory(c);
        return;
    }
    call_json(c, "application/json",
              json_pack("{s:s, s:s, s:I, s:s}", "accessToken", access,
                        "tokenType", "Bearer", "expiresIn",
                        (json_int_t)u->lifetime_s, "refreshToken", refresh));
}

void oidc_handle(struct api_call *c)
{
    const char *grant;
    const char *id;
    const char *secret;
    const char *token;
    struct world_sso_hit hit;
    struct err e;
    json_t *body = js_parse(c->req->body, c->req->body_len, &e);

    grant = js_str(body, "grantType");
    id = js_str(body, "clientId");
    secret = js_str(body, "clientSecret");
    token = js_str(body, "refreshToken");
    if (strcmp(c->req->method, "POST") != 0 || grant == NULL || id == NULL ||
        secret == NULL) {
        refuse(c, 400, "InvalidRequestException", "invalid_request",
               "Missing or invalid parameters");
    } else if (strcmp(grant, "refresh_token") != 0) {
        refuse(c, 400, "UnsupportedGrantTypeException",
               "unsupported_grant_type", "The grant type is not supported");
    } else if (token == NULL ||
               !world_sso_by_refresh_token(c->w, token, &hit)) {
        refuse(c, 400, "InvalidGrantException", "invalid_grant",
               "Invalid refresh token provided");
    } else if (!is_client(hit.user, id, secret)) {
        refuse(c, 401, "InvalidClientException", "invalid_client",
               "Invalid client provided");
    } else {
        give(c, hit.user);
    }
    json_decref(body);
}
