/* SPDX-License-Identifier: Apache-2.0 */
/* api_error.h - what a refusing answer says, in each of the dialects AWS has
 * for it.  Pure: an answer in, words out. */
#ifndef API_ERROR_H
#define API_ERROR_H

#include <stdbool.h>

#include "call.h"
#include "request.h"

enum { API_ERROR_WORD = 96, API_ERROR_TEXT = 900 };

struct api_error {
    char code[API_ERROR_WORD]; /* The service's, else the HTTP status */
    char message[API_ERROR_TEXT];
    char request_id[API_ERROR_WORD]; /* or "" */
};

/* Read @resp, whose status is not 2xx.  Cannot fail: what is no error document
 * becomes the message. */
void api_error_read(struct api_error *out, enum call_protocol protocol,
                    const struct response *resp);

/* The request id of an answer, or "". */
void api_request_id(const struct response *resp,
                    char out[static API_ERROR_WORD]);

/* Whether the answer is worth another try. */
enum verdict api_error_verdict(const struct api_error *error, int status);

/* What a code means. */
bool api_error_is_throttle(const char *code);
bool api_error_is_expiry(const char *code);    /* Or a wrong clock */
bool api_error_is_bad_creds(const char *code); /* Expired or unknown */
bool api_error_may_be_clock(const char *code); /* Or a wrong clock */

#endif /* API_ERROR_H */
