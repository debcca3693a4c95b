/* SPDX-License-Identifier: Apache-2.0 */
/* agent.c - the agent's socket and its clients.
 *
 * The happy path is: a client connects, asks, is answered, closes.  What can
 * go wrong: a client sends what is no request, or does not read: it is closed;
 * or there is no memory for one, which is turned away: left in the queue it
 * would wait for ever. */
#include "agent.h"

#include <assert.h>
#include <string.h>
#include <sys/un.h>

#include "agent_answer.h"
#include "buf.h"
#include "err.h"
#include "mem.h"
#include "ssh_key.h"

enum { BACKLOG = 16, PART = 4096 };

/* One program that talks to us. */
struct client {
    struct client *next;
    struct agent *agent;
    uv_pipe_t pipe;
    uv_write_t write;
    bool writing;
    struct buf in;
    struct buf out;
    char part[PART];
};

struct agent {
    uv_pipe_t pipe;
    uv_pipe_t away; /* Who is being turned away */
    bool turning;   /* Somebody is, or nobody was there */
    bool again;     /* Then see whether somebody else waits */
    unsigned n_open;
    bool listed; /* The key was named to somebody */
    bool used;   /* And something was signed with it */
    const struct ssh_key *key;
    struct client *clients;
};

static void on_client_closed(uv_handle_t *handle)
{
    struct client *c = handle->data;

    buf_free(&c->in);
    buf_free(&c->out);
    mem_free(c);
}

static void client_close(struct client *c)
{
    struct client **link = &c->agent->clients;

    while (*link != c) {
        link = &(*link)->next;
    }
    *link = c->next;
    uv_close((uv_handle_t *)&c->pipe, on_client_closed);
}

static void client_answer(struct client *c);

static void on_written(uv_write_t *write, int status)
{
    struct client *c = write->data;

    if (uv_is_closing((uv_handle_t *)&c->pipe)) {
        return;
    }
    c->writing = false;
    buf_clear(&c->out);
    if (status != 0) {
        client_close(c);
        return;
    }
    client_answer(c);
}

/* Remember what the answer in @out was. */
static void agent_note(struct agent *a, const struct buf *out)
{
    a->listed = a->listed || agent_answer_lists(out->data, out->len);
    a->used = a->used || agent_answer_signs(out->data, out->len);
}

bool agent_refused(const struct agent *a)
{
    return a->listed && !a->used;
}

/* Answer the requests that are whole. */
static void client_answer(struct client *c)
{
    size_t n = 1;
    uv_buf_t data;

    while (!c->writing && n > 0) {
        n = agent_answer(&c->out, c->agent->key, buf_str(&c->in), c->in.len);
        if (n > AGENT_REQUEST_MAX || buf_error(&c->out) != 0) {
            client_close(c);
            return;
        }
        buf_consume(&c->in, n);
        if (n > 0) {
            agent_note(c->agent, &c->out);
            data = uv_buf_init(c->out.data, (unsigned)c->out.len);
            c->writing = true;
            c->write.data = c;
            if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &data, 1,
                         on_written) != 0) {
                client_close(c);
                return;
            }
        }
    }
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
    struct client *c = handle->data;

    (void)size;
    *out = uv_buf_init(c->part, sizeof c->part);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *data)
{
    struct client *c = stream->data;

    if (n > 0) {
        buf_add(&c->in, data->base, (size_t)n);
    }
    if (n < 0 || buf_error(&c->in) != 0) {
        client_close(c);
        return;
    }
    client_answer(c);
}

/* One handle of the agent's own is closed. */
static void on_agent_closed(uv_handle_t *handle)
{
    struct agent *a = handle->data;

    if (--a->n_open == 0) {
        mem_free(a);
    }
}

static void on_connection(uv_stream_t *server, int status);

/* Who was turned away is gone; the next may be waiting. */
static void on_turned_away(uv_handle_t *handle)
{
    struct agent *a = handle->data;
    bool again = a->again && !uv_is_closing((uv_handle_t *)&a->pipe);

    a->turning = false;
    on_agent_closed(handle);
    if (again) {
        on_connection((uv_stream_t *)&a->pipe, 0);
    }
}

/* No memory for who waits: hang up. */
static void turn_away(struct agent *a)
{
    int rv;

    if (a->turning) {
        a->again = true; /* One after the other. */
        return;
    }
    rv = uv_pipe_init(a->pipe.loop, &a->away, 0);
    assert(rv == 0);
    a->away.data = a;
    a->n_open++;
    a->turning = true;
    rv = uv_accept((uv_stream_t *)&a->pipe, (uv_stream_t *)&a->away);
    a->again = rv == 0;
    uv_close((uv_handle_t *)&a->away, on_turned_away);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct agent *a = server->data;
    struct client *c;
    int rv;

    if (status != 0) {
        return;
    }
    c = mem_zalloc(sizeof *c);
    if (c == NULL) {
        turn_away(a);
        return;
    }
    c->agent = a;
    buf_init(&c->in, AGENT_REQUEST_MAX + PART);
    buf_init(&c->out, AGENT_REQUEST_MAX + PART);
    rv = uv_pipe_init(server->loop, &c->pipe, 0);
    assert(rv == 0);
    c->pipe.data = c;
    c->next = a->clients;
    a->clients = c;
    if (uv_accept(server, (uv_stream_t *)&c->pipe) != 0 ||
        uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) != 0) {
        client_close(c);
    }
}

int agent_start(struct agent **out, uv_loop_t *loop, const char *path,
                const struct ssh_key *key, struct err *e)
{
    struct sockaddr_un address;
    struct agent *a;
    int rv;

    *out = NULL;
    if (strlen(path) >= sizeof address.sun_path) {
        /* libuv before 1.46 cuts it off. */
        return err_set_uv(e, UV_ENAMETOOLONG, path);
    }
    a = mem_zalloc(sizeof *a);
    if (a == NULL) {
        return err_set_uv(e, UV_ENOMEM, "agent");
    }
    a->key = key;
    rv = uv_pipe_init(loop, &a->pipe, 0);
    assert(rv == 0);
    a->pipe.data = a;
    a->n_open = 1;
    rv = uv_pipe_bind(&a->pipe, path);
    if (rv == 0) {
        rv = uv_listen((uv_stream_t *)&a->pipe, BACKLOG, on_connection);
    }
    if (rv != 0) {
        uv_close((uv_handle_t *)&a->pipe, on_agent_closed);
        return err_set_uv(e, rv, path);
    }
    *out = a;
    return 0;
}

void agent_close(struct agent *a)
{
    if (a == NULL) {
        return;
    }
    while (a->clients != NULL) {
        client_close(a->clients);
    }
    uv_close((uv_handle_t *)&a->pipe, on_agent_closed);
}
