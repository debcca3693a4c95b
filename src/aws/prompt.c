/* SPDX-License-Identifier: Apache-2.0 */
/* prompt.c - one line from /dev/tty.
 *
 * The happy path is: the terminal is opened for ourselves, echo is switched
 * off, the question is written, and when the terminal has a line it is read and
 * reported; closing switches echo on again.
 *
 * What can go wrong is that there is no terminal, that we are not in its
 * foreground (reading would stop us), that the user ends the input, or goes
 * away for minutes. */
#include "prompt.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <uv.h>

#include "log.h"
#include "mem.h"
#include "provider.h"
#include "wipe.h"

enum { PROMPT_MS = 300 * 1000 };

struct prompt {
    struct provider_ctx *ctx;
    int fd;
    struct termios before; /* How the terminal was */
    bool changed;          /* and has to be again */
    char line[PROMPT_MAX + 1];
    size_t len;
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned n_open;
    bool closing;
    prompt_cb cb;
    void *data;
};

/* Open the terminal of this process, or -1. */
static int open_terminal(void)
{
    int fd = -1;

#ifdef __APPLE__
    /* kqueue does not take /dev/tty itself. */
    int std;

    for (std = 2; std >= 0 && fd < 0; std--) {
        if (isatty(std)) {
            fd = open(ttyname(std), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
        }
    }
#else
    fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
#endif
    return fd;
}

/* Write @text; a terminal takes a line at once. */
static void say(const struct prompt *p, const char *text)
{
    ssize_t n = write(p->fd, text, strlen(text));

    (void)n;
}

/* A handle is closed; after the last one everything is gone. */
static void on_closed(uv_handle_t *handle)
{
    struct prompt *p = handle->data;
    struct provider_ctx *ctx = p->ctx;

    if (--p->n_open > 0) {
        return;
    }
    close(p->fd);
    wipe(p, sizeof *p);
    mem_free(p);
    provider_release(ctx); /* Last: the chain may be gone. */
}

/* Report once. */
static void report(struct prompt *p, const char *line, const struct err *err)
{
    prompt_cb cb = p->cb;

    uv_poll_stop(&p->poll);
    uv_timer_stop(&p->timer);
    p->cb = NULL;
    cb(p->data, line, err); /* Last: @p may be closed. */
}

/* Report that there will be no line. */
static void give_up(struct prompt *p, const char *why)
{
    struct err e;

    err_set(&e, ERR_CREDENTIALS, "no MFA code was given: %s", why);
    report(p, NULL, &e);
}

/* Some of the line, or all of it. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct prompt *p = poll->data;
    char *end;
    ssize_t n;

    (void)events;
    if (status != 0) {
        give_up(p, uv_strerror(status)); /* UNTESTED: epoll fails late */
        return;
    }
    n = read(p->fd, p->line + p->len, PROMPT_MAX - p->len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        give_up(p, n == 0 ? "end of input" : "the terminal is gone");
        return;
    }
    p->len += (size_t)n;
    p->line[p->len] = '\0';
    end = strpbrk(p->line, "\r\n");
    if (end != NULL) {
        *end = '\0';
        report(p, p->line, NULL);
    } else if (p->len == PROMPT_MAX) {
        give_up(p, "the line is too long");
    }
}

static void on_timer(uv_timer_t *timer)
{
    give_up(timer->data, "nobody answered"); /* UNTESTED: takes minutes */
}

/* Switch echo off, as far as we may. */
static int silence(struct prompt *p, const char *device, struct err *e)
{
    struct termios quiet;

    if (tcgetpgrp(p->fd) != getpgrp()) {
        err_set(e, ERR_CREDENTIALS,
                "cannot ask for the MFA code of %s: this process is in the "
                "background of its terminal",
                device);
        err_hint(e, "bring it to the foreground, or run \"eice whoami\" with "
                    "the same profile in another terminal and enter the code "
                    "there: the role's credentials are then cached and shared");
        return ERR_CREDENTIALS;
    }
    if (tcgetattr(p->fd, &p->before) != 0) {
        return err_set_uv(e, uv_translate_sys_error(errno), "terminal");
    }
    quiet = p->before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ICANON | ISIG;
    p->changed = tcsetattr(p->fd, TCSAFLUSH, &quiet) == 0;
    return 0;
}

/* A prompt on the open terminal @fd, which is closed on failure. */
static struct prompt *prompt_new(struct provider_ctx *ctx, int fd)
{
    struct prompt *p = mem_zalloc(sizeof *p);

    if (p == NULL) {
        close(fd);
        return NULL;
    }
    p->ctx = ctx;
    p->fd = fd;
    if (uv_poll_init(ctx->loop, &p->poll, fd) != 0) {
        close(fd); /* UNTESTED: a terminal that cannot be polled */
        mem_free(p);
        return NULL;
    }
    uv_timer_init(ctx->loop, &p->timer); /* Cannot fail */
    p->poll.data = p;
    p->timer.data = p;
    p->n_open = 2;
    provider_hold(ctx);
    return p;
}

int prompt_start(struct prompt **out, struct provider_ctx *ctx,
                 const char *device, prompt_cb cb, void *data, struct err *e)
{
    char question[512];
    int fd = open_terminal();
    struct prompt *p;
    int rv;

    if (fd < 0) {
        err_set(e, ERR_CREDENTIALS,
                "an MFA code of %s is needed, but there is no terminal to ask "
                "on",
                device);
        err_hint(e, "run \"eice whoami\" with the same profile in a terminal "
                    "and enter the code there: the role's credentials are then "
                    "cached and shared");
        return ERR_CREDENTIALS;
    }
    p = prompt_new(ctx, fd);
    if (p == NULL) {
        return err_set_uv(e, UV_ENOMEM, "terminal");
    }
    rv = silence(p, device, e);
    if (rv != 0) {
        prompt_close(p);
        return rv;
    }
    snprintf(question, sizeof question, "Enter MFA code for %s: ", device);
    say(p, question);
    p->cb = cb;
    p->data = data;
    uv_poll_start(&p->poll, UV_READABLE, on_readable);
    uv_timer_start(&p->timer, on_timer, PROMPT_MS, 0);
    *out = p;
    return 0;
}

void prompt_close(struct prompt *p)
{
    if (p == NULL) {
        return;
    }
    assert(!p->closing);
    p->closing = true;
    p->cb = NULL;
    if (p->changed) {
        tcsetattr(p->fd, TCSADRAIN, &p->before);
        say(p, "\n");
    }
    uv_close((uv_handle_t *)&p->poll, on_closed);
    uv_close((uv_handle_t *)&p->timer, on_closed);
}
