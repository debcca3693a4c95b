/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - uv_spawn with limits.
 *
 * The happy path is: the program prints and exits, both of its pipes end, and
 * what it printed is reported.
 *
 * What can go wrong is: it cannot be started; it prints too much or runs too
 * long (it is killed, and that is reported); it leaves a child behind that
 * holds the pipes (they get a second more); the owner closes (it is killed and
 * nothing is reported, the memory waits for its end). */
#include "process.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "mem.h"
#include "provider.h"
#include "wipe.h"

enum {
    ALONE_S = 60,     /* Without a terminal */
    TERMINAL_S = 300, /* Somebody may be typing */
    PIPES_MS = 1000,  /* After the exit */
    REAP_MS = 500,    /* After a kill, when closing */
    N_PIPES = 2
};

struct process {
    struct provider_ctx *ctx;
    uv_process_t handle;
    uv_pipe_t pipes[N_PIPES]; /* stdout, stderr */
    uv_timer_t timer;
    struct buf out;
    struct buf err;
    char chunk[8192];
    unsigned n_open;  /* Handles not yet closed */
    unsigned n_pipes; /* Pipes not yet at their end */
    bool group;       /* It has a group of its own */
    bool exited;
    struct process_end end;
    process_cb cb;
    void *data;
    bool closing;
};

/* A handle is closed; after the last one everything is gone. */
static void on_closed(uv_handle_t *handle)
{
    struct process *p = handle->data;
    struct provider_ctx *ctx = p->ctx;

    assert(p->n_open > 0);
    if (--p->n_open > 0) {
        return;
    }
    buf_wipe(&p->out);
    buf_wipe(&p->err);
    wipe(p->chunk, sizeof p->chunk);
    mem_free(p);
    provider_release(ctx); /* Last: the chain may be gone. */
}

/* Close @handle unless that was done. */
static void close_once(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_closed);
    }
}

/* Kill the program, and its group if it has one.  What a program that ended by
 * itself has left running is meant to run. */
static void kill_it(struct process *p)
{
    if (!p->exited) {
        uv_kill(p->group ? -p->handle.pid : p->handle.pid, SIGKILL);
    }
}

/* Report the end, once. */
static void report(struct process *p, int status)
{
    process_cb cb = p->cb;

    if (cb == NULL) {
        return;
    }
    uv_timer_stop(&p->timer);
    p->cb = NULL;
    p->end.status = status;
    p->end.out = buf_str(&p->out);
    p->end.out_len = p->out.len;
    p->end.err = buf_str(&p->err);
    cb(p->data, &p->end); /* Last: @p may be closed. */
}

/* Kill it and report why. */
static void give_up(struct process *p, int status)
{
    kill_it(p);
    report(p, status);
}

/* Time is up: for the program, for pipes that outlive it, or for a killed one
 * to be gone. */
static void on_timer(uv_timer_t *timer)
{
    struct process *p = timer->data;

    if (p->closing) {
        close_once((uv_handle_t *)&p->handle);
        close_once((uv_handle_t *)&p->timer);
    } else if (p->exited) {
        report(p, 0);
    } else {
        give_up(p, UV_ETIMEDOUT);
    }
}

/* The program has ended. */
static void on_exit(uv_process_t *handle, int64_t exit_status, int signal)
{
    struct process *p = handle->data;

    p->exited = true;
    p->end.exit_status = exit_status;
    p->end.signal = signal;
    if (p->closing) {
        close_once((uv_handle_t *)&p->handle);
        close_once((uv_handle_t *)&p->timer);
    } else if (p->n_pipes == 0) {
        report(p, 0);
    } else {
        uv_timer_start(&p->timer, on_timer, PIPES_MS, 0);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct process *p = handle->data;

    (void)suggested;
    *buf = uv_buf_init(p->chunk, sizeof p->chunk);
}

/* It printed something, or has nothing more to print. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct process *p = stream->data;
    bool is_err = stream == (uv_stream_t *)&p->pipes[1];
    size_t room;

    if (n < 0) {
        uv_read_stop(stream);
        if (--p->n_pipes == 0 && p->exited) {
            report(p, 0);
        }
        return;
    }
    if (is_err) { /* Of complaints the beginning is enough */
        room = PROCESS_ERR_MAX - p->err.len;
        buf_add(&p->err, buf->base, (size_t)n < room ? (size_t)n : room);
        return;
    }
    buf_add(&p->out, buf->base, (size_t)n);
    if (buf_error(&p->out) != 0) {
        uv_read_stop(stream);
        give_up(p, buf_error(&p->out));
    }
}

/* Whether this process has a terminal. */
static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

/* Start @argv. */
static int spawn(struct process *p, char *const *argv)
{
    uv_stdio_container_t stdio[3];
    uv_process_options_t options = {
        .file = argv[0], .stdio_count = 3, .stdio = stdio, .exit_cb = on_exit};
    bool terminal = has_terminal();
    size_t i;

    p->group = !terminal;
    p->end.timeout_s = terminal ? TERMINAL_S : ALONE_S;
    options.args = (char **)(uintptr_t)argv; /* Which libuv only reads */
    options.flags = p->group ? UV_PROCESS_DETACHED : 0;
    stdio[0].flags = UV_IGNORE;
    if (isatty(STDIN_FILENO)) {
        stdio[0].flags = UV_INHERIT_FD;
        stdio[0].data.fd = STDIN_FILENO;
    }
    for (i = 0; i < N_PIPES; i++) {
        stdio[i + 1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        stdio[i + 1].data.stream = (uv_stream_t *)&p->pipes[i];
    }
    return uv_spawn(p->ctx->loop, &p->handle, &options);
}

int process_start(struct process **out, struct provider_ctx *ctx,
                  char *const *argv, process_cb cb, void *data)
{
    struct process *p = mem_zalloc(sizeof *p);
    size_t i;
    int rv;

    if (p == NULL) {
        return UV_ENOMEM;
    }
    p->ctx = ctx;
    provider_hold(ctx);
    buf_init(&p->out, PROCESS_OUT_MAX);
    buf_init(&p->err, PROCESS_ERR_MAX);
    uv_timer_init(ctx->loop, &p->timer); /* Cannot fail */
    p->timer.data = p;
    for (i = 0; i < N_PIPES; i++) {
        uv_pipe_init(ctx->loop, &p->pipes[i], 0); /* Cannot fail */
        p->pipes[i].data = p;
    }
    p->handle.data = p;
    p->n_open = 2 + N_PIPES;
    rv = spawn(p, argv);
    if (rv != 0) {
        p->exited = true; /* It was never there */
        p->group = false;
        process_close(p);
        return rv;
    }
    p->n_pipes = N_PIPES;
    for (i = 0; i < N_PIPES; i++) {
        uv_read_start((uv_stream_t *)&p->pipes[i], on_alloc, on_read);
    }
    uv_timer_start(&p->timer, on_timer, (uint64_t)p->end.timeout_s * 1000, 0);
    p->cb = cb;
    p->data = data;
    *out = p;
    return 0;
}

void process_close(struct process *p)
{
    size_t i;

    if (p == NULL) {
        return;
    }
    assert(!p->closing);
    p->closing = true;
    p->cb = NULL;
    kill_it(p);
    for (i = 0; i < N_PIPES; i++) {
        close_once((uv_handle_t *)&p->pipes[i]);
    }
    if (p->exited) {
        close_once((uv_handle_t *)&p->handle);
        close_once((uv_handle_t *)&p->timer);
    } else {
        /* Killed, it will be gone in a moment and leave no zombie. */
        uv_timer_start(&p->timer, on_timer, REAP_MS, 0);
    }
}
