/* SPDX-License-Identifier: Apache-2.0 */
/* test_tunnel_open.c - how a tunnel comes to be, or does not, and what is said
 * meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chunk.h"
#include "far.h"
#include "mem.h"
#include "near.h"
#include "tunnel.h"
#include "tunnel_rig.h"

static void test_request_is_what_the_service_knows(void **state)
{
    struct rig *r = *state;
    const char *p;

    rig_open(r);
    p = strstr(buf_str(&r->far.request), "Sec-WebSocket-Key: ");
    assert_non_null(p);
    assert_memory_equal(r->far.request.data,
                        "GET /openTunnel?X-Amz-Signature=secret HTTP/1.1\r\n"
                        "Host: far.example\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: ",
                        (size_t)(p - r->far.request.data) + 19);
    assert_string_equal(p + 19 + 24, "\r\nSec-WebSocket-Version: 13\r\n"
                                     "User-Agent: test/1\r\n\r\n");
    rig_close(r);
}

/* What is said before there is a tunnel leaves as one frame. */
static void test_early_words_share_a_frame(void **state)
{
    struct rig *r = *state;

    r->far.dial_hangs = true;
    r->near.read_max = 2;
    near_say(&r->near, "SSH-2.0", 7);
    assert_int_equal(rig_start(r), 0);
    rig_turn(r, 10);
    assert_int_equal(r->near.says.len, 0);
    r->far.dial_hangs = false;
    far_send(&r->far, "", 0);
    rig_until(r, &r->opened);
    assert_string_equal(far_frames(&r->far), "BIN SSH-2.0|");
    rig_close(r);
}

/* ... and no more than a chunk is read for it. */
static void test_early_words_have_a_limit(void **state)
{
    static char words[200000];
    struct rig *r = *state;
    int chunks = 0;

    r->far.dial_hangs = true;
    r->far.no_text = true;
    near_say(&r->near, words, sizeof words);
    mem_set_hook(rig_count_chunks, &chunks);
    assert_int_equal(rig_start(r), 0);
    rig_turn(r, 20);
    assert_int_equal(r->near.says.len, sizeof words - (CHUNK_SIZE - 8));
    r->far.dial_hangs = false;
    far_send(&r->far, "", 0);
    while (r->far.payload < sizeof words) {
        rig_turn(r, 1);
    }
    mem_set_hook(NULL, NULL);
    assert_int_equal(chunks, 2); /* One each way. */
    rig_close(r);
}

/* Held: the tunnel opens, what comes is heard, nothing that is said leaves. */
static void test_held_words_wait(void **state)
{
    static char words[200000];
    struct rig *r = *state;

    r->config.hold_local = true;
    r->config.ping_interval_ms = 1;
    near_say(&r->near, "key?", 4);
    far_send(&r->far, "\x82\x02hi", 4);
    rig_open(r);
    rig_until(r, &r->near.reading);
    near_say(&r->near, words, sizeof words);
    rig_turn(r, 20);
    while (strstr(far_frames(&r->far), "PING") == NULL) {
        assert_true(uv_run(&r->loop, UV_RUN_ONCE) != 0);
    }
    rig_assert_heard(r, "hi");
    assert_int_equal(r->far.payload, 0);
    /* No more than a chunk is read for it. */
    assert_int_equal(r->near.says.len, 4 + sizeof words - (CHUNK_SIZE - 8));
    r->far.no_text = true;
    tunnel_release(r->tunnel);
    tunnel_release(r->tunnel);           /* Does nothing. */
    assert_int_equal(r->far.payload, 0); /* Not from inside. */
    while (r->far.payload < 4 + sizeof words) {
        assert_true(uv_run(&r->loop, UV_RUN_ONCE) != 0);
    }
    rig_close(r);
}

/* The words of one who has said all wait, too; released before it is open. */
static void test_held_words_and_the_end(void **state)
{
    struct rig *r = *state;

    r->config.hold_local = true;
    near_say(&r->near, "bye", 3);
    near_end(&r->near, UV_EOF);
    rig_open(r);
    rig_turn(r, 20);
    uv_sleep(2 * SHORT_MS); /* Nobody lingers who has not said it. */
    rig_turn(r, 20);
    assert_false(r->done);
    assert_string_equal(far_frames(&r->far), "");
    tunnel_release(r->tunnel);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
    assert_string_equal(far_frames(&r->far), "BIN bye|CLOSE 1000|");
}

static void test_released_while_dialing(void **state)
{
    struct rig *r = *state;

    r->config.hold_local = true;
    near_say(&r->near, "bye", 3);
    near_end(&r->near, UV_EOF);
    assert_int_equal(rig_start(r), 0);
    tunnel_release(r->tunnel);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
    assert_string_equal(far_frames(&r->far), "BIN bye|CLOSE 1000|");
}

/* Held for ever: the peer's end and the owner's close are as ever. */
static void test_held_to_the_end(void **state)
{
    struct rig *r = *state;

    r->config.hold_local = true;
    near_say(&r->near, "never", 5);
    rig_open(r);
    far_send(&r->far, "\x88\x02\x03\xe8", 4);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
    assert_string_equal(far_frames(&r->far), "CLOSE 1000|");
}

#define REFUSED                                                                \
    "the endpoint refused the tunnel: AccessDenied: no (HTTP 403, request id " \
    "r-9)"

static void test_upgrade_outcomes(void **state)
{
    enum { LATE_MS = 400 };
    static const struct {
        const char *answer;
        int end;
        int send_fails;
        int code;
        const char *msg;
    } rows[] = {
        {H403 "Content-Length: 41\r\n\r\n" BODY, 0, 0, ERR_UPGRADE, REFUSED},
        {H403 "\r\n" BODY, UV_EOF, 0, ERR_UPGRADE, REFUSED},
        {H403 "\r\n" BODY, UV_ECONNRESET, 0, ERR_UPGRADE, REFUSED},
        {H403 "\r\n" BODY, 0, 0, ERR_UPGRADE, REFUSED}, /* Too late */
        {"HTTP/1.1 101 x\r\n\r\n", 0, 0, ERR_HTTP,
         "the endpoint's answer is not a WebSocket's: its Upgrade header is "
         "missing"},
        {"HTTP/1.1 101", UV_EOF, 0, ERR_HTTP,
         "the endpoint's answer is not a WebSocket's: it breaks off in its "
         "headers"},
        {"", UV_EOF, 0, ERR_HTTP,
         "the endpoint's answer is not a WebSocket's: there is none"},
        {"", UV_ECONNRESET, 0, UV_ECONNRESET,
         "upgrade: far: connection reset by peer"},
        {"", 0, 0, UV_ETIMEDOUT,
         "the endpoint did not answer the upgrade within 0.4 seconds"},
        {"", 0, UV_EPIPE, UV_EPIPE, "upgrade: far: broken pipe"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig r;

        rig_init(&r);
        if (rows[i].end == 0 && rows[i].send_fails == 0) {
            r.config.upgrade_timeout_ms = LATE_MS;
        }
        r.far.answer = rows[i].answer;
        r.far.end = rows[i].end;
        r.far.send_fails = rows[i].send_fails;
        r.far.recv_max = 7;
        rig_run(&r);
        assert_false(r.opened);
        rig_assert_failed(&r, rows[i].code, rows[i].msg);
        assert_true(r.far.refused); /* Whatever it was */
        if (rows[i].code == ERR_UPGRADE) {
            assert_string_equal(r.err.request_id, "r-9");
            assert_string_equal(r.err.remote_code, "AccessDenied");
            assert_string_equal(r.far.server_date, "D");
        }
        assert_null(strstr(r.err.msg, "secret"));
        rig_free(&r);
    }
}

/* The endpoint refuses without reading our request to its end. */
static void test_refusal_while_sending_the_request(void **state)
{
    static const char answer[] = H403 "Content-Length: 41\r\n\r\n" BODY;
    struct rig *r = *state;

    r->far.room = 10;
    assert_int_equal(rig_start(r), 0);
    rig_turn(r, 5);
    far_send(&r->far, answer, sizeof answer - 1);
    r->far.send_fails = UV_EPIPE;
    rig_until(r, &r->closed);
    rig_assert_failed(r, ERR_UPGRADE, REFUSED);
}

/* Not a byte of the request can be sent, and the refusal is there already. */
static void test_refusal_before_the_request(void **state)
{
    static const char answer[] = H403 "Content-Length: 41\r\n\r\n" BODY;
    struct rig *r = *state;

    far_send(&r->far, answer, sizeof answer - 1);
    r->far.send_fails = UV_EPIPE;
    rig_run(r);
    rig_assert_failed(r, ERR_UPGRADE, REFUSED);
}

/* A request that leaves in little pieces. */
static void test_request_in_pieces(void **state)
{
    struct rig *r = *state;
    int n;

    r->far.room = 0;
    assert_int_equal(rig_start(r), 0);
    for (n = 0; !r->opened; n++) {
        assert_true(n < 1000);
        far_take(&r->far, 3);
        rig_turn(r, 1);
    }
    far_take(&r->far, SIZE_MAX);
    rig_close(r);
}

static void test_dial_fails(void **state)
{
    struct rig *r = *state;

    r->far.dial_fails = ERR_DNS;
    near_say(&r->near, "hello", 5);
    rig_run(r);
    rig_assert_failed(r, ERR_DNS, "dialing failed");
}

static void test_dial_takes_too_long(void **state)
{
    struct rig *r = *state;

    r->config.dial_timeout_ms = SHORT_MS;
    r->far.dial_hangs = true;
    rig_run(r);
    rig_assert_failed(r, UV_ETIMEDOUT,
                      "no connection to the endpoint within 0.03 seconds");
}

/* A start that fails leaves only tunnel_close() to do. */
static void test_start_fails(void **state)
{
    int which;

    (void)state;
    for (which = 0; which < 2; which++) {
        struct rig r;

        rig_init(&r);
        r.far.no_dial = which == 0;
        r.near.read_start_fails = which == 1 ? UV_EBUSY : 0;
        assert_int_equal(rig_start(&r), which == 0 ? UV_ENOMEM : UV_EBUSY);
        rig_turn(&r, 3);
        rig_close(&r);
        assert_false(r.done);
        rig_free(&r);
    }
}

static void test_close_without_start(void **state)
{
    struct rig *r = *state;

    r->tunnel = tunnel_new(&r->loop, NULL, 7, &r->config);
    assert_int_equal(tunnel_id(r->tunnel), 7);
    assert_string_equal(tunnel_request_id(r->tunnel), "");
    rig_close(r);
}

static void test_watch_fails(void **state)
{
    struct rig *r = *state;

    rig_open(r);
    r->far.watch_fails = UV_EBADF;
    near_take(&r->near, 0);
    far_send(&r->far, "\x82\x01x", 3);
    rig_turn(r, 3); /* Stops listening... */
    near_take(&r->near, SIZE_MAX);
    rig_until(r, &r->closed); /* ... and cannot begin again. */
    rig_assert_failed(r, UV_EBADF,
                      "waiting for the tunnel: bad file descriptor");
    rig_assert_heard(r, "x");
}

static void test_watch_fails_while_upgrading(void **state)
{
    struct rig *r = *state;

    r->far.watch_fails = UV_EBADF;
    rig_run(r);
    rig_assert_failed(r, UV_EBADF, "upgrade: far: bad file descriptor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_request_is_what_the_service_knows),
        RIG_TEST(test_early_words_share_a_frame),
        RIG_TEST(test_early_words_have_a_limit),
        RIG_TEST(test_held_words_wait),
        RIG_TEST(test_held_words_and_the_end),
        RIG_TEST(test_released_while_dialing),
        RIG_TEST(test_held_to_the_end),
        RIG_TEST(test_upgrade_outcomes),
        RIG_TEST(test_refusal_while_sending_the_request),
        RIG_TEST(test_refusal_before_the_request),
        RIG_TEST(test_request_in_pieces),
        RIG_TEST(test_dial_fails),
        RIG_TEST(test_dial_takes_too_long),
        RIG_TEST(test_start_fails),
        RIG_TEST(test_close_without_start),
        RIG_TEST(test_watch_fails),
        RIG_TEST(test_watch_fails_while_upgrading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
