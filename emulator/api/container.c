/* SPDX-License-Identifier: Apache-2.0 */
/* container.c - what a task can ask its container agent. */
#include <openssl/crypto.h>
#include <string.h>

#include "api.h"
#include "imds.h"
#include "role_document.h"
#include "world.h"

bool container_is_path(const struct world *w, const char *path)
{
    const struct world_container *container = world_container(w);

    return container->role != NULL && strcmp(container->path, path) == 0;
}

/* The agent's shape of an error. */
static void refuse_container(struct http_answer *answer, int status,
                             const char *code, const char *message)
{
    answer->status = status;
    answer->content_type = "application/json";
    buf_addf(&answer->body, "{\"code\":\"%s\",\"message\":\"%s\"}", code,
             message);
}

void emu_container_handle(struct emu_api *api, const struct http_request *req,
                          struct http_answer *answer)
{
    const struct world_container *container = world_container(api->world);
    const char *token = http_header(req, "authorization");
    const struct world_session *s;

    world_settle(api->world);
    if (!container_is_path(api->world, req->path)) {
        refuse_container(answer, 404, "InvalidIdInRequest",
                         "CredentialsV2Request: Credentials not found");
        return;
    }
    if (strcmp(req->method, "GET") != 0) {
        refuse_container(answer, 405, "InvalidMethod", "Method not allowed");
        return;
    }
    if (container->token != NULL &&
        (token == NULL || strlen(token) != strlen(container->token) ||
         CRYPTO_memcmp(token, container->token, strlen(token)) != 0)) {
        refuse_container(answer, 401, "Unauthorized",
                         "The authorization token is missing or wrong");
        return;
    }
    s = role_session(api->world, container->role, "container",
                     container->credentials_s);
    if (s == NULL) {
        refuse_container(answer, 500, "ServerError", "Out of memory");
        return;
    }
    role_document(answer, s, container->role->arn);
}
