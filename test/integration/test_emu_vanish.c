/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_vanish.c - a client that is gone leaves its place at once.
 *
 * Whatever holds the connection just then, a fault, a rate limit or a target
 * that does not read, and however it went: FIN or RST. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "live_rig.h"

enum {
    SENT = 60 * 1024, /* A minute at the rate below; fits the kernel's buffer,
                       * so that the FIN behind it arrives */
    SOON_MS = 30000,  /* On a busy machine */
};

static const char host[] = "eice-0abc.localhost";
static const char query[] = "instanceConnectEndpointId=eice-0abc&remotePort=22";

/* Wait until nobody but ourselves is connected.  False after @ms. */
static bool deserted(struct rig *r, unsigned ms)
{
    uint64_t end = uv_hrtime() + ms * 1000000ull;
    char text[CALLER_HEAD];

    while (uv_hrtime() < end) {
        if (rig_order(r, "{\"do\":\"state\"}", text) == 200 &&
            strstr(text, "\"connections\":1,") != NULL &&
            strstr(text, "\"tunnels\":[]") != NULL) {
            return true;
        }
        uv_sleep(20);
    }
    return false;
}

/* Ask for a tunnel; with @answers there is an answer. */
static bool ask(struct rig *r, struct caller *c, bool answers)
{
    char head[CALLER_HEAD];

    if (!caller_open(c, r->https_port, r->ca_file, host)) {
        return false;
    }
    if (!answers) {
        caller_patience(c, 200);
    }
    return caller_upgrade(c, query, head) == (answers ? 101 : -1);
}

/* Leave without a word: the kernel sends FIN, or RST with @reset. */
static void leave(struct caller *c, bool reset)
{
    if (reset) {
        caller_reset(c);
        return;
    }
    if (c->ssl != NULL) {
        SSL_set_quiet_shutdown(c->ssl, 1);
    }
    caller_close(c);
}

/* ---- scripts ---- */

static void held_by_a_fault(struct rig *r)
{
    static const char *const stages[] = {"request", "answer", "open", "down"};
    char json[256], text[CALLER_HEAD];
    struct caller c;

    for (size_t i = 0; i < 8; i++) {
        snprintf(json, sizeof json,
                 "{\"do\":\"faults\",\"endpoint\":\"eice-0abc\",\"faults\":"
                 "[{\"at\":\"%s\",\"do\":\"stall\"}]}",
                 stages[i / 2]);
        CHECK(r, rig_order(r, json, text) == 200);
        CHECK(r, ask(r, &c, i >= 4));
        leave(&c, i % 2 != 0);
        CHECK(r, deserted(r, SOON_MS));
    }
}

/* Send more than the rate lets pass in time, then leave. */
static void held_by_the_rate(struct rig *r)
{
    char *run = calloc(1, SENT);
    struct caller c;

    CHECK(r, run != NULL);
    for (int i = 0; i < 2; i++) {
        CHECK(r, rig_tunnel(r, &c));
        CHECK(r, caller_frame(&c, 0x82, run, SENT));
        leave(&c, i != 0);
        CHECK(r, deserted(r, SOON_MS));
    }
    free(run);
}

/* The kernels and the emulator hold some megabytes; then it is stuck.  What
 * the target says now and then is what the client's kernel answers with RST. */
static void held_by_the_target(struct rig *r)
{
    char *run = calloc(1, SENT);
    struct caller c;

    CHECK(r, run != NULL);
    for (int i = 0; i < 2; i++) {
        CHECK(r, rig_tunnel(r, &c));
        caller_patience(&c, 300);
        while (caller_frame(&c, 0x82, run, SENT)) {
            /* It is stuck soon. */
        }
        leave(&c, i != 0);
        CHECK(r, deserted(r, SOON_MS));
    }
    free(run);
}

/* ---- targets ---- */

/* Count what comes. */
static void target_count(struct rig *r, int fd)
{
    size_t *total = r->data;
    char run[4096];
    ssize_t n;

    while ((n = read(fd, run, sizeof run)) > 0) {
        *total += (size_t)n;
    }
}

/* Read nothing until the other side is gone. */
static void target_deaf(struct rig *r, int fd)
{
    char byte;

    (void)r;
    while (send(fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
        uv_sleep(50);
    }
    while (read(fd, &byte, 1) > 0) {
        /* To the end. */
    }
}

/* ---- the tests ---- */

static void test_a_fault_does_not_hold_the_place(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, target_echo);
    rig_start(&r);
    rig_run(&r, held_by_a_fault);
    assert_int_equal(r.n_live, 0);
    rig_stop(&r);
}

/* What was sent before a FIN arrives, and sooner than the rate would let it;
 * of what was sent before an RST some may be lost. */
static void test_a_rate_does_not_hold_the_place(void **state)
{
    size_t total = 0;
    struct rig r;

    (void)state;
    rig_init(&r, target_count);
    r.data = &total;
    r.verdict.bytes_per_s = 1000;
    rig_start(&r);
    rig_run(&r, held_by_the_rate);
    assert_int_equal(r.n_live, 0);
    rig_stop(&r);
    assert_true(total >= SENT);
}

static void test_a_deaf_target_does_not_hold_the_place(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, target_deaf);
    rig_start(&r);
    rig_run(&r, held_by_the_target);
    assert_int_equal(r.n_live, 0);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fault_does_not_hold_the_place),
        cmocka_unit_test(test_a_rate_does_not_hold_the_place),
        cmocka_unit_test(test_a_deaf_target_does_not_hold_the_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
