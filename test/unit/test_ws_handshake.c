/* SPDX-License-Identifier: Apache-2.0 */
/* test_ws_handshake.c - the upgrade request, and every answer to it we could
 * think of, fed whole and one byte at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "mem.h"
#include "scarce.h"
#include "ws_handshake.h"
#include "ws_refusal.h"
#include "ws_response.h"

/* The key and the answer of RFC 6455 section 1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static void test_key_and_accept_as_the_rfc_shows(void **state)
{
    char accept[WS_ACCEPT_SIZE];
    char key[WS_KEY_SIZE];

    (void)state;
    ws_key_text((const uint8_t *)"the sample nonce", key);
    assert_string_equal(key, KEY);
    ws_accept_text(key, accept);
    assert_string_equal(accept, ACCEPT);
}

static void test_request_has_the_cli_order(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4096);
    assert_int_equal(ws_request_text(&b, "h.example:8443",
                                     "/openTunnel?a=b&c=%3A", "eice/1.0 lib/2",
                                     KEY, NULL),
                     0);
    assert_string_equal(buf_str(&b), "GET /openTunnel?a=b&c=%3A HTTP/1.1\r\n"
                                     "Host: h.example:8443\r\n"
                                     "Upgrade: websocket\r\n"
                                     "Connection: Upgrade\r\n"
                                     "Sec-WebSocket-Key: " KEY "\r\n"
                                     "Sec-WebSocket-Version: 13\r\n"
                                     "User-Agent: eice/1.0 lib/2\r\n"
                                     "\r\n");
    buf_free(&b);
}

static void test_request_cannot_be_injected_into(void **state)
{
    static const struct {
        const char *host, *target, *agent;
    } rows[] = {
        {"h\r\nX: y", "/", "a"}, {"h\n", "/", "a"},   {"h x", "/", "a"},
        {"", "/", "a"},          {"h\x7f", "/", "a"}, {"h", "/ HTTP/1.1", "a"},
        {"h", "/\r\n\r\n", "a"}, {"h", "", "a"},      {"h", "x", "a"},
        {"h", "/", "a\r\nb: c"}, {"h", "/", ""},      {"h", "/\ta", "a"},
    };
    struct err e;
    struct buf b;
    size_t i;

    (void)state;
    buf_init(&b, 4096);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(ws_request_text(&b, rows[i].host, rows[i].target,
                                         rows[i].agent, KEY, &e),
                         ERR_USAGE);
        assert_int_equal(b.len, 0);
        assert_null(strstr(e.msg, "X: y"));
    }
    b.limit = 20;
    assert_int_equal(ws_request_text(&b, "h", "/", "a", KEY, &e), ERR_TOO_BIG);
    buf_free(&b);
}

/* What a response came to. */
struct outcome {
    enum ws_verdict verdict;
    int code;
    size_t used;
    char date[64];
    struct err err;
};

/* Feed @text in pieces of @step, then end. */
static void feed(const char *text, size_t len, size_t step,
                 struct outcome *outcome)
{
    struct ws_response r;
    size_t used = 0;
    size_t pos = 0;

    memset(outcome, 0, sizeof *outcome);
    ws_response_init(&r, KEY);
    while (pos < len && r.verdict == WS_VERDICT_MORE) {
        size_t n = len - pos < step ? len - pos : step;

        ws_response_feed(&r, text + pos, n, &used);
        assert_true(used == n || r.verdict != WS_VERDICT_MORE);
        pos += used;
    }
    outcome->used = pos;
    outcome->verdict = ws_response_end(&r);
    if (outcome->verdict != WS_VERDICT_ACCEPTED) {
        outcome->code = ws_response_explain(&r, &outcome->err);
    } else {
        strcpy(outcome->err.request_id, r.request_id);
    }
    strcpy(outcome->date, r.date);
    ws_response_free(&r);
}

#define LINE_101 "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: upgrade\r\n"
#define ACCEPT_LINE "Sec-WebSocket-Accept: " ACCEPT "\r\n"
#define GOOD LINE_101 UPGRADE CONNECTION ACCEPT_LINE
#define NOT_WS "the endpoint's answer is not a WebSocket's: "
#define NO "the endpoint refused the tunnel: "

struct row {
    const char *text;
    enum ws_verdict verdict;
    size_t left;        /* Bytes after the response */
    const char *expect; /* Error message, or the request id */
};

static void check_rows(const struct row *rows, size_t count)
{
    size_t i;
    size_t step;

    for (i = 0; i < count; i++) {
        size_t len = strlen(rows[i].text);

        for (step = 1; step <= len; step = step * 3 + 1) {
            struct outcome o;

            feed(rows[i].text, len, step > len / 3 ? len : step, &o);
            assert_int_equal(o.verdict, rows[i].verdict);
            if (o.verdict == WS_VERDICT_ACCEPTED) {
                assert_int_equal(len - o.used, rows[i].left);
                assert_string_equal(o.err.request_id, rows[i].expect);
            } else {
                assert_string_equal(o.err.msg, rows[i].expect);
            }
        }
    }
}

static void test_response_accepted(void **state)
{
    static const struct row rows[] = {
        {GOOD "\r\n", WS_VERDICT_ACCEPTED, 0, ""},
        {GOOD "\r\n\x82\x01x", WS_VERDICT_ACCEPTED, 3, ""},
        {GOOD "x-amzn-RequestId: ab-cd\r\n\r\n", WS_VERDICT_ACCEPTED, 0,
         "ab-cd"},
        /* Any case, any order, odd white space, a list. */
        {LINE_101 "CONNECTION:keep-alive,  Upgrade\r\nupgrade:\tWebSocket \r\n"
                  "sec-websocket-accept:" ACCEPT "  \r\n\r\n",
         WS_VERDICT_ACCEPTED, 0, ""},
        {LINE_101
         "Connection: close\r\nConnection: upgrade\r\n" UPGRADE ACCEPT_LINE
         "\r\n",
         WS_VERDICT_ACCEPTED, 0, ""},
        /* Lines that end in LF alone, no reason phrase. */
        {"HTTP/1.1 101\nUpgrade: websocket\nConnection: upgrade\n"
         "Sec-WebSocket-Accept: " ACCEPT "\n\nzz",
         WS_VERDICT_ACCEPTED, 2, ""},
        /* An interim answer first. */
        {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" GOOD "\r\n",
         WS_VERDICT_ACCEPTED, 0, ""},
    };

    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void test_response_bad(void **state)
{
    static const struct row rows[] = {
        {"", WS_VERDICT_BAD, 0, NOT_WS "there is none"},
        {"SSH-2.0-OpenSSH_9.2\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "it is not HTTP/1.1"},
        {"HTTP/2 101 x\r\n", WS_VERDICT_BAD, 0, NOT_WS "it is not HTTP/1.1"},
        {"HTTP/1.1\r\n", WS_VERDICT_BAD, 0, NOT_WS "it is not HTTP/1.1"},
        {"HTTP/1.0 101 x\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "HTTP/1.0 cannot upgrade"},
        {"HTTP/1.1 1O1 x\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "its status line is unreadable"},
        {"HTTP/1.1 1011 x\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "its status line is unreadable"},
        {"HTTP/1.1 099 x\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "its status line is unreadable"},
        {"HTTP/1.1 \r\n", WS_VERDICT_BAD, 0,
         NOT_WS "its status line is unreadable"},
        {"HTTP/1.1 101 x\r\nUpgr", WS_VERDICT_BAD, 0,
         NOT_WS "it breaks off in its headers"},
        {LINE_101 CONNECTION ACCEPT_LINE "\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "its Upgrade header is missing"},
        {LINE_101 "Upgrade: h2c\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "its Upgrade header names another protocol"},
        {LINE_101 UPGRADE ACCEPT_LINE "\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "its Connection header does not say upgrade"},
        {LINE_101 UPGRADE "Connection: upgraded\r\n" ACCEPT_LINE "\r\n",
         WS_VERDICT_BAD, 0,
         NOT_WS "its Connection header does not say upgrade"},
        {LINE_101 UPGRADE CONNECTION "\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "its Sec-WebSocket-Accept header is missing"},
        {LINE_101 "Sec-WebSocket-Accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n",
         WS_VERDICT_BAD, 0,
         NOT_WS "its Sec-WebSocket-Accept does not match our key"},
        {GOOD ACCEPT_LINE, WS_VERDICT_BAD, 0,
         NOT_WS "its Sec-WebSocket-Accept does not match our key"},
        {GOOD "Sec-WebSocket-Protocol: x\r\n\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "it chose a subprotocol that was not offered"},
        {GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
         WS_VERDICT_BAD, 0,
         NOT_WS "it chose an extension that was not offered"},
        {GOOD "no colon here\r\n\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "one of its header lines is malformed"},
        {GOOD "Space : before\r\n\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "one of its header lines is malformed"},
        {GOOD " folded\r\n\r\n", WS_VERDICT_BAD, 0,
         NOT_WS "one of its header lines is malformed"},
    };

    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

#define H403 "HTTP/1.1 403 Forbidden\r\n"

static void test_response_refused(void **state)
{
    static const struct row rows[] = {
        {"HTTP/1.1 400 Bad Request\r\nContent-Length: 58\r\n\r\n"
         "{\"ErrorCode\":\"InvalidParameter\",\"Message\":\"The "
         "RemotePort.\"}x",
         WS_VERDICT_REFUSED, 0,
         NO "InvalidParameter: The RemotePort. (HTTP 400)"},
        {H403 "Content-Length: 0\r\n\r\n", WS_VERDICT_REFUSED, 0,
         NO "HTTP 403"},
        {H403 "\r\n", WS_VERDICT_REFUSED, 0, NO "HTTP 403"},
        {"HTTP/1.1 204 No\r\n\r\n", WS_VERDICT_REFUSED, 0, NO "HTTP 204"},
        {"HTTP/1.1 200 OK\r\n\r\nhello", WS_VERDICT_REFUSED, 0,
         NO "hello (HTTP 200)"},
        {"HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n", WS_VERDICT_REFUSED, 0,
         NO "HTTP 302"},
        /* A body that breaks off says what it can. */
        {H403 "Content-Length: 500\r\n\r\n{\"ErrorCode\":\"AccessDenied\","
              "\"Message\":\"User: arn:aws",
         WS_VERDICT_REFUSED, 0, NO "AccessDenied: User: arn:aws (HTTP 403)"},
        /* Chunked, with an extension and a trailer; both cases of hex. */
        {H403
         "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
         "A;x=y\r\n{\"ErrorCod\r\n1a\r\ne\":\"Odd\",\"Message\":\"why?\"}\r\n"
         "0\r\nT: z\r\n\r\n",
         WS_VERDICT_REFUSED, 0, NO "Odd: why? (HTTP 403)"},
        {H403 "Transfer-Encoding: chunked\r\n\r\nzz\r\n", WS_VERDICT_REFUSED, 0,
         NO "HTTP 403"},
        {H403 "Transfer-Encoding: chunked\r\n\r\n5\r\nab", WS_VERDICT_REFUSED,
         0, NO "ab (HTTP 403)"},
        /* HTML, another spelling, escapes, nesting, malformed headers. */
        {"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n"
         "<html><head><title>502 Bad Gateway</title></head>\r\n<body>\x1b[1m"
         "</body></html>",
         WS_VERDICT_REFUSED, 0, NO "502 Bad Gateway [1m (HTTP 502)"},
        {H403 "\r\n{\"message\":\"Forbidden\"}", WS_VERDICT_REFUSED, 0,
         NO "Forbidden (HTTP 403)"},
        {H403 "\r\n{\"__type\":\"X\",\"message\":\"a\\n\\u00fc\\ud83d\\ude00\\q"
              "\\ud800\"}",
         WS_VERDICT_REFUSED, 0, NO "X: a \xc3\xbc\xf0\x9f\x98\x80? (HTTP 403)"},
        {H403 "\r\n{\"Inner\":{\"ErrorCode\":\"No\"},\"List\":[\"Message\"],"
              "\"ErrorCode\" : \"Yes\"}",
         WS_VERDICT_REFUSED, 0, NO "Yes (HTTP 403)"},
        {H403 "\r\n{\"message\":\"bad \\uZZZZ\\u12\",\"Other\":\"x\"}",
         WS_VERDICT_REFUSED, 0, NO "bad ZZZZ12 (HTTP 403)"},
        {H403 "broken line\r\n folded\r\nContent-Length: junk\r\n\r\n"
              "{\"ErrorCode\":\"C\"}",
         WS_VERDICT_REFUSED, 0, NO "C (HTTP 403)"},
        /* A quoted request must not show what it was signed with. */
        {H403 "\r\n{\"Message\":\"no X-Amz-Signature at all\"}",
         WS_VERDICT_REFUSED, 0, NO "no X-Amz-Signature at all (HTTP 403)"},
        {H403 "\r\n{\"Message\":\"should be 'x-amz-security-token=SECRET&"
              "X-Amz-Signature=SECRET'\"}",
         WS_VERDICT_REFUSED, 0,
         NO "should be 'x-amz-security-token=&X-Amz-Signature=' (HTTP 403)"},
    };

    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void test_response_keeps_facts_of_a_refusal(void **state)
{
    static const char text[] =
        "HTTP/1.1 403 Forbidden\r\n"
        "Date: Sat, 25 Jul 2026 10:00:00 GMT\r\n"
        "X-AMZN-REQUESTID: 11-22\r\n"
        "Content-Length: 48\r\n\r\n"
        "{\"ErrorCode\":\"AccessDenied\",\"Message\":\"not you\"}";
    struct outcome o;

    (void)state;
    feed(text, sizeof text - 1, sizeof text, &o);
    assert_int_equal(o.verdict, WS_VERDICT_REFUSED);
    assert_int_equal(o.code, ERR_UPGRADE);
    assert_int_equal(o.err.http_status, 403);
    assert_string_equal(o.err.remote_code, "AccessDenied");
    assert_string_equal(o.err.request_id, "11-22");
    assert_string_equal(o.date, "Sat, 25 Jul 2026 10:00:00 GMT");
}

/* Feed @line again and again; returns the bytes taken before a verdict. */
static size_t feed_forever(struct ws_response *r, const char *line)
{
    size_t total = 0;
    size_t used;

    while (r->verdict == WS_VERDICT_MORE) {
        ws_response_feed(r, line, strlen(line), &used);
        total += used;
        assert_true(total < 100000);
    }
    return total;
}

static void test_response_has_limits(void **state)
{
    static const char *const floods[] = {"x", "A: b\r\n",
                                         "HTTP/1.1 100 C\r\n\r\n"};
    struct ws_response r;
    size_t used;
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        ws_response_init(&r, KEY);
        ws_response_feed(&r, "HTTP/1.1 100 C\r\n", i < 2 ? 16 : 0, &used);
        assert_true(feed_forever(&r, floods[i]) <= WS_RESPONSE_HEAD_MAX + 20);
        assert_int_equal(r.verdict, WS_VERDICT_BAD);
        assert_string_equal(r.why, "its headers are too long");
        ws_response_free(&r);
    }
    ws_response_init(&r, KEY);
    ws_response_feed(&r, H403 "\r\n", sizeof H403 + 1, &used);
    assert_int_equal(feed_forever(&r, "12345678"), WS_RESPONSE_BODY_MAX);
    assert_int_equal(r.verdict, WS_VERDICT_REFUSED);
    ws_response_free(&r);

    ws_response_init(&r, KEY);
    ws_response_feed(&r, "HTTP/1.1 200 O\0K\r\n", 18, &used);
    assert_int_equal(r.verdict, WS_VERDICT_BAD);
    ws_response_free(&r);
}

/* The trailer of an endless chunked body is a flood too. */
static void test_response_trailer_has_a_limit(void **state)
{
    static const char head[] = H403 "Transfer-Encoding: chunked\r\n\r\n0\r\n";
    struct ws_response r;
    size_t used;

    (void)state;
    ws_response_init(&r, KEY);
    ws_response_feed(&r, head, sizeof head - 1, &used);
    assert_true(feed_forever(&r, "A: b\r\n") <= WS_RESPONSE_HEAD_MAX + 20);
    assert_int_equal(r.verdict, WS_VERDICT_REFUSED);
    ws_response_free(&r);
}

static void test_response_survives_lack_of_memory(void **state)
{
    static const char text[] =
        H403 "Content-Length: 17\r\n\r\n{\"ErrorCode\":\"C\"}";
    int n;

    (void)state;
    for (n = 0; n < 10; n++) {
        struct ws_response r;
        size_t used;
        struct scarce scarce = {.left = n};

        ws_response_init(&r, KEY);
        mem_set_hook(scarce_after, &scarce);
        ws_response_feed(&r, text, sizeof text - 1, &used);
        mem_set_hook(NULL, NULL);
        assert_int_equal(ws_response_end(&r),
                         n == 0 ? WS_VERDICT_BAD : WS_VERDICT_REFUSED);
        if (n == 0) {
            assert_string_equal(r.why, "there is no memory to read it");
        }
        ws_response_free(&r);
    }
}

/* A long message is cut between characters and stays terminated. */
static void test_refusal_fits_small_places(void **state)
{
    static const char body[] = "{\"ErrorCode\":\"LongLongLong\",\"Message\":"
                               "\"\\u20ac\\u20ac\\u20ac\"}";
    char message[8];
    char code[5];
    char line[6];

    (void)state;
    ws_refusal_json(body, sizeof body - 1, code, sizeof code, message,
                    sizeof message);
    assert_string_equal(code, "Long");
    assert_string_equal(message, "\xe2\x82\xac\xe2\x82\xac");
    ws_refusal_plain("  <b>ab</b> cdef", 16, line, sizeof line);
    assert_string_equal(line, "ab cd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_and_accept_as_the_rfc_shows),
        cmocka_unit_test(test_request_has_the_cli_order),
        cmocka_unit_test(test_request_cannot_be_injected_into),
        cmocka_unit_test(test_response_accepted),
        cmocka_unit_test(test_response_bad),
        cmocka_unit_test(test_response_refused),
        cmocka_unit_test(test_response_keeps_facts_of_a_refusal),
        cmocka_unit_test(test_response_has_limits),
        cmocka_unit_test(test_response_trailer_has_a_limit),
        cmocka_unit_test(test_response_survives_lack_of_memory),
        cmocka_unit_test(test_refusal_fits_small_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
