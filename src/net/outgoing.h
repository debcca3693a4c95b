/* SPDX-License-Identifier: Apache-2.0 */
/* outgoing.h - what one try of a request sends.  Internal to net. */
#ifndef OUTGOING_H
#define OUTGOING_H

#include <stddef.h>

#include <curl/curl.h>

struct attempt;
struct err;

/* Copies that libcurl reads from while the try is under way: may be secret. */
struct outgoing {
    struct curl_slist *headers;
    char *body;
    size_t body_len;
};

/* Copy method, headers and body of @a and have @easy send them, with
 * @user_agent (or NULL) unless @a brings its own.  0, UV_ENOMEM, or ERR_USAGE
 * for a header that would break its line; outgoing_drop() either way, after
 * @easy is gone. */
int outgoing_set(struct outgoing *o, CURL *easy, const struct attempt *a,
                 const char *user_agent, struct err *e);

/* Wipe and free; fine for one that is all zeroes. */
void outgoing_drop(struct outgoing *o);

#endif /* OUTGOING_H */
