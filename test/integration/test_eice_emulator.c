/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_emulator.c - both sides whole: tunnels and listeners, and how what
 * the service refuses is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stage_rig.h"

#define LIMITED_KEY "AKIAI44QH8DHBEXAMPLE" /* Ports and users by policy */
#define LIMITED_SECRET "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"

static void test_by_instance_id(void **state)
{
    struct stage s;

    (void)state;
    stage_setup(&s);
    stage_begin(&s);
    stage_good_tunnel(&s);
    assert_string_equal(s.resolved, IP " " EP);
    assert_int_equal(strlen(s.request_id), 36);
    stage_teardown(&s);
}

/* The other facts of a target, in every combination that is allowed. */
static void test_by_other_facts(void **state)
{
    char name[128];
    struct stage s;

    (void)state;
    stage_setup(&s);
    stage_begin(&s);
    snprintf(name, sizeof name, "localhost:%d", emulator_https_port(s.emu));
    s.to.endpoint_id = EP;
    stage_good_tunnel(&s);
    s.to.private_ip = IP;
    stage_good_tunnel(&s);
    s.to.instance_id = NULL;
    stage_good_tunnel(&s);
    s.to.max_tunnel_duration_s = 60;
    stage_good_tunnel(&s);
    stage_teardown(&s);
}

/* A client of the listener on @port. */
static int connect_to(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    addr.sin_port = htons((uint16_t)port);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_not_equal(fcntl(fd, F_SETFL, O_NONBLOCK), -1);
    return fd;
}

static void test_listener(void **state)
{
    struct eice_listener *l;
    struct eice_error error;
    struct stage s;
    int a, b;

    (void)state;
    stage_setup(&s);
    stage_begin(&s);
    assert_int_equal(eice_listen(&l, s.eice, &s.to, &s.listen, &error), 0);
    stage_until(&s, &s.listening);
    a = connect_to(eice_listener_port(l));
    b = connect_to(eice_listener_port(l));
    stage_echo(&s, a, "one");
    stage_echo(&s, b, "two");
    stage_echo(&s, a, "one again");
    close(a);
    close(b);
    while (s.n_conn_closed < 2) {
        assert_false(s.loop.expired);
        test_loop_turns(&s.loop, 1);
    }
    assert_int_equal(s.error.code, 0);

    /* Cut by the service: that connection ends, the next is served. */
    a = connect_to(eice_listener_port(l));
    stage_echo(&s, a, "three");
    stage_control(&s,
                  "{\"do\": \"cut\", \"code\": 1011, \"reason\": \"going\"}");
    while (s.n_conn_closed < 3) {
        assert_false(s.loop.expired);
        test_loop_turns(&s.loop, 1);
    }
    assert_non_null(strstr(s.error.message, "going"));
    close(a);
    a = connect_to(eice_listener_port(l));
    stage_echo(&s, a, "four");
    eice_listener_close(l, EICE_BYE_AWAY, stage_on_closed, &s);
    stage_until(&s, &s.closed);
    close(a);
    stage_teardown(&s);
}

static void test_refused_by_policy(void **state)
{
    struct stage s;

    (void)state;
    stage_setup(&s);
    stage_set_env(&s, "AWS_ACCESS_KEY_ID", LIMITED_KEY);
    stage_set_env(&s, "AWS_SECRET_ACCESS_KEY", LIMITED_SECRET);
    stage_begin(&s);
    stage_good_tunnel(&s);
    s.to.remote_port = EICE_PORT_RDP;
    stage_fail_tunnel(&s);
    assert_int_equal(s.end.code, EICE_ERR_UPGRADE);
    assert_int_equal(s.end.http_status, 403);
    assert_non_null(strstr(s.end.service_code, "AccessDenied"));
    assert_non_null(strstr(s.end.message, "not authorized to perform: "
                                          "ec2-instance-connect:OpenTunnel"));
    assert_non_null(strstr(s.end.hint, "--max-tunnel-duration"));
    assert_int_equal(strlen(s.end.request_id), 36);
    assert_non_null(strstr(s.end.message, s.end.request_id));
    stage_teardown(&s);
}

static void test_port_the_service_refuses(void **state)
{
    struct stage s;

    (void)state;
    stage_setup(&s);
    stage_begin(&s);
    s.to.remote_port = 5432;
    s.to.force_remote_port = true;
    stage_fail_tunnel(&s);
    assert_string_equal(s.end.service_code, "InvalidParameter");
    assert_non_null(
        strstr(s.end.message, "The specified RemotePort is not valid."));
    assert_non_null(strstr(s.end.hint, "22 and 3389 only"));
    stage_teardown(&s);
}

static void test_nobody_listens_there(void **state)
{
    struct stage s;

    (void)state;
    stage_setup(&s);
    snprintf(s.route, sizeof s.route, IP ":22=127.0.0.1:%u", test_free_port());
    stage_begin(&s);
    stage_fail_tunnel(&s);
    assert_int_equal(s.end.code, EICE_ERR_PEER_CLOSED);
    assert_non_null(strstr(s.end.message, "Unable to connect to target"));
    assert_non_null(strstr(s.end.hint, "sshd listens on port 22"));
    stage_teardown(&s);
}

static void test_unknown_things(void **state)
{
    struct stage s;

    (void)state;
    stage_setup(&s);
    stage_begin(&s);
    s.to.instance_id = "i-0fffffffffffffff0";
    stage_fail_tunnel(&s);
    assert_string_equal(s.end.service_code, "InvalidInstanceID.NotFound");
    assert_int_equal(eice_exit_code(&s.end), 254);
    s.to.instance_id = ID;
    s.to.endpoint_id = "eice-0fffffffffffffff0";
    stage_fail_tunnel(&s);
    assert_int_equal(eice_exit_code(&s.end), 254);
    stage_teardown(&s);
}

static void test_wrong_secret(void **state)
{
    struct stage s;

    (void)state;
    stage_setup(&s);
    stage_set_env(&s, "AWS_ACCESS_KEY_ID", LIMITED_KEY);
    stage_set_env(&s, "AWS_SECRET_ACCESS_KEY", "wrong");
    stage_begin(&s);
    stage_fail_tunnel(&s);
    assert_int_equal(eice_exit_code(&s.end), 254);
    assert_string_equal(s.end.operation, "DescribeInstances");
    stage_teardown(&s);
}

/* Throttled once: tried again, and nobody notices. */
static void test_throttled(void **state)
{
    struct stage s;

    (void)state;
    stage_setup(&s);
    stage_begin(&s);
    stage_control(
        &s, "{\"do\": \"api-fault\", \"fault\": {\"action\": "
            "\"DescribeInstances\", \"times\": 1, \"status\": 503, "
            "\"code\": \"RequestLimitExceeded\", \"message\": \"busy\"}}");
    stage_good_tunnel(&s);
    stage_teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_instance_id),
        cmocka_unit_test(test_by_other_facts),
        cmocka_unit_test(test_listener),
        cmocka_unit_test(test_refused_by_policy),
        cmocka_unit_test(test_port_the_service_refuses),
        cmocka_unit_test(test_nobody_listens_there),
        cmocka_unit_test(test_unknown_things),
        cmocka_unit_test(test_wrong_secret),
        cmocka_unit_test(test_throttled),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
