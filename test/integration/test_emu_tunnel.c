/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_tunnel.c - tunnels through the emulator, from upgrade to frames.
 *
 * Ways for it to go wrong, one test each: it is no upgrade, the gate says no,
 * the target refuses or does not answer, the client breaks the protocol,
 * memory is short.  How tunnels end is in test_emu_tunnel_ends.c, what they
 * carry in test_emu_tunnel_load.c. */
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
#include "mem.h"

/* ---- scripts ---- */

static void upgrade(struct rig *r)
{
    char head[CALLER_HEAD];
    struct caller c;

    CHECK(r, caller_open(&c, r->https_port, r->ca_file, "localhost"));
    CHECK(r, caller_upgrade(&c, "remotePort=22", head) == 101);
    CHECK(r, strstr(head, "Sec-WebSocket-Accept: "
                          "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != NULL);
    CHECK(r, strstr(head, "\r\nConnection: Upgrade\r\n") != NULL);
    CHECK(r, strcasestr(head, "\r\nUpgrade: websocket\r\n") != NULL);
    CHECK(r, strstr(head, "\r\nx-amzn-requestid: ") != NULL);
    CHECK(r, strcasestr(head, "protocol") == NULL ||
                 strcasestr(head, "Switching Protocols") ==
                     strcasestr(head, "protocol") - 10);
    CHECK(r, strcasestr(head, "extensions") == NULL);
    caller_close(&c);
}

static void frames(struct rig *r)
{
    struct caller c;

    CHECK(r, rig_tunnel(r, &c));
    CHECK(r, caller_frame(&c, 0x82, "hello", 5));
    CHECK(r, caller_expect(&c, 0x82, "hello", 5));
    /* Empty, fragments with a PING between, PONG nobody asked for. */
    CHECK(r, caller_frame(&c, 0x82, "", 0));
    CHECK(r, caller_frame(&c, 0x02, "fr", 2));
    CHECK(r, caller_frame(&c, 0x89, "ping", 4));
    CHECK(r, caller_frame(&c, 0x00, "", 0));
    CHECK(r, caller_frame(&c, 0x8a, "pong", 4));
    CHECK(r, caller_frame(&c, 0x80, "ag", 2));
    struct frame f;
    char got[16] = "";
    bool ponged = false;
    while (strlen(got) < 4 || !ponged) {
        CHECK(r, caller_read_frame(&c, &f));
        if (f.first == 0x8a) {
            CHECK(r, f.len == 4 && memcmp(f.data, "ping", 4) == 0);
            ponged = true;
        } else {
            CHECK(r, f.first == 0x82 && strlen(got) + f.len < sizeof got);
            strcat(got, (char *)f.data);
        }
        caller_frame_free(&f);
    }
    CHECK(r, strcmp(got, "frag") == 0);
    /* An empty CLOSE is answered by an empty one. */
    CHECK(r, caller_frame(&c, 0x88, "", 0));
    CHECK(r, caller_expect(&c, 0x88, "", 0));
    CHECK(r, caller_expect_end(&c));
    caller_close(&c);
}

static void refused(struct rig *r)
{
    static const char want[] =
        "\r\n\r\n{\"ErrorCode\":\"InvalidParameter\",\"Message\":\"The "
        "specified RemotePort is not valid. Specify either 22 or 3389 as the "
        "RemotePort and retry your request.\"}";
    char text[CALLER_HEAD];
    struct caller c;

    CHECK(r, caller_open(&c, r->https_port, r->ca_file, "localhost"));
    CHECK(r, caller_says(&c, "GET /openTunnel?remotePort=80 HTTP/1.1\r\n"
                             "Host: a\r\nUpgrade: websocket\r\n"
                             "Connection: keep-alive, Upgrade\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                             "Sec-WebSocket-Version: 13\r\n\r\n"));
    CHECK(r, caller_answer(&c, text, sizeof text) == 400);
    CHECK(r, strstr(text, want) != NULL);
    CHECK(r, strstr(text, "\r\nx-amzn-RequestId: ") != NULL);
    CHECK(r, strstr(text, "\r\nContent-Type: application/json\r\n") != NULL);
    CHECK(r, caller_expect_end(&c));
    caller_close(&c);
}

static void no_upgrade(struct rig *r)
{
    static const struct {
        int status;
        const char *text;
    } cases[] = {
        {426, "GET /openTunnel HTTP/1.1\r\n\r\n"},
        {405, "POST /openTunnel HTTP/1.1\r\n\r\n"},
        {426, "GET /openTunnel HTTP/1.1\r\nUpgrade: h2c\r\n"
              "Connection: Upgrade\r\n\r\n"},
        {426, "GET /openTunnel HTTP/1.1\r\nUpgrade: websocket\r\n"
              "Connection: Upgraded\r\n\r\n"},
        {426, "GET /openTunnel HTTP/1.1\r\nUpgrade: websocket\r\n"
              "Connection: upgrade\r\nSec-WebSocket-Version: 8\r\n\r\n"},
        {400, "GET /openTunnel HTTP/1.1\r\nUpgrade: websocket\r\n"
              "Connection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: dGhl\r\n\r\n"},
    };
    char text[CALLER_HEAD];
    struct caller c;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(r, caller_open(&c, r->https_port, r->ca_file, "localhost"));
        CHECK(r, caller_says(&c, cases[i].text));
        CHECK(r, caller_answer(&c, text, sizeof text) == cases[i].status);
        caller_close(&c);
    }
    CHECK(r, r->n_judged == 0);
}

static void unreachable(struct rig *r)
{
    struct caller c;

    CHECK(r, rig_tunnel(r, &c));
    CHECK(r, caller_expect_close(&c, 1011, "Unable to connect to target"));
    CHECK(r, caller_frame(&c, 0x88, "\x03\xf3", 2));
    CHECK(r, caller_expect_end(&c));
    caller_close(&c);
}

/* What a client must not do, and what it is told. */
static void rude(struct rig *r)
{
    static const struct {
        uint8_t first;
        const char *data;
        size_t len;
        unsigned code;
    } cases[] = {
        {0x81, "text", 4, 1003},
        {0x83, "reserved", 8, 1002},
        {0xc2, "reserved bit", 12, 1002},
        {0x80, "no beginning", 12, 1002},
        {0x09, "fragmented ping", 15, 1002},
    };
    struct caller c;
    struct frame f;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(r, rig_tunnel(r, &c));
        CHECK(r, caller_frame(&c, cases[i].first, cases[i].data, cases[i].len));
        CHECK(r, caller_read_frame(&c, &f));
        CHECK(r, f.first == 0x88 &&
                     (unsigned)(f.data[0] << 8 | f.data[1]) == cases[i].code);
        caller_frame_free(&f);
        caller_close(&c);
    }
}

/* ---- the tests ---- */

static void test_the_upgrade_is_what_clients_check(void **state)
{
    (void)state;
    rig_once(target_echo, upgrade, NULL);
}

static void test_frames_of_every_kind(void **state)
{
    (void)state;
    rig_once(target_echo, frames, NULL);
}

static void test_a_refusal_has_status_body_and_id(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, target_echo);
    r.verdict.status = 400;
    snprintf(r.verdict.code, sizeof r.verdict.code, "InvalidParameter");
    snprintf(r.verdict.message, sizeof r.verdict.message,
             "The specified RemotePort is not valid. Specify either 22 or 3389 "
             "as the RemotePort and retry your request.");
    rig_start(&r);
    rig_run(&r, refused);
    rig_stop(&r);
}

static void test_what_is_no_upgrade_is_refused(void **state)
{
    (void)state;
    rig_once(target_echo, no_upgrade, NULL);
}

static void test_a_target_that_refuses_is_a_close(void **state)
{
    (void)state;
    rig_once(NULL, unreachable, NULL);
}

static void test_a_target_without_name_is_a_close(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, target_echo);
    r.verdict.to.ss_family = AF_UNSPEC;
    snprintf(r.verdict.to_name, sizeof r.verdict.to_name, "no-port-here");
    rig_start(&r);
    rig_run(&r, unreachable);
    rig_stop(&r);
}

static void test_a_target_by_name_is_reached(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, target_echo);
    r.verdict.to.ss_family = AF_UNSPEC;
    snprintf(r.verdict.to_name, sizeof r.verdict.to_name, "127.0.0.1:%d",
             r.target_port);
    rig_start(&r);
    rig_run(&r, frames);
    rig_stop(&r);
}

/* A listener with a full queue: SYNs go unanswered. */
static void test_a_target_that_does_not_answer_is_a_close(void **state)
{
    struct caller filler[4];
    struct rig r;
    uint64_t begin;

    (void)state;
    rig_init(&r, NULL);
    r.manners.dial_timeout_ms = 300;
    assert_int_equal(listen(r.target_fd, 0), 0);
    for (int i = 0; i < 4; i++) {
        /* The first is queued; the others wait in vain. */
        filler[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(filler[i].fd, (struct sockaddr *)&r.verdict.to,
                      sizeof(struct sockaddr_in));
    }
    rig_start(&r);
    begin = uv_hrtime();
    rig_run(&r, unreachable);
    assert_in_range((uv_hrtime() - begin) / 1000000, 250, 30000);
    rig_stop(&r);
    for (int i = 0; i < 4; i++) {
        close(filler[i].fd);
    }
}

/* Time is up before the first look, as after a stall. */
static void test_a_target_that_has_answered_is_reached(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, target_echo);
    r.manners.dial_timeout_ms = 0;
    rig_start(&r);
    rig_run(&r, frames);
    rig_stop(&r);
}

static void test_a_rude_client_is_told(void **state)
{
    (void)state;
    rig_once(target_echo, rude, NULL);
}

/* Refuse one allocation and no other. */
static bool on_allocation(void *data, size_t size)
{
    int *left = data;

    (void)size;
    return --*left != 0;
}

static void one_try(struct rig *r)
{
    struct caller c;

    if (rig_tunnel(r, &c)) {
        (void)caller_frame(&c, 0x82, "hello", 5);
        (void)caller_expect(&c, 0x82, "hello", 5);
        (void)caller_frame(&c, 0x88, "", 0);
    }
    caller_close(&c);
}

static void test_a_tunnel_survives_short_memory(void **state)
{
    struct rig r;
    int left = 0;

    (void)state;
    rig_init(&r, target_echo);
    rig_start(&r);
    for (int n = 1; left <= 0; n++) {
        assert_true(n < 200);
        left = n;
        mem_set_hook(on_allocation, &left);
        rig_run(&r, one_try);
        mem_set_hook(NULL, NULL);
    }
    rig_run(&r, upgrade); /* It still works. */
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_upgrade_is_what_clients_check),
        cmocka_unit_test(test_frames_of_every_kind),
        cmocka_unit_test(test_a_refusal_has_status_body_and_id),
        cmocka_unit_test(test_what_is_no_upgrade_is_refused),
        cmocka_unit_test(test_a_target_that_refuses_is_a_close),
        cmocka_unit_test(test_a_target_without_name_is_a_close),
        cmocka_unit_test(test_a_target_by_name_is_reached),
        cmocka_unit_test(test_a_target_that_does_not_answer_is_a_close),
        cmocka_unit_test(test_a_target_that_has_answered_is_reached),
        cmocka_unit_test(test_a_rude_client_is_told),
        cmocka_unit_test(test_a_tunnel_survives_short_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
