/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_session.c - one client from its start to the end of its connection.
 *
 * The happy path is: the profile is written if the client needs one, the
 * client is started, and when it ends the session is over.  A client that may
 * hand its connection over and ends well is not the end: from then on the
 * listener's connections are watched.
 *
 * What can go wrong: the profile cannot be written, the client cannot be
 * started (both said by the call), or it ends with a code, which is then our
 * own. */
#include "rdp_session.h"

#include <assert.h>
#include <stdio.h>

#include <eice/eice.h>

#include "argv.h"
#include "buf.h"
#include "err.h"
#include "program.h"
#include "rdp_client.h"
#include "rdp_file.h"
#include "rdp_tell.h"

enum {
    TEXT_LIMIT = 64 << 10,
    WATCH_MS = 500,
    FIRST_MS = 60000, /* For a client elsewhere to connect at all */
    IDLE_MS = 10000   /* For it to connect again */
};

/* A client that handed the connection over has ended: watch the connections
 * instead. */
static void on_watch(uv_timer_t *timer)
{
    struct rdp_session *s = timer->data;

    if (eice_listener_connections(s->listener) > 0) {
        s->idle_ms = 0;
        return;
    }
    s->idle_ms += WATCH_MS;
    if (s->idle_ms >= (s->connected ? IDLE_MS : FIRST_MS)) {
        s->cb(s->data, s->code);
    }
}

static void on_client_end(void *data, int code)
{
    struct rdp_session *s = data;
    int rv;

    s->code = rdp_client_code(s->client, code);
    program_log(s->p, EICE_LOG_INFO, 0, "%s has ended with code %d",
                rdp_client_name(s->client), code);
    if (code != 0 || !rdp_client_hands_over(s->client)) {
        s->cb(s->data, s->code);
        return;
    }
    rv = uv_timer_init(&s->p->loop, &s->watch);
    assert(rv == 0);
    s->watch.data = s;
    s->has_watch = true;
    uv_timer_start(&s->watch, on_watch, WATCH_MS, WATCH_MS);
}

/* Write the client's profile and put its path in @path. */
static int profile_write(struct rdp_session *s, const struct rdp_facts *facts,
                         char *path, size_t size, struct err *e)
{
    struct buf text;
    int rv;

    rv = run_dir_make(&s->dir, e);
    if (rv != 0) {
        return rv;
    }
    buf_init(&text, TEXT_LIMIT);
    rdp_file_remmina(&text, facts->port, facts->user, facts->title);
    snprintf(path, size, "%s/eice.remmina", s->dir.path);
    rv = run_dir_write(&s->dir, "eice.remmina", buf_str(&text), e);
    buf_free(&text);
    return rv;
}

/* Start it with all that it is told. */
static int client_start(struct rdp_session *s, const struct rdp_facts *facts,
                        const char *password, struct err *e)
{
    unsigned told = rdp_client_asks(s->client) ? GUEST_PIPED : 0;
    struct argv argv = {0};
    struct buf secret;
    int rv;

    rdp_client_command(&argv, s->client, s->client_path, facts);
    if (rdp_client_asks(s->client)) {
        rdp_tell_thumbprint(facts->thumbprint);
    }
    buf_init(&secret, TEXT_LIMIT);
    buf_adds(&secret, facts->password ? password : "");
    buf_addc(&secret, '\n');
    if (argv.failed || buf_error(&secret) != 0) {
        rv = err_set_uv(e, UV_ENOMEM, "the command");
    } else {
        s->guest.data = s;
        rv = guest_start(&s->guest, &s->p->loop, argv.list,
                         facts->password ? told | GUEST_TELL | GUEST_RELAY : 0,
                         buf_str(&secret), on_client_end, e);
    }
    buf_wipe(&secret);
    argv_free(&argv);
    return rv;
}

int rdp_session_start(struct rdp_session *s, const struct rdp_facts *facts,
                      const char *password, rdp_session_cb cb, void *data,
                      struct err *e)
{
    char profile[RUN_DIR_SIZE + 16] = "";
    struct rdp_facts all = *facts;
    int rv = 0;

    if (rdp_client_needs_profile(s->client)) {
        rv = profile_write(s, facts, profile, sizeof profile, e);
    }
    if (rv != 0) {
        return rv;
    }
    s->cb = cb;
    s->data = data;
    all.profile = profile;
    all.password = password != NULL && rdp_client_takes_password(s->client);
    return client_start(s, &all, password, e);
}

void rdp_session_connected(struct rdp_session *s)
{
    s->connected = true;
}

void rdp_session_close(struct rdp_session *s)
{
    guest_close(&s->guest);
    if (s->has_watch) {
        uv_close((uv_handle_t *)&s->watch, NULL);
    }
}

void rdp_session_clear(struct rdp_session *s)
{
    run_dir_remove(&s->dir);
}
