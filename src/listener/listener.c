/* SPDX-License-Identifier: Apache-2.0 */
/* listener.c - local sockets, each connection of which becomes a tunnel.
 *
 * The happy path is: bind opens every socket, start accepts, each connection
 * becomes a session with the next number, a session that is done is closed and
 * gives its place back.  What can go wrong: an address cannot be had (bind
 * undoes the others and says why), the limit is reached (the connection is
 * closed, or the sockets pause until a session is done), a peer may not
 * connect, a session fails (it alone ends), descriptors run out (acceptor.c),
 * or the owner closes (every session says goodbye; the last one gone ends the
 * listener).
 *
 * A place is free as soon as its session is done; the few milliseconds in
 * which its tunnel says goodbye to the service do not count. */
#include "listener.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "acceptor.h"
#include "err.h"
#include "log.h"
#include "mem.h"
#include "places.h"
#include "session.h"
#include "tcp_listener.h"

struct listener {
    void *data;
    uv_loop_t *loop;
    const struct log *log;
    struct listener_config config; /* Its pointers are below */
    char *addresses[TCP_LISTENER_MAX];
    char *unix_path;
    int *fds; /* Passed in */
    struct tunnel_config tunnel;
    struct places places;     /* The listening sockets */
    uv_idle_t turn;           /* Always there: the close callback comes from
                                 the loop whatever else is open */
    unsigned last_k;          /* The number given last */
    unsigned n_active;        /* Sessions that are not done */
    unsigned n_open;          /* Places, turn and sessions not yet closed */
    struct session *sessions; /* Those not yet closing */
    bool full;                /* The sockets are paused */
    bool closing;
    listener_event_cb event_cb;
    listener_close_cb close_cb;
    void *close_data;
};

/* Tell the owner; true if the listener goes on after that. */
static bool emit(struct listener *l, enum listener_event_type type, unsigned k,
                 const struct err *err)
{
    struct listener_event event = {.type = type, .k = k, .err = err};

    l->event_cb(l, &event);
    return !l->closing;
}

/* The last thing is closed. */
static void listener_free(struct listener *l)
{
    size_t i;

    for (i = 0; i < TCP_LISTENER_MAX; i++) {
        mem_free(l->addresses[i]);
    }
    mem_free(l->unix_path);
    mem_free(l->fds);
    mem_free(l);
}

/* The places, a session or the handle are closed. */
static void one_closed(struct listener *l)
{
    listener_close_cb cb = l->close_cb;
    void *data = l->close_data;

    assert(l->n_open > 0);
    if (--l->n_open == 0) {
        listener_free(l);
        if (cb != NULL) {
            cb(data);
        }
    }
}

/* ---- Sessions ---------------------------------------------------------- */

static void on_session_closed(struct session *s)
{
    struct listener *l = s->data;

    session_free(s);
    one_closed(l);
}

/* Into and out of the list of sessions that are not closing. */
static void session_link(struct listener *l, struct session *s)
{
    s->next = l->sessions;
    if (s->next != NULL) {
        s->next->prev = s;
    }
    l->sessions = s;
}

static void session_unlink(struct listener *l, struct session *s)
{
    if (s->next != NULL) {
        s->next->prev = s->prev;
    }
    if (s->prev != NULL) {
        s->prev->next = s->next;
    } else {
        l->sessions = s->next;
    }
}

/* There is room: listen to the sockets again. */
static void resume(struct listener *l)
{
    if (l->full) {
        l->full = false;
        places_pause(&l->places, false);
    }
}

/* A tunnel stands, or nears its end. */
static void on_session_event(struct session *s, enum tunnel_event event)
{
    struct listener *l = s->data;
    struct listener_event out = {
        .type = event == TUNNEL_OPEN ? LISTENER_OPENED : LISTENER_ENDING_SOON,
        .k = s->k,
        .request_id = session_request_id(s)};

    l->event_cb(l, &out);
}

/* A session is done: report it, give its place to the next one. */
static void on_session_done(struct session *s, const struct err *err)
{
    struct listener *l = s->data;
    struct tunnel_stats stats = session_stats(s);
    struct listener_event out = {.type = LISTENER_CLOSED,
                                 .k = s->k,
                                 .err = err,
                                 .request_id = session_request_id(s),
                                 .stats = &stats};

    l->n_active--;
    l->event_cb(l, &out);
    if (l->closing) {
        return; /* listener_close() has closed this one as well. */
    }
    session_unlink(l, s);
    session_close(s, TUNNEL_BYE_DONE, on_session_closed);
    resume(l);
}

/* ---- Accepting --------------------------------------------------------- */

static bool is_full(const struct listener *l)
{
    return l->config.max_connections != 0 &&
           l->n_active >= l->config.max_connections;
}

/* Somebody connects: is there room, or should they wait in the queue? */
static bool on_want(struct acceptor *a)
{
    struct listener *l = ((struct places *)a->data)->data;

    if (l->config.when_full == LISTENER_FULL_CLOSE || !is_full(l)) {
        return true;
    }
    l->full = true;
    places_pause(&l->places, true);
    emit(l, LISTENER_FULL, 0, NULL);
    return false;
}

/* Say what became of a connection that got no tunnel. */
static void start_failed(struct listener *l, unsigned k, int code,
                         const struct err *err)
{
    struct tunnel_stats none = {0};
    struct listener_event closed = {
        .type = LISTENER_CLOSED, .k = k, .request_id = "", .stats = &none};

    if (code == UV_EACCES) {
        emit(l, LISTENER_REFUSED, k, err);
        return;
    }
    closed.err = code == UV_ENOTCONN ? NULL : err;
    if (emit(l, LISTENER_ACCEPTED, k, NULL)) {
        l->event_cb(l, &closed);
    }
}

/* Make a session of the connection @fd. */
static void begin(struct listener *l, int fd)
{
    struct session *s;
    struct err err;
    unsigned k = ++l->last_k;
    int rv;

    s = session_new(l->loop, l->log, k, l);
    if (s == NULL) {
        close(fd);
        err_set_uv(&err, UV_ENOMEM, "cannot begin a session");
        start_failed(l, k, UV_ENOMEM, &err);
        return;
    }
    l->n_open++;
    rv = session_start(s, fd, l->config.allow_other_users, &l->tunnel,
                       on_session_event, on_session_done, &err);
    if (rv != 0) {
        session_close(s, TUNNEL_BYE_DONE, on_session_closed);
        start_failed(l, k, rv, &err);
        return;
    }
    session_link(l, s);
    l->n_active++;
    emit(l, LISTENER_ACCEPTED, k, NULL);
}

/* Somebody connects, or accepting fails for the moment. */
static void on_accept(struct acceptor *a, int fd)
{
    struct listener *l = ((struct places *)a->data)->data;
    struct err err;

    if (fd < 0) {
        err_set_uv(&err, fd, "cannot accept a connection");
        emit(l, LISTENER_ACCEPT_FAILED, 0, &err);
        return;
    }
    if (is_full(l)) {
        close(fd);
        emit(l, LISTENER_FULL, 0, NULL);
        return;
    }
    begin(l, fd);
}

int listener_bind(struct listener *l, struct err *e)
{
    assert(!l->closing);
    l->places.data = l;
    return places_open(&l->places, &l->config, l->loop, e);
}

/* ---- Life -------------------------------------------------------------- */

/* Copy what @config points to. */
static int config_copy(struct listener *l, const struct listener_config *config)
{
    size_t i;

    l->config = *config;
    if (config->n_bind_addresses > TCP_LISTENER_MAX) {
        l->config.n_bind_addresses = TCP_LISTENER_MAX;
    }
    for (i = 0; i < l->config.n_bind_addresses; i++) {
        l->addresses[i] = mem_strdup(config->bind_addresses[i]);
        if (l->addresses[i] == NULL) {
            return UV_ENOMEM;
        }
    }
    l->config.bind_addresses = (const char *const *)l->addresses;
    if (config->unix_path != NULL) {
        l->unix_path = mem_strdup(config->unix_path);
        l->config.unix_path = l->unix_path;
    }
    if (config->n_fds > 0) {
        l->fds = mem_alloc(config->n_fds * sizeof *l->fds);
        if (l->fds == NULL) {
            return UV_ENOMEM;
        }
        memcpy(l->fds, config->fds, config->n_fds * sizeof *l->fds);
    }
    l->config.fds = l->fds;
    return config->unix_path != NULL && l->unix_path == NULL ? UV_ENOMEM : 0;
}

struct listener *listener_new(uv_loop_t *loop, const struct log *log,
                              const struct listener_config *config, void *data)
{
    struct listener *l = mem_zalloc(sizeof *l);
    int rv;

    if (l == NULL) {
        return NULL;
    }
    l->data = data;
    l->loop = loop;
    l->log = log;
    if (config_copy(l, config) != 0) {
        listener_free(l);
        return NULL;
    }
    rv = uv_idle_init(loop, &l->turn);
    assert(rv == 0);
    l->turn.data = l;
    l->n_open = 1;
    return l;
}

void listener_start(struct listener *l, const struct tunnel_config *tunnel,
                    listener_event_cb cb)
{
    assert(!l->closing && l->event_cb == NULL);
    l->tunnel = *tunnel;
    l->tunnel.end_on_early_eof = true; /* A port probe is no client. */
    l->event_cb = cb;
    places_start(&l->places, on_want, on_accept);
}

void *listener_data(const struct listener *l)
{
    return l->data;
}

size_t listener_addresses(const struct listener *l)
{
    return l->places.n;
}

const char *listener_address(const struct listener *l, size_t i, int *port)
{
    assert(i < l->places.n);
    *port = l->places.list[i].port;
    return l->places.list[i].text;
}

int listener_port(const struct listener *l)
{
    size_t i;

    for (i = 0; i < l->places.n; i++) {
        if (l->places.list[i].port != 0) {
            return l->places.list[i].port;
        }
    }
    return 0;
}

unsigned listener_connections(const struct listener *l)
{
    return l->n_active;
}

static void on_turn_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

static void on_places_closed(void *data)
{
    one_closed(data);
}

void listener_close(struct listener *l, enum tunnel_bye bye,
                    listener_close_cb cb, void *data)
{
    struct session *s;

    assert(!l->closing);
    l->closing = true;
    l->close_cb = cb;
    l->close_data = data;
    uv_close((uv_handle_t *)&l->turn, on_turn_closed);
    while (l->sessions != NULL) {
        s = l->sessions;
        session_unlink(l, s);
        session_close(s, bye, on_session_closed);
    }
    l->n_open++;
    places_close(&l->places, on_places_closed, l);
}
