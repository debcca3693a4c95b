/* SPDX-License-Identifier: Apache-2.0 */
/* live_rig.c - an emulator on the test's loop, and a client beside it. */
#include "live_rig.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"

void rig_fail(struct rig *r, const char *file, int line, const char *what)
{
    snprintf(r->failure, sizeof r->failure, "%s:%d: %s", file, line, what);
}

/* ---- the target ---- */

struct worker {
    struct rig *r;
    int fd;
};

static void run_worker(void *arg)
{
    struct worker w = *(struct worker *)arg;

    free(arg);
    w.r->target(w.r, w.fd);
    close(w.fd);
}

static void run_target(void *arg)
{
    struct rig *r = arg;
    struct worker *w;
    int fd;

    while ((fd = accept(r->target_fd, NULL, NULL)) >= 0) {
        w = malloc(sizeof *w);
        if (w == NULL || r->n_workers == 64) {
            free(w);
            close(fd);
            continue;
        }
        *w = (struct worker){.r = r, .fd = fd};
        if (uv_thread_create(&r->workers[r->n_workers], run_worker, w) == 0) {
            r->n_workers++;
        }
    }
}

void target_echo(struct rig *r, int fd)
{
    char *chunk = malloc(256 * 1024);
    ssize_t n, at, rv;

    (void)r;
    while (chunk != NULL && (n = recv(fd, chunk, 256 * 1024, 0)) > 0) {
        for (at = 0; at < n; at += rv) {
            rv = send(fd, chunk + at, (size_t)(n - at), MSG_NOSIGNAL);
            if (rv <= 0) {
                free(chunk);
                return;
            }
        }
    }
    free(chunk);
}

static void open_target(struct rig *r)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    r->target_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(r->target_fd >= 0);
    assert_int_equal(bind(r->target_fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(r->target_fd, (struct sockaddr *)&at, &len),
                     0);
    r->target_port = ntohs(at.sin_port);
    if (r->target != NULL) {
        assert_int_equal(listen(r->target_fd, 64), 0);
        assert_int_equal(uv_thread_create(&r->target_thread, run_target, r), 0);
    }
}

/* ---- the emulator ---- */

static void on_log(void *data, enum log_level level, enum log_group group,
                   unsigned id, const char *line)
{
    (void)data;
    print_message("%s %s[%u]: %s\n", log_level_name(level),
                  log_group_name(group), id, line);
}

static void decide(void *data, const struct http_request *req,
                   const char *request_id, struct tunnel_verdict *out)
{
    struct rig *r = data;

    (void)req;
    (void)request_id;
    r->n_judged++;
    *out = r->verdict;
    if (out->status == 0) {
        r->n_live++;
    }
}

static void ended(void *data, const char *endpoint_id)
{
    struct rig *r = data;

    assert_string_equal(endpoint_id, r->verdict.endpoint_id);
    r->n_live--;
}

void rig_init(struct rig *r, rig_target target)
{
    struct sockaddr_in *to;

    *r = (struct rig){.target = target};
    assert_int_equal(uv_loop_init(&r->loop), 0);
    log_init(&r->log, getenv("RIG_VERBOSE") != NULL ? LOG_L_TRACE : LOG_L_NONE,
             on_log, NULL);
    open_target(r);
    r->gate = (struct tunnel_gate){.data = r, .decide = decide, .ended = ended};
    r->limits = server_limits_default;
    r->manners = tunnel_manners_default;
    r->config = (struct emulator_config){.log = &r->log,
                                         .gate = &r->gate,
                                         .limits = &r->limits,
                                         .manners = &r->manners};
    r->verdict.duration_s = 3600;
    snprintf(r->verdict.endpoint_id, sizeof r->verdict.endpoint_id,
             "eice-0abc");
    to = (struct sockaddr_in *)&r->verdict.to;
    to->sin_family = AF_INET;
    to->sin_port = htons((uint16_t)r->target_port);
    to->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

void rig_start(struct rig *r)
{
    struct err e = {0};

    if (emulator_new(&r->emu, &r->loop, &r->config, &e) != 0 ||
        emulator_start(r->emu, &e) != 0) {
        fail_msg("emulator: %s", e.msg);
    }
    r->https_port = emulator_https_port(r->emu);
    r->http_port = emulator_http_port(r->emu);
    snprintf(r->ca_file, sizeof r->ca_file, "%s", emulator_ca_file(r->emu));
}

static void run_script(void *arg)
{
    struct rig *r = arg;

    r->script(r);
    uv_async_send(&r->script_done);
}

static void on_script_done(uv_async_t *async)
{
    uv_close((uv_handle_t *)async, NULL);
    uv_stop(async->loop);
}

bool rig_try(struct rig *r, rig_script script)
{
    r->script = script;
    r->failure[0] = '\0';
    assert_int_equal(uv_async_init(&r->loop, &r->script_done, on_script_done),
                     0);
    assert_int_equal(uv_thread_create(&r->script_thread, run_script, r), 0);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    uv_thread_join(&r->script_thread);
    return r->failure[0] == '\0';
}

void rig_run(struct rig *r, rig_script script)
{
    if (!rig_try(r, script)) {
        fail_msg("%s", r->failure);
    }
}

static void on_closed(void *data)
{
    *(bool *)data = true;
}

void rig_stop(struct rig *r)
{
    bool closed = false;

    if (r->emu != NULL) {
        emulator_close(r->emu, on_closed, &closed);
        uv_run(&r->loop, UV_RUN_DEFAULT);
        assert_true(closed);
    }
    assert_int_equal(r->n_live, 0);
    shutdown(r->target_fd, SHUT_RDWR);
    if (r->target != NULL) {
        uv_thread_join(&r->target_thread);
        for (int i = 0; i < r->n_workers; i++) {
            uv_thread_join(&r->workers[i]);
        }
    }
    close(r->target_fd);
    assert_int_equal(uv_loop_close(&r->loop), 0);
}

void rig_once(rig_target target, rig_script script, void *data)
{
    struct rig r;

    rig_init(&r, target);
    r.data = data;
    rig_start(&r);
    rig_run(&r, script);
    rig_stop(&r);
}

void rig_both_ports(struct rig *r)
{
    char text[CALLER_HEAD];
    struct caller c;

    CHECK(r, caller_open(&c, r->https_port, r->ca_file, "localhost"));
    CHECK(r, caller_says(&c, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(r, caller_answer(&c, text, sizeof text) == 404);
    caller_close(&c);
    CHECK(r, caller_open(&c, r->http_port, NULL, NULL));
    CHECK(r, caller_says(&c, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(r, caller_answer(&c, text, sizeof text) == 404);
    caller_close(&c);
}

int rig_order(struct rig *r, const char *json, char text[static CALLER_HEAD])
{
    struct caller c;
    char request[4096];
    int status = -1;

    snprintf(request, sizeof request,
             "POST /_emulator/control HTTP/1.1\r\nHost: localhost:%d\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             r->http_port, strlen(json), json);
    if (caller_open(&c, r->http_port, NULL, NULL) && caller_says(&c, request)) {
        status = caller_answer(&c, text, CALLER_HEAD);
    }
    caller_close(&c);
    return status;
}

bool rig_tunnel(struct rig *r, struct caller *c)
{
    char head[CALLER_HEAD];

    return caller_open(c, r->https_port, r->ca_file, "eice-0abc.localhost") &&
           caller_upgrade(c, "remotePort=22", head) == 101;
}
