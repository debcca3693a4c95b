/* SPDX-License-Identifier: Apache-2.0 */
/* shared_file.c - reading, locking and replacing in the pool.
 *
 * The happy path is: an operation is queued, the pool does the system calls,
 * and the result is reported from the loop.  A lock that somebody else holds is
 * tried again by a timer.
 *
 * What can go wrong is any of the system calls (reported as a status, except
 * that a lock is optional), or that the owner closes while the pool works: then
 * the memory waits for the pool. */
#include "shared_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "err.h"
#include "log.h"
#include "mem.h"
#include "provider.h"
#include "wipe.h"

enum {
    LOCK_POLL_MS = 50,
    LOCK_MAX_MS = 330 * 1000, /* A little more than a prompt may take */
    FIFO_MS = 2000,           /* For a reader's turn of a pipe */
    CACHE_DEPTH = 3           /* ~/.aws/cli/cache */
};

enum op { OP_READ, OP_LOCK, OP_WRITE };

struct shared_file {
    struct provider_ctx *ctx;
    char *path;
    char *lock_path;
    char *tmp_path; /* With XXXXXX at its end, where the pool writes */
    char *text;     /* What was read; max + 1 bytes */
    size_t max, len;
    char *out; /* What is to be written */
    size_t out_len;
    int lock_fd; /* -1: not held */
    enum op op;
    int status;          /* Of the pool's work */
    bool contended;      /* The pool found the lock held by another */
    bool waited;         /* Ever, for this lock */
    uint64_t give_up_at; /* Loop time */
    uv_work_t work;
    uv_timer_t timer;
    unsigned n_open; /* The timer, and the pool's work */
    bool closing;
    shared_file_cb cb;
    void *data;
};

/* --- In the pool: no allocation, no log, no callback. ------------------- */

/* Make the directories right above @path: those of a cache, never the home
 * directory that they are in. */
static void make_parents(const char *path)
{
    char dir[PATH_MAX];
    char *slash, *p;
    int level;

    if ((size_t)snprintf(dir, sizeof dir, "%s", path) >= sizeof dir) {
        return;
    }
    slash = strrchr(dir, '/');
    for (level = 0; level < CACHE_DEPTH && slash != NULL; level++) {
        for (p = slash; p > dir && p[-1] != '/'; p--) {
        }
        slash = p > dir ? p - 1 : NULL; /* Before one directory more */
    }
    while (slash != NULL && (slash = strchr(slash + 1, '/')) != NULL) {
        *slash = '\0';
        (void)mkdir(dir, 0700);
        *slash = '/';
    }
}

/* Read from @fd until its end. */
static int read_fd(struct shared_file *f, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ssize_t n;

    while (f->len <= f->max) {
        n = read(fd, f->text + f->len, f->max + 1 - f->len);
        if (n > 0) {
            f->len += (size_t)n;
        } else if (n == 0) {
            f->text[f->len] = '\0';
            return 0;
        } else if (errno == EAGAIN) {
            if (poll(&p, 1, FIFO_MS) <= 0) {
                return UV_ETIMEDOUT;
            }
        } else if (errno != EINTR) {
            return uv_translate_sys_error(errno);
        }
    }
    return ERR_TOO_BIG;
}

/* Read the file. */
static int work_read(struct shared_file *f)
{
    /* Not to be held up by a FIFO that nobody writes to. */
    int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int rv;

    f->len = 0;
    if (fd < 0) {
        return uv_translate_sys_error(errno);
    }
    rv = read_fd(f, fd);
    close(fd);
    return rv;
}

/* Take the lock if it is free; being unable to is not an error. */
static void work_lock(struct shared_file *f)
{
    f->contended = false;
    if (f->lock_fd < 0) {
        make_parents(f->lock_path);
        f->lock_fd = open(f->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    if (f->lock_fd < 0) {
        return;
    }
    if (flock(f->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        f->contended = errno == EWOULDBLOCK;
        if (!f->contended) {
            close(f->lock_fd); /* UNTESTED: a file system without locks */
            f->lock_fd = -1;
        }
    }
}

/* Write all of f->out to @fd. */
static int write_fd(const struct shared_file *f, int fd)
{
    size_t done = 0;
    ssize_t n;

    while (done < f->out_len) {
        n = write(fd, f->out + done, f->out_len - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR) {
            return uv_translate_sys_error(errno); /* UNTESTED: a full disk */
        }
    }
    return 0;
}

/* Replace the file. */
static int work_write(struct shared_file *f)
{
    int fd, rv;

    make_parents(f->path);
    fd = mkostemp(f->tmp_path, O_CLOEXEC); /* Mode 0600 */
    if (fd < 0) {
        return uv_translate_sys_error(errno);
    }
    rv = write_fd(f, fd);
    if (close(fd) != 0 && rv == 0) {
        rv = uv_translate_sys_error(errno); /* UNTESTED: a full disk */
    }
    if (rv == 0 && rename(f->tmp_path, f->path) != 0) {
        rv = uv_translate_sys_error(errno);
    }
    if (rv != 0) {
        unlink(f->tmp_path);
    }
    memcpy(f->tmp_path + strlen(f->tmp_path) - 6, "XXXXXX", 6);
    return rv;
}

/* Do what was queued. */
static void on_work(uv_work_t *work)
{
    struct shared_file *f = work->data;

    switch (f->op) {
    case OP_READ:
        f->status = work_read(f);
        break;
    case OP_LOCK:
        work_lock(f);
        if (!f->contended) {
            f->status = work_read(f);
        }
        break;
    case OP_WRITE:
        f->status = work_write(f);
        break;
    }
}

/* --- On the loop. -------------------------------------------------------- */

/* The timer or the work is gone; after the last of them everything is. */
static void part_gone(struct shared_file *f)
{
    struct provider_ctx *ctx = f->ctx;

    assert(f->n_open > 0);
    if (--f->n_open > 0) {
        return;
    }
    shared_file_unlock(f);
    if (f->text != NULL) {
        wipe(f->text, f->max + 1);
    }
    if (f->out != NULL) {
        wipe(f->out, f->out_len);
    }
    mem_free(f->out);
    mem_free(f->text);
    mem_free(f->path);
    mem_free(f->lock_path);
    mem_free(f->tmp_path);
    mem_free(f);
    provider_release(ctx); /* Last: the chain may be gone. */
}

static void on_timer_closed(uv_handle_t *handle)
{
    part_gone(handle->data);
}

static void start_work(struct shared_file *f, enum op op);

/* Time to try the lock again. */
static void on_timer(uv_timer_t *timer)
{
    start_work(timer->data, OP_LOCK);
}

/* Report the end of the operation. */
static void report(struct shared_file *f)
{
    shared_file_cb cb = f->cb;

    if (f->op == OP_WRITE || f->status != 0) {
        f->text[0] = '\0';
        f->len = 0;
    }
    f->cb = NULL;
    cb(f->data, f->status, f->text, f->len); /* Last: @f may be closed. */
}

/* Somebody has the lock: wait a little, or stop caring. */
static void wait_for_lock(struct shared_file *f)
{
    uint64_t now = uv_now(f->ctx->loop);

    if (!f->waited) {
        f->waited = true;
        f->give_up_at = now + LOCK_MAX_MS;
        log_info(f->ctx->log, CREDS, 0,
                 "waiting for another process that renews the same "
                 "credentials");
    }
    if (now >= f->give_up_at) {
        /* UNTESTED: takes minutes */
        log_warn(f->ctx->log, CREDS, 0, "gave up waiting for %s", f->lock_path);
        shared_file_unlock(f);
        start_work(f, OP_READ);
        return;
    }
    uv_timer_start(&f->timer, on_timer, LOCK_POLL_MS, 0);
}

/* The pool is done, or was told not to begin. */
static void on_worked(uv_work_t *work, int status)
{
    struct shared_file *f = work->data;

    (void)status;
    if (f->closing) {
        part_gone(f);
        return;
    }
    f->n_open--;
    if (f->op == OP_LOCK && f->contended) {
        wait_for_lock(f);
        return;
    }
    if (f->op == OP_WRITE) {
        shared_file_unlock(f);
        wipe(f->out, f->out_len);
        mem_free(f->out);
        f->out = NULL;
    }
    report(f);
}

/* Hand an operation to the pool. */
static void start_work(struct shared_file *f, enum op op)
{
    int rv;

    f->op = op;
    f->n_open++;
    rv = uv_queue_work(f->ctx->loop, &f->work, on_work, on_worked);
    assert(rv == 0); /* It only checks its arguments */
}

struct shared_file *shared_file_new(struct provider_ctx *ctx, const char *path,
                                    size_t max)
{
    struct shared_file *f = mem_zalloc(sizeof *f);

    if (f == NULL) {
        return NULL;
    }
    f->ctx = ctx;
    f->max = max;
    f->lock_fd = -1;
    f->path = mem_strdup(path);
    f->lock_path = mem_printf("%s.lock", path);
    f->tmp_path = mem_printf("%s.XXXXXX", path);
    f->text = mem_zalloc(max + 2);
    if (f->path == NULL || f->lock_path == NULL || f->tmp_path == NULL ||
        f->text == NULL) {
        mem_free(f->text);
        mem_free(f->path);
        mem_free(f->lock_path);
        mem_free(f->tmp_path);
        mem_free(f);
        return NULL;
    }
    uv_timer_init(ctx->loop, &f->timer); /* Cannot fail */
    f->timer.data = f;
    f->work.data = f;
    f->n_open = 1;
    provider_hold(ctx);
    return f;
}

const char *shared_file_path(const struct shared_file *f)
{
    return f->path;
}

void shared_file_read(struct shared_file *f, shared_file_cb cb, void *data)
{
    assert(f->cb == NULL && !f->closing);
    f->cb = cb;
    f->data = data;
    start_work(f, OP_READ);
}

void shared_file_lock(struct shared_file *f, shared_file_cb cb, void *data)
{
    assert(f->cb == NULL && !f->closing);
    f->cb = cb;
    f->data = data;
    f->waited = false;
    start_work(f, OP_LOCK);
}

bool shared_file_waited(const struct shared_file *f)
{
    return f->waited;
}

int shared_file_write(struct shared_file *f, const char *text, size_t len,
                      shared_file_cb cb, void *data)
{
    assert(f->cb == NULL && !f->closing);
    f->out = mem_alloc(len + 1);
    if (f->out == NULL) {
        return UV_ENOMEM;
    }
    memcpy(f->out, text, len);
    f->out_len = len;
    f->cb = cb;
    f->data = data;
    start_work(f, OP_WRITE);
    return 0;
}

void shared_file_unlock(struct shared_file *f)
{
    if (f->lock_fd >= 0) {
        close(f->lock_fd);
        f->lock_fd = -1;
    }
}

void shared_file_close(struct shared_file *f)
{
    if (f == NULL) {
        return;
    }
    assert(!f->closing);
    f->closing = true;
    f->cb = NULL;
    if (f->n_open > 1) {
        (void)uv_cancel((uv_req_t *)&f->work); /* Or it runs to its end */
    } else {
        shared_file_unlock(f);
    }
    uv_close((uv_handle_t *)&f->timer, on_timer_closed);
}
