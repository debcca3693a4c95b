/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_listen.c - the public listener: what it listens on, many
 * connections, refusals that do not end it, and limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "eice_bed.h"
#include "listen_trial.h"
#include "test_http.h"

static void test_many_at_once(void **state)
{
    enum { N = 5 };
    struct trial t;
    int port, fds[N], i;

    (void)state;
    trial_init(&t);
    bed_ask_api(&t.bed);
    port = trial_listen(&t);
    assert_true(port > 0);
    assert_string_equal(t.bed.seen.address, "127.0.0.1");
    assert_int_equal(t.bed.seen.events[EICE_EVENT_RESOLVED], 1);
    for (i = 0; i < N; i++) {
        fds[i] = bed_connect(port);
    }
    for (i = 0; i < N; i++) {
        bed_echo(&t.bed, fds[i], "one of many");
    }
    assert_int_equal(eice_listener_connections(t.listener), N);
    assert_int_equal(t.bed.seen.events[EICE_EVENT_ACCEPTED], N);
    assert_int_equal(t.bed.seen.events[EICE_EVENT_OPENED], N);
    assert_int_equal(t.bed.far.n_requests, N);
    assert_int_equal(t.bed.n_describe, 1); /* Resolved once for all. */
    for (i = 0; i < N; i++) {
        close(fds[i]);
    }
    trial_until_closed(&t, N);
    assert_int_equal(eice_listener_connections(t.listener), 0);
    assert_int_equal(t.bed.seen.stats.bytes_up, strlen("one of many"));
    assert_int_equal(t.bed.seen.stats.bytes_down, strlen("one of many"));
    assert_true(t.bed.seen.stats.total_ms >= t.bed.seen.stats.open_ms);
    trial_end(&t);
}

/* A refused tunnel ends its connection and nothing else. */
static void test_refusals_do_not_end_it(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    trial_listen(&t);

    bed_refuse(&t.bed, 403,
               "{\"ErrorCode\":\"AccessDeniedException\",\"Message\":"
               "\"no\"}");
    trial_lose(&t, 1);
    assert_int_equal(t.bed.seen.connection, 1);
    assert_string_equal(t.bed.seen.error.service_code, "AccessDeniedException");
    assert_non_null(strstr(t.bed.seen.error.hint, "--max-tunnel-duration"));

    t.bed.far.way = FAKE_DROP;
    trial_lose(&t, 2);
    assert_int_not_equal(t.bed.seen.error.code, 0);

    bed_unreachable(&t.bed);
    trial_lose(&t, 3);
    assert_non_null(
        strstr(t.bed.seen.error.message, "Unable to connect to target"));
    assert_int_equal(t.bed.seen.connection, 3);

    t.bed.far.way = FAKE_ECHO;
    trial_serve(&t, "still here");
    trial_until_closed(&t, 4);
    assert_false(t.bed.seen.done);
    trial_end(&t);
}

/* An unreachable target makes the next connection look again; a refusal by
 * policy does not. */
static void test_looks_again(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_ask_api(&t.bed);
    trial_listen(&t);
    bed_refuse(&t.bed, 403, "{\"ErrorCode\":\"AccessDeniedException\"}");
    trial_lose(&t, 1);
    bed_unreachable(&t.bed);
    trial_lose(&t, 2);
    assert_int_equal(t.bed.n_describe, 1);
    t.bed.far.way = FAKE_ECHO;
    trial_serve(&t, "x");
    assert_int_equal(t.bed.n_describe, 2);
    trial_end(&t);
}

/* Credentials that the service calls expired are not used again. */
static void test_gets_new_credentials(void **state)
{
    struct trial t;
    int i;

    (void)state;
    trial_init(&t);
    bed_changing_keys(&t.bed);
    trial_listen(&t);
    for (i = 0; i < 2; i++) { /* Good ones are kept. */
        trial_serve(&t, "x");
        assert_non_null(strstr(t.bed.far.target, "X-Amz-Credential=AKID1%2F"));
    }
    trial_until_closed(&t, 2);
    bed_refuse(&t.bed, 403, "{\"ErrorCode\":\"ExpiredTokenException\"}");
    trial_lose(&t, 3);
    assert_non_null(strstr(t.bed.seen.error.hint, "have expired"));
    assert_int_equal(t.bed.n_creds, 1);
    t.bed.far.way = FAKE_ECHO;
    trial_serve(&t, "x");
    assert_non_null(strstr(t.bed.far.target, "X-Amz-Credential=AKID2%2F"));
    assert_int_equal(t.bed.n_creds, 2);
    trial_end(&t);
}

static void test_full(void **state)
{
    struct trial t;
    int port, a, b;

    (void)state;
    trial_init(&t);
    t.bed.listen.max_connections = 1;
    port = trial_listen(&t);
    a = bed_connect(port);
    bed_echo(&t.bed, a, "x");
    b = bed_connect(port);
    bed_until_eof(&t.bed, b);
    assert_int_equal(t.bed.seen.events[EICE_EVENT_FULL], 1);
    close(b);
    bed_echo(&t.bed, a, "the first does not notice");
    close(a);
    trial_until_closed(&t, 1);
    b = bed_connect(port);
    bed_echo(&t.bed, b, "room again");
    close(b);
    trial_end(&t);

    trial_init(&t);
    t.bed.listen.max_connections = 1;
    t.bed.listen.when_full = EICE_FULL_WAIT;
    port = trial_listen(&t);
    a = bed_connect(port);
    bed_echo(&t.bed, a, "x");
    b = bed_connect(port);
    test_loop_turns(&t.bed.loop, 20);
    assert_int_equal(eice_listener_connections(t.listener), 1);
    close(a);
    bed_echo(&t.bed, b, "waited");
    close(b);
    trial_end(&t);
}

static void test_port_in_use(void **state)
{
    struct trial t, u;
    struct eice_error error;
    int port;

    (void)state;
    trial_init(&t);
    port = trial_listen(&t);
    trial_init(&u);
    u.bed.listen.port = port;
    assert_int_equal(trial_try(&u, &error), UV_EADDRINUSE);
    print_message("%s [%s]\n", error.message, error.hint);
    assert_int_equal(eice_exit_code(&error), 255);
    assert_int_equal(test_http_requests(u.bed.api), 0);
    bed_free(&u.bed);
    trial_end(&t);
}

static void test_bad_arguments(void **state)
{
    struct trial t;
    struct eice_error error;

    (void)state;
    trial_init(&t);
    t.bed.listen.tcp = false;
    assert_int_equal(trial_try(&t, &error), EICE_ERR_USAGE);
    t.bed.listen.tcp = true;
    t.bed.listen.port = 65536;
    assert_int_equal(trial_try(&t, &error), EICE_ERR_USAGE);
    assert_non_null(strstr(error.message, "65536"));
    t.bed.listen.port = -1;
    assert_int_equal(trial_try(&t, &error), EICE_ERR_USAGE);
    t.bed.listen.port = 0;
    t.bed.listen.done = NULL;
    assert_int_equal(trial_try(&t, &error), EICE_ERR_USAGE);
    assert_string_equal(error.message, "eice_listen_options.done is not set");
    t.bed.target.instance_id = "bad";
    assert_int_equal(trial_try(&t, &error), EICE_ERR_USAGE);
    bed_free(&t.bed);
}

/* The target cannot be resolved: that ends the listener before it serves. */
static void test_not_resolved(void **state)
{
    struct trial t;
    struct eice_error error;

    (void)state;
    trial_init(&t);
    bed_ask_api(&t.bed);
    t.bed.api_status = 400;
    t.bed.api_body = "<Response><Errors><Error><Code>InvalidInstanceID.NotFound"
                     "</Code><Message>The instance ID '" BED_ID "' does not "
                     "exist</Message></Error></Errors></Response>";
    assert_int_equal(trial_try(&t, &error), 0);
    bed_until(&t.bed, &t.bed.seen.done);
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 254);
    assert_string_equal(t.bed.seen.end.service_code,
                        "InvalidInstanceID.NotFound");
    assert_false(t.bed.seen.listening);
    trial_end(&t);
}

static void test_every_address(void **state)
{
    static const char *const any[] = {"0.0.0.0"};
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.listen.bind_addresses = NULL;
    t.bed.listen.n_bind_addresses = 0;
    trial_listen(&t);
    test_loop_turns(&t.bed.loop, 2);
    assert_in_range(t.bed.seen.events[EICE_EVENT_LISTENING], 1, 2);
    assert_int_equal(t.bed.seen.events[EICE_EVENT_WARNING], 0);
    trial_serve(&t, "x");
    trial_end(&t);

    trial_init(&t);
    t.bed.listen.bind_addresses = any;
    trial_listen(&t);
    assert_int_equal(t.bed.seen.events[EICE_EVENT_WARNING], 1);
    print_message("%s\n", t.bed.seen.error.message);
    assert_non_null(strstr(t.bed.seen.error.message, "0.0.0.0"));
    trial_end(&t);
}

/* A socket that somebody else has opened: the listener's once it stands. */
static void test_inherited_socket(void **state)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t len = sizeof addr;
    struct eice_error error;
    struct trial t;
    int port, inherited = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(inherited, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(inherited, 8), 0);
    assert_int_equal(getsockname(inherited, (struct sockaddr *)&addr, &len), 0);
    port = ntohs(addr.sin_port);

    trial_init(&t); /* Counts the descriptors: one fewer at the end. */
    t.bed.loop.n_fds--;
    t.bed.listen.tcp = false;
    t.bed.listen.fds = &inherited;
    t.bed.listen.n_fds = 1;
    t.bed.target.instance_id = "bad";
    assert_int_equal(trial_try(&t, &error), EICE_ERR_USAGE); /* Still ours. */
    t.bed.target.instance_id = NULL;
    assert_int_equal(trial_listen(&t), port);
    trial_serve(&t, "inherited");
    trial_end(&t);
}

static void test_unix_socket(void **state)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char path[64];
    struct trial t;
    struct stat st;
    int fd;

    (void)state;
    trial_init(&t);
    snprintf(path, sizeof path, "/tmp/eice-test-%d.sock", (int)getpid());
    t.bed.listen.tcp = false;
    t.bed.listen.unix_path = path;
    assert_int_equal(trial_listen(&t), 0);
    assert_string_equal(t.bed.seen.address, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    bed_echo(&t.bed, fd, "over a path");
    close(fd);
    trial_close(&t, EICE_BYE_DONE);
    assert_int_equal(access(path, F_OK), -1);
    bed_free(&t.bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_refusals_do_not_end_it),
        cmocka_unit_test(test_looks_again),
        cmocka_unit_test(test_gets_new_credentials),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_port_in_use),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_not_resolved),
        cmocka_unit_test(test_every_address),
        cmocka_unit_test(test_inherited_socket),
        cmocka_unit_test(test_unix_socket),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
