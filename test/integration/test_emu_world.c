/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_world.c - the emulated AWS over real sockets: signed upgrades,
 * refusals and what CloudTrail says of them, limits, state that lasts.
 *
 * Signatures are made by the client's module and verified by the emulator's
 * own lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "err.h"
#include "live_rig.h"
#include "mem.h"
#include "signed_call.h"
#include "sigv4.h"
#include "state_dir.h"

static const char endpoint[] = "eice-0123456789abcdef0";

/* What to ask for; zeroed fields mean the usual. */
struct wish {
    const struct sigv4_key *key;
    const char *endpoint_id;
    const char *address;
    unsigned port;
    unsigned duration_s;
    int64_t age_s; /* Of the signature */
    const char *region;
};

/* Ask for a tunnel.  The status; a refusal's text in @text. */
static int ask(struct rig *r, struct caller *c, const struct wish *wish,
               char *text)
{
    char host[128], request[4096];
    const struct sigv4_scope scope = {
        .region = wish->region != NULL ? wish->region : "eu-central-1",
        .time = (int64_t)time(NULL) - wish->age_s};
    const struct sigv4_tunnel t = {
        .host = host,
        .endpoint_id = wish->endpoint_id != NULL ? wish->endpoint_id : endpoint,
        .address = wish->address != NULL ? wish->address : "10.0.1.5",
        .remote_port = wish->port != 0 ? wish->port : 22,
        .max_duration_s = wish->duration_s};
    const char *target;
    struct err e = {0};
    struct buf url;
    int status = -1;

    snprintf(host, sizeof host, "%s.localhost:%d", endpoint, r->https_port);
    buf_init(&url, 4096);
    if (sigv4_open_tunnel(&url, wish->key != NULL ? wish->key : &signed_demo,
                          &scope, &t, &e) == 0) {
        target = strstr(buf_str(&url), "/openTunnel");
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                 "Sec-WebSocket-Version: 13\r\nUser-Agent: test/1\r\n\r\n",
                 target, host);
        *strchr(host, ':') = '\0';
        if (caller_open(c, r->https_port, r->ca_file, host) &&
            caller_says(c, request)) {
            status = caller_answer(c, text, CALLER_HEAD);
        }
    }
    buf_wipe(&url);
    return status;
}

/* The last event of the trail, by a control call. */
static bool last_event(struct rig *r, char *text, size_t size)
{
    static const char request[] =
        "POST /_emulator/control HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n"
        "{\"do\":\"trail\"}";
    char *all = malloc(1024 * 1024), *at, *event = NULL;
    struct caller c;
    bool ok = all != NULL && caller_open(&c, r->http_port, NULL, NULL) &&
              caller_says(&c, request) &&
              caller_answer(&c, all, 1024 * 1024) == 200;

    for (at = ok ? strstr(all, "{\"eventVersion\"") : NULL; at != NULL;
         at = strstr(at + 1, "{\"eventVersion\"")) {
        event = at;
    }
    snprintf(text, size, "%s", event != NULL ? event : "");
    caller_close(&c);
    free(all);
    return event != NULL;
}

/* ---- scripts ---- */

static void allowed(struct rig *r)
{
    char text[CALLER_HEAD];
    struct caller c;
    struct frame f;

    CHECK(r, ask(r, &c, &(struct wish){0}, text) == 101);
    CHECK(r, caller_frame(&c, 0x82, "hello", 5));
    CHECK(r, caller_read_frame(&c, &f));
    CHECK(r, f.first == 0x82 && strcmp((char *)f.data, "hello") == 0);
    caller_frame_free(&f);
    CHECK(r, last_event(r, text, sizeof text));
    CHECK(r, strstr(text, "\"eventName\":\"OpenTunnel\"") != NULL);
    CHECK(r, strstr(text, "\"remotePort\":\"22\"") != NULL);
    CHECK(r, strstr(text, "\"sourceIPAddress\":\"127.0.0.1\"") != NULL);
    CHECK(r, strstr(text, "\"userAgent\":\"test/1\"") != NULL);
    CHECK(r, strstr(text, "errorCode") == NULL);
    caller_close(&c);
}

static void refused(struct rig *r)
{
    static const struct {
        struct wish wish;
        int status;
        const char *code;
        const char *message; /* Or a part of it */
    } cases[] = {
        {{.port = 80},
         400,
         "InvalidParameter",
         "The specified RemotePort is not valid. Specify either 22 or 3389 as "
         "the RemotePort and retry your request."},
        {{.key = &signed_ssh, .port = 3389},
         403,
         "AccessDeniedException",
         "User: arn:aws:iam::111122223333:user/ssh is not authorized to "
         "perform: ec2-instance-connect:OpenTunnel on resource: "},
        {{.endpoint_id = "eice-0000000000000dead"},
         404,
         "ResourceNotFoundException",
         "eice-0000000000000dead"},
        {{.address = "10.9.9.9"},
         400,
         "InvalidParameter",
         "PrivateIpAddress is not valid"},
        {{.duration_s = 3601},
         400,
         "InvalidParameter",
         "MaxTunnelDuration is not valid"},
        {{.age_s = 3600},
         403,
         "InvalidSignatureException",
         "Signature expired"},
        {{.region = "us-east-1"},
         403,
         "InvalidSignatureException",
         "valid region"},
        {{.key = &signed_nobody}, 403, "UnrecognizedClientException", ""},
    };
    char text[CALLER_HEAD], event[CALLER_HEAD], want[512];
    struct caller c;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = ask(r, &c, &cases[i].wish, text);

        if (status != cases[i].status) {
            fprintf(stderr, "case %zu: %d\n%s\n", i, status, text);
        }
        CHECK(r, status == cases[i].status);
        snprintf(want, sizeof want, "{\"ErrorCode\":\"%s", cases[i].code);
        CHECK(r, strstr(text, want) != NULL);
        CHECK(r, strstr(text, cases[i].message) != NULL);
        CHECK(r, strstr(text, "\r\nx-amzn-RequestId: ") != NULL);
        CHECK(r, last_event(r, event, sizeof event));
        snprintf(want, sizeof want, "\"errorCode\":\"%s", cases[i].code);
        CHECK(r, strstr(event, want) != NULL);
        CHECK(r, strstr(event, "\"eventName\":\"OpenTunnel\"") != NULL);
        caller_close(&c);
    }
}

/* Twenty fit; the next one is told, and may come when one has gone. */
static void crowd(struct rig *r)
{
    char text[CALLER_HEAD];
    struct caller c[20], extra;
    int status = 0;

    for (int i = 0; i < 20; i++) {
        CHECK(r, ask(r, &c[i], &(struct wish){0}, text) == 101);
    }
    CHECK(r, ask(r, &extra, &(struct wish){0}, text) == 429);
    CHECK(r, strstr(text, "{\"ErrorCode\":\"ServiceQuotaExceededException\","
                          "\"Message\":\"The maximum number of concurrent "
                          "connections (20)") != NULL);
    caller_close(&extra);
    CHECK(r, last_event(r, text, sizeof text));
    CHECK(r, strstr(text, "\"errorCode\":\"ServiceQuotaExceededException\"") !=
                 NULL);
    caller_close(&c[0]);
    for (int i = 0; i < 500 && status != 101; i++) {
        status = ask(r, &extra, &(struct wish){0}, text);
        if (status != 101) {
            caller_close(&extra);
            uv_sleep(10);
        }
    }
    CHECK(r, status == 101);
    caller_close(&extra);
    for (int i = 1; i < 20; i++) {
        caller_close(&c[i]);
    }
}

static void nowhere(struct rig *r)
{
    char text[CALLER_HEAD];
    struct caller c;
    struct frame f;

    CHECK(r, ask(r, &c, &(struct wish){.address = "10.0.1.77"}, text) == 101);
    CHECK(r, caller_read_frame(&c, &f) && f.first == 0x88);
    CHECK(r, strcmp((char *)f.data + 2, "Unable to connect to target") == 0);
    caller_frame_free(&f);
    caller_close(&c);
}

static void names(struct rig *r)
{
    char *text = malloc(SIGNED_ANSWER), want[128];

    CHECK(r, text != NULL);
    CHECK(r, signed_ec2(r,
                        "Action=DescribeInstanceConnectEndpoints&"
                        "Version=2016-11-15",
                        text) == 200);
    snprintf(want, sizeof want, "<dnsName>%s.localhost:%d</dnsName>", endpoint,
             r->https_port);
    CHECK(r, strstr(text, want) != NULL);
    free(text);
}

static void create(struct rig *r)
{
    char *text = malloc(SIGNED_ANSWER);

    CHECK(r, text != NULL);
    CHECK(r,
          signed_ec2(r,
                     "Action=DeleteInstanceConnectEndpoint&Version=2016-11-15&"
                     "InstanceConnectEndpointId=eice-0123456789abcdef0",
                     text) == 200);
    free(text);
}

static void deleted(struct rig *r)
{
    char *text = malloc(SIGNED_ANSWER);

    CHECK(r, text != NULL);
    CHECK(r, signed_ec2(r,
                        "Action=DescribeInstanceConnectEndpoints&"
                        "Version=2016-11-15",
                        text) == 200);
    CHECK(r, strstr(text, "<state>create-complete</state>") == NULL);
    free(text);
}

/* ---- the tests ---- */

static char route[64];
static const char *const routes[] = {route};

/* A rig with the world's own gate, whose instance is the echo. */
static void init(struct rig *r)
{
    rig_init(r, target_echo);
    snprintf(route, sizeof route, "10.0.1.5:22=127.0.0.1:%d", r->target_port);
    r->config.gate = NULL;
    r->config.routes = routes;
    r->config.n_routes = 1;
}

static void run(rig_script script)
{
    struct rig r;

    init(&r);
    rig_start(&r);
    rig_run(&r, script);
    rig_stop(&r);
}

static void test_a_signed_upgrade_is_allowed(void **state)
{
    (void)state;
    run(allowed);
}

static void test_each_refusal_has_its_status_body_and_event(void **state)
{
    (void)state;
    run(refused);
}

static void test_the_twenty_first_connection_is_refused(void **state)
{
    (void)state;
    run(crowd);
}

static void test_an_address_without_route_is_a_close(void **state)
{
    (void)state;
    run(nowhere);
}

static void test_endpoints_are_called_by_names_that_lead_here(void **state)
{
    (void)state;
    run(names);
}

/* What a run changes the next one finds, unless it is ephemeral. */
static void test_changes_outlive_a_run(void **state)
{
    struct err e = {0};
    char *dir = state_dir_temporary(&e);
    struct rig r;

    (void)state;
    assert_non_null(dir);
    for (int i = 0; i < 4; i++) {
        init(&r);
        r.config.state_dir = dir;
        r.config.ephemeral = i == 0;
        rig_start(&r);
        rig_run(&r, i == 1 ? names : i == 0 || i == 2 ? create : deleted);
        rig_stop(&r);
    }
    state_dir_remove(dir);
    mem_free(dir);
}

static void test_a_bad_world_is_refused_with_its_reason(void **state)
{
    struct err e = {0};
    struct rig r;

    (void)state;
    init(&r);
    r.config.world_path = "/nonexistent/world.json";
    assert_int_not_equal(emulator_new(&r.emu, &r.loop, &r.config, &e), 0);
    assert_non_null(strstr(e.msg, "/nonexistent/world.json"));
    r.config.world_path = NULL;
    r.config.world_text = "{\"nonsense\": 1}";
    assert_int_not_equal(emulator_new(&r.emu, &r.loop, &r.config, &e), 0);
    assert_non_null(strstr(e.msg, "nonsense"));
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_signed_upgrade_is_allowed),
        cmocka_unit_test(test_each_refusal_has_its_status_body_and_event),
        cmocka_unit_test(test_the_twenty_first_connection_is_refused),
        cmocka_unit_test(test_an_address_without_route_is_a_close),
        cmocka_unit_test(test_endpoints_are_called_by_names_that_lead_here),
        cmocka_unit_test(test_changes_outlive_a_run),
        cmocka_unit_test(test_a_bad_world_is_refused_with_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
