/* SPDX-License-Identifier: Apache-2.0 */
/* role_document.c - a role's credentials as instances and tasks get them. */
#include "role_document.h"

#include "iso8601.h"
#include "json.h"

enum { MIN_LEFT_S = 300, ENOUGH_S = 2 * MIN_LEFT_S };

/* Valid credentials of @role under @name: those given out before while they
 * have some time left, else new ones. */
const struct world_session *role_session(struct world *w,
                                         const struct world_role *role,
                                         const char *name, int64_t duration_s)
{
    struct world_session_config config = {
        .role = role, .name = name, .duration_s = duration_s};
    const struct world_session *s = world_session_find(
        w, role, name, duration_s > ENOUGH_S ? MIN_LEFT_S : duration_s / 2);

    if (s == NULL && world_session_new(w, &config, &s, NULL) != 0) {
        return NULL;
    }
    return s;
}

/* The document of security-credentials/ROLE and of containers. */
void role_document(struct http_answer *answer, const struct world_session *s,
                   const char *role_arn)
{
    char expires[ISO8601_EXTENDED_SIZE];
    char updated[ISO8601_EXTENDED_SIZE];
    json_t *doc;

    iso8601_extended(expires, s->expires_ms / 1000);
    iso8601_extended(updated, s->issued_ms / 1000);
    if (role_arn != NULL) {
        doc = json_pack("{s:s, s:s, s:s, s:s, s:s}", "RoleArn", role_arn,
                        "AccessKeyId", s->key_id, "SecretAccessKey", s->secret,
                        "Token", s->token, "Expiration", expires);
    } else {
        doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "Code",
                        "Success", "LastUpdated", updated, "Type", "AWS-HMAC",
                        "AccessKeyId", s->key_id, "SecretAccessKey", s->secret,
                        "Token", s->token, "Expiration", expires);
    }
    answer->status = 200;
    answer->content_type = "application/json";
    js_write(&answer->body, doc, JS_PRETTY);
    json_decref(doc);
}
