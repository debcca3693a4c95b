/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_tunnel.c - tunnels through the emulator, from upgrade to CLOSE.
 *
 * Ways for it to go wrong, one test each: it is no upgrade, the gate says no,
 * the target refuses or does not answer, the time is up, nobody moves, the
 * target ends or breaks off, the client ends, breaks off or breaks the
 * protocol, nobody reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
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

/* Read one frame and require what it is. */
static bool expect(struct caller *c, uint8_t first, const void *data,
                   size_t len)
{
    struct frame f;
    bool ok = caller_read_frame(c, &f) && f.first == first && !f.masked &&
              f.len == len && memcmp(f.data, data, len) == 0;

    caller_frame_free(&f);
    return ok;
}

static bool expect_close(struct caller *c, unsigned code, const char *reason)
{
    struct frame f;
    bool ok = caller_read_frame(c, &f) && f.first == 0x88 && f.len >= 2 &&
              (unsigned)(f.data[0] << 8 | f.data[1]) == code &&
              strcmp((char *)f.data + 2, reason) == 0;

    if (!ok && f.data != NULL) {
        fprintf(stderr, "frame %02x, %llu bytes: %s\n", f.first,
                (unsigned long long)f.len, f.len > 2 ? (char *)f.data + 2 : "");
    }
    caller_frame_free(&f);
    return ok;
}

/* The stream ends, in good order. */
static bool expect_end(struct caller *c)
{
    char byte;

    return caller_recv(c, &byte, 1) == 0;
}

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
    CHECK(r, expect(&c, 0x82, "hello", 5));
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
    CHECK(r, expect(&c, 0x88, "", 0));
    CHECK(r, expect_end(&c));
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
    CHECK(r, expect_end(&c));
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
    CHECK(r, expect_close(&c, 1011, "Unable to connect to target"));
    CHECK(r, caller_frame(&c, 0x88, "\x03\xf3", 2));
    CHECK(r, expect_end(&c));
    caller_close(&c);
}

/* A tunnel that is cut says so, and when is in *r->data (ms). */
static void cut(struct rig *r)
{
    uint64_t *took = r->data, begin = uv_hrtime();
    struct caller c;

    CHECK(r, rig_tunnel(r, &c));
    CHECK(r, caller_frame(&c, 0x82, "x", 1));
    CHECK(r, expect(&c, 0x82, "x", 1));
    CHECK(r, expect_close(&c, 1008,
                          r->verdict.idle_s > 0
                              ? "Idle timeout reached"
                              : "Maximum tunnel duration reached"));
    *took = (uv_hrtime() - begin) / 1000000;
    CHECK(r, caller_frame(&c, 0x88, "\x03\xf0", 2));
    CHECK(r, expect_end(&c));
    caller_close(&c);
}

/* Nobody answers its CLOSE, and it ends all the same. */
static void ignored_close(struct rig *r)
{
    struct caller c;

    CHECK(r, rig_tunnel(r, &c));
    CHECK(r, expect_close(&c, 1000, ""));
    CHECK(r, expect_end(&c));
    caller_close(&c);
}

/* 64 MiB to an echo and back, 2 MiB in flight. */
static void bulk(struct rig *r)
{
    enum { RUN = 512 * 1024, RUNS = 128, AHEAD = 4 };
    uint8_t *run = malloc(RUN), *back = malloc(RUN);
    uint64_t sent = 0, got = 0;
    struct caller c;
    struct frame f;

    CHECK(r, run != NULL && back != NULL);
    CHECK(r, rig_tunnel(r, &c));
    while (got < (uint64_t)RUN * RUNS) {
        while (sent < (uint64_t)RUN * RUNS && sent - got < AHEAD * RUN) {
            for (size_t i = 0; i < RUN; i++) {
                run[i] = (uint8_t)((sent + i) * 2654435761u >> 13);
            }
            CHECK(r, caller_frame(&c, 0x82, run, RUN));
            sent += RUN;
        }
        CHECK(r, caller_read_frame(&c, &f) && f.first == 0x82);
        for (size_t i = 0; i < f.len; i++, got++) {
            if (f.data[i] != (uint8_t)(got * 2654435761u >> 13)) {
                CHECK(r, false); /* A byte changed. */
            }
        }
        caller_frame_free(&f);
    }
    free(run);
    free(back);
    caller_close(&c);
}

/* The target talks and goes: everything arrives, then CLOSE. */
static void talker(struct rig *r)
{
    uint64_t got = 0;
    struct caller c;
    struct frame f;

    CHECK(r, rig_tunnel(r, &c));
    for (;;) {
        CHECK(r, caller_read_frame(&c, &f));
        if (f.first != 0x82) {
            break;
        }
        got += f.len;
        caller_frame_free(&f);
    }
    CHECK(r, got == 8 * 1024 * 1024);
    CHECK(r,
          f.first == 0x88 && f.len == 2 && f.data[0] == 3 && f.data[1] == 0xe8);
    caller_frame_free(&f);
    CHECK(r, caller_frame(&c, 0x88, "\x03\xe8", 2));
    CHECK(r, expect_end(&c));
    caller_close(&c);
}

/* What target_listens got, and whether it saw the end. */
static atomic_size_t target_got;
static atomic_bool target_ended;

/* The client talks and goes: the target gets everything.  How it goes is in
 * r->data: "close", "end". */
static void leaver(struct rig *r)
{
    enum { RUN = 256 * 1024 };
    const char *how = r->data;
    char *run = calloc(1, RUN);
    struct caller c;

    CHECK(r, run != NULL);
    CHECK(r, rig_tunnel(r, &c));
    for (int i = 0; i < 16; i++) {
        CHECK(r, caller_frame(&c, 0x82, run, RUN));
    }
    free(run);
    if (strcmp(how, "close") == 0) {
        CHECK(r, caller_frame(&c, 0x88, "\x03\xe8", 2));
        CHECK(r, expect(&c, 0x88, "\x03\xe8", 2));
        CHECK(r, expect_end(&c));
    }
    caller_close(&c);
    for (int i = 0; i < 1000 && !target_ended; i++) {
        usleep(5000);
    }
    CHECK(r, target_ended);
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

static void breaker(struct rig *r)
{
    struct caller c;

    for (int i = 0; i < 4; i++) {
        CHECK(r, rig_tunnel(r, &c));
        CHECK(r, caller_frame(&c, 0x82, "hello", 5));
        if (i % 2 == 0) {
            CHECK(r, expect(&c, 0x82, "hello", 5));
        }
        caller_reset(&c);
    }
}

/* Nobody reads: the client must be stopped, not believed for ever. */
static void flood(struct rig *r)
{
    char *run = calloc(1, 1024 * 1024);
    size_t *taken = r->data;
    uint64_t begin;
    struct caller c;

    CHECK(r, run != NULL);
    CHECK(r, rig_tunnel(r, &c));
    do {
        begin = uv_hrtime();
        if (!caller_frame(&c, 0x82, run, 1024 * 1024)) {
            break;
        }
        ++*taken;
    } while (*taken < 256 && uv_hrtime() - begin < 500 * 1000000ull);
    free(run);
    caller_close(&c);
}

static void throttled(struct rig *r)
{
    uint64_t *took = r->data, begin;
    char *run = calloc(1, 400 * 1024);
    size_t got = 0;
    struct caller c;
    struct frame f;

    CHECK(r, run != NULL);
    CHECK(r, rig_tunnel(r, &c));
    begin = uv_hrtime();
    CHECK(r, caller_frame(&c, 0x82, run, 400 * 1024));
    while (got < 400 * 1024) {
        CHECK(r, caller_read_frame(&c, &f) && f.first == 0x82);
        got += f.len;
        caller_frame_free(&f);
    }
    *took = (uv_hrtime() - begin) / 1000000;
    free(run);
    caller_close(&c);
}

static void many(struct rig *r)
{
    struct caller c[20];
    char text[16];

    for (int i = 0; i < 20; i++) {
        CHECK(r, rig_tunnel(r, &c[i]));
        snprintf(text, sizeof text, "tunnel %d", i);
        CHECK(r, caller_frame(&c[i], 0x82, text, strlen(text)));
    }
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "tunnel %d", i);
        CHECK(r, expect(&c[i], 0x82, text, strlen(text)));
        caller_close(&c[i]);
    }
}

/* ---- targets ---- */

static void target_leaves(struct rig *r, int fd)
{
    (void)r;
    (void)fd;
}

static void target_talks(struct rig *r, int fd)
{
    enum { RUN = 1024 * 1024 };
    char *run = calloc(1, RUN);

    (void)r;
    for (int i = 0; i < 8 && run != NULL; i++) {
        for (ssize_t at = 0, n; at < RUN; at += n) {
            n = send(fd, run + at, (size_t)(RUN - at), MSG_NOSIGNAL);
            if (n <= 0) {
                break;
            }
        }
    }
    free(run);
}

static void target_listens(struct rig *r, int fd)
{
    char chunk[65536];
    ssize_t n;

    (void)r;
    while ((n = recv(fd, chunk, sizeof chunk, 0)) > 0) {
        target_got += (size_t)n;
    }
    target_ended = n == 0;
}

static void target_sleeps(struct rig *r, int fd)
{
    char byte;

    (void)r;
    usleep(2500 * 1000);
    (void)recv(fd, &byte, 1, MSG_PEEK);
}

/* ---- the tests ---- */

static void run(rig_target target, rig_script script, void *data)
{
    struct rig r;

    rig_init(&r, target);
    r.data = data;
    rig_start(&r);
    rig_run(&r, script);
    rig_stop(&r);
}

static void test_the_upgrade_is_what_clients_check(void **state)
{
    (void)state;
    run(target_echo, upgrade, NULL);
}

static void test_frames_of_every_kind(void **state)
{
    (void)state;
    run(target_echo, frames, NULL);
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
    run(target_echo, no_upgrade, NULL);
}

static void test_a_target_that_refuses_is_a_close(void **state)
{
    (void)state;
    run(NULL, unreachable, NULL);
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
    rig_run(&r, many);
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
    assert_in_range((uv_hrtime() - begin) / 1000000, 250, 3000);
    rig_stop(&r);
    for (int i = 0; i < 4; i++) {
        close(filler[i].fd);
    }
}

static void test_the_duration_cuts_a_tunnel(void **state)
{
    uint64_t took = 0;
    struct rig r;

    (void)state;
    rig_init(&r, target_echo);
    r.data = &took;
    r.verdict.duration_s = 2;
    rig_start(&r);
    rig_run(&r, cut);
    rig_stop(&r);
    assert_in_range(took, 1800, 2200);
}

static void test_an_idle_tunnel_is_cut(void **state)
{
    uint64_t took = 0;
    struct rig r;

    (void)state;
    rig_init(&r, target_echo);
    r.data = &took;
    r.verdict.idle_s = 1;
    rig_start(&r);
    rig_run(&r, cut);
    rig_stop(&r);
    assert_in_range(took, 900, 1500);
}

static void test_sixty_four_mebibytes_both_ways(void **state)
{
    (void)state;
    run(target_echo, bulk, NULL);
}

static void test_the_targets_last_words_arrive(void **state)
{
    (void)state;
    run(target_talks, talker, NULL);
}

static void test_the_clients_last_words_arrive(void **state)
{
    char how[2][8] = {"close", "end"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        target_got = 0;
        target_ended = false;
        run(target_listens, leaver, how[i]);
        assert_int_equal(target_got, 4 * 1024 * 1024);
    }
}

static void test_a_close_without_answer_is_not_waited_for(void **state)
{
    (void)state;
    run(target_leaves, ignored_close, NULL);
}

static void test_a_rude_client_is_told(void **state)
{
    (void)state;
    run(target_echo, rude, NULL);
}

static void test_a_client_that_breaks_off(void **state)
{
    (void)state;
    run(target_echo, breaker, NULL);
}

static void test_a_target_that_does_not_read_stops_the_client(void **state)
{
    size_t taken = 0;

    (void)state;
    run(target_sleeps, flood, &taken);
    assert_in_range(taken, 1, 64);
}

/* 400 KiB there and back at 200 KiB/s each way, at the same time. */
static void test_the_throttle_holds(void **state)
{
    uint64_t took = 0;
    struct rig r;

    (void)state;
    rig_init(&r, target_echo);
    r.data = &took;
    r.verdict.bytes_per_s = 200 * 1024;
    rig_start(&r);
    rig_run(&r, throttled);
    rig_stop(&r);
    assert_in_range(took, 1600, 4000);
}

static void test_twenty_tunnels_at_once(void **state)
{
    (void)state;
    run(target_echo, many, NULL);
}

/* Close the emulator while tunnels are in every state. */
static void waiting_client(struct rig *r)
{
    struct caller c;
    char byte;

    if (rig_tunnel(r, &c)) {
        (void)caller_frame(&c, 0x82, "hello", 5);
    }
    while (caller_recv(&c, &byte, 1) > 0) {
        /* Until it is cut off. */
    }
    caller_close(&c);
}

static void run_waiting(void *arg)
{
    waiting_client(arg);
}

static void test_close_after_n_turns(void **state)
{
    (void)state;
    for (int turns = 0; turns < 40; turns += 1 + turns / 10) {
        uv_thread_t thread;
        struct rig r;

        rig_init(&r, target_echo);
        rig_start(&r);
        assert_int_equal(uv_thread_create(&thread, run_waiting, &r), 0);
        for (int i = 0; i < turns; i++) {
            uv_run(&r.loop, UV_RUN_NOWAIT);
            usleep(500); /* The client needs a moment, too. */
        }
        rig_stop(&r);
        uv_thread_join(&thread);
    }
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
        (void)expect(&c, 0x82, "hello", 5);
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
        cmocka_unit_test(test_the_duration_cuts_a_tunnel),
        cmocka_unit_test(test_an_idle_tunnel_is_cut),
        cmocka_unit_test(test_sixty_four_mebibytes_both_ways),
        cmocka_unit_test(test_the_targets_last_words_arrive),
        cmocka_unit_test(test_the_clients_last_words_arrive),
        cmocka_unit_test(test_a_close_without_answer_is_not_waited_for),
        cmocka_unit_test(test_a_rude_client_is_told),
        cmocka_unit_test(test_a_client_that_breaks_off),
        cmocka_unit_test(test_a_target_that_does_not_read_stops_the_client),
        cmocka_unit_test(test_the_throttle_holds),
        cmocka_unit_test(test_twenty_tunnels_at_once),
        cmocka_unit_test(test_close_after_n_turns),
        cmocka_unit_test(test_a_tunnel_survives_short_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
