/* SPDX-License-Identifier: Apache-2.0 */
/* signin.c - CreateOAuth2Token: fresh credentials for a refresh token, if the
 * client proves that it still has its key. */
#include "signin.h"

#include <stdio.h>
#include <string.h>

#include "call.h"
#include "dpop.h"
#include "err.h"
#include "json.h"

/* The error's own word goes beside the message. */
static void refuse(struct api_call *c, int status, const char *type,
                   const char *error, const char *message)
{
    json_t *doc = json_pack("{s:s, s:s}", "error", error, "message", message);

    call_fail(c, status, type, "%s", message);
    buf_clear(&c->answer->body);
    js_write(&c->answer->body, doc, JS_COMPACT);
    json_decref(doc);
}

static void give(struct api_call *c, const struct world_login *login)
{
    struct world_session_config config = {.user = login->user,
                                          .role = login->role,
                                          .duration_s = login->lifetime_s};
    const struct world_session *s;
    const char *refresh;

    config.name = login->role != NULL ? "login" : NULL;
    if (world_session_new(c->w, &config, &s, NULL) != 0) {
        call_no_memory(c);
        return;
    }
    refresh = world_token_new(c->w, WORLD_TOKEN_REFRESH, login, 0);
    if (refresh == NULL) {
        call_no_memory(c);
        return;
    }
    call_json(c, "application/json",
              json_pack("{s:{s:s, s:s, s:s}, s:s, s:I, s:s}", "accessToken",
                        "accessKeyId", s->key_id, "secretAccessKey", s->secret,
                        "sessionToken", s->token, "tokenType",
                        "urn:aws:params:oauth:token-type:access_token_sigv4",
                        "expiresIn", (json_int_t)login->lifetime_s,
                        "refreshToken", refresh));
}

/* The proof in the DPoP header, for the URL the client sees. */
static const char *check_proof(struct api_call *c)
{
    const char *proof = http_header(c->req, "dpop");
    const char *host = http_header(c->req, "host");
    char url[512];

    if (proof == NULL) {
        return "the DPoP header is missing";
    }
    snprintf(url, sizeof url, "http%s://%s%s", c->req->tls ? "s" : "",
             host != NULL ? host : "", c->req->path);
    return dpop_verify(proof, url, world_now_ms(c->w) / 1000);
}

void signin_handle(struct api_call *c)
{
    struct err e;
    json_t *body = js_parse(c->req->body, c->req->body_len, &e);
    const char *grant = js_str(body, "grantType");
    const char *id = js_str(body, "clientId");
    const char *token = js_str(body, "refreshToken");
    const struct world_login *login = NULL;
    const char *why;

    if (token != NULL) {
        login = world_login_by_token(c->w, token);
    }
    if (strcmp(c->req->method, "POST") != 0 || grant == NULL || id == NULL ||
        token == NULL || strcmp(grant, "refresh_token") != 0) {
        refuse(c, 400, "ValidationException", "INVALID_REQUEST",
               "grantType, clientId and refreshToken are required");
    } else if ((why = check_proof(c)) != NULL) {
        refuse(c, 400, "ValidationException", "INVALID_REQUEST", why);
    } else if (login == NULL || strcmp(login->client_id, id) != 0) {
        refuse(c, 403, "AccessDeniedException", "TOKEN_EXPIRED",
               "The refresh token is not valid");
    } else if (login->error != NULL) {
        refuse(c, 403, "AccessDeniedException", login->error,
               "Access is denied");
    } else {
        give(c, login);
    }
    json_decref(body);
}
