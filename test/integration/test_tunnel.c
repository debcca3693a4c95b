/* SPDX-License-Identifier: Apache-2.0 */
/* test_tunnel.c - a whole tunnel between two ends made of memory.
 *
 * Every end, failure and delay is brought about on purpose, on a real loop but
 * without sockets, so that each turn of the loop is the same every time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "chunk.h"
#include "far.h"
#include "mem.h"
#include "near.h"
#include "pump_down.h"
#include "pump_up.h"
#include "tunnel.h"

enum { TURNS_MAX = 200000, SHORT_MS = 30 };

/* One tunnel and its two ends. */
struct fixture {
    uv_loop_t loop;
    struct chunk_pool pool;
    struct near near;
    struct far far;
    struct tunnel_config config;
    struct tunnel *tunnel;
    struct tunnel_stats stats; /* As of done */
    struct err err;            /* What done said */
    char request_id[64];
    bool opened, warned, done, closed;
    bool started;
    bool close_on_open; /* Answer TUNNEL_OPEN with tunnel_close() */
    bool close_on_done; /* As an owner should */
};

static void on_closed(void *data)
{
    struct fixture *f = data;

    assert_false(f->closed);
    f->closed = true;
    f->tunnel = NULL;
}

static void on_event(struct tunnel *t, enum tunnel_event event)
{
    struct fixture *f = tunnel_data(t);

    assert_false(f->done);
    if (event == TUNNEL_ENDING_SOON) {
        f->warned = true;
        return;
    }
    assert_false(f->opened);
    f->opened = true;
    snprintf(f->request_id, sizeof f->request_id, "%s", tunnel_request_id(t));
    if (f->close_on_open) {
        tunnel_close(t, TUNNEL_BYE_AWAY, on_closed, f);
    }
}

static void on_done(struct tunnel *t, const struct err *err)
{
    struct fixture *f = tunnel_data(t);

    assert_false(f->done);
    f->done = true;
    f->stats = tunnel_stats(t);
    if (err != NULL) {
        f->err = *err;
    }
    if (f->close_on_done) {
        tunnel_close(t, TUNNEL_BYE_DONE, on_closed, f);
    }
}

static void fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    chunk_pool_init(&f->pool);
    near_init(&f->near, &f->loop);
    far_init(&f->far, &f->loop);
    f->close_on_done = true;
    f->config = (struct tunnel_config){.dialer = &f->far.dialer,
                                       .chunks = &f->pool,
                                       .user_agent = "test/1",
                                       .dial_timeout_ms = 10000,
                                       .upgrade_timeout_ms = 10000,
                                       .linger_ms = SHORT_MS,
                                       .close_timeout_ms = 10000};
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_init(&f);
    *state = &f;
    return 0;
}

/* Nothing may be left: no handle, no memory of the loop's. */
static void fixture_free(struct fixture *f)
{
    assert_null(f->tunnel);
    assert_true(f->near.closed || !f->started);
    if (!f->near.closed) {
        uv_close((uv_handle_t *)&f->near.idle, NULL);
    }
    far_free(&f->far);
    near_free(&f->near);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    chunk_pool_free(&f->pool);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

static int teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

/* Begin; the code of tunnel_start(). */
static int start(struct fixture *f)
{
    f->tunnel = tunnel_new(&f->loop, NULL, 1, &f->config);
    assert_non_null(f->tunnel);
    f->started = true;
    return tunnel_start(f->tunnel, &f->near.local, on_event, on_done, f);
}

/* Turn the loop @n times, never waiting. */
static void turn(struct fixture *f, int n)
{
    while (n-- > 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
}

/* Turn until *flag, waiting for timers where nothing else is to do. */
static void run_until(struct fixture *f, const bool *flag)
{
    int n;

    for (n = 0; !*flag; n++) {
        assert_true(n < TURNS_MAX);
        assert_true(uv_run(&f->loop, UV_RUN_ONCE) != 0 || *flag);
    }
}

/* Start and let everything that can happen happen, until closed. */
static void run_all(struct fixture *f)
{
    assert_int_equal(start(f), 0);
    run_until(f, &f->closed);
}

/* Open, and stay so. */
static void open_up(struct fixture *f)
{
    assert_int_equal(start(f), 0);
    run_until(f, &f->opened);
    turn(f, 3);
}

static void close_now(struct fixture *f)
{
    tunnel_close(f->tunnel, TUNNEL_BYE_AWAY, on_closed, f);
    run_until(f, &f->closed);
}

static void assert_ok(struct fixture *f)
{
    assert_true(f->done);
    assert_string_equal(f->err.msg, "");
    assert_int_equal(f->err.code, 0);
}

static void assert_failed(struct fixture *f, int code, const char *msg)
{
    assert_true(f->done);
    assert_string_equal(f->err.msg, msg);
    assert_int_equal(f->err.code, code);
}

static void assert_heard(struct fixture *f, const char *text)
{
    assert_string_equal(buf_str(&f->near.heard), text);
}

/* The happy path, both ways. */
static void test_bytes_both_ways(void **state)
{
    struct fixture *f = *state;

    near_say(&f->near, "hello", 5);
    far_send(&f->far,
             "\x82\x03"
             "SSH",
             5);
    open_up(f);
    assert_string_equal(f->request_id, "req-1");
    assert_string_equal(far_frames(&f->far), "BIN hello|");
    assert_heard(f, "SSH");
    near_say(&f->near, "more", 4);
    turn(f, 3);
    far_send(&f->far, "\x02\x01-\x89\x01p\x80\x02--", 10);
    turn(f, 5);
    assert_string_equal(far_frames(&f->far), "BIN hello|BIN more|PONG p|");
    assert_heard(f, "SSH---");
    assert_int_equal(tunnel_stats(f->tunnel).bytes_up, 9);
    assert_int_equal(tunnel_stats(f->tunnel).bytes_down, 6);
    close_now(f);
    assert_false(f->done);
    assert_string_equal(far_frames(&f->far),
                        "BIN hello|BIN more|PONG p|CLOSE 1001|");
}

static void test_request_is_what_the_service_knows(void **state)
{
    struct fixture *f = *state;
    const char *p;

    open_up(f);
    p = strstr(buf_str(&f->far.request), "Sec-WebSocket-Key: ");
    assert_non_null(p);
    assert_memory_equal(f->far.request.data,
                        "GET /openTunnel?X-Amz-Signature=secret HTTP/1.1\r\n"
                        "Host: far.example\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: ",
                        (size_t)(p - f->far.request.data) + 19);
    assert_string_equal(p + 19 + 24, "\r\nSec-WebSocket-Version: 13\r\n"
                                     "User-Agent: test/1\r\n\r\n");
    close_now(f);
}

/* Whatever size the pieces have in which bytes come. */
static void test_any_split_of_the_stream(void **state)
{
    static const char frames[] = "\x82\x05hello\x82\x00\x02\x01 \x89\x02hi"
                                 "\x00\x00\x80\x05world\x88\x02\x03\xe8";
    size_t step;

    (void)state;
    for (step = 1; step < sizeof frames; step++) {
        struct fixture f;

        fixture_init(&f);
        f.far.recv_max = step;
        far_send(&f.far, frames, sizeof frames - 1);
        run_all(&f);
        assert_ok(&f);
        assert_heard(&f, "hello world");
        assert_string_equal(far_frames(&f.far), "PONG hi|CLOSE 1000|");
        fixture_free(&f);
    }
}

/* What is said before there is a tunnel leaves as one frame. */
static void test_early_words_share_a_frame(void **state)
{
    struct fixture *f = *state;

    f->far.dial_hangs = true;
    f->near.read_max = 2;
    near_say(&f->near, "SSH-2.0", 7);
    assert_int_equal(start(f), 0);
    turn(f, 10);
    assert_int_equal(f->near.says.len, 0);
    f->far.dial_hangs = false;
    far_send(&f->far, "", 0);
    run_until(f, &f->opened);
    assert_string_equal(far_frames(&f->far), "BIN SSH-2.0|");
    close_now(f);
}

/* Count allocations as large as a chunk. */
static bool count_chunks(void *data, size_t size)
{
    *(int *)data += size == CHUNK_SIZE;
    return true;
}

/* ... and no more than a chunk is read for it. */
static void test_early_words_have_a_limit(void **state)
{
    static char words[200000];
    struct fixture *f = *state;
    int chunks = 0;

    f->far.dial_hangs = true;
    f->far.no_text = true;
    near_say(&f->near, words, sizeof words);
    mem_set_hook(count_chunks, &chunks);
    assert_int_equal(start(f), 0);
    turn(f, 20);
    assert_int_equal(f->near.says.len, sizeof words - (CHUNK_SIZE - 8));
    f->far.dial_hangs = false;
    far_send(&f->far, "", 0);
    while (f->far.payload < sizeof words) {
        turn(f, 1);
    }
    mem_set_hook(NULL, NULL);
    assert_int_equal(chunks, 2); /* One each way. */
    close_now(f);
}

/* Held: the tunnel opens, what comes is heard, nothing that is said leaves. */
static void test_held_words_wait(void **state)
{
    static char words[200000];
    struct fixture *f = *state;

    f->config.hold_local = true;
    f->config.ping_interval_ms = 1;
    near_say(&f->near, "key?", 4);
    far_send(&f->far, "\x82\x02hi", 4);
    open_up(f);
    run_until(f, &f->near.reading);
    near_say(&f->near, words, sizeof words);
    while (strstr(far_frames(&f->far), "PING") == NULL) {
        assert_true(uv_run(&f->loop, UV_RUN_ONCE) != 0);
    }
    assert_heard(f, "hi");
    assert_int_equal(f->far.payload, 0);
    /* No more than a chunk is read for it. */
    assert_int_equal(f->near.says.len, 4 + sizeof words - (CHUNK_SIZE - 8));
    f->far.no_text = true;
    tunnel_release(f->tunnel);
    tunnel_release(f->tunnel);           /* Does nothing. */
    assert_int_equal(f->far.payload, 0); /* Not from inside. */
    while (f->far.payload < 4 + sizeof words) {
        assert_true(uv_run(&f->loop, UV_RUN_ONCE) != 0);
    }
    close_now(f);
}

/* The words of one who has said all wait, too; released before it is open. */
static void test_held_words_and_the_end(void **state)
{
    struct fixture *f = *state;

    f->config.hold_local = true;
    near_say(&f->near, "bye", 3);
    near_end(&f->near, UV_EOF);
    open_up(f);
    turn(f, 20);
    uv_sleep(2 * SHORT_MS); /* Nobody lingers who has not said it. */
    turn(f, 20);
    assert_false(f->done);
    assert_string_equal(far_frames(&f->far), "");
    tunnel_release(f->tunnel);
    run_until(f, &f->closed);
    assert_ok(f);
    assert_string_equal(far_frames(&f->far), "BIN bye|CLOSE 1000|");
}

static void test_released_while_dialing(void **state)
{
    struct fixture *f = *state;

    f->config.hold_local = true;
    near_say(&f->near, "bye", 3);
    near_end(&f->near, UV_EOF);
    assert_int_equal(start(f), 0);
    tunnel_release(f->tunnel);
    run_until(f, &f->closed);
    assert_ok(f);
    assert_string_equal(far_frames(&f->far), "BIN bye|CLOSE 1000|");
}

/* Held for ever: the peer's end and the owner's close are as ever. */
static void test_held_to_the_end(void **state)
{
    struct fixture *f = *state;

    f->config.hold_local = true;
    near_say(&f->near, "never", 5);
    open_up(f);
    far_send(&f->far, "\x88\x02\x03\xe8", 4);
    run_until(f, &f->closed);
    assert_ok(f);
    assert_string_equal(far_frames(&f->far), "CLOSE 1000|");
}

/* Local EOF: all is sent, what still comes is written, then quiet, CLOSE. */
static void test_local_eof_lingers(void **state)
{
    struct fixture *f = *state;
    int i;

    open_up(f);
    near_say(&f->near, "bye", 3);
    near_end(&f->near, UV_EOF);
    for (i = 0; i < 6; i++) { /* Twice as long as it would linger alone. */
        turn(f, 5);
        assert_false(f->far.got_close);
        far_send(&f->far, "\x82\x01.", 3);
        uv_sleep(SHORT_MS / 3);
    }
    run_until(f, &f->closed);
    assert_ok(f);
    assert_heard(f, "......");
    assert_true(f->near.shut);
    assert_string_equal(far_frames(&f->far), "BIN bye|CLOSE 1000|");
}

/* A quiet peer's PINGs are no reason to linger on. */
static void test_pings_do_not_prolong_the_linger(void **state)
{
    struct fixture *f = *state;
    uint64_t begun;

    open_up(f);
    near_end(&f->near, UV_EOF);
    begun = uv_hrtime();
    while (!f->closed) {
        if (!f->far.got_close) {
            far_send(&f->far, "\x89\x00", 2);
        }
        turn(f, 1);
        assert_true(uv_hrtime() - begun < 5000000000u);
    }
    assert_ok(f);
}

/* While the local reader is the slow one, the peer is not taken for quiet. */
static void test_a_slow_reader_prolongs_the_linger(void **state)
{
    struct fixture *f = *state;

    open_up(f);
    near_take(&f->near, 0);
    far_send(&f->far, "\x82\x04late", 6);
    near_end(&f->near, UV_EOF);
    turn(f, 5);
    uv_sleep(3 * SHORT_MS);
    turn(f, 5);
    assert_false(f->far.got_close);
    near_take(&f->near, SIZE_MAX);
    run_until(f, &f->closed);
    assert_ok(f);
    assert_heard(f, "late");
}

/* A linger time of 0 closes at once. */
static void test_no_linger(void **state)
{
    struct fixture *f = *state;

    f->config.linger_ms = 0;
    open_up(f);
    near_end(&f->near, UV_EOF);
    run_until(f, &f->closed);
    assert_ok(f);
    assert_string_equal(far_frames(&f->far), "CLOSE 1000|");
}

static void test_port_probe_ends_early(void **state)
{
    struct fixture *f = *state;

    f->config.end_on_early_eof = true;
    f->far.dial_hangs = true;
    near_end(&f->near, UV_EOF);
    run_all(f);
    assert_ok(f);
    assert_int_equal(f->far.request.len, 0);
}

static void test_early_eof_after_words_is_no_probe(void **state)
{
    struct fixture *f = *state;

    f->config.end_on_early_eof = true;
    near_say(&f->near, "GET", 3);
    near_end(&f->near, UV_EOF);
    run_all(f);
    assert_ok(f);
    assert_string_equal(far_frames(&f->far), "BIN GET|CLOSE 1000|");
}

static void test_early_eof_may_mean_silence(void **state)
{
    struct fixture *f = *state;

    near_end(&f->near, UV_EOF);
    far_send(&f->far, "\x82\x02hi", 4);
    run_all(f);
    assert_ok(f);
    assert_heard(f, "hi");
    assert_string_equal(far_frames(&f->far), "CLOSE 1000|");
}

/* The peer closes: everything that came is written out first. */
static void test_remote_close(void **state)
{
    struct fixture *f = *state;

    open_up(f);
    near_take(&f->near, 0);
    far_send(&f->far,
             "\x82\x04"
             "last\x88\x02\x03\xe8\x82\x01x",
             13);
    turn(f, 20);
    assert_false(f->done);
    assert_false(f->near.shut);
    near_take(&f->near, 2);
    turn(f, 20);
    assert_false(f->done);
    near_take(&f->near, SIZE_MAX);
    run_until(f, &f->closed);
    assert_ok(f);
    assert_heard(f, "last");
    assert_true(f->near.shut);
    assert_int_equal(f->stats.bytes_down, 4);
    assert_string_equal(far_frames(&f->far), "CLOSE 1000|");
}

/* Whatever the peer's last word is, and what it means. */
static void test_remote_endings(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        int end; /* After the bytes */
        int code;
        const char *msg;
        const char *frames;
        const char *heard;
        bool refused;
    } rows[] = {
        {"\x88\x00", 2, 0, 0, "", "CLOSE 1005|", "", false},
        {"\x82\x01x\x88\x02\x03\xe9", 7, 0, ERR_PEER_CLOSED,
         "Websocket Closure Reason: none given (code 1001)", "CLOSE 1001|", "x",
         false},
        {"\x88\x1d\x03\xf3Unable to connect to target", 31, 0, ERR_PEER_CLOSED,
         "Websocket Closure Reason: Unable to connect to target", "CLOSE 1011|",
         "", true},
        {"\x82\x01x\x88\x05\x0f\xa1why", 10, 0, ERR_PEER_CLOSED,
         "Websocket Closure Reason: why", "CLOSE 4001|", "x", false},
        {"\x82\x01x", 3, UV_EOF, 0, "", "", "x", false},
        {"", 0, UV_EOF, ERR_PEER_CLOSED,
         "the endpoint hung up before any data came", "", "", true},
        {"\x82\x05half", 6, UV_EOF, ERR_PEER_CLOSED,
         "the endpoint hung up in the middle of a frame", "", "half", false},
        {"\x02\x04half", 6, UV_EOF, ERR_PEER_CLOSED,
         "the endpoint hung up in the middle of a frame", "", "half", false},
        {"\x82\x01x", 3, UV_ECONNRESET, UV_ECONNRESET,
         "far: connection reset by peer", "", "x", false},
        {"", 0, UV_ECONNRESET, UV_ECONNRESET, "far: connection reset by peer",
         "", "", true},
        {"\x82\x01x\x83\x00", 5, 0, ERR_PROTOCOL,
         "the endpoint broke the WebSocket protocol: an unknown opcode",
         "CLOSE 1002|", "x", false},
        {"\x82\x01x\x81\x01y", 6, 0, ERR_PROTOCOL,
         "Received invalid data from server, closing websocket connection.",
         "CLOSE 1003|", "x", false},
        {"\x88\x03\x03\xe8\xff", 5, 0, ERR_PROTOCOL,
         "the endpoint broke the WebSocket protocol: a close reason that is "
         "not UTF-8",
         "CLOSE 1007|", "", false},
        {"\x88\x01x", 3, 0, ERR_PROTOCOL,
         "the endpoint broke the WebSocket protocol: half a close code",
         "CLOSE 1002|", "", false},
    };
    size_t i;
    int when;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (when = 0; when < 2; when++) { /* With the 101, or later */
            struct fixture f;

            fixture_init(&f);
            if (when == 1) {
                open_up(&f);
            }
            far_send(&f.far, rows[i].bytes, rows[i].len);
            far_end(&f.far, rows[i].end);
            if (when == 0) {
                run_all(&f);
            }
            run_until(&f, &f.closed);
            assert_failed(&f, rows[i].code, rows[i].msg);
            assert_heard(&f, rows[i].heard);
            assert_true(f.near.shut);
            assert_int_equal(f.far.refused, rows[i].refused);
            if (rows[i].end == 0) {
                assert_string_equal(far_frames(&f.far), rows[i].frames);
            }
            fixture_free(&f);
        }
    }
}

static void test_unreachable_target_has_a_hint(void **state)
{
    struct fixture *f = *state;

    far_send(&f->far, "\x88\x1d\x03\xf3Unable to connect to target", 31);
    run_all(f);
    assert_non_null(strstr(f->err.hint, "sshd"));
    assert_non_null(strstr(f->err.hint, "security group"));
    assert_string_equal(f->err.request_id, "req-1");
    assert_string_equal(f->far.server_date, "Sat, 25 Jul 2026 10:00:00 GMT");
}

/* Once we had finished, an end without CLOSE and without payload is fine. */
static void test_remote_eof_after_local_eof(void **state)
{
    struct fixture *f = *state;

    f->config.linger_ms = 10000;
    near_end(&f->near, UV_EOF);
    open_up(f);
    far_end(&f->far, UV_EOF);
    run_until(f, &f->closed);
    assert_ok(f);
    assert_true(f->near.shut);
}

/* A peer that has hung up is not waited for, even if it took nothing more. */
static void test_remote_eof_while_sending_is_blocked(void **state)
{
    struct fixture *f = *state;
    uint64_t begun = uv_hrtime();

    far_send(&f->far, "\x82\x01x", 3);
    open_up(f);
    far_take(&f->far, 0);
    near_say(&f->near, "x", 1);
    turn(f, 3);
    far_end(&f->far, UV_EOF);
    run_until(f, &f->closed);
    assert_ok(f);
    assert_true(uv_hrtime() - begun < 5000000000u);
}

/* Between the report and the closing nothing more is said. */
static void test_nothing_is_reported_after_done(void **state)
{
    struct fixture *f = *state;

    f->close_on_done = false;
    far_send(&f->far, "\x88\x00", 2);
    assert_int_equal(start(f), 0);
    run_until(f, &f->done);
    near_lose(&f->near, UV_EPIPE);
    near_say(&f->near, "x", 1);
    far_send(&f->far, "\x82\x01x", 3);
    turn(f, 10);
    assert_heard(f, "");
    assert_int_equal(f->near.says.len, 1);
    close_now(f);
}

/* When sending fails, the reason may lie among what was received. */
static void test_received_reason_beats_send_failure(void **state)
{
    struct fixture *f = *state;

    open_up(f);
    f->far.send_fails = UV_EPIPE;
    near_say(&f->near, "x", 1);
    turn(f, 3);
    assert_false(f->done);
    far_send(&f->far, "\x88\x04\x03\xf3no", 6);
    far_end(&f->far, UV_EOF);
    run_until(f, &f->closed);
    assert_failed(f, ERR_PEER_CLOSED, "Websocket Closure Reason: no");
}

static void test_send_failure_then_orderly_end(void **state)
{
    struct fixture *f = *state;

    far_send(&f->far, "\x82\x01x", 3);
    open_up(f);
    f->far.send_fails = UV_EPIPE;
    near_say(&f->near, "x", 1);
    turn(f, 3);
    far_end(&f->far, UV_EOF);
    run_until(f, &f->closed);
    assert_ok(f);
}

static void test_send_failure_alone(void **state)
{
    struct fixture *f = *state;

    f->config.close_timeout_ms = SHORT_MS;
    open_up(f);
    f->far.send_fails = UV_EPIPE;
    near_say(&f->near, "x", 1);
    run_until(f, &f->closed);
    assert_failed(f, UV_EPIPE, "far: broken pipe");
}

/* Once the peer has closed, it may be gone before our echo. */
static void test_echo_cannot_be_sent(void **state)
{
    struct fixture *f = *state;

    open_up(f);
    f->far.send_fails = UV_EPIPE;
    far_send(&f->far, "\x82\x01x\x88\x02\x03\xe8", 7);
    run_until(f, &f->closed);
    assert_ok(f);
    assert_heard(f, "x");
}

static void test_local_read_error(void **state)
{
    struct fixture *f = *state;

    open_up(f);
    near_say(&f->near, "x", 1);
    near_end(&f->near, UV_ECONNRESET);
    run_until(f, &f->closed);
    assert_failed(f, ERR_LOCAL_LOST,
                  "the local side broke off: connection reset by peer");
    assert_string_equal(far_frames(&f->far), "BIN x|CLOSE 1000|");
}

static void test_local_read_error_while_dialing(void **state)
{
    struct fixture *f = *state;

    f->far.dial_hangs = true;
    near_end(&f->near, UV_ECONNRESET);
    run_all(f);
    assert_failed(f, ERR_LOCAL_LOST,
                  "the local side broke off: connection reset by peer");
}

static void test_local_write_error(void **state)
{
    struct fixture *f = *state;

    open_up(f);
    f->near.write_fails = UV_EPIPE;
    far_send(&f->far, "\x82\x01x\x82\x01y\x89\x00", 8);
    run_until(f, &f->closed);
    assert_failed(f, ERR_LOCAL_LOST, "the local side broke off: broken pipe");
    assert_false(f->near.shut);
    assert_string_equal(far_frames(&f->far), "PONG |CLOSE 1000|");
}

/* The same, found by a write that had to wait. */
static void test_local_write_error_later(void **state)
{
    struct fixture *f = *state;

    open_up(f);
    near_take(&f->near, 1);
    far_send(&f->far, "\x82\x02xy", 4);
    turn(f, 5);
    assert_int_equal(f->near.n_writes, 1);
    f->near.write_fails = UV_EPIPE;
    near_take(&f->near, 1);
    run_until(f, &f->closed);
    assert_failed(f, ERR_LOCAL_LOST, "the local side broke off: broken pipe");
}

static void test_local_reader_lost(void **state)
{
    struct fixture *f = *state;

    open_up(f);
    near_lose(&f->near, UV_EPIPE);
    run_until(f, &f->closed);
    assert_ok(f);
    assert_string_equal(far_frames(&f->far), "CLOSE 1000|");
}

static void test_local_reader_lost_with_bytes_pending(void **state)
{
    struct fixture *f = *state;

    open_up(f);
    near_take(&f->near, 0);
    far_send(&f->far, "\x82\x01x", 3);
    turn(f, 5);
    near_lose(&f->near, UV_EPIPE);
    near_take(&f->near, SIZE_MAX);
    run_until(f, &f->closed);
    assert_failed(f, ERR_LOCAL_LOST, "the local side broke off: broken pipe");
}

/* A write that is stuck for good holds nothing up for good. */
static void test_local_reader_lost_and_write_stuck(void **state)
{
    struct fixture *f = *state;

    f->config.close_timeout_ms = SHORT_MS;
    open_up(f);
    near_take(&f->near, 0);
    far_send(&f->far, "\x82\x01x", 3);
    turn(f, 5);
    near_lose(&f->near, UV_EPIPE);
    run_until(f, &f->closed);
    assert_failed(f, ERR_LOCAL_LOST, "the local side broke off: broken pipe");
    assert_string_equal(far_frames(&f->far), "CLOSE 1000|");
}

static void test_local_reader_lost_while_dialing(void **state)
{
    struct fixture *f = *state;

    f->far.dial_hangs = true;
    assert_int_equal(start(f), 0);
    turn(f, 3);
    near_lose(&f->near, UV_EPIPE);
    run_until(f, &f->closed);
    assert_ok(f);
}

#define H403 "HTTP/1.1 403 Forbidden\r\nDate: D\r\nx-amzn-requestid: r-9\r\n"
#define BODY "{\"ErrorCode\":\"AccessDenied\",\"Message\":\"no\"}"
#define REFUSED                                                                \
    "the endpoint refused the tunnel: AccessDenied: no (HTTP 403, request id " \
    "r-9)"

static void test_upgrade_outcomes(void **state)
{
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
         "the endpoint did not answer the upgrade within 0.03 seconds"},
        {"", 0, UV_EPIPE, UV_EPIPE, "upgrade: far: broken pipe"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;

        fixture_init(&f);
        f.config.upgrade_timeout_ms = SHORT_MS;
        f.far.answer = rows[i].answer;
        f.far.end = rows[i].end;
        f.far.send_fails = rows[i].send_fails;
        f.far.recv_max = 7;
        run_all(&f);
        assert_false(f.opened);
        assert_failed(&f, rows[i].code, rows[i].msg);
        assert_true(f.far.refused); /* Whatever it was */
        if (rows[i].code == ERR_UPGRADE) {
            assert_string_equal(f.err.request_id, "r-9");
            assert_string_equal(f.err.remote_code, "AccessDenied");
            assert_string_equal(f.far.server_date, "D");
        }
        assert_null(strstr(f.err.msg, "secret"));
        fixture_free(&f);
    }
}

/* The endpoint refuses without reading our request to its end. */
static void test_refusal_while_sending_the_request(void **state)
{
    static const char answer[] = H403 "Content-Length: 41\r\n\r\n" BODY;
    struct fixture *f = *state;

    f->far.room = 10;
    assert_int_equal(start(f), 0);
    turn(f, 5);
    far_send(&f->far, answer, sizeof answer - 1);
    f->far.send_fails = UV_EPIPE;
    run_until(f, &f->closed);
    assert_failed(f, ERR_UPGRADE, REFUSED);
}

/* Not a byte of the request can be sent, and the refusal is there already. */
static void test_refusal_before_the_request(void **state)
{
    static const char answer[] = H403 "Content-Length: 41\r\n\r\n" BODY;
    struct fixture *f = *state;

    far_send(&f->far, answer, sizeof answer - 1);
    f->far.send_fails = UV_EPIPE;
    run_all(f);
    assert_failed(f, ERR_UPGRADE, REFUSED);
}

/* A request that leaves in little pieces. */
static void test_request_in_pieces(void **state)
{
    struct fixture *f = *state;
    int n;

    f->far.room = 0;
    assert_int_equal(start(f), 0);
    for (n = 0; !f->opened; n++) {
        assert_true(n < 1000);
        far_take(&f->far, 3);
        turn(f, 1);
    }
    far_take(&f->far, SIZE_MAX);
    close_now(f);
}

static void test_dial_fails(void **state)
{
    struct fixture *f = *state;

    f->far.dial_fails = ERR_DNS;
    near_say(&f->near, "hello", 5);
    run_all(f);
    assert_failed(f, ERR_DNS, "dialing failed");
}

static void test_dial_takes_too_long(void **state)
{
    struct fixture *f = *state;

    f->config.dial_timeout_ms = SHORT_MS;
    f->far.dial_hangs = true;
    run_all(f);
    assert_failed(f, UV_ETIMEDOUT,
                  "no connection to the endpoint within 0.03 seconds");
}

/* A start that fails leaves only tunnel_close() to do. */
static void test_start_fails(void **state)
{
    int which;

    (void)state;
    for (which = 0; which < 2; which++) {
        struct fixture f;

        fixture_init(&f);
        f.far.no_dial = which == 0;
        f.near.read_start_fails = which == 1 ? UV_EBUSY : 0;
        assert_int_equal(start(&f), which == 0 ? UV_ENOMEM : UV_EBUSY);
        turn(&f, 3);
        close_now(&f);
        assert_false(f.done);
        fixture_free(&f);
    }
}

static void test_close_without_start(void **state)
{
    struct fixture *f = *state;

    f->tunnel = tunnel_new(&f->loop, NULL, 7, &f->config);
    assert_int_equal(tunnel_id(f->tunnel), 7);
    assert_string_equal(tunnel_request_id(f->tunnel), "");
    close_now(f);
}

static void test_watch_fails(void **state)
{
    struct fixture *f = *state;

    open_up(f);
    f->far.watch_fails = UV_EBADF;
    near_take(&f->near, 0);
    far_send(&f->far, "\x82\x01x", 3);
    turn(f, 3); /* Stops listening... */
    near_take(&f->near, SIZE_MAX);
    run_until(f, &f->closed); /* ... and cannot begin again. */
    assert_failed(f, UV_EBADF, "waiting for the tunnel: bad file descriptor");
    assert_heard(f, "x");
}

static void test_watch_fails_while_upgrading(void **state)
{
    struct fixture *f = *state;

    f->far.watch_fails = UV_EBADF;
    run_all(f);
    assert_failed(f, UV_EBADF, "upgrade: far: bad file descriptor");
}

static void test_close_in_callbacks(void **state)
{
    struct fixture *f = *state;

    f->close_on_open = true;
    near_say(&f->near, "never sent", 10);
    far_send(&f->far, "\x82\x01x", 3);
    run_all(f);
    assert_true(f->opened);
    assert_false(f->done);
    assert_string_equal(far_frames(&f->far), "CLOSE 1001|");
    assert_heard(f, "");
}

/* A peer that neither reads nor answers cannot hold us. */
static void test_close_is_bounded(void **state)
{
    struct fixture *f = *state;

    f->config.close_timeout_ms = SHORT_MS;
    open_up(f);
    f->far.no_echo = true;
    far_take(&f->far, 3);
    near_say(&f->near, "hello", 5);
    turn(f, 3);
    close_now(f);
    assert_string_equal(far_frames(&f->far), "");
}

static void test_peer_that_does_not_echo(void **state)
{
    struct fixture *f = *state;

    f->config.close_timeout_ms = SHORT_MS;
    f->far.no_echo = true;
    open_up(f);
    near_end(&f->near, UV_EOF);
    run_until(f, &f->closed);
    assert_ok(f);
    assert_string_equal(far_frames(&f->far), "CLOSE 1000|");
}

/* After our CLOSE, what still comes is for a local side that is gone. */
static void test_data_after_our_close_is_dropped(void **state)
{
    struct fixture *f = *state;

    f->far.no_echo = true;
    open_up(f);
    tunnel_close(f->tunnel, TUNNEL_BYE_DONE, on_closed, f);
    turn(f, 3);
    assert_true(f->near.closed);
    assert_false(f->closed);
    far_send_fill(&f->far, 'x', 300000);
    far_send(&f->far, "\x88\x02\x03\xe8", 4);
    run_until(f, &f->closed);
    assert_heard(f, "");
    assert_string_equal(far_frames(&f->far), "CLOSE 1000|");
}

/* Our CLOSE waits for the frame that is leaving. */
static void test_close_waits_for_its_turn(void **state)
{
    struct fixture *f = *state;

    open_up(f);
    far_take(&f->far, 4);
    near_say(&f->near, "hello", 5);
    turn(f, 3);
    near_end(&f->near, UV_ECONNRESET);
    far_send(&f->far, "\x89\x01p", 3);
    turn(f, 5);
    assert_string_equal(far_frames(&f->far), "");
    far_take(&f->far, SIZE_MAX);
    tunnel_close(f->tunnel, TUNNEL_BYE_AWAY, on_closed, f);
    run_until(f, &f->closed);
    assert_string_equal(far_frames(&f->far), "BIN hello|PONG p|CLOSE 1001|");
}

static void test_pong_missing_after_one_was_seen(void **state)
{
    struct fixture *f = *state;
    uint64_t begun;

    f->config.ping_interval_ms = SHORT_MS;
    open_up(f);
    while (f->far.frames.len == 0) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    far_send(&f->far, "\x8a\x00", 2);
    begun = uv_hrtime();
    run_until(f, &f->closed);
    assert_failed(f, ERR_PEER_LOST,
                  "the endpoint has not answered for 0.03 seconds");
    /* Not at the first tick: that one only asks. */
    assert_true(uv_hrtime() - begun > 45000000u);
    assert_memory_equal(far_frames(&f->far), "PING |", 6);
}

static void test_pong_never_seen_is_no_failure(void **state)
{
    struct fixture *f = *state;

    f->config.ping_interval_ms = 5;
    open_up(f);
    while (f->far.frames.len < 6 * 6) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_false(f->done);
    close_now(f);
}

/* A peer that sends PONGs by itself has not shown that it answers PINGs. */
static void test_unasked_pong_is_no_answer(void **state)
{
    struct fixture *f = *state;

    f->config.ping_interval_ms = 5;
    open_up(f);
    far_send(&f->far, "\x8a\x00", 2);
    turn(f, 3);
    while (f->far.frames.len < 6 * 6) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_false(f->done);
    close_now(f);
}

/* Other bytes are a sign of life too; so is our own deafness no proof. */
static void test_no_pong_but_alive_or_unheard(void **state)
{
    struct fixture *f = *state;
    int deaf;

    for (deaf = 0; deaf < 2; deaf++) {
        struct fixture g;
        int i;

        (void)f;
        fixture_init(&g);
        g.config.ping_interval_ms = SHORT_MS / 3;
        open_up(&g);
        while (g.far.frames.len == 0) {
            uv_run(&g.loop, UV_RUN_ONCE);
        }
        far_send(&g.far, "\x8a\x00", 2);
        turn(&g, 3);
        if (deaf) {
            near_take(&g.near, 0);
            far_send(&g.far, "\x82\x01x", 3);
        }
        for (i = 0; i < 12; i++) {
            if (!deaf) {
                far_send(&g.far, "\x82\x01x", 3);
            }
            turn(&g, 5);
            uv_sleep(SHORT_MS / 6);
        }
        assert_false(g.done);
        assert_false(g.far.got_close);
        near_take(&g.near, SIZE_MAX);
        close_now(&g);
        fixture_free(&g);
    }
}

/* PINGs that come faster than PONGs leave: the newest is answered. */
static void test_ping_flood_costs_nothing(void **state)
{
    struct fixture *f = *state;
    int allocations = 0;
    int i;

    open_up(f);
    far_take(&f->far, 3);
    near_say(&f->near, "x", 1); /* Begun, so it will be finished first. */
    turn(f, 3);
    for (i = 0; i < 5000; i++) {
        char ping[] = "\x89\x04....";

        snprintf(ping + 2, 5, "%04d", i);
        far_send(&f->far, ping, 6);
    }
    mem_set_hook(count_chunks, &allocations);
    turn(f, 50);
    mem_set_hook(NULL, NULL);
    assert_true(allocations <= 1);
    assert_int_equal(f->far.sends.len, 0);
    far_take(&f->far, SIZE_MAX);
    turn(f, 5);
    assert_string_equal(far_frames(&f->far), "BIN x|PONG 4999|");
    close_now(f);
}

static void test_warning_before_the_end(void **state)
{
    struct fixture *f = *state;

    f->config.max_duration_ms = 60000 + SHORT_MS;
    open_up(f);
    assert_false(f->warned);
    run_until(f, &f->warned);
    assert_false(f->done);
    close_now(f);
}

static void test_short_durations_have_no_warning(void **state)
{
    struct fixture *f = *state;

    f->config.max_duration_ms = 60000;
    f->config.ping_interval_ms = 1;
    open_up(f);
    uv_sleep(5);
    turn(f, 5);
    assert_false(f->warned);
    close_now(f);
}

/* A far side that takes nothing: reading stops, memory stays. */
static void test_stalled_far_side(void **state)
{
    static char words[1000000];
    struct fixture *f = *state;
    int chunks = 0;
    unsigned reads;

    f->far.no_text = true;
    mem_set_hook(count_chunks, &chunks);
    open_up(f);
    far_take(&f->far, 1000);
    near_say(&f->near, words, sizeof words);
    turn(f, 100);
    assert_int_equal(f->near.says.len, sizeof words - (CHUNK_SIZE - 8));
    reads = f->near.n_reads;
    turn(f, 100);
    assert_int_equal(f->near.n_reads, reads);
    /* The other way is not disturbed. */
    far_send(&f->far, "\x82\x02hi", 4);
    turn(f, 5);
    assert_heard(f, "hi");
    far_take(&f->far, SIZE_MAX);
    while (f->far.payload < sizeof words) {
        turn(f, 1);
    }
    mem_set_hook(NULL, NULL);
    assert_true(chunks <= 2);
    close_now(f);
}

/* A local side that takes nothing: the same. */
static void test_stalled_local_side(void **state)
{
    struct fixture *f = *state;
    int chunks = 0;
    unsigned recvs;

    mem_set_hook(count_chunks, &chunks);
    open_up(f);
    near_take(&f->near, 1000);
    far_send_fill(&f->far, 'x', 1000000);
    turn(f, 100);
    assert_int_equal(f->far.sends.len, 1000010 - CHUNK_SIZE);
    recvs = f->far.n_recvs;
    turn(f, 100);
    assert_int_equal(f->far.n_recvs, recvs);
    near_say(&f->near, "hi", 2);
    turn(f, 5);
    assert_string_equal(far_frames(&f->far), "BIN hi|");
    near_take(&f->near, SIZE_MAX);
    while (f->near.heard.len < 1000000) {
        turn(f, 1);
    }
    mem_set_hook(NULL, NULL);
    assert_true(chunks <= 2);
    close_now(f);
}

/* An idle tunnel holds no chunk. */
static void test_idle_tunnel_gives_its_chunks_back(void **state)
{
    struct fixture *f = *state;
    int chunks = 0;

    f->near.quiet_reads = true;
    mem_set_hook(count_chunks, &chunks);
    near_say(&f->near, "hello", 5);
    far_send(&f->far, "\x82\x02hi", 4);
    open_up(f);
    turn(f, 10);
    mem_set_hook(NULL, NULL);
    assert_true(chunks > 0);
    assert_int_equal(f->pool.n_free, chunks);
    close_now(f);
}

/* Nor does one that dials, when what was lent comes back empty. */
static void test_dialing_tunnel_gives_its_chunk_back(void **state)
{
    struct fixture *f = *state;

    f->far.dial_hangs = true;
    assert_int_equal(start(f), 0);
    f->near.quiet_reads = true;
    f->near.lent_before = true;
    near_take(&f->near, SIZE_MAX); /* Wakes it. */
    turn(f, 3);
    assert_int_equal(f->near.n_reads, 1);
    assert_int_equal(f->pool.n_free, 1);
    close_now(f);
}

/* The pool keeps a few chunks, not all there ever were. */
static void test_pool_keeps_a_few(void **state)
{
    union chunk *taken[2 * CHUNK_POOL_KEEP];
    struct fixture *f = *state;
    int i;

    for (i = 0; i < 2 * CHUNK_POOL_KEEP; i++) {
        taken[i] = chunk_take(&f->pool);
        assert_non_null(taken[i]);
    }
    for (i = 0; i < 2 * CHUNK_POOL_KEEP; i++) {
        chunk_put(&f->pool, taken[i]);
    }
    assert_int_equal(f->pool.n_free, CHUNK_POOL_KEEP);
    assert_ptr_equal(chunk_take(&f->pool), taken[CHUNK_POOL_KEEP - 1]);
    chunk_put(&f->pool, taken[CHUNK_POOL_KEEP - 1]);
}

/* Without a pool memory comes and goes. */
static void test_without_a_pool(void **state)
{
    struct fixture *f = *state;

    f->config.chunks = NULL;
    near_say(&f->near, "hello", 5);
    far_send(&f->far, "\x82\x02hi\x88\x00", 6);
    run_all(f);
    assert_ok(f);
    assert_heard(f, "hi");
    assert_string_equal(far_frames(&f->far), "BIN hello|CLOSE 1005|");
}

/* A little pseudo-randomness, the same every time. */
static unsigned draw(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 16;
}

/* Both ways at once, both ends taking and giving by fits and starts. */
static void bulk_by_fits_and_starts(struct fixture *f, bool hides)
{
    enum { TOTAL = 300000 };
    static char words[TOTAL];
    unsigned seed = 1;
    size_t fed = 0;
    size_t i;

    f->far.hides = hides;
    for (i = 0; i < TOTAL; i++) {
        words[i] = (char)('a' + i * i % 26);
    }
    open_up(f);
    near_say(&f->near, words, TOTAL);
    while (f->far.payload < TOTAL || f->near.heard.len < TOTAL) {
        if (fed < TOTAL) {
            size_t n = draw(&seed) % 5 == 0 ? 20000 : draw(&seed) % 125;
            unsigned char head[4] = {0x82, 126};

            n = n < TOTAL - fed ? n : TOTAL - fed;
            head[1] = n < 126 ? (unsigned char)n : 126;
            head[2] = (unsigned char)(n >> 8);
            head[3] = (unsigned char)n;
            far_send(&f->far, head, n < 126 ? 2 : 4);
            far_send(&f->far, words + fed, n);
            fed += n;
        }
        f->far.recv_max = 1 + draw(&seed) % 30000;
        f->near.read_max = 1 + draw(&seed) % 70000;
        far_take(&f->far, draw(&seed) % 30000);
        near_take(&f->near, draw(&seed) % 30000);
        turn(f, 1);
    }
    assert_memory_equal(f->near.heard.data, words, TOTAL);
    /* The frames, put together again. */
    for (i = 0, fed = 0; i < f->far.frames.len; i++) {
        if (strncmp(f->far.frames.data + i, "BIN ", 4) == 0) {
            i += 4;
        }
        if (f->far.frames.data[i] != '|') {
            assert_int_equal(f->far.frames.data[i], words[fed]);
            fed++;
        }
    }
    assert_int_equal(fed, TOTAL);
    far_take(&f->far, SIZE_MAX);
    near_take(&f->near, SIZE_MAX);
    close_now(f);
}

static void test_bulk_by_fits_and_starts(void **state)
{
    bulk_by_fits_and_starts(*state, false);
}

/* The same where polling does not see all that is there. */
static void test_bulk_that_hides(void **state)
{
    bulk_by_fits_and_starts(*state, true);
}

/* More slices than are written with one call, each too long to be moved. */
static void test_many_slices(void **state)
{
    enum { FRAMES = 40, LEN = 1500 };
    struct fixture *f = *state;
    unsigned before;
    int i;
    int k;

    open_up(f);
    before = f->near.n_try_writes;
    for (i = 0; i < FRAMES; i++) {
        far_send_fill(&f->far, (char)('A' + i), LEN);
    }
    turn(f, 5);
    assert_int_equal(f->near.heard.len, FRAMES * LEN);
    for (i = 0; i < FRAMES; i++) {
        for (k = 0; k < LEN; k++) {
            assert_int_equal(f->near.heard.data[i * LEN + k], 'A' + i);
        }
    }
    assert_true(f->near.n_try_writes - before <= FRAMES / DOWN_SLICES + 1);
    close_now(f);
}

/* A flood of payload is taken in portions, so that others get their turn. */
static void test_a_busy_tunnel_yields(void **state)
{
    struct fixture *f = *state;
    size_t before;

    open_up(f);
    f->far.hides = true; /* Nobody wakes the tunnel but itself. */
    far_send_fill(&f->far, 'x', 5000000);
    before = f->far.sends.len;
    turn(f, 1);
    /* Once for being readable, once for coming back. */
    assert_true(before - f->far.sends.len <= 2 * DOWN_BUDGET + CHUNK_SIZE);
    while (f->near.heard.len < 5000000) {
        before = f->far.sends.len;
        turn(f, 1);
        assert_true(before - f->far.sends.len <= 2 * DOWN_BUDGET + CHUNK_SIZE);
    }
    close_now(f);
}

/* The same for a flood from the local side, which reads while it can. */
static void test_a_busy_local_side_yields(void **state)
{
    enum { TOTAL = 5000000 };
    static char words[TOTAL];
    struct fixture *f = *state;
    size_t before;

    open_up(f);
    f->far.no_text = true;
    f->near.burst = 32;
    near_say(&f->near, words, TOTAL);
    while (f->far.payload < TOTAL) {
        before = f->near.says.len;
        turn(f, 1);
        assert_true(before - f->near.says.len <= UP_BUDGET + CHUNK_SIZE);
    }
    close_now(f);
}

/* Many short frames that lie there together are written together. */
static void test_short_frames_are_joined(void **state)
{
    struct fixture *f = *state;
    unsigned before;
    int i;

    open_up(f);
    for (i = 0; i < 3000; i++) {
        far_send(&f->far, i % 3 == 0 ? "\x82\x00" : "\x82\x01x",
                 i % 3 == 0 ? 2 : 3);
    }
    before = f->near.n_try_writes;
    turn(f, 5);
    assert_int_equal(f->near.heard.len, 2000);
    assert_true(f->near.n_try_writes - before <= 2);
    close_now(f);
}

/* A transport that tells whether more is there spares a read. */
static void test_a_keystroke_costs_one_read(void **state)
{
    struct fixture *f = *state;
    unsigned before;

    f->far.has_pending = true;
    far_send(&f->far, "\x82\x01x", 3);
    open_up(f);
    before = f->far.n_recvs;
    far_send(&f->far, "\x82\x01y", 3);
    turn(f, 5);
    assert_heard(f, "xy");
    assert_int_equal(f->far.n_recvs - before, 1);
    close_now(f);
}

/* The scenarios of the sweeps: everything that can be under way. */
static void begin_scenario(struct fixture *f, int which)
{
    static char bulk[70000];

    f->config.linger_ms = 1;
    f->config.close_timeout_ms = 5;
    f->config.ping_interval_ms = 1;
    near_say(&f->near, "hello", 5);
    far_send(&f->far, "\x82\x02hi\x89\x01p", 7);
    switch (which) {
    case 0: /* The local side ends */
        near_end(&f->near, UV_EOF);
        break;
    case 1: /* The peer closes */
        far_send(&f->far, "\x88\x02\x03\xe8", 4);
        break;
    case 2: /* Both are stuck */
        f->far.no_text = true;
        near_say(&f->near, bulk, sizeof bulk);
        far_send_fill(&f->far, 'x', 70000);
        f->near.room = 100;
        f->far.room = 1000;
        break;
    case 3: /* Refused */
        f->far.answer = H403 "\r\n" BODY;
        f->far.end = UV_EOF;
        break;
    case 4: /* Slow and in little pieces */
        f->far.recv_max = 5;
        f->near.read_max = 2;
        f->near.end = UV_EOF;
        break;
    case 5: /* The local side breaks */
        f->near.write_fails = UV_EPIPE;
        break;
    case 6: /* The protocol is broken, the local side slow */
        f->near.room = 0;
        far_send(&f->far, "\xff", 1);
        break;
    case 7: /* Held back, both sides ending */
        f->config.hold_local = true;
        near_end(&f->near, UV_EOF);
        far_send(&f->far, "\x88\x02\x03\xe8", 4);
        break;
    default: /* The dial fails */
        f->far.dial_fails = ERR_CONNECT;
    }
}

enum { SCENARIOS = 9 };

/* The owner closes after n turns, whatever is going on. */
static void test_close_after_any_turn(void **state)
{
    int which;
    int n;

    (void)state;
    for (which = 0; which < SCENARIOS; which++) {
        for (n = 0; n < 60; n++) {
            struct fixture f;

            fixture_init(&f);
            f.close_on_done = false;
            begin_scenario(&f, which);
            assert_int_equal(start(&f), 0);
            turn(&f, n);
            close_now(&f);
            fixture_free(&f);
        }
    }
}

/* Let *left allocations happen, then none. */
static bool count_down(void *left, size_t size)
{
    (void)size;
    return (*(int *)left)-- > 0;
}

/* Memory runs out after n allocations, whatever is going on. */
static void test_out_of_memory_any_time(void **state)
{
    int which;
    int n;

    (void)state;
    for (which = 0; which < SCENARIOS; which++) {
        for (n = 0; n < 40; n++) {
            struct fixture f;
            int left = n;

            fixture_init(&f);
            f.config.chunks = NULL; /* Each chunk is an allocation. */
            begin_scenario(&f, which);
            mem_set_hook(count_down, &left);
            f.tunnel = tunnel_new(&f.loop, NULL, 1, &f.config);
            if (f.tunnel == NULL) {
                assert_int_equal(n, 0);
                mem_set_hook(NULL, NULL);
                fixture_free(&f);
                continue;
            }
            f.started = true;
            assert_int_equal(
                tunnel_start(f.tunnel, &f.near.local, on_event, on_done, &f),
                0);
            if (which != 2 && which != 6) {
                run_until(&f, &f.closed);
                assert_true(f.done);
            } else {
                turn(&f, 30); /* Stuck for good, or failed. */
            }
            mem_set_hook(NULL, NULL);
            if (!f.closed) {
                close_now(&f);
            }
            fixture_free(&f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(test_request_is_what_the_service_knows,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_split_of_the_stream, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_early_words_share_a_frame, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_early_words_have_a_limit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_held_words_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(test_held_words_and_the_end, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_released_while_dialing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_held_to_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_local_eof_lingers, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_pings_do_not_prolong_the_linger,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_slow_reader_prolongs_the_linger,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_linger, setup, teardown),
        cmocka_unit_test_setup_teardown(test_port_probe_ends_early, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_early_eof_after_words_is_no_probe,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_early_eof_may_mean_silence, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_remote_close, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remote_endings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unreachable_target_has_a_hint,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_remote_eof_after_local_eof, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_remote_eof_while_sending_is_blocked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_reported_after_done,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_received_reason_beats_send_failure,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_send_failure_then_orderly_end,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_send_failure_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_echo_cannot_be_sent, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_local_read_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_local_read_error_while_dialing,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_local_write_error, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_local_write_error_later, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_local_reader_lost, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_local_reader_lost_with_bytes_pending, setup, teardown),
        cmocka_unit_test_setup_teardown(test_local_reader_lost_and_write_stuck,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_local_reader_lost_while_dialing,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_upgrade_outcomes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusal_while_sending_the_request,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusal_before_the_request, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_request_in_pieces, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_dial_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dial_takes_too_long, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_start_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_without_start, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_watch_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_watch_fails_while_upgrading, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_close_in_callbacks, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_close_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_peer_that_does_not_echo, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_data_after_our_close_is_dropped,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_waits_for_its_turn, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_pong_missing_after_one_was_seen,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_pong_never_seen_is_no_failure,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_unasked_pong_is_no_answer, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_no_pong_but_alive_or_unheard,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_ping_flood_costs_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_warning_before_the_end, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_short_durations_have_no_warning,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_stalled_far_side, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stalled_local_side, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_idle_tunnel_gives_its_chunks_back,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_dialing_tunnel_gives_its_chunk_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pool_keeps_a_few, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_pool, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bulk_by_fits_and_starts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_bulk_that_hides, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_slices, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_busy_tunnel_yields, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_busy_local_side_yields, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_short_frames_are_joined, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_keystroke_costs_one_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_close_after_any_turn, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory_any_time, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
