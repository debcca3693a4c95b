/* SPDX-License-Identifier: Apache-2.0 */
/* stage_rig.c - both sides whole, on one loop. */
#include "stage_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "mem.h"
#include "test_server.h"

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

void stage_set_env(struct stage *s, const char *name, const char *value)
{
    assert_true(s->n_env < STAGE_N_ENV);
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

void stage_on_closed(void *data)
{
    ((struct stage *)data)->closed = true;
}

static void on_echo(struct test_peer *p, const char *data, size_t len)
{
    test_peer_write(p, data, len);
}

void stage_setup(struct stage *s)
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

void stage_begin(struct stage *s)
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
    stage_set_env(s, "HOME", s->home);
    stage_set_env(s, "AWS_CONFIG_FILE", s->config_path);
    stage_set_env(s, "AWS_EC2_METADATA_DISABLED", "true");
    stage_set_env(s, "AWS_REGION", emulator_region(s->emu));
    stage_set_env(s, "AWS_ENDPOINT_URL", s->url);
    if (get_env(s, "AWS_ACCESS_KEY_ID") == NULL) {
        stage_set_env(s, "AWS_ACCESS_KEY_ID", id);
        stage_set_env(s, "AWS_SECRET_ACCESS_KEY", secret);
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

void stage_until(struct stage *s, const bool *flag)
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

void stage_teardown(struct stage *s)
{
    eice_close(s->eice, NULL, NULL);
    emulator_close(s->emu, NULL, NULL);
    test_server_close(s->target);
    test_loop_close(&s->loop);
    assert_int_equal(nftw(s->home, on_file, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void stage_control(struct stage *s, const char *text)
{
    bool ok;
    char *answer = emulator_control(s->emu, text, strlen(text), &ok);

    if (!ok) {
        fail_msg("%s: %s", text, answer);
    }
    mem_free(answer);
}

void stage_echo(struct stage *s, int fd, const char *text)
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
    eice_tunnel_close(t, EICE_BYE_DONE, stage_on_closed, s);
    stage_until(s, &s->closed);
    close(fd);
}

void stage_fail_tunnel(struct stage *s)
{
    struct eice_tunnel *t;
    int fd;

    s->done = false;
    s->end = (struct eice_error){0};
    fd = open_tunnel(s, &t);
    stage_until(s, &s->done);
    assert_int_not_equal(s->end.code, 0);
    close_tunnel(s, t, fd);
}

void stage_good_tunnel(struct stage *s)
{
    struct eice_tunnel *t;
    int fd;

    s->done = false;
    fd = open_tunnel(s, &t);
    stage_echo(s, fd, "SSH-2.0-test\r\n");
    close_tunnel(s, t, fd);
}
