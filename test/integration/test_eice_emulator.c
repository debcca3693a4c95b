/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_emulator.c - both sides whole: libeice.so against the emulator on
 * the same loop, and a real TCP server as the instance's sshd.
 *
 * The library is the shared one, so that its modules and the emulator's can
 * live in one process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <eice/eice.h>

#include "emulator.h"
#include "err.h"
#include "mem.h"
#include "test_loop.h"
#include "test_server.h"

/* In the built-in world. */
#define ID "i-0123456789abcdef0"
#define EP "eice-0123456789abcdef0"
#define IP "10.0.1.5"
#define LIMITED_KEY "AKIAI44QH8DHBEXAMPLE" /* Ports and users by policy */
#define LIMITED_SECRET "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"

enum { N_ENV = 16 };

/* One emulator, one target, one context. */
struct stage {
    struct test_loop loop;
    struct test_server *target; /* Echoes */
    struct emulator *emu;
    struct emulator_config config;
    const char *routes[1];
    char route[64];
    struct eice *eice;
    struct eice_options options;
    struct eice_target to;
    struct eice_tunnel_options tunnel;
    struct eice_listen_options listen;
    const char *address;
    const char *env[N_ENV][2];
    size_t n_env;
    char url[64];
    char home[32]; /* A directory */
    char config_path[64];
    /* What was seen. */
    bool done, opened, listening, conn_closed, closed;
    unsigned n_conn_closed;
    char request_id[96];
    char resolved[128];
    unsigned n_assumed;      /* Roles assumed, by the log */
    struct eice_error end;   /* Of done */
    struct eice_error error; /* Of the last event that had one */
};

static const char *get_env(void *data, const char *name)
{
    const struct stage *s = data;
    size_t i;

    for (i = s->n_env; i > 0; i--) {
        if (strcmp(s->env[i - 1][0], name) == 0) {
            return s->env[i - 1][1];
        }
    }
    return NULL;
}

static void set_env(struct stage *s, const char *name, const char *value)
{
    assert_true(s->n_env < N_ENV);
    s->env[s->n_env][0] = name;
    s->env[s->n_env++][1] = value;
}

static void on_line(void *data, enum eice_log_level level, const char *group,
                    unsigned id, const char *line)
{
    struct stage *s = data;

    (void)level;
    (void)group;
    (void)id;
    s->n_assumed += strstr(line, "AssumeRole: status 200") != NULL;
}

static void on_event(void *data, const struct eice_event *event)
{
    struct stage *s = data;

    if (event->error != NULL) {
        s->error = *event->error;
    }
    if (event->request_id != NULL) {
        snprintf(s->request_id, sizeof s->request_id, "%s", event->request_id);
    }
    if (event->resolved != NULL) {
        snprintf(s->resolved, sizeof s->resolved, "%s %s",
                 event->resolved->address, event->resolved->endpoint_id);
    }
    s->opened = s->opened || event->type == EICE_EVENT_OPENED;
    s->listening = s->listening || event->type == EICE_EVENT_LISTENING;
    s->n_conn_closed += event->type == EICE_EVENT_CLOSED;
}

static void on_done(void *data, const struct eice_error *error)
{
    struct stage *s = data;

    if (error != NULL) {
        s->end = *error;
        print_message("%s [%s]\n", error->message, error->hint);
    }
    assert_false(s->done);
    s->done = true;
}

static void on_closed(void *data)
{
    ((struct stage *)data)->closed = true;
}

static void on_echo(struct test_peer *p, const char *data, size_t len)
{
    test_peer_write(p, data, len);
}

/* A target and a configuration; the test may change it before raise(). */
static void setup(struct stage *s)
{
    const struct test_server_config target = {.on_data = on_echo};

    *s = (struct stage){.address = "127.0.0.1"};
    strcpy(s->home, "/tmp/eice-e2e-XXXXXX");
    assert_non_null(mkdtemp(s->home));
    snprintf(s->config_path, sizeof s->config_path, "%s/config", s->home);
    test_loop_init(&s->loop);
    s->target = test_server_start(&s->loop.loop, &target);
    snprintf(s->route, sizeof s->route, IP ":22=127.0.0.1:%u",
             test_server_port(s->target));
    s->routes[0] = s->route;
    s->config = (struct emulator_config){
        .ephemeral = true, .routes = s->routes, .n_routes = 1};
    s->to = (struct eice_target){.size = sizeof s->to, .instance_id = ID};
    s->tunnel = (struct eice_tunnel_options){.size = sizeof s->tunnel,
                                             .event = on_event,
                                             .done = on_done,
                                             .data = s};
    s->listen = (struct eice_listen_options){.size = sizeof s->listen,
                                             .tcp = true,
                                             .bind_addresses = &s->address,
                                             .n_bind_addresses = 1,
                                             .event = on_event,
                                             .done = on_done,
                                             .data = s};
}

/* Start the emulator, and make a context that believes in it. */
static void begin(struct stage *s)
{
    struct eice_error error;
    const char *id, *secret;
    struct err e;

    if (emulator_new(&s->emu, &s->loop.loop, &s->config, &e) != 0 ||
        emulator_start(s->emu, &e) != 0) {
        fail_msg("%s", e.msg);
    }
    assert_true(emulator_test_key(s->emu, &id, &secret));
    snprintf(s->url, sizeof s->url, "https://localhost:%d",
             emulator_https_port(s->emu));
    set_env(s, "HOME", s->home);
    set_env(s, "AWS_CONFIG_FILE", s->config_path);
    set_env(s, "AWS_EC2_METADATA_DISABLED", "true");
    set_env(s, "AWS_REGION", emulator_region(s->emu));
    set_env(s, "AWS_ENDPOINT_URL", s->url);
    if (get_env(s, "AWS_ACCESS_KEY_ID") == NULL) {
        set_env(s, "AWS_ACCESS_KEY_ID", id);
        set_env(s, "AWS_SECRET_ACCESS_KEY", secret);
    }
    s->options.size = sizeof s->options;
    s->options.ca_bundle = emulator_ca_file(s->emu);
    s->options.env = get_env;
    s->options.env_data = s;
    s->options.log = on_line;
    s->options.log_data = s;
    s->options.log_level = EICE_LOG_DEBUG;
    if (eice_new(&s->eice, &s->loop.loop, &s->options, &error) != 0) {
        fail_msg("%s", error.message);
    }
}

static void until(struct stage *s, const bool *flag)
{
    while (!*flag) {
        assert_false(s->loop.expired);
        test_loop_turns(&s->loop, 1);
    }
}

static int on_file(const char *path, const struct stat *st, int type,
                   struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void teardown(struct stage *s)
{
    eice_close(s->eice, NULL, NULL);
    emulator_close(s->emu, NULL, NULL);
    test_server_close(s->target);
    test_loop_close(&s->loop);
    assert_int_equal(nftw(s->home, on_file, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Change the emulator while it runs. */
static void control(struct stage *s, const char *text)
{
    bool ok;
    char *answer = emulator_control(s->emu, text, strlen(text), &ok);

    if (!ok) {
        fail_msg("%s: %s", text, answer);
    }
    mem_free(answer);
}

/* What comes back for @text; the connection must not end. */
static void echo(struct stage *s, int fd, const char *text)
{
    char got[256];
    size_t n = 0, len = strlen(text);
    ssize_t more;

    assert_int_equal(write(fd, text, len), len);
    while (n < len) {
        more = read(fd, got + n, sizeof got - n);
        if (more < 0) {
            assert_int_equal(errno, EAGAIN);
            assert_false(s->done);
            assert_false(s->loop.expired);
            test_loop_turns(&s->loop, 1);
            continue;
        }
        assert_true(more > 0);
        n += (size_t)more;
    }
    assert_memory_equal(got, text, len);
}

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

/* A tunnel over a pair; returns the test's end. */
static int open_tunnel(struct stage *s, struct eice_tunnel **t)
{
    struct eice_error error;
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_not_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), -1);
    if (eice_tunnel_open_fds(t, s->eice, &s->to, &s->tunnel, fds[0], fds[0],
                             &error) != 0) {
        fail_msg("%s", error.message);
    }
    return fds[1];
}

static void close_tunnel(struct stage *s, struct eice_tunnel *t, int fd)
{
    s->closed = false;
    eice_tunnel_close(t, EICE_BYE_DONE, on_closed, s);
    until(s, &s->closed);
    close(fd);
}

/* A tunnel that must fail; how is in s->end. */
static void fail_tunnel(struct stage *s)
{
    struct eice_tunnel *t;
    int fd;

    s->done = false;
    s->end = (struct eice_error){0};
    fd = open_tunnel(s, &t);
    until(s, &s->done);
    assert_int_not_equal(s->end.code, 0);
    close_tunnel(s, t, fd);
}

/* A tunnel that must work. */
static void good_tunnel(struct stage *s)
{
    struct eice_tunnel *t;
    int fd;

    s->done = false;
    fd = open_tunnel(s, &t);
    echo(s, fd, "SSH-2.0-test\r\n");
    close_tunnel(s, t, fd);
}

static void test_by_instance_id(void **state)
{
    struct stage s;

    (void)state;
    setup(&s);
    begin(&s);
    good_tunnel(&s);
    assert_string_equal(s.resolved, IP " " EP);
    assert_int_equal(strlen(s.request_id), 36);
    teardown(&s);
}

/* The other facts of a target, in every combination that is allowed. */
static void test_by_other_facts(void **state)
{
    char name[128];
    struct stage s;

    (void)state;
    setup(&s);
    begin(&s);
    snprintf(name, sizeof name, "localhost:%d", emulator_https_port(s.emu));
    s.to.endpoint_id = EP;
    good_tunnel(&s);
    s.to.private_ip = IP;
    good_tunnel(&s);
    s.to.instance_id = NULL;
    good_tunnel(&s);
    s.to.max_tunnel_duration_s = 60;
    good_tunnel(&s);
    teardown(&s);
}

static void test_listener(void **state)
{
    struct eice_listener *l;
    struct eice_error error;
    struct stage s;
    int a, b;

    (void)state;
    setup(&s);
    begin(&s);
    assert_int_equal(eice_listen(&l, s.eice, &s.to, &s.listen, &error), 0);
    until(&s, &s.listening);
    a = connect_to(eice_listener_port(l));
    b = connect_to(eice_listener_port(l));
    echo(&s, a, "one");
    echo(&s, b, "two");
    echo(&s, a, "one again");
    close(a);
    close(b);
    while (s.n_conn_closed < 2) {
        assert_false(s.loop.expired);
        test_loop_turns(&s.loop, 1);
    }
    assert_int_equal(s.error.code, 0);

    /* Cut by the service: that connection ends, the next is served. */
    a = connect_to(eice_listener_port(l));
    echo(&s, a, "three");
    control(&s, "{\"do\": \"cut\", \"code\": 1011, \"reason\": \"going\"}");
    while (s.n_conn_closed < 3) {
        assert_false(s.loop.expired);
        test_loop_turns(&s.loop, 1);
    }
    assert_non_null(strstr(s.error.message, "going"));
    close(a);
    a = connect_to(eice_listener_port(l));
    echo(&s, a, "four");
    eice_listener_close(l, EICE_BYE_AWAY, on_closed, &s);
    until(&s, &s.closed);
    close(a);
    teardown(&s);
}

static void test_refused_by_policy(void **state)
{
    struct stage s;

    (void)state;
    setup(&s);
    set_env(&s, "AWS_ACCESS_KEY_ID", LIMITED_KEY);
    set_env(&s, "AWS_SECRET_ACCESS_KEY", LIMITED_SECRET);
    begin(&s);
    good_tunnel(&s);
    s.to.remote_port = EICE_PORT_RDP;
    fail_tunnel(&s);
    assert_int_equal(s.end.code, EICE_ERR_UPGRADE);
    assert_int_equal(s.end.http_status, 403);
    assert_non_null(strstr(s.end.service_code, "AccessDenied"));
    assert_non_null(strstr(s.end.message, "not authorized to perform: "
                                          "ec2-instance-connect:OpenTunnel"));
    assert_non_null(strstr(s.end.hint, "--max-tunnel-duration"));
    assert_int_equal(strlen(s.end.request_id), 36);
    assert_non_null(strstr(s.end.message, s.end.request_id));
    teardown(&s);
}

static void test_port_the_service_refuses(void **state)
{
    struct stage s;

    (void)state;
    setup(&s);
    begin(&s);
    s.to.remote_port = 5432;
    s.to.force_remote_port = true;
    fail_tunnel(&s);
    assert_string_equal(s.end.service_code, "InvalidParameter");
    assert_non_null(
        strstr(s.end.message, "The specified RemotePort is not valid."));
    assert_non_null(strstr(s.end.hint, "22 and 3389 only"));
    teardown(&s);
}

static void test_nobody_listens_there(void **state)
{
    struct stage s;

    (void)state;
    setup(&s);
    snprintf(s.route, sizeof s.route, IP ":22=127.0.0.1:%u", test_free_port());
    begin(&s);
    fail_tunnel(&s);
    assert_int_equal(s.end.code, EICE_ERR_PEER_CLOSED);
    assert_non_null(strstr(s.end.message, "Unable to connect to target"));
    assert_non_null(strstr(s.end.hint, "sshd listens on port 22"));
    teardown(&s);
}

static void test_unknown_things(void **state)
{
    struct stage s;

    (void)state;
    setup(&s);
    begin(&s);
    s.to.instance_id = "i-0fffffffffffffff0";
    fail_tunnel(&s);
    assert_string_equal(s.end.service_code, "InvalidInstanceID.NotFound");
    assert_int_equal(eice_exit_code(&s.end), 254);
    s.to.instance_id = ID;
    s.to.endpoint_id = "eice-0fffffffffffffff0";
    fail_tunnel(&s);
    assert_int_equal(eice_exit_code(&s.end), 254);
    teardown(&s);
}

static void test_wrong_secret(void **state)
{
    struct stage s;

    (void)state;
    setup(&s);
    set_env(&s, "AWS_ACCESS_KEY_ID", LIMITED_KEY);
    set_env(&s, "AWS_SECRET_ACCESS_KEY", "wrong");
    begin(&s);
    fail_tunnel(&s);
    assert_int_equal(eice_exit_code(&s.end), 254);
    assert_string_equal(s.end.operation, "DescribeInstances");
    teardown(&s);
}

/* Throttled once: tried again, and nobody notices. */
static void test_throttled(void **state)
{
    struct stage s;

    (void)state;
    setup(&s);
    begin(&s);
    control(&s, "{\"do\": \"api-fault\", \"fault\": {\"action\": "
                "\"DescribeInstances\", \"times\": 1, \"status\": 503, "
                "\"code\": \"RequestLimitExceeded\", \"message\": \"busy\"}}");
    good_tunnel(&s);
    teardown(&s);
}

/* A configuration that assumes the role "ops". */
static void assume_role(struct stage *s)
{
    static const char text[] = "[profile ops]\n"
                               "role_arn = arn:aws:iam::111122223333:role/ops\n"
                               "credential_source = Environment\n";
    char path[64];
    FILE *f;

    snprintf(path, sizeof path, "%s/config", s->home);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) == EOF, 0);
    fclose(f);
    s->options.profile = "ops";
}

/* Whose credentials these are, as the service sees it. */
static void on_whoami(void *data, const struct eice_identity *who,
                      const struct eice_error *error)
{
    struct stage *s = data;

    if (error != NULL) {
        fail_msg("%s", error->message);
    }
    snprintf(s->resolved, sizeof s->resolved, "%s", who->arn);
    s->done = true;
}

static void whoami(struct stage *s)
{
    struct eice_error error;
    struct eice_op *op;

    s->done = s->closed = false;
    assert_int_equal(eice_whoami(&op, s->eice, on_whoami, s, &error), 0);
    until(s, &s->done);
    eice_op_close(op, on_closed, s);
    until(s, &s->closed);
    s->done = false;
}

/* The endpoint calls the credentials expired: that tunnel fails and says what
 * to do; the next one has others. */
static void test_token_expired(void **state)
{
    struct stage s;

    (void)state;
    setup(&s);
    assume_role(&s);
    begin(&s);
    good_tunnel(&s);
    whoami(&s);
    assert_non_null(strstr(s.resolved, ":assumed-role/ops/"));
    assert_int_equal(s.n_assumed, 1);
    control(&s, "{\"do\": \"api-fault\", \"fault\": {\"action\": "
                "\"OpenTunnel\", \"times\": 1, \"status\": 403, \"code\": "
                "\"ExpiredTokenException\", \"message\": \"The security token "
                "included in the request is expired\"}}");
    fail_tunnel(&s);
    assert_string_equal(s.end.service_code, "ExpiredTokenException");
    assert_non_null(strstr(s.end.hint, "have expired"));
    good_tunnel(&s);
    assert_int_equal(s.n_assumed, 2);
    teardown(&s);
}

/* Two hours later by the service's clock (a laptop that slept): the clock is
 * corrected and the role assumed again, and nobody notices. */
static void test_slept(void **state)
{
    struct stage s;

    (void)state;
    setup(&s);
    assume_role(&s);
    begin(&s);
    good_tunnel(&s);
    control(&s, "{\"do\": \"clock\", \"offset_ms\": 7200000}");
    good_tunnel(&s);
    assert_int_equal(s.n_assumed, 2);
    teardown(&s);
}

/* A clock that is wrong is named, with the amount, where the signed URL is the
 * first thing the service sees; the next one is dated by the service's. */
static void test_clock_is_wrong(void **state)
{
    char name[160];
    struct stage s;

    (void)state;
    setup(&s);
    s.config.clock_offset_ms = 20 * 60 * 1000;
    begin(&s);
    snprintf(name, sizeof name, EP ".localhost:%d", emulator_https_port(s.emu));
    s.to.endpoint_id = EP;
    s.to.private_ip = IP;
    s.to.endpoint_dns_name = name;
    fail_tunnel(&s);
    assert_int_equal(s.end.code, EICE_ERR_UPGRADE);
    assert_non_null(strstr(s.end.hint, "behind the service's"));
    assert_true(strstr(s.end.hint, " is 20 min ") != NULL ||
                strstr(s.end.hint, " is 19 min ") != NULL);
    good_tunnel(&s);
    teardown(&s);
}

/* Where APIs are called first they find out, both at once, and nobody
 * notices. */
static void test_clock_is_corrected(void **state)
{
    struct stage s;

    (void)state;
    setup(&s);
    s.config.clock_offset_ms = -45 * 60 * 1000;
    begin(&s);
    good_tunnel(&s);
    teardown(&s);
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
        cmocka_unit_test(test_token_expired),
        cmocka_unit_test(test_clock_is_wrong),
        cmocka_unit_test(test_clock_is_corrected),
        cmocka_unit_test(test_slept),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
