/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_listen.c - the public listener: many connections, refusals that do
 * not end it, limits, and every way to close it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "eice_bed.h"
#include "mem.h"
#include "scarce.h"
#include "test_server.h"
#include "test_socks.h"

/* A listener on one IPv4 port, unless the test says otherwise. */
struct trial {
    struct bed bed;
    struct eice_listener *listener;
    const char *address;
};

static void trial_init(struct trial *t)
{
    *t = (struct trial){.address = "127.0.0.1"};
    bed_init(&t->bed);
    t->bed.listen.bind_addresses = &t->address;
    t->bed.listen.n_bind_addresses = 1;
    t->bed.listen.tunnel = &t->bed.tunnel;
}

static int try_listen(struct trial *t, struct eice_error *error)
{
    int rv;

    if (t->bed.eice == NULL) {
        bed_open(&t->bed);
    }
    rv = eice_listen(&t->listener, t->bed.eice, &t->bed.target, &t->bed.listen,
                     error);
    assert_int_equal(rv, error->code);
    assert_true((rv == 0) == (t->listener != NULL));
    return rv;
}

/* Listen, and run until the port is announced. */
static int trial_listen(struct trial *t)
{
    struct eice_error error;

    if (try_listen(t, &error) != 0) {
        fail_msg("%s", error.message);
    }
    assert_false(t->bed.seen.listening);
    bed_until(&t->bed, &t->bed.seen.listening);
    return eice_listener_port(t->listener);
}

static void trial_close(struct trial *t, enum eice_bye bye)
{
    eice_listener_close(t->listener, bye, bed_on_closed, &t->bed);
    t->listener = NULL;
    assert_false(t->bed.seen.closed);
    bed_until(&t->bed, &t->bed.seen.closed);
    assert_int_equal(t->bed.seen.n_closed, 1);
}

/* Run until @n connections have ended. */
static void until_closed(struct trial *t, unsigned n)
{
    while (t->bed.seen.events[EICE_EVENT_CLOSED] < n) {
        assert_false(t->bed.loop.expired);
        test_loop_turns(&t->bed.loop, 1);
    }
}

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
    until_closed(&t, N);
    assert_int_equal(eice_listener_connections(t.listener), 0);
    assert_int_equal(t.bed.seen.stats.bytes_up, strlen("one of many"));
    assert_int_equal(t.bed.seen.stats.bytes_down, strlen("one of many"));
    assert_true(t.bed.seen.stats.total_ms >= t.bed.seen.stats.open_ms);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
}

/* A refused tunnel ends its connection and nothing else. */
static void test_refusals_do_not_end_it(void **state)
{
    struct trial t;
    int port, fd;

    (void)state;
    trial_init(&t);
    port = trial_listen(&t);

    t.bed.far.way = FAKE_REFUSE;
    t.bed.far.status = 403;
    t.bed.far.body = "{\"ErrorCode\":\"AccessDeniedException\",\"Message\":"
                     "\"no\"}";
    fd = bed_connect(port);
    bed_until_eof(&t.bed, fd);
    close(fd);
    until_closed(&t, 1);
    assert_int_equal(t.bed.seen.connection, 1);
    assert_string_equal(t.bed.seen.error.service_code, "AccessDeniedException");
    assert_non_null(strstr(t.bed.seen.error.hint, "--max-tunnel-duration"));

    t.bed.far.way = FAKE_DROP;
    fd = bed_connect(port);
    bed_until_eof(&t.bed, fd);
    close(fd);
    until_closed(&t, 2);
    assert_int_not_equal(t.bed.seen.error.code, 0);

    t.bed.far.way = FAKE_CLOSE;
    t.bed.far.close_code = 1011;
    t.bed.far.reason = "Unable to connect to target";
    fd = bed_connect(port);
    bed_until_eof(&t.bed, fd);
    close(fd);
    until_closed(&t, 3);
    assert_non_null(
        strstr(t.bed.seen.error.message, "Unable to connect to target"));
    assert_int_equal(t.bed.seen.connection, 3);

    t.bed.far.way = FAKE_ECHO;
    fd = bed_connect(port);
    bed_echo(&t.bed, fd, "still here");
    close(fd);
    until_closed(&t, 4);
    assert_false(t.bed.seen.done);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
}

/* An unreachable target makes the next connection look again; a refusal by
 * policy does not. */
static void test_looks_again(void **state)
{
    struct trial t;
    int port, fd;

    (void)state;
    trial_init(&t);
    bed_ask_api(&t.bed);
    port = trial_listen(&t);
    t.bed.far.way = FAKE_REFUSE;
    t.bed.far.status = 403;
    t.bed.far.body = "{\"ErrorCode\":\"AccessDeniedException\"}";
    fd = bed_connect(port);
    bed_until_eof(&t.bed, fd);
    close(fd);
    until_closed(&t, 1);
    t.bed.far.way = FAKE_CLOSE;
    t.bed.far.close_code = 1011;
    t.bed.far.reason = "Unable to connect to target";
    fd = bed_connect(port);
    bed_until_eof(&t.bed, fd);
    close(fd);
    until_closed(&t, 2);
    assert_int_equal(t.bed.n_describe, 1);
    t.bed.far.way = FAKE_ECHO;
    fd = bed_connect(port);
    bed_echo(&t.bed, fd, "x");
    assert_int_equal(t.bed.n_describe, 2);
    close(fd);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
}

/* Credentials that the service calls expired are not used again. */
static void test_gets_new_credentials(void **state)
{
    struct trial t;
    int port, fd, i;

    (void)state;
    trial_init(&t);
    bed_changing_keys(&t.bed);
    port = trial_listen(&t);
    for (i = 0; i < 2; i++) { /* Good ones are kept. */
        fd = bed_connect(port);
        bed_echo(&t.bed, fd, "x");
        assert_non_null(strstr(t.bed.far.target, "X-Amz-Credential=AKID1%2F"));
        close(fd);
    }
    until_closed(&t, 2);
    t.bed.far.way = FAKE_REFUSE;
    t.bed.far.status = 403;
    t.bed.far.body = "{\"ErrorCode\":\"ExpiredTokenException\"}";
    fd = bed_connect(port);
    bed_until_eof(&t.bed, fd);
    close(fd);
    until_closed(&t, 3);
    assert_non_null(strstr(t.bed.seen.error.hint, "have expired"));
    assert_int_equal(t.bed.n_creds, 1);
    t.bed.far.way = FAKE_ECHO;
    fd = bed_connect(port);
    bed_echo(&t.bed, fd, "x");
    assert_non_null(strstr(t.bed.far.target, "X-Amz-Credential=AKID2%2F"));
    assert_int_equal(t.bed.n_creds, 2);
    close(fd);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
}

/* Run until the endpoint has accepted @n connections, and a bit longer. */
static void until_accepted(struct trial *t, unsigned n)
{
    while (test_server_accepted(t->bed.far.server) < n) {
        assert_false(t->bed.loop.expired);
        test_loop_turns(&t->bed.loop, 1);
    }
    test_loop_turns(&t->bed.loop, 50);
    assert_int_equal(test_server_accepted(t->bed.far.server), n);
}

/* Connections are there before anybody asks, and again when one is used. */
static void test_preconnects(void **state)
{
    struct trial t;
    int port, fd;

    (void)state;
    trial_init(&t);
    bed_changing_keys(&t.bed);
    t.bed.listen.preconnect = 2;
    port = trial_listen(&t);
    until_accepted(&t, 2);
    assert_int_equal(t.bed.far.n_requests, 0);
    assert_int_equal(t.bed.n_creds, 0); /* Nothing is signed yet. */
    fd = bed_connect(port);
    bed_echo(&t.bed, fd, "at once");
    assert_true(bed_logged(&t.bed, "using a spare connection"));
    until_accepted(&t, 3);
    assert_int_equal(test_server_alive(t.bed.far.server), 3);
    close(fd);
    until_closed(&t, 1);
    until_accepted(&t, 3);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
}

/* They go through the proxy that everything goes through. */
static void test_preconnects_through_a_proxy(void **state)
{
    struct test_socks_config config = {0};
    struct test_socks *socks;
    struct trial t;
    char url[64];
    int port, fd;

    (void)state;
    trial_init(&t);
    socks = test_socks_start(&t.bed.loop.loop, &config);
    snprintf(url, sizeof url, "socks5h://127.0.0.1:%u", test_socks_port(socks));
    bed_env(&t.bed, "HTTPS_PROXY", url);
    t.bed.listen.preconnect = 1;
    port = trial_listen(&t);
    until_accepted(&t, 1);
    assert_int_equal(test_socks_requests(socks), 1);
    fd = bed_connect(port);
    bed_echo(&t.bed, fd, "by a roundabout way");
    assert_true(bed_logged(&t.bed, "using a spare connection"));
    close(fd);
    trial_close(&t, EICE_BYE_DONE);
    test_socks_close(socks);
    bed_free(&t.bed);
}

/* A spare is signed for when it is used, with what is valid then. */
static void test_preconnected_gets_new_credentials(void **state)
{
    struct trial t;
    int port, fd;

    (void)state;
    trial_init(&t);
    bed_changing_keys(&t.bed);
    t.bed.listen.preconnect = 1;
    port = trial_listen(&t);
    until_accepted(&t, 1);
    t.bed.far.way = FAKE_REFUSE;
    t.bed.far.times = 1;
    t.bed.far.status = 403;
    t.bed.far.body = "{\"ErrorCode\":\"ExpiredTokenException\"}";
    fd = bed_connect(port);
    bed_until_eof(&t.bed, fd);
    close(fd);
    until_closed(&t, 1);
    until_accepted(&t, 2);
    fd = bed_connect(port);
    bed_echo(&t.bed, fd, "x");
    assert_non_null(strstr(t.bed.far.target, "X-Amz-Credential=AKID2%2F"));
    close(fd);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
}

/* Spares and tunnels together keep to the limit. */
static void test_preconnects_within_the_limit(void **state)
{
    struct eice_error error;
    struct trial t;
    int port, a, b;

    (void)state;
    trial_init(&t);
    t.bed.listen.preconnect = EICE_MAX_PRECONNECT + 1;
    assert_int_equal(try_listen(&t, &error), EICE_ERR_USAGE);
    t.bed.listen.preconnect = 3;
    t.bed.listen.max_connections = 2;
    port = trial_listen(&t);
    until_accepted(&t, 2);
    a = bed_connect(port);
    bed_echo(&t.bed, a, "x");
    until_accepted(&t, 2);
    b = bed_connect(port);
    bed_echo(&t.bed, b, "x");
    until_accepted(&t, 2);
    close(a);
    until_closed(&t, 1);
    until_accepted(&t, 3);
    assert_int_equal(test_server_alive(t.bed.far.server), 2);
    close(b);
    trial_close(&t, EICE_BYE_AWAY);
    bed_free(&t.bed);
}

/* What was opened ahead may be dead without our knowing: reset or mute when it
 * is used, or closed meanwhile.  Nobody sees that. */
static void test_dead_spares_go_unnoticed(void **state)
{
    static const enum fake_way ways[] = {FAKE_DROP, FAKE_SILENCE, FAKE_ECHO};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct trial t;
        int port, fd;

        trial_init(&t);
        t.bed.listen.preconnect = 2;
        t.bed.tunnel.upgrade_timeout_ms = 300;
        port = trial_listen(&t);
        until_accepted(&t, 2);
        t.bed.far.way = ways[i];
        t.bed.far.times = 1;
        if (ways[i] == FAKE_ECHO) {
            test_server_hang_up(t.bed.far.server);
        }
        fd = bed_connect(port);
        bed_echo(&t.bed, fd, "nothing happened");
        assert_int_equal(t.bed.far.n_requests, ways[i] == FAKE_ECHO ? 1 : 2);
        assert_int_equal(t.bed.seen.n_opened, 1);
        assert_int_equal(t.bed.seen.error.code, 0);
        close(fd);
        until_closed(&t, 1);
        assert_int_equal(t.bed.seen.error.code, 0);
        trial_close(&t, EICE_BYE_DONE);
        bed_free(&t.bed);
    }
}

/* It is not tried for ever: what befalls a fresh connection is told. */
static void test_a_dead_endpoint_is_noticed(void **state)
{
    struct trial t;
    int port, fd;

    (void)state;
    trial_init(&t);
    t.bed.listen.preconnect = 2;
    port = trial_listen(&t);
    until_accepted(&t, 2);
    t.bed.far.way = FAKE_DROP;
    fd = bed_connect(port);
    bed_until_eof(&t.bed, fd);
    until_closed(&t, 1);
    assert_int_not_equal(t.bed.seen.error.code, 0);
    assert_int_equal(t.bed.far.n_requests, 2);
    close(fd);

    /* A refusal is one, on a spare, too: asked once. */
    t.bed.far.way = FAKE_CLOSE;
    t.bed.far.close_code = 1011;
    t.bed.far.reason = "Unable to connect to target";
    fd = bed_connect(port);
    bed_until_eof(&t.bed, fd);
    until_closed(&t, 2);
    assert_int_equal(t.bed.far.n_requests, 3);
    close(fd);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
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
    until_closed(&t, 1);
    b = bed_connect(port);
    bed_echo(&t.bed, b, "room again");
    close(b);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);

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
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
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
    assert_int_equal(try_listen(&u, &error), UV_EADDRINUSE);
    print_message("%s [%s]\n", error.message, error.hint);
    assert_int_equal(eice_exit_code(&error), 255);
    assert_int_equal(test_http_requests(u.bed.api), 0);
    bed_free(&u.bed);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
}

static void test_bad_arguments(void **state)
{
    struct trial t;
    struct eice_error error;

    (void)state;
    trial_init(&t);
    t.bed.listen.tcp = false;
    assert_int_equal(try_listen(&t, &error), EICE_ERR_USAGE);
    t.bed.listen.tcp = true;
    t.bed.listen.port = 65536;
    assert_int_equal(try_listen(&t, &error), EICE_ERR_USAGE);
    assert_non_null(strstr(error.message, "65536"));
    t.bed.listen.port = -1;
    assert_int_equal(try_listen(&t, &error), EICE_ERR_USAGE);
    t.bed.listen.port = 0;
    t.bed.listen.done = NULL;
    assert_int_equal(try_listen(&t, &error), EICE_ERR_USAGE);
    assert_string_equal(error.message, "eice_listen_options.done is not set");
    t.bed.target.instance_id = "bad";
    assert_int_equal(try_listen(&t, &error), EICE_ERR_USAGE);
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
    assert_int_equal(try_listen(&t, &error), 0);
    bed_until(&t.bed, &t.bed.seen.done);
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 254);
    assert_string_equal(t.bed.seen.end.service_code,
                        "InvalidInstanceID.NotFound");
    assert_false(t.bed.seen.listening);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
}

static void test_every_address(void **state)
{
    static const char *const any[] = {"0.0.0.0"};
    struct trial t;
    int port, fd;

    (void)state;
    trial_init(&t);
    t.bed.listen.bind_addresses = NULL;
    t.bed.listen.n_bind_addresses = 0;
    port = trial_listen(&t);
    test_loop_turns(&t.bed.loop, 2);
    assert_in_range(t.bed.seen.events[EICE_EVENT_LISTENING], 1, 2);
    assert_int_equal(t.bed.seen.events[EICE_EVENT_WARNING], 0);
    fd = bed_connect(port);
    bed_echo(&t.bed, fd, "x");
    close(fd);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);

    trial_init(&t);
    t.bed.listen.bind_addresses = any;
    trial_listen(&t);
    assert_int_equal(t.bed.seen.events[EICE_EVENT_WARNING], 1);
    print_message("%s\n", t.bed.seen.error.message);
    assert_non_null(strstr(t.bed.seen.error.message, "0.0.0.0"));
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
}

/* A socket that somebody else has opened: the listener's once it stands. */
static void test_inherited_socket(void **state)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t len = sizeof addr;
    struct eice_error error;
    struct trial t;
    int port, fd, inherited = socket(AF_INET, SOCK_STREAM, 0);

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
    assert_int_equal(try_listen(&t, &error), EICE_ERR_USAGE); /* Still ours. */
    t.bed.target.instance_id = NULL;
    assert_int_equal(trial_listen(&t), port);
    fd = bed_connect(port);
    bed_echo(&t.bed, fd, "inherited");
    close(fd);
    trial_close(&t, EICE_BYE_DONE);
    bed_free(&t.bed);
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

/* Closing says goodbye on every tunnel. */
static void test_goes_away(void **state)
{
    struct trial t;
    int port, a, b;

    (void)state;
    trial_init(&t);
    port = trial_listen(&t);
    a = bed_connect(port);
    b = bed_connect(port);
    bed_echo(&t.bed, a, "x");
    bed_echo(&t.bed, b, "x");
    eice_listener_close(t.listener, EICE_BYE_AWAY, bed_on_closed, &t.bed);
    eice_close(t.bed.eice, NULL, NULL);
    t.bed.eice = NULL;
    bed_until(&t.bed, &t.bed.seen.closed);
    assert_int_equal(t.bed.far.last_close, 1001);
    bed_until_eof(&t.bed, a);
    bed_until_eof(&t.bed, b);
    close(a);
    close(b);
    bed_free(&t.bed);
}

/* Whatever stage a listener and its connection are in, closing leaves
 * nothing. */
static void test_close_after_any_turn(void **state)
{
    unsigned turns;
    bool opened = false;

    (void)state;
    for (turns = 0; !opened; turns++) {
        struct eice_error error;
        struct trial t;
        int fd;

        trial_init(&t);
        bed_ask_api(&t.bed);
        t.bed.listen.preconnect = turns / 2 % 3;
        assert_int_equal(try_listen(&t, &error), 0);
        fd = bed_connect(eice_listener_port(t.listener)); /* It waits. */
        test_loop_turns(&t.bed.loop, turns);
        opened = t.bed.seen.opened;
        trial_close(&t, turns % 2 == 0 ? EICE_BYE_DONE : EICE_BYE_AWAY);
        close(fd);
        bed_free(&t.bed);
    }
    print_message("%u turns\n", turns);
    assert_true(turns > 5);
}

/* Close from inside any callback. */
struct closer {
    struct trial trial;
    enum eice_event_type when;
    bool did;
};

static void on_event_close(void *data, const struct eice_event *event)
{
    struct closer *c = data;

    assert_false(c->did);
    if (event->type == c->when) {
        c->did = true;
        eice_listener_close(c->trial.listener, EICE_BYE_DONE, bed_on_closed,
                            &c->trial.bed);
    }
}

static void on_done_never(void *data, const struct eice_error *error)
{
    (void)data;
    fail_msg("%s", error->message);
}

static void test_close_inside_any_event(void **state)
{
    static const enum eice_event_type types[] = {
        EICE_EVENT_RESOLVED, EICE_EVENT_WARNING, EICE_EVENT_LISTENING,
        EICE_EVENT_ACCEPTED, EICE_EVENT_OPENED,  EICE_EVENT_CLOSED};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct closer c = {.when = types[i]};
        struct eice_error error;
        int fd;

        trial_init(&c.trial);
        c.trial.address = "0.0.0.0";
        c.trial.bed.listen.event = on_event_close;
        c.trial.bed.listen.done = on_done_never;
        c.trial.bed.listen.data = &c;
        assert_int_equal(try_listen(&c.trial, &error), 0);
        fd = bed_connect(eice_listener_port(c.trial.listener));
        assert_int_equal(write(fd, "x", 1), 1);
        if (types[i] == EICE_EVENT_CLOSED) {
            c.trial.bed.far.way = FAKE_DROP;
        }
        bed_until(&c.trial.bed, &c.trial.bed.seen.closed);
        close(fd);
        bed_free(&c.trial.bed);
    }
}

/* Whatever allocation fails: the call says so, or the listener is done, or one
 * connection ends and the listener serves the next. */
static void test_short_of_memory(void **state)
{
    unsigned n, refused = 0, ended = 0, lost = 0;

    (void)state;
    for (n = 0;; n++) {
        struct scarce c = {.left = n};
        struct eice_error error;
        struct trial t;
        int fd = -1;

        trial_init(&t);
        bed_open(&t.bed);
        mem_set_hook(scarce_one, &c);
        if (try_listen(&t, &error) != 0) {
            refused++;
            assert_int_equal(error.code, UV_ENOMEM);
        } else {
            fd = bed_connect(eice_listener_port(t.listener));
            while (!t.bed.seen.done && !t.bed.seen.opened &&
                   !t.bed.seen.conn_closed &&
                   t.bed.seen.events[EICE_EVENT_ACCEPT_FAILED] == 0) {
                assert_false(t.bed.loop.expired);
                test_loop_turns(&t.bed.loop, 1);
            }
            mem_set_hook(NULL, NULL);
            ended += t.bed.seen.done;
            lost += !t.bed.seen.done && !t.bed.seen.opened;
            if (!t.bed.seen.done) {
                int next = bed_connect(eice_listener_port(t.listener));

                bed_echo(&t.bed, next, "the next one");
                close(next);
            }
            trial_close(&t, EICE_BYE_DONE);
            close(fd);
        }
        mem_set_hook(NULL, NULL);
        bed_free(&t.bed);
        if (!c.fired) {
            break;
        }
    }
    print_message("%u allocations: %u refused at once, %u ended the listener, "
                  "%u a connection\n",
                  n, refused, ended, lost);
    assert_true(refused > 10 && lost > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_refusals_do_not_end_it),
        cmocka_unit_test(test_looks_again),
        cmocka_unit_test(test_gets_new_credentials),
        cmocka_unit_test(test_preconnects),
        cmocka_unit_test(test_preconnects_through_a_proxy),
        cmocka_unit_test(test_preconnected_gets_new_credentials),
        cmocka_unit_test(test_preconnects_within_the_limit),
        cmocka_unit_test(test_dead_spares_go_unnoticed),
        cmocka_unit_test(test_a_dead_endpoint_is_noticed),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_port_in_use),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_not_resolved),
        cmocka_unit_test(test_every_address),
        cmocka_unit_test(test_inherited_socket),
        cmocka_unit_test(test_unix_socket),
        cmocka_unit_test(test_goes_away),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_close_inside_any_event),
        cmocka_unit_test(test_short_of_memory),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
