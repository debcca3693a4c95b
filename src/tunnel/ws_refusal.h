/* SPDX-License-Identifier: Apache-2.0 */
/* ws_refusal.h - the service's reason, out of a refusal's body.
 *
 * The body should be {"ErrorCode":"...","Message":"..."}, but a load balancer
 * may answer HTML and a connection may break off: whatever is there is used. */
#ifndef WS_REFUSAL_H
#define WS_REFUSAL_H

#include <stddef.h>

/* Find the values of ErrorCode and Message (in any case; also "__type" and
 * "code") at the top of the JSON object in the @len bytes at @body, which may
 * be cut off anywhere.  What is not found is "". */
void ws_refusal_json(const char *body, size_t len, char *code, size_t code_size,
                     char *message, size_t message_size);

/* Make one readable line of a body of another kind: tags removed, white space
 * joined, cut to fit.  "" when nothing readable is there. */
void ws_refusal_plain(const char *body, size_t len, char *out, size_t size);

/* Take the values of signing parameters out of @text: a service that doubts a
 * signature may quote the request, token and all. */
void ws_refusal_redact(char *text);

#endif /* WS_REFUSAL_H */
