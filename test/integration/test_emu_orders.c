/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_orders.c - orders by the control call or in the world: obeyed,
 * explained, or not taken from just anybody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "live_rig.h"

/* Each order and what it is answered; then a tunnel that is cut. */
static void orders(struct rig *r)
{
    static const struct {
        int status;
        const char *json, *want;
    } cases[] = {
        {400, "{", "\"error\""},
        {400, "{}", "must name a command"},
        {400, "{\"do\":\"dance\"}", "no command"},
        {400, "{\"do\":\"faults\"}", "endpoint"},
        {400,
         "{\"do\":\"faults\",\"endpoint\":\"*\","
         "\"faults\":[{\"at\":\"open\",\"do\":\"stall\"},{\"at\":\"x\"}]}",
         "$.faults[1].at: must be"},
        {400,
         "{\"do\":\"faults\",\"endpoint\":\"e\","
         "\"faults\":{\"at\":\"accept\",\"do\":\"stall\"}}",
         "use hello"},
        {400,
         "{\"do\":\"faults\",\"endpoint\":\"e\","
         "\"faults\":{\"at\":\"open\",\"do\":\"delay\",\"s\":1}}",
         "$.faults.s: is unknown"},
        {400,
         "{\"do\":\"faults\",\"endpoint\":\"e\","
         "\"faults\":{\"at\":\"open\",\"do\":\"delay\",\"ms\":-1}}",
         "$.faults.ms: must be a number"},
        {200, "{\"do\":\"state\"}", "\"tunnels\":[]"},
        {200, "{\"do\":\"trail\"}", "\"events\":["},
        {200, "{\"do\":\"clock\",\"offset_ms\":60000}", "\"now_ms\":"},
        {400, "{\"do\":\"clock\"}", "offset_ms"},
        {200,
         "{\"do\":\"route\",\"from\":\"10.0.1.5:22\","
         "\"to\":\"127.0.0.1:2222\"}",
         "{}"},
        {400, "{\"do\":\"route\",\"from\":\"x\",\"to\":\"y\"}", "error"},
        {400, "{\"do\":\"cut\",\"code\":3}", "1000 to 4999"},
        {200, "{\"do\":\"signer-root\"}", "BEGIN CERTIFICATE"},
        {200, "{\"do\":\"clear\"}", "{}"},
    };
    char text[CALLER_HEAD];
    struct caller c;
    struct frame f;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (rig_order(r, cases[i].json, text) != cases[i].status ||
            strstr(text, cases[i].want) == NULL) {
            fprintf(stderr, "%s: %s\n", cases[i].json, text);
            CHECK(r, false); /* Not answered as it should be. */
        }
    }
    CHECK(r, rig_tunnel(r, &c) && caller_frame(&c, 0x82, "hello", 5));
    CHECK(r, caller_read_frame(&c, &f) && f.first == 0x82);
    CHECK(r, strcmp((char *)f.data, "hello") == 0);
    caller_frame_free(&f);
    CHECK(r, rig_order(r, "{\"do\":\"state\"}", text) == 200);
    CHECK(r, strstr(text, "\"endpoint\":\"eice-0abc\"") != NULL);
    CHECK(r, strstr(text, "\"bytes_up\":5") != NULL);
    CHECK(r, rig_order(r,
                       "{\"do\":\"cut\",\"endpoint\":\"eice-0abc\","
                       "\"code\":1001,\"reason\":\"maintenance\"}",
                       text) == 200);
    CHECK(r, strstr(text, "\"cut\":1") != NULL);
    CHECK(r, caller_read_frame(&c, &f) && f.first == 0x88);
    CHECK(r, strcmp((char *)f.data + 2, "maintenance") == 0);
    caller_frame_free(&f);
    caller_close(&c);
}

/* Pages of other sites must not give orders. */
static void strangers(struct rig *r)
{
    static const char *const heads[] = {
        "Host: evil.example\r\nContent-Type: application/json\r\n",
        "Host: localhost\r\nContent-Type: text/plain\r\n",
        "Content-Type: application/json\r\n",
        "Host: localhost\r\n",
    };
    char request[512], text[CALLER_HEAD];
    struct caller c;

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        snprintf(request, sizeof request,
                 "POST /_emulator/control HTTP/1.1\r\n%s"
                 "Content-Length: 14\r\n\r\n{\"do\":\"clear\"}",
                 heads[i]);
        CHECK(r, caller_open(&c, r->http_port, NULL, NULL));
        CHECK(r, caller_says(&c, request));
        CHECK(r, caller_answer(&c, text, sizeof text) == 403);
        caller_close(&c);
    }
    CHECK(r, caller_open(&c, r->https_port, r->ca_file, "localhost"));
    CHECK(r, caller_says(&c, "POST /_emulator/control HTTP/1.1\r\n"
                             "Host: localhost\r\n"
                             "Content-Type: application/json\r\n"
                             "Content-Length: 14\r\n\r\n{\"do\":\"clear\"}"));
    CHECK(r, caller_answer(&c, text, sizeof text) != 200);
    caller_close(&c);
}

static void test_orders_are_obeyed_or_explained(void **state)
{
    (void)state;
    rig_once(target_echo, orders, NULL);
}

static void test_orders_of_strangers_are_refused(void **state)
{
    (void)state;
    rig_once(target_echo, strangers, NULL);
}

static void test_a_world_with_a_bad_fault_is_refused(void **state)
{
    static const char world[] =
        "{\"region\":\"eu-central-1\",\"accounts\":[{\"id\":\"111122223333\"}],"
        "\"vpcs\":[{\"id\":\"vpc-0a1b2c3d4e5f60001\","
        "\"cidrs\":[\"10.0.0.0/16\"]}],"
        "\"subnets\":[{\"id\":\"subnet-0a1b2c3d4e5f60001\","
        "\"vpc\":\"vpc-0a1b2c3d4e5f60001\",\"zone\":\"eu-central-1a\","
        "\"cidrs\":[\"10.0.1.0/24\"]}],"
        "\"security_groups\":[{\"id\":\"sg-0a1b2c3d4e5f60001\","
        "\"name\":\"default\",\"vpc\":\"vpc-0a1b2c3d4e5f60001\"}],"
        "\"endpoints\":[{\"id\":\"eice-0123456789abcdef0\","
        "\"subnet\":\"subnet-0a1b2c3d4e5f60001\","
        "\"faults\":[{\"at\":\"open\",\"do\":\"frobnicate\"}]}]}";
    struct err e = {0};
    struct rig r;

    (void)state;
    rig_init(&r, NULL);
    r.config.world_text = world;
    assert_int_not_equal(emulator_new(&r.emu, &r.loop, &r.config, &e), 0);
    assert_non_null(
        strstr(e.msg, "$.endpoints[0].faults[0].do: is no known fault"));
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders_are_obeyed_or_explained),
        cmocka_unit_test(test_orders_of_strangers_are_refused),
        cmocka_unit_test(test_a_world_with_a_bad_fault_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
