/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_faults.c - tunnels that go wrong as ordered, one test a fault.
 *
 * The orders come by the control call, so that is tested, too. */
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

enum { BRIEF_MS = 1000 }; /* How long to wait for what never comes */

static const char host[] = "eice-0abc.localhost";
static const char query[] = "instanceConnectEndpointId=eice-0abc&remotePort=22";

/* Order faults for the endpoint, in a JSON array, with ' for ". */
static bool plan(struct rig *r, const char *endpoint, const char *faults)
{
    char json[2048], text[CALLER_HEAD];

    snprintf(json, sizeof json, "{'do':'faults','endpoint':'%s','faults':%s}",
             endpoint, faults);
    for (char *p = json; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    if (rig_order(r, json, text) != 200) {
        fprintf(stderr, "%s: %s\n", json, text);
        return false;
    }
    return true;
}

static bool connect_to(struct rig *r, struct caller *c)
{
    return caller_open(c, r->https_port, r->ca_file, host);
}

static bool tunnel(struct rig *r, struct caller *c)
{
    char head[CALLER_HEAD];

    return connect_to(r, c) && caller_upgrade(c, query, head) == 101;
}

/* An echo through the tunnel. */
static bool echoes(struct caller *c)
{
    struct frame f;
    bool ok = caller_frame(c, 0x82, "hello", 5) && caller_read_frame(c, &f) &&
              f.first == 0x82 && strcmp((char *)f.data, "hello") == 0;

    caller_frame_free(&f);
    return ok;
}

/* ---- scripts ---- */

static void hello_stage(struct rig *r)
{
    static const char *const flaws[] = {"expired", "wrong-host", "untrusted"};
    char order_text[256], byte;
    struct caller c;

    for (size_t i = 0; i < 3; i++) {
        snprintf(order_text, sizeof order_text,
                 "[{'at':'hello','do':'certificate','flaw':'%s'}]", flaws[i]);
        CHECK(r, plan(r, "eice-0abc", order_text));
        CHECK(r, !connect_to(r, &c));
        CHECK(r, SSL_get_verify_result(c.ssl) ==
                     (i == 0   ? X509_V_ERR_CERT_HAS_EXPIRED
                      : i == 1 ? X509_V_ERR_HOSTNAME_MISMATCH
                               : X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT));
        caller_close(&c);
        /* Nobody else is concerned. */
        CHECK(r, caller_open(&c, r->https_port, r->ca_file, "localhost"));
        caller_close(&c);
    }
    CHECK(r, plan(r, "eice-0abc", "[{'at':'hello','do':'reset'}]"));
    CHECK(r, !connect_to(r, &c));
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc", "[{'at':'hello','do':'end'}]"));
    CHECK(r, !connect_to(r, &c));
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc", "[{'at':'hello','do':'delay','ms':300}]"));
    uint64_t begin = uv_hrtime();
    CHECK(r, tunnel(r, &c));
    CHECK(r, uv_hrtime() - begin > 290 * 1000000ull);
    CHECK(r, echoes(&c));
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc", "[{'at':'hello','do':'stall'}]"));
    CHECK(r, caller_open(&c, r->https_port, NULL, NULL));
    caller_patience(&c, BRIEF_MS);
    char sni[256]; /* OpenSSL's macro wants it writable. */
    snprintf(sni, sizeof sni, "%s", host);
    c.ctx = SSL_CTX_new(TLS_client_method());
    c.ssl = SSL_new(c.ctx);
    SSL_set_tlsext_host_name(c.ssl, sni);
    SSL_set_fd(c.ssl, c.fd);
    begin = uv_hrtime();
    CHECK(r, !caller_handshake(&c));
    CHECK(r, uv_hrtime() - begin > 900 * 1000000ull);
    SSL_free(c.ssl);
    c.ssl = NULL;
    CHECK(r, caller_recv(&c, &byte, 1) != 0);
    caller_close(&c);
}

static void accept_stage(struct rig *r)
{
    char text[64];
    struct caller c;

    CHECK(r, plan(r, "*", "[{'at':'accept','do':'reset'}]"));
    CHECK(r, !caller_open(&c, r->https_port, r->ca_file, "localhost"));
    caller_close(&c);
    CHECK(r, plan(r, "*", "[{'at':'accept','do':'end'}]"));
    CHECK(r, !caller_open(&c, r->https_port, r->ca_file, "localhost"));
    caller_close(&c);
    CHECK(r, plan(r, "*", "[{'at':'accept','do':'send','text':'go away'}]"));
    CHECK(r, caller_open(&c, r->https_port, NULL, NULL));
    CHECK(r, caller_recv_all(&c, text, 7) && memcmp(text, "go away", 7) == 0);
    CHECK(r, caller_recv(&c, text, 1) == 0);
    caller_close(&c);
    CHECK(r, plan(r, "*", "[{'at':'accept','do':'delay','ms':200}]"));
    CHECK(r, tunnel(r, &c) && echoes(&c));
    caller_close(&c);
    CHECK(r, plan(r, "*", "[{'at':'accept','do':'stall'}]"));
    CHECK(r, caller_open(&c, r->https_port, NULL, NULL));
    caller_patience(&c, BRIEF_MS);
    CHECK(r, caller_recv(&c, text, 1) == -1);
    caller_close(&c);
    CHECK(r, plan(r, "*", "[]"));
    CHECK(r, tunnel(r, &c) && echoes(&c));
    caller_close(&c);
}

static void request_stage(struct rig *r)
{
    char text[CALLER_HEAD];
    struct caller c;

    CHECK(r, plan(r, "eice-0abc",
                  "[{'at':'request','do':'refuse','status':503,"
                  "'body':'<html>busy</html>','times':2,"
                  "'headers':{'Content-Type':'text/html',"
                  "'Retry-After':'1'}}]"));
    for (int i = 0; i < 2; i++) {
        CHECK(r, connect_to(r, &c));
        CHECK(r, caller_upgrade(&c, query, text) == 503);
        CHECK(r, strstr(text, "Retry-After: 1\r\n") != NULL);
        CHECK(r, strstr(text, "Content-Length: 17\r\n") != NULL);
        CHECK(r, caller_recv_all(&c, text, 17));
        CHECK(r, memcmp(text, "<html>busy</html>", 17) == 0);
        CHECK(r, caller_recv(&c, text, 1) == 0);
        caller_close(&c);
    }
    CHECK(r, tunnel(r, &c) && echoes(&c)); /* Twice, then success. */
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc",
                  "{'at':'request','do':'refuse','status':403,"
                  "'body':'0123456789','truncate':4}"));
    CHECK(r, connect_to(r, &c));
    CHECK(r, caller_upgrade(&c, query, text) == 403);
    CHECK(r, strstr(text, "Content-Length: 10\r\n") != NULL);
    CHECK(r, caller_recv_all(&c, text, 4));
    CHECK(r, caller_recv(&c, text, 1) == 0);
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc", "{'at':'request','do':'reset'}"));
    CHECK(r, connect_to(r, &c));
    CHECK(r, caller_upgrade(&c, query, text) == -1);
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc",
                  "[{'at':'request','do':'send','hex':'00ff'},"
                  "{'at':'request','do':'end','abrupt':true}]"));
    CHECK(r, connect_to(r, &c));
    CHECK(r, caller_upgrade(&c, query, text) == -1);
    CHECK(r, memcmp(text, "\x00\xff", 2) == 0);
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc", "{'at':'request','do':'delay','ms':250}"));
    CHECK(r, tunnel(r, &c) && echoes(&c));
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc", "{'at':'request','do':'stall'}"));
    CHECK(r, connect_to(r, &c));
    caller_patience(&c, BRIEF_MS);
    CHECK(r, caller_upgrade(&c, query, text) == -1);
    caller_close(&c);
}

static void answer_stage(struct rig *r)
{
    char head[CALLER_HEAD];
    struct caller c;

    CHECK(r, plan(r, "eice-0abc",
                  "[{'at':'answer','do':'bad-accept'},"
                  "{'at':'answer','do':'header',"
                  "'name':'Sec-WebSocket-Protocol','value':'chat'},"
                  "{'at':'answer','do':'drop-header','name':'Upgrade'}]"));
    CHECK(r, connect_to(r, &c));
    CHECK(r, caller_upgrade(&c, query, head) == 101);
    CHECK(r, strstr(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == NULL);
    CHECK(r, strstr(head, "\r\nSec-WebSocket-Accept: AAAA") != NULL);
    CHECK(r, strstr(head, "\r\nSec-WebSocket-Protocol: chat\r\n") != NULL);
    CHECK(r, strstr(head, "\r\nUpgrade:") == NULL);
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc",
                  "[{'at':'answer','do':'truncate','count':20},"
                  "{'at':'open','do':'end'}]"));
    CHECK(r, connect_to(r, &c));
    CHECK(r, caller_upgrade(&c, query, head) == -1);
    CHECK(r, strcmp(head, "HTTP/1.1 101 Switchi") == 0);
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc",
                  "[{'at':'answer','do':'delay','ms':200,'times':1}]"));
    CHECK(r, tunnel(r, &c) && echoes(&c));
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc", "[{'at':'answer','do':'stall'}]"));
    CHECK(r, connect_to(r, &c));
    caller_patience(&c, BRIEF_MS);
    CHECK(r, caller_upgrade(&c, query, head) == -1 && head[0] == '\0');
    caller_close(&c);
}

/* Frames that are put right after the 101, and what they look like. */
static void frames(struct rig *r)
{
    static const struct {
        const char *fault;
        size_t len;
        const char *bytes;
    } cases[] = {
        {"'do':'text','text':'hi'", 4, "\x81\x02hi"},
        {"'do':'ping','count':2", 12, "\x89\x04ping\x89\x04ping"},
        {"'do':'masked'", 11, "\x82\x85\0\0\0\0hello"},
        {"'do':'reserved-bit'", 7, "\xc2\x05hello"},
        {"'do':'reserved-opcode'", 7, "\x83\x05hello"},
        {"'do':'orphan'", 7, "\x80\x05hello"},
        {"'do':'long-ping'", 5, "\x89\x7e\x00\x7e\0"},
        {"'do':'huge'", 10, "\x82\x7f\x40\0\0\0\0\0\0\0"},
        {"'do':'send','hex':'deadbeef'", 4, "\xde\xad\xbe\xef"},
        {"'do':'close','code':1011,'reason':'no'", 6, "\x88\x04\x03\xf3no"},
        {"'do':'close','payload':''", 2, "\x88\x00"},
        {"'do':'close','payload':'03'", 3, "\x88\x01\x03"},
    };
    char order_text[256], got[32];
    struct caller c;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(order_text, sizeof order_text, "[{'at':'open',%s}]",
                 cases[i].fault);
        CHECK(r, plan(r, "eice-0abc", order_text));
        CHECK(r, tunnel(r, &c));
        CHECK(r, caller_recv_all(&c, got, cases[i].len));
        CHECK(r, memcmp(got, cases[i].bytes, cases[i].len) == 0);
        if (strstr(cases[i].fault, "close") != NULL) {
            CHECK(r, caller_frame(&c, 0x88, "\x03\xe8", 2));
            CHECK(r, caller_recv(&c, got, 1) == 0);
        }
        caller_close(&c);
    }
}

static void fragments(struct rig *r)
{
    char got[64] = "";
    struct caller c;
    struct frame f;

    CHECK(r, plan(r, "eice-0abc", "[{'at':'open','do':'fragments'}]"));
    CHECK(r, tunnel(r, &c));
    CHECK(r, caller_frame(&c, 0x82, "fragmented", 10));
    for (int i = 0; strlen(got) < 10; i++) {
        CHECK(r, caller_read_frame(&c, &f));
        CHECK(r, (f.first & 0x0f) == (i == 0 ? 2 : 0));
        strcat(got, (char *)f.data);
        CHECK(r, ((f.first & 0x80) != 0) == (strlen(got) == 10));
        caller_frame_free(&f);
    }
    CHECK(r, strcmp(got, "fragmented") == 0);
    caller_close(&c);
}

/* In the middle of a stream. */
static void down_stage(struct rig *r)
{
    char *run = calloc(1, 100000), byte;
    struct caller c;
    struct frame f;
    size_t got = 0;

    CHECK(r, run != NULL);
    /* A TEXT frame waits for the end of the frame it fell into. */
    CHECK(r, plan(r, "eice-0abc",
                  "[{'at':'down','after':3,'do':'text','text':'mid'}]"));
    CHECK(r, tunnel(r, &c));
    CHECK(r, caller_frame(&c, 0x82, "hello", 5));
    CHECK(r, caller_read_frame(&c, &f) && f.first == 0x82 && f.len == 5);
    caller_frame_free(&f);
    CHECK(r, caller_read_frame(&c, &f) && f.first == 0x81 && f.len == 3);
    caller_frame_free(&f);
    CHECK(r, echoes(&c));
    caller_close(&c);
    /* RST, end and stall come exactly where they shall. */
    CHECK(r, plan(r, "eice-0abc",
                  "[{'at':'down','after':50000,'do':'end','abrupt':true}]"));
    CHECK(r, tunnel(r, &c));
    CHECK(r, caller_frame(&c, 0x82, run, 100000));
    while (caller_recv(&c, &byte, 1) == 1) {
        got++;
    }
    CHECK(r, got == 50000);
    caller_close(&c);
    CHECK(r,
          plan(r, "eice-0abc", "[{'at':'down','after':50000,'do':'reset'}]"));
    CHECK(r, tunnel(r, &c));
    /* The byte that brings the RST is in the last TLS record that is written,
     * so that the RST cannot come in the middle of writing. */
    CHECK(r, caller_frame(&c, 0x82, run, 60000));
    CHECK(r, caller_recv_all(&c, run, 10) && !caller_recv_all(&c, run, 60000));
    caller_close(&c);
    CHECK(r,
          plan(r, "eice-0abc", "[{'at':'down','after':50000,'do':'stall'}]"));
    CHECK(r, tunnel(r, &c));
    memset(run, 0, 100000);
    CHECK(r, caller_frame(&c, 0x82, run, 100000));
    CHECK(r, caller_recv_all(&c, run, 50000));
    caller_patience(&c, BRIEF_MS);
    CHECK(r, caller_recv(&c, run, 1) == -1);
    caller_close(&c);
    /* A delay loses nothing. */
    CHECK(r, plan(r, "eice-0abc",
                  "[{'at':'down','after':30000,'do':'delay','ms':200},"
                  "{'at':'down','after':60000,'do':'delay','ms':200}]"));
    CHECK(r, tunnel(r, &c));
    for (int i = 0; i < 100000; i++) {
        run[i] = (char)(i * 7);
    }
    CHECK(r, caller_frame(&c, 0x82, run, 100000));
    for (got = 0; got < 100000;) {
        CHECK(r, caller_read_frame(&c, &f) && f.first == 0x82);
        CHECK(r, memcmp(f.data, run + got, f.len) == 0);
        got += f.len;
        caller_frame_free(&f);
    }
    caller_close(&c);
    free(run);
}

static void up_stage(struct rig *r)
{
    char byte;
    struct caller c;
    struct frame f;

    CHECK(r, plan(r, "eice-0abc",
                  "[{'at':'up','after':20,'do':'close','code':4000,"
                  "'reason':'enough'}]"));
    CHECK(r, tunnel(r, &c));
    CHECK(r, echoes(&c)); /* Eleven bytes; the next will be too many. */
    CHECK(r, caller_frame(&c, 0x82, "hello", 5));
    CHECK(r, caller_read_frame(&c, &f) && f.first == 0x88);
    CHECK(r, strcmp((char *)f.data + 2, "enough") == 0);
    caller_frame_free(&f);
    CHECK(r, caller_frame(&c, 0x88, "\x0f\xa0", 2));
    CHECK(r, caller_recv(&c, &byte, 1) == 0);
    caller_close(&c);
    CHECK(r, plan(r, "eice-0abc", "[{'at':'up','do':'reset'}]"));
    CHECK(r, tunnel(r, &c));
    (void)caller_frame(&c, 0x82, "hello", 5);
    CHECK(r, caller_recv(&c, &byte, 1) == -1);
    caller_close(&c);
}

static void slow_reader(struct rig *r)
{
    char *run = calloc(1, 2 * 1024 * 1024);
    uint64_t begin, got = 0;
    struct caller c;
    struct frame f;

    CHECK(r, run != NULL);
    CHECK(r,
          plan(r, "eice-0abc", "[{'at':'open','do':'throttle','up':1000000}]"));
    CHECK(r, tunnel(r, &c));
    begin = uv_hrtime();
    CHECK(r, caller_frame(&c, 0x82, run, 1000000));
    while (got < 1000000) {
        CHECK(r, caller_read_frame(&c, &f));
        got += f.len;
        caller_frame_free(&f);
    }
    CHECK(r, uv_hrtime() - begin > 700 * 1000000ull);
    free(run);
    caller_close(&c);
}

/* ---- the tests ---- */

static void run(rig_script script)
{
    struct rig r;

    rig_init(&r, target_echo);
    r.limits.linger_ms = 500;
    rig_start(&r);
    rig_run(&r, script);
    rig_stop(&r);
}

#define TEST(name, script)                                                     \
    static void name(void **state)                                             \
    {                                                                          \
        (void)state;                                                           \
        run(script);                                                           \
    }

TEST(test_before_the_handshake, accept_stage)
TEST(test_in_the_handshake, hello_stage)
TEST(test_before_the_answer, request_stage)
TEST(test_the_answer_itself, answer_stage)
TEST(test_frames_no_server_may_send, frames)
TEST(test_messages_in_fragments, fragments)
TEST(test_in_the_middle_of_the_stream_down, down_stage)
TEST(test_in_the_middle_of_the_stream_up, up_stage)
TEST(test_a_reader_that_is_slow, slow_reader)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before_the_handshake),
        cmocka_unit_test(test_in_the_handshake),
        cmocka_unit_test(test_before_the_answer),
        cmocka_unit_test(test_the_answer_itself),
        cmocka_unit_test(test_frames_no_server_may_send),
        cmocka_unit_test(test_messages_in_fragments),
        cmocka_unit_test(test_in_the_middle_of_the_stream_down),
        cmocka_unit_test(test_in_the_middle_of_the_stream_up),
        cmocka_unit_test(test_a_reader_that_is_slow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
