/* SPDX-License-Identifier: Apache-2.0 */
/* faults.h - errors on order: throttling that ends, delays, failures.
 *
 * A list of faults, from the world file or a control call, that the dispatcher
 * asks before each action:
 *
 *     {"action": "DescribeInstances", "skip": 0, "times": 3,
 *      "delay_ms": 100, "status": 503, "code": "RequestLimitExceeded",
 *      "message": "Request limit exceeded.", "fail_transition": "..."}
 *
 * "action" may be "*" or leave out its end with one ("Describe*").  Metadata
 * and container credentials have no actions: for them it is the path, which
 * begins with a slash ("/latest/api/token").  A fault
 * lets the first "skip" calls of its action pass, then meets the next "times"
 * (all when it is not given).  With a "code" it refuses the call, without one
 * it only delays it; "body" answers with that text as it is.
 * "fail_transition" lets the state change that the call begins end in
 * failure. */
#ifndef EMU_FAULTS_H
#define EMU_FAULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api_faults;
struct err;

/* What shall happen to one call. */
struct api_fault {
    int status;       /* 0: go ahead */
    const char *code; /* Valid until the faults change */
    const char *message;
    const char *body; /* Answer with exactly this, or NULL */
    int64_t delay_ms;
};

/* Read an array of faults (NULL: none).  0 and the faults, to be freed with
 * faults_free(); or a code with @e saying "$.PATH: reason". */
int faults_new(struct api_faults **out, json_t *list, const char *path,
               struct err *e);
void faults_free(struct api_faults *f);

/* Add one more, from a control call. */
int faults_add(struct api_faults *f, json_t *fault, struct err *e);

/* Forget all of them. */
void faults_clear(struct api_faults *f);

/* What shall happen to a call of @action now; counts it.  @f may be NULL.
 * True when @out says something. */
bool faults_ask(struct api_faults *f, const char *action,
                struct api_fault *out);

/* Why the state change that @action begins shall fail, or NULL. */
const char *faults_transition(struct api_faults *f, const char *action);

#endif /* EMU_FAULTS_H */
