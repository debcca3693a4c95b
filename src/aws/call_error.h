/* SPDX-License-Identifier: Apache-2.0 */
/* call_error.h - a refused call in the AWS CLI's words, with what the user can
 * do about it.  Pure. */
#ifndef CALL_ERROR_H
#define CALL_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "call.h"

struct err;
struct response;

/* What is known of the call. */
struct call_error_facts {
    enum call_protocol protocol;
    const char *operation;
    const char *retries;      /* request_retries_text() */
    const char *creds_source; /* Where who signed came from; NULL: unsigned */
    bool saw_skew;            /* The answer had a date, */
    int64_t seen_skew_s;      /* which minus ours is this */
};

/* Fill @e, as call_done_cb promises, with what @resp, whose status is not 2xx,
 * says. */
void call_error_explain(struct err *e, const struct response *resp,
                        const struct call_error_facts *f);

#endif /* CALL_ERROR_H */
