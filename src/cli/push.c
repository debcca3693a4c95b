/* SPDX-License-Identifier: Apache-2.0 */
/* push.c - one call, its answer, one line in the log.
 *
 * The happy path is: the service accepts the key.  What can go wrong: the
 * call, in its own words; or the service says that it did not accept it. */
#include "push.h"

#include "err.h"
#include "error.h"
#include "program.h"

void push_close(struct push *push)
{
    if (push->op != NULL) {
        eice_op_close(push->op, NULL, NULL);
        push->op = NULL;
    }
}

static void on_pushed(void *data, const char *request_id, bool success,
                      const struct eice_error *error)
{
    struct push *push = data;
    struct eice_error own;

    if (error == NULL) {
        program_log(push->p, EICE_LOG_INFO, 0, "key pushed: %s (%s)",
                    success ? "accepted" : "not accepted", request_id);
    }
    if (error == NULL && !success) {
        error_set(&own, ERR_SERVICE,
                  "The service did not accept the key (request %s).",
                  request_id);
    } else if (error != NULL) {
        own = *error;
    }
    push_close(push);
    push->cb(push->data, error == NULL && success ? NULL : &own);
}

int push_start(struct push *push, struct program *p,
               const struct eice_ssh_key *key, push_cb cb, void *data,
               struct eice_error *error)
{
    *push = (struct push){.p = p, .cb = cb, .data = data};
    return eice_send_ssh_key(&push->op, p->eice, key, on_pushed, push, error);
}
