/* SPDX-License-Identifier: Apache-2.0 */
/* guest.c - spawn, tell, relay, report.
 *
 * The happy path is: the program starts, reads what it is told from its
 * standard input, ends; its code is reported.  What can go wrong: it cannot be
 * started; it does not read (then what is told stays in the pipe and goes with
 * it); we are closed first, and end it.
 *
 * A terminal stays as it is: it is read only while we are in its foreground
 * and there is something to read, so that nothing about it has to be put
 * back.  A pipe may be another's input as well (the list of a shell's loop),
 * so only a program that asks for more gets more of it. */
#include "guest.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "err.h"

enum { SIGNAL_EXIT = 128, TEXT_LIMIT = 8192 };

/* Close its standard input: it reads the end. */
static void in_close(struct guest *g)
{
    if (g->has_typed) {
        g->has_typed = false;
        uv_close((uv_handle_t *)&g->typed, NULL);
    }
    if (g->has_in) {
        g->has_in = false;
        uv_close((uv_handle_t *)&g->in, NULL);
    }
}

void guest_close(struct guest *g)
{
    in_close(g);
    if (g->running) {
        g->running = false;
        (void)uv_process_kill(&g->process, SIGTERM);
    }
    if (g->has_process) {
        g->has_process = false;
        uv_close((uv_handle_t *)&g->process, NULL);
    }
}

static void on_exit_of(uv_process_t *process, int64_t status, int signum)
{
    struct guest *g = process->data;

    g->running = false;
    guest_close(g);
    g->cb(g->data, signum != 0 ? SIGNAL_EXIT + signum : (int)status);
}

/* ---- Our standard input ------------------------------------------------- */

/* Whether what comes there is for the program. */
static bool is_for_it(const struct guest *g)
{
    if (isatty(STDIN_FILENO) == 1) {
        return (g->flags & GUEST_RELAY) != 0 &&
               tcgetpgrp(STDIN_FILENO) == getpgrp();
    }
    return (g->flags & GUEST_PIPED) != 0;
}

static void on_relayed(uv_write_t *req, int status);

/* Pass on what there is to read, or the end. */
static void relay_some(struct guest *g)
{
    uv_buf_t piece;
    ssize_t n;

    n = is_for_it(g) ? read(STDIN_FILENO, g->line, sizeof g->line) : 0;
    if (n <= 0) {
        in_close(g);
        return;
    }
    piece = uv_buf_init(g->line, (unsigned)n);
    g->relay.data = g;
    if (uv_write(&g->relay, (uv_stream_t *)&g->in, &piece, 1, on_relayed) !=
        0) {
        in_close(g);
    }
}

/* Something was typed. */
static void on_typed(uv_poll_t *poll, int status, int events)
{
    struct guest *g = poll->data;

    (void)events;
    uv_poll_stop(poll);
    if (status == 0) {
        relay_some(g);
    } else {
        in_close(g);
    }
}

/* A piece was passed on: wait for the next; a file has it at once. */
static void on_relayed(uv_write_t *req, int status)
{
    struct guest *g = req->data;

    if (status != 0) {
        in_close(g);
    } else if (g->has_typed) {
        uv_poll_start(&g->typed, UV_READABLE, on_typed);
    } else if (g->has_in) {
        relay_some(g);
    }
}

/* Begin to pass on. */
static void relay_begin(struct guest *g)
{
    int flags = fcntl(STDIN_FILENO, F_GETFL);

    if (flags == -1 || !is_for_it(g)) {
        in_close(g);
        return;
    }
    if (uv_poll_init(g->process.loop, &g->typed, STDIN_FILENO) != 0) {
        relay_some(g); /* A file, of which nothing needs to be waited for. */
        return;
    }
    /* libuv makes it non-blocking, for everyone who shares it. */
    (void)fcntl(STDIN_FILENO, F_SETFL, flags);
    g->typed.data = g;
    g->has_typed = true;
    if (uv_poll_start(&g->typed, UV_READABLE, on_typed) != 0) {
        in_close(g);
    }
}

/* ---- The beginning ------------------------------------------------------ */

/* It was told. */
static void on_told(uv_write_t *req, int status)
{
    struct guest *g = req->data;

    buf_wipe(&g->text);
    if (status != 0 || !g->has_in) {
        in_close(g);
    } else {
        relay_begin(g);
    }
}

static void tell(struct guest *g, const char *text)
{
    uv_buf_t piece;

    buf_init(&g->text, TEXT_LIMIT);
    buf_adds(&g->text, text);
    g->tell.data = g;
    piece = uv_buf_init(g->text.data, (unsigned)g->text.len);
    if (buf_error(&g->text) != 0 ||
        uv_write(&g->tell, (uv_stream_t *)&g->in, &piece, 1, on_told) != 0) {
        buf_wipe(&g->text);
        in_close(g);
    }
}

int guest_start(struct guest *g, uv_loop_t *loop, char *const *argv,
                unsigned flags, const char *text, guest_cb cb, struct err *e)
{
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_INHERIT_FD, .data.fd = STDIN_FILENO},
        {.flags = UV_INHERIT_FD, .data.fd = STDOUT_FILENO},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
    };
    uv_process_options_t options = {
        .exit_cb = on_exit_of,
        .file = argv[0],
        .args = (char **)(uintptr_t)argv,
        .stdio = stdio,
        .stdio_count = 3,
    };
    int rv;

    g->cb = cb;
    g->flags = flags;
    if ((flags & GUEST_TELL) != 0) {
        rv = uv_pipe_init(loop, &g->in, 0);
        assert(rv == 0);
        g->in.data = g;
        g->has_in = true;
        stdio[0].flags = UV_CREATE_PIPE | UV_READABLE_PIPE;
        stdio[0].data.stream = (uv_stream_t *)&g->in;
    }
    if ((flags & GUEST_QUIET) != 0) {
        stdio[1].flags = UV_IGNORE;
        stdio[2].flags = UV_IGNORE;
    }
    g->process.data = g;
    rv = uv_spawn(loop, &g->process, &options);
    g->has_process = true; /* To be closed, even if it failed. */
    if (rv != 0) {
        guest_close(g);
        return err_set_uv(e, rv, argv[0]);
    }
    g->running = true;
    if (g->has_in) {
        tell(g, text);
    }
    return 0;
}
