/* SPDX-License-Identifier: Apache-2.0 */
/* sso.c - GetRoleCredentials. */
#include "sso.h"

#include <string.h>

#include "call.h"
#include "err.h"

enum { CREDENTIALS_S = 3600 };

/* The role among those the person may use, or NULL. */
static const struct world_role *find_access(const struct world_sso_user *u,
                                            const char *account,
                                            const char *role)
{
    size_t i;

    for (i = 0; i < u->n_access; i++) {
        if (strcmp(u->access[i].account_id, account) == 0 &&
            strcmp(u->access[i].role_name, role) == 0) {
            return u->access[i].role;
        }
    }
    return NULL;
}

static void give(struct api_call *c, const struct world_sso_user *u,
                 const struct world_role *role)
{
    struct world_session_config config = {
        .role = role,
        .name = u->name,
        .duration_s =
            role->credentials_s > 0 ? role->credentials_s : CREDENTIALS_S};
    const struct world_session *s;

    if (world_session_new(c->w, &config, &s, NULL) != 0) {
        call_no_memory(c);
        return;
    }
    /* The one service that counts expiry in milliseconds. */
    call_json(c, "application/json",
              json_pack("{s:{s:s, s:s, s:s, s:I}}", "roleCredentials",
                        "accessKeyId", s->key_id, "secretAccessKey", s->secret,
                        "sessionToken", s->token, "expiration",
                        (json_int_t)s->expires_ms));
}

void sso_handle(struct api_call *c)
{
    const char *token = http_header(c->req, "x-amz-sso_bearer_token");
    const char *account;
    const char *role_name;
    const struct world_role *role;
    struct world_sso_hit hit;

    if (strcmp(c->req->method, "GET") != 0 ||
        params_parse(&c->params, c->req->query, strlen(c->req->query), false) !=
            0) {
        call_fail(c, 400, "InvalidRequestException", "Invalid request");
        return;
    }
    account = params_get(&c->params, "account_id");
    role_name = params_get(&c->params, "role_name");
    if (token == NULL || !world_sso_by_access_token(c->w, token, &hit)) {
        call_fail(c, 401, "UnauthorizedException",
                  "Session token not found or invalid");
        return;
    }
    if (account == NULL || role_name == NULL) {
        call_fail(c, 400, "InvalidRequestException",
                  "role_name and account_id are required");
        return;
    }
    role = find_access(hit.user, account, role_name);
    if (role == NULL) {
        call_fail(c, 403, "ForbiddenException", "No access");
        return;
    }
    give(c, hit.user, role);
}
