/* SPDX-License-Identifier: Apache-2.0 */
/* web_request.h - one request after another, out of a connection's bytes.
 *
 * What these find may be answered at once and the connection closed: call them
 * last. */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "http.h"

struct web_conn;

/* Use what has been received, c->in, as far as it goes. */
void web_request_advance(struct web_conn *c);

/* The request at hand, for a handler or the gate; borrows from @c. */
struct http_request web_request_view(const struct web_conn *c);

/* Go on with an answer that waits (answer.when), if one does. */
void web_request_resume(struct web_conn *c);

/* The answer was given to the kernel: the next request, or the end. */
void web_request_answered(struct web_conn *c);

/* Forget the request at hand and its answer. */
void web_request_forget(struct web_conn *c);

#endif /* WEB_REQUEST_H */
