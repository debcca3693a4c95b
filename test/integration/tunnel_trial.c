/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel_trial.c - one tunnel of the public library on a bed of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <unistd.h>

#include <cmocka.h>

#include "tunnel_trial.h"

void trial_init(struct trial *t)
{
    *t = (struct trial){.fd = -1};
    bed_init(&t->bed);
}

int trial_try(struct trial *t, struct eice_error *error)
{
    int fds[2], rv;

    if (t->bed.eice == NULL) {
        bed_open(&t->bed);
    }
    bed_pair(fds);
    rv = eice_tunnel_open_fds(&t->tunnel, t->bed.eice, &t->bed.target,
                              &t->bed.tunnel, fds[0], fds[0], error);
    assert_int_equal(rv, error->code);
    if (rv != 0) {
        assert_null(t->tunnel);
        close(fds[0]); /* Still ours: this must not fail. */
        close(fds[1]);
        return rv;
    }
    t->fd = fds[1];
    return 0;
}

void trial_open(struct trial *t)
{
    struct eice_error error;

    if (trial_try(t, &error) != 0) {
        fail_msg("%s", error.message);
    }
}

void trial_close(struct trial *t)
{
    eice_tunnel_close(t->tunnel, EICE_BYE_DONE, bed_on_closed, &t->bed);
    t->tunnel = NULL;
    assert_false(t->bed.seen.closed);
    bed_until(&t->bed, &t->bed.seen.closed);
}

void trial_run_to_end(struct trial *t)
{
    trial_open(t);
    bed_until(&t->bed, &t->bed.seen.done);
    print_message("%s [%s] %d %s\n", t->bed.seen.end.message,
                  t->bed.seen.end.hint, t->bed.seen.end.http_status,
                  t->bed.seen.end.request_id);
    trial_close(t);
}

void trial_free(struct trial *t)
{
    if (t->fd != -1) {
        close(t->fd);
    }
    bed_free(&t->bed);
}
