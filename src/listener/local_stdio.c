/* SPDX-License-Identifier: Apache-2.0 */
/* local_stdio.c - a pair of descriptors as the near side of a tunnel.
 *
 * The happy path is: both halves open, and every function of local.h goes to
 * one of them; close closes both and frees.  What can go wrong is that a half
 * cannot be opened (the pair closes itself and new returns the code), and what
 * the halves tell in their own files. */
#include "local_stdio.h"

#include <assert.h>
#include <unistd.h>

#include "err.h"
#include "local.h"
#include "mem.h"
#include "stdio_in.h"
#include "stdio_out.h"

/* The pair; frees itself after its close callback. */
struct local_stdio {
    struct local local; /* First: what the tunnel holds */
    struct stdio_in in;
    struct stdio_out out;
    unsigned n_open;         /* Halves not yet closed */
    local_close_cb close_cb; /* NULL: nobody ever knew of this pair */
};

static int stdio_read_start(struct local *l, local_alloc_cb alloc,
                            local_read_cb read)
{
    return stdio_in_read_start(&((struct local_stdio *)l)->in, alloc, read);
}

static void stdio_read_stop(struct local *l)
{
    stdio_in_read_stop(&((struct local_stdio *)l)->in);
}

static ssize_t stdio_try_write(struct local *l, const uv_buf_t *bufs,
                               unsigned count)
{
    return stdio_out_try_write(&((struct local_stdio *)l)->out, bufs, count);
}

static int stdio_write(struct local *l, uv_buf_t buf, local_write_cb cb)
{
    return stdio_out_write(&((struct local_stdio *)l)->out, buf, cb);
}

static int stdio_shutdown(struct local *l, local_write_cb cb)
{
    return stdio_out_shutdown(&((struct local_stdio *)l)->out, cb);
}

/* One half is closed. */
static void half_closed(struct local *l)
{
    struct local_stdio *s = (struct local_stdio *)l;

    if (--s->n_open == 0) {
        if (s->close_cb != NULL) {
            s->close_cb(l);
        }
        mem_free(s);
    }
}

static void on_in_closed(struct stdio_in *in)
{
    half_closed(in->local);
}

static void on_out_closed(struct stdio_out *out)
{
    half_closed(out->local);
}

static void stdio_close(struct local *l, local_close_cb cb)
{
    struct local_stdio *s = (struct local_stdio *)l;

    s->close_cb = cb;
    stdio_in_close(&s->in, on_in_closed);
    stdio_out_close(&s->out, on_out_closed);
}

static const struct local_ops stdio_ops = {
    .read_start = stdio_read_start,
    .read_stop = stdio_read_stop,
    .try_write = stdio_try_write,
    .write = stdio_write,
    .shutdown = stdio_shutdown,
    .close = stdio_close,
};

int local_stdio_new(struct local **out, uv_loop_t *loop, int in_fd, int out_fd,
                    struct err *e)
{
    struct local_stdio *s = mem_zalloc(sizeof *s);
    int rv;

    if (s == NULL) {
        return err_set_uv(e, UV_ENOMEM, "stdin and stdout");
    }
    s->local.ops = &stdio_ops;
    s->n_open = 2;
    stdio_in_init(&s->in, loop, &s->local);
    stdio_out_init(&s->out, loop, &s->local);
    rv = stdio_in_open(&s->in, in_fd, e);
    if (rv == 0) {
        rv = stdio_out_open(&s->out, out_fd, e);
    }
    if (rv != 0) {
        stdio_close(&s->local, NULL);
        return rv;
    }
    /* The halves have descriptors of their own. */
    close(in_fd);
    if (out_fd != in_fd) {
        close(out_fd);
    }
    *out = &s->local;
    return 0;
}
