/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_http.c - the emulator's manners as an HTTP server.
 *
 * Ways for it to go wrong, one test each: a head or a body too big, a client
 * too slow or gone, too many clients, bytes that are no HTTP, TLS that is no
 * TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "live_rig.h"

static void several_requests(struct rig *r)
{
    char text[CALLER_HEAD];
    struct caller c;

    CHECK(r, caller_open(&c, r->http_port, NULL, NULL));
    /* One after the other, then three at once, the last one final. */
    for (int i = 0; i < 3; i++) {
        CHECK(r, caller_says(&c, "POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\n"
                                 "abc"));
        CHECK(r, caller_answer(&c, text, sizeof text) == 404);
    }
    CHECK(r, caller_says(&c, "GET /1 HTTP/1.1\r\n\r\n\r\n"
                             "POST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"
                             "GET /3 HTTP/1.0\r\n\r\n"));
    for (int i = 0; i < 3; i++) {
        CHECK(r, caller_answer(&c, text, sizeof text) == 404);
        CHECK(r, (strstr(text, "Connection: close") != NULL) == (i == 2));
    }
    CHECK(r, caller_recv(&c, text, 1) == 0);
    caller_close(&c);
}

static void continue_and_head(struct rig *r)
{
    char text[CALLER_HEAD];
    struct caller c;

    CHECK(r, caller_open(&c, r->http_port, NULL, NULL));
    CHECK(r, caller_says(&c, "POST /x HTTP/1.1\r\nContent-Length: 5\r\n"
                             "Expect: 100-continue\r\n\r\n"));
    CHECK(r, caller_head(&c, text) == 100);
    CHECK(r, caller_says(&c, "hello"));
    CHECK(r, caller_answer(&c, text, sizeof text) == 404);
    CHECK(r, caller_says(&c, "HEAD /x HTTP/1.1\r\n\r\n"
                             "GET /x HTTP/1.1\r\n\r\n"));
    CHECK(r, caller_head(&c, text) == 404);
    CHECK(r, strstr(text, "Content-Length: 0") == NULL);
    CHECK(r, caller_answer(&c, text, sizeof text) == 404); /* No body before. */
    caller_close(&c);
}

static void too_big(struct rig *r)
{
    char text[CALLER_HEAD], chunk[1000];
    struct caller c;

    memset(chunk, 'a', sizeof chunk - 1);
    chunk[sizeof chunk - 1] = '\0';
    CHECK(r, caller_open(&c, r->http_port, NULL, NULL));
    CHECK(r, caller_says(&c, "GET /x HTTP/1.1\r\nlong: "));
    for (int i = 0; i < 40; i++) {
        (void)caller_says(&c, chunk); /* It may hang up on the way. */
    }
    CHECK(r, caller_answer(&c, text, sizeof text) == 431);
    caller_close(&c);

    CHECK(r, caller_open(&c, r->http_port, NULL, NULL));
    CHECK(r, caller_says(&c, "POST /x HTTP/1.1\r\n"
                             "Content-Length: 1048577\r\n\r\n"));
    CHECK(r, caller_answer(&c, text, sizeof text) == 413);
    caller_close(&c);
}

static void too_slow(struct rig *r)
{
    char text[CALLER_HEAD];
    struct caller c;

    CHECK(r, caller_open(&c, r->http_port, NULL, NULL)); /* Says nothing. */
    CHECK(r, caller_recv(&c, text, 1) == 0);
    caller_close(&c);
    CHECK(r, caller_open(&c, r->http_port, NULL, NULL)); /* Half a head. */
    CHECK(r, caller_says(&c, "GET / HT"));
    CHECK(r, caller_answer(&c, text, sizeof text) == 408);
    CHECK(r, caller_recv(&c, text, 1) == 0);
    caller_close(&c);
    CHECK(r, caller_open(&c, r->http_port, NULL, NULL)); /* Half a body. */
    CHECK(r, caller_says(&c, "PUT /x HTTP/1.1\r\nContent-Length: 9\r\n\r\nab"));
    CHECK(r, caller_answer(&c, text, sizeof text) == 408);
    caller_close(&c);
    CHECK(r, caller_open(&c, r->https_port, NULL, NULL)); /* Half a hello. */
    CHECK(r, caller_send(&c, "\x16\x03\x01\x01\x00\x01", 6));
    CHECK(r, caller_recv(&c, text, 1) <= 0);
    caller_close(&c);
}

static void not_tls(struct rig *r)
{
    char text[CALLER_HEAD];
    struct caller c;

    CHECK(r, caller_open(&c, r->https_port, NULL, NULL));
    CHECK(r, caller_says(&c, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    while (caller_recv(&c, text, sizeof text) > 0) {
        /* An alert, perhaps. */
    }
    caller_close(&c);
    rig_both_ports(r);
}

static void too_many(struct rig *r)
{
    struct caller c[8], extra;
    char text[CALLER_HEAD];

    for (int i = 0; i < 8; i++) {
        CHECK(r, caller_open(&c[i], r->http_port, NULL, NULL));
        CHECK(r, caller_says(&c[i], "GET /x HTTP/1.1\r\n\r\n"));
        CHECK(r, caller_answer(&c[i], text, sizeof text) == 404);
    }
    if (caller_open(&extra, r->http_port, NULL, NULL)) {
        CHECK(r, caller_recv(&extra, text, 1) <= 0);
    }
    caller_close(&extra);
    for (int i = 0; i < 8; i++) { /* The others are not disturbed. */
        CHECK(r, caller_says(&c[i], "GET /x HTTP/1.1\r\n\r\n"));
        CHECK(r, caller_answer(&c[i], text, sizeof text) == 404);
        caller_close(&c[i]);
    }
}

/* A deterministic source of trouble. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Make a request that is wrong in some way. */
static size_t spoil(uint32_t *seed, char *text, size_t size)
{
    static const char *const parts[] = {
        "GET /",
        "GET /openTunnel?instanceConnectEndpointId=eice-0abc&remotePort=22",
        "POST / ",
        " HTTP/1.1\r\n",
        " HTTP/9.9\r\n",
        "Host: x\r\n",
        "Upgrade: websocket\r\n",
        "Upgrade: h2c\r\n",
        "Connection: Upgrade\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Sec-WebSocket-Key: short\r\n",
        "Sec-WebSocket-Version: 13\r\n",
        "Content-Length: 4294967296\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: x\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Expect: 100-continue\r\n",
        "\r\n",
        "\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "%00%ff?&=&;=%",
        "\x82\x85\x01\x02\x03\x04hello",
    };
    size_t n = 0, len;
    unsigned pieces = 1 + next_random(seed) % 12;

    for (unsigned i = 0; i < pieces; i++) {
        const char *part =
            parts[next_random(seed) % (sizeof parts / sizeof parts[0])];

        len = strlen(part);
        if (n + len >= size) {
            break;
        }
        memcpy(text + n, part, len);
        n += len;
    }
    for (unsigned i = next_random(seed) % 4; i > 0 && n > 0; i--) {
        text[next_random(seed) % n] = (char)next_random(seed);
    }
    return n;
}

static void malformed(struct rig *r)
{
    uint32_t seed = 1;
    char text[4096], answer[CALLER_HEAD];
    struct caller c;

    for (int i = 0; i < 1000; i++) {
        bool tls = i % 4 == 0;
        size_t n = spoil(&seed, text, sizeof text);

        CHECK(r, caller_open(&c, tls ? r->https_port : r->http_port,
                             tls ? r->ca_file : NULL, "localhost"));
        CHECK(r, caller_send(&c, text, n));
        if (tls) {
            SSL_shutdown(c.ssl);
        }
        shutdown(c.fd, SHUT_WR);
        while (caller_recv(&c, answer, sizeof answer) > 0) {
            /* Whatever it has to say to that. */
        }
        caller_close(&c);
    }
    rig_both_ports(r);
}

/* ---- the tests ---- */

static void run(rig_script script, const struct server_limits *limits)
{
    struct rig r;

    rig_init(&r, NULL);
    if (limits != NULL) {
        r.limits = *limits;
    }
    rig_start(&r);
    rig_run(&r, script);
    rig_stop(&r);
}

static void test_both_ports_answer(void **state)
{
    (void)state;
    run(rig_both_ports, NULL);
}

static void test_a_connection_serves_several_requests(void **state)
{
    (void)state;
    run(several_requests, NULL);
}

static void test_continue_and_head_requests(void **state)
{
    (void)state;
    run(continue_and_head, NULL);
}

static void test_a_request_too_big_is_refused(void **state)
{
    (void)state;
    run(too_big, NULL);
}

/* The machine may be too slow itself to say half a thing within the limit:
 * then once more, with a longer one. */
static void test_a_client_too_slow_is_dropped(void **state)
{
    unsigned limit_ms;
    bool good = false;

    (void)state;
    for (limit_ms = 200; !good; limit_ms *= 4) {
        struct rig r;

        rig_init(&r, NULL);
        r.limits.request_ms = limit_ms;
        rig_start(&r);
        good = rig_try(&r, too_slow);
        rig_stop(&r);
        if (!good && limit_ms > 10000) {
            fail_msg("%s", r.failure);
        }
    }
}

static void test_http_on_the_tls_port_does_no_harm(void **state)
{
    (void)state;
    run(not_tls, NULL);
}

static void test_one_client_too_many_is_reset(void **state)
{
    struct server_limits limits = server_limits_default;

    (void)state;
    limits.connections = 8;
    run(too_many, &limits);
}

static void test_a_thousand_malformed_requests(void **state)
{
    struct server_limits limits = server_limits_default;

    (void)state;
    limits.linger_ms = 100;
    run(malformed, &limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ports_answer),
        cmocka_unit_test(test_a_connection_serves_several_requests),
        cmocka_unit_test(test_continue_and_head_requests),
        cmocka_unit_test(test_a_request_too_big_is_refused),
        cmocka_unit_test(test_a_client_too_slow_is_dropped),
        cmocka_unit_test(test_http_on_the_tls_port_does_no_harm),
        cmocka_unit_test(test_one_client_too_many_is_reset),
        cmocka_unit_test(test_a_thousand_malformed_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
