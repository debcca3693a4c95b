/* SPDX-License-Identifier: Apache-2.0 */
/* listen_trial.c - one listener of the public library on a bed of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <unistd.h>

#include <cmocka.h>

#include "listen_trial.h"
#include "test_server.h"

void trial_init(struct trial *t)
{
    *t = (struct trial){.address = "127.0.0.1"};
    bed_init(&t->bed);
    t->bed.listen.bind_addresses = &t->address;
    t->bed.listen.n_bind_addresses = 1;
    t->bed.listen.tunnel = &t->bed.tunnel;
}

int trial_try(struct trial *t, struct eice_error *error)
{
    int rv;

    if (t->bed.eice == NULL) {
        bed_open(&t->bed);
    }
    rv = eice_listen(&t->listener, t->bed.eice, &t->bed.target, &t->bed.listen,
                     error);
    assert_int_equal(rv, error->code);
    assert_true((rv == 0) == (t->listener != NULL));
    return rv;
}

int trial_listen(struct trial *t)
{
    struct eice_error error;

    if (trial_try(t, &error) != 0) {
        fail_msg("%s", error.message);
    }
    assert_false(t->bed.seen.listening);
    bed_until(&t->bed, &t->bed.seen.listening);
    t->port = eice_listener_port(t->listener);
    return t->port;
}

void trial_serve(struct trial *t, const char *text)
{
    int fd = bed_connect(t->port);

    bed_echo(&t->bed, fd, text);
    close(fd);
}

void trial_lose(struct trial *t, unsigned n)
{
    int fd = bed_connect(t->port);

    bed_until_eof(&t->bed, fd);
    close(fd);
    trial_until_closed(t, n);
}

void trial_until_closed(struct trial *t, unsigned n)
{
    while (t->bed.seen.events[EICE_EVENT_CLOSED] < n) {
        assert_false(t->bed.loop.expired);
        test_loop_turns(&t->bed.loop, 1);
    }
}

void trial_until_accepted(struct trial *t, unsigned n)
{
    while (test_server_accepted(t->bed.far.server) < n) {
        assert_false(t->bed.loop.expired);
        test_loop_turns(&t->bed.loop, 1);
    }
    test_loop_turns(&t->bed.loop, 50);
    assert_int_equal(test_server_accepted(t->bed.far.server), n);
}

void trial_close(struct trial *t, enum eice_bye bye)
{
    eice_listener_close(t->listener, bye, bed_on_closed, &t->bed);
    t->listener = NULL;
    assert_false(t->bed.seen.closed);
    bed_until(&t->bed, &t->bed.seen.closed);
    assert_int_equal(t->bed.seen.n_closed, 1);
}

void trial_end(struct trial *t)
{
    trial_close(t, EICE_BYE_DONE);
    bed_free(&t->bed);
}
