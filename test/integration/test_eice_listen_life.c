/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_listen_life.c - the public listener is closed, at any moment and in
 * any callback, or memory runs out, at any allocation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "eice_bed.h"
#include "listen_trial.h"
#include "mem.h"
#include "scarce.h"

/* Closing says goodbye on every tunnel. */
static void test_goes_away(void **state)
{
    struct trial t;
    int port, a, b;

    (void)state;
    trial_init(&t);
    port = trial_listen(&t);
    a = bed_connect(port);
    b = bed_connect(port);
    bed_echo(&t.bed, a, "x");
    bed_echo(&t.bed, b, "x");
    eice_listener_close(t.listener, EICE_BYE_AWAY, bed_on_closed, &t.bed);
    eice_close(t.bed.eice, NULL, NULL);
    t.bed.eice = NULL;
    bed_until(&t.bed, &t.bed.seen.closed);
    assert_int_equal(t.bed.far.last_close, 1001);
    bed_until_eof(&t.bed, a);
    bed_until_eof(&t.bed, b);
    close(a);
    close(b);
    bed_free(&t.bed);
}

/* Whatever stage a listener and its connection are in, closing leaves
 * nothing. */
static void test_close_after_any_turn(void **state)
{
    unsigned turns;
    bool opened = false;

    (void)state;
    for (turns = 0; !opened; turns++) {
        struct eice_error error;
        struct trial t;
        int fd;

        trial_init(&t);
        bed_ask_api(&t.bed);
        t.bed.listen.preconnect = turns / 2 % 3;
        assert_int_equal(trial_try(&t, &error), 0);
        fd = bed_connect(eice_listener_port(t.listener)); /* It waits. */
        test_loop_turns(&t.bed.loop, turns);
        opened = t.bed.seen.opened;
        trial_close(&t, turns % 2 == 0 ? EICE_BYE_DONE : EICE_BYE_AWAY);
        close(fd);
        bed_free(&t.bed);
    }
    print_message("%u turns\n", turns);
    assert_true(turns > 5);
}

/* Close from inside any callback. */
struct closer {
    struct trial trial;
    enum eice_event_type when;
    bool did;
};

static void on_event_close(void *data, const struct eice_event *event)
{
    struct closer *c = data;

    assert_false(c->did);
    if (event->type == c->when) {
        c->did = true;
        eice_listener_close(c->trial.listener, EICE_BYE_DONE, bed_on_closed,
                            &c->trial.bed);
    }
}

static void on_done_never(void *data, const struct eice_error *error)
{
    (void)data;
    fail_msg("%s", error->message);
}

static void test_close_inside_any_event(void **state)
{
    static const enum eice_event_type types[] = {
        EICE_EVENT_RESOLVED, EICE_EVENT_WARNING, EICE_EVENT_LISTENING,
        EICE_EVENT_ACCEPTED, EICE_EVENT_OPENED,  EICE_EVENT_CLOSED};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct closer c = {.when = types[i]};
        struct eice_error error;
        int fd;

        trial_init(&c.trial);
        c.trial.address = "0.0.0.0";
        c.trial.bed.listen.event = on_event_close;
        c.trial.bed.listen.done = on_done_never;
        c.trial.bed.listen.data = &c;
        assert_int_equal(trial_try(&c.trial, &error), 0);
        fd = bed_connect(eice_listener_port(c.trial.listener));
        assert_int_equal(write(fd, "x", 1), 1);
        if (types[i] == EICE_EVENT_CLOSED) {
            c.trial.bed.far.way = FAKE_DROP;
        }
        bed_until(&c.trial.bed, &c.trial.bed.seen.closed);
        close(fd);
        bed_free(&c.trial.bed);
    }
}

/* Whatever allocation fails: the call says so, or the listener is done, or one
 * connection ends and the listener serves the next. */
static void test_short_of_memory(void **state)
{
    unsigned n, refused = 0, ended = 0, lost = 0;

    (void)state;
    for (n = 0;; n++) {
        struct scarce c = {.left = n};
        struct eice_error error;
        struct trial t;
        int fd = -1;

        trial_init(&t);
        bed_open(&t.bed);
        mem_set_hook(scarce_one, &c);
        if (trial_try(&t, &error) != 0) {
            refused++;
            assert_int_equal(error.code, UV_ENOMEM);
        } else {
            fd = bed_connect(eice_listener_port(t.listener));
            while (!t.bed.seen.done && !t.bed.seen.opened &&
                   !t.bed.seen.conn_closed &&
                   t.bed.seen.events[EICE_EVENT_ACCEPT_FAILED] == 0) {
                assert_false(t.bed.loop.expired);
                test_loop_turns(&t.bed.loop, 1);
            }
            mem_set_hook(NULL, NULL);
            ended += t.bed.seen.done;
            lost += !t.bed.seen.done && !t.bed.seen.opened;
            if (!t.bed.seen.done) {
                int next = bed_connect(eice_listener_port(t.listener));

                bed_echo(&t.bed, next, "the next one");
                close(next);
            }
            trial_close(&t, EICE_BYE_DONE);
            close(fd);
        }
        mem_set_hook(NULL, NULL);
        bed_free(&t.bed);
        if (!c.fired) {
            break;
        }
    }
    print_message("%u allocations: %u refused at once, %u ended the listener, "
                  "%u a connection\n",
                  n, refused, ended, lost);
    assert_true(refused > 10 && lost > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_away),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_close_inside_any_event),
        cmocka_unit_test(test_short_of_memory),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
