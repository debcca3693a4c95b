/* SPDX-License-Identifier: Apache-2.0 */
/* emulator.c - the whole service side, embeddable on the caller's loop.
 *
 * The happy path: emulator_new() prepares the state directory and the
 * authority, emulator_start() listens, emulator_close() ends.
 *
 * What can go wrong: the directory or a file in it cannot be used, a port is
 * taken; both leave an emulator that only has to be closed. */
#include "emulator.h"

#include <string.h>

#include "ca.h"
#include "err.h"
#include "log.h"
#include "mem.h"
#include "server.h"
#include "state_dir.h"

struct emulator {
    const struct log *log;
    char *state_dir;
    bool temporary; /* state_dir goes with us */
    struct ca *ca;
    struct server server;
    char *address;
    emulator_close_cb close_cb;
    void *close_data;
};

/* Tunnels for everybody, to the loopback port of the same number: for tests
 * of sockets alone. */
static void answer_nothing(void *data, const struct http_request *req,
                           struct http_answer *a)
{
    (void)data;
    (void)req;
    a->status = 404;
    buf_adds(&a->body, "404 Not Found\n");
}

static void emulator_free(struct emulator *emu)
{
    ca_free(emu->ca);
    if (emu->temporary && emu->state_dir != NULL) {
        state_dir_remove(emu->state_dir);
    }
    mem_free(emu->state_dir);
    mem_free(emu->address);
    mem_free(emu);
}

/* The directory given, or one for this run. */
static int prepare_dir(struct emulator *emu, const char *dir, struct err *e)
{
    if (dir == NULL) {
        emu->temporary = true;
        emu->state_dir = state_dir_temporary(e);
        return emu->state_dir != NULL ? 0 : ERR_CONFIG;
    }
    emu->state_dir = mem_strdup(dir);
    if (emu->state_dir == NULL) {
        return err_set_uv(e, UV_ENOMEM, "state directory");
    }
    return state_dir_make(dir, e);
}

int emulator_new(struct emulator **out, uv_loop_t *loop,
                 const struct emulator_config *config, struct err *e)
{
    struct emulator *emu = mem_zalloc(sizeof *emu);
    struct server_config sc = {.log = config->log,
                               .https_port = config->https_port,
                               .http_port = config->http_port,
                               .https_handler = answer_nothing,
                               .http_handler = answer_nothing,
                               .manners = config->manners,
                               .limits = config->limits};
    int rv;

    *out = NULL;
    if (emu == NULL) {
        return err_set_uv(e, UV_ENOMEM, "emulator");
    }
    emu->log = config->log;
    rv = prepare_dir(emu, config->state_dir, e);
    if (rv == 0 && config->address != NULL) {
        emu->address = mem_strdup(config->address);
        rv = emu->address != NULL ? 0 : err_set_uv(e, UV_ENOMEM, "emulator");
    }
    if (rv == 0) {
        rv = ca_open(&emu->ca, emu->state_dir, emu->log, e);
    }
    if (rv != 0) {
        emulator_free(emu);
        return rv;
    }
    sc.address = emu->address;
    sc.ca = emu->ca;
    sc.gate = *config->gate;
    sc.handler_data = emu;
    server_init(&emu->server, loop, &sc);
    emu->server.data = emu;
    *out = emu;
    return 0;
}

int emulator_start(struct emulator *emu, struct err *e)
{
    return server_start(&emu->server, e);
}

int emulator_https_port(const struct emulator *emu)
{
    return server_port(&emu->server, true);
}

int emulator_http_port(const struct emulator *emu)
{
    return server_port(&emu->server, false);
}

const char *emulator_ca_file(const struct emulator *emu)
{
    return ca_file(emu->ca);
}

static void on_server_closed(struct server *s)
{
    struct emulator *emu = s->data;
    emulator_close_cb cb = emu->close_cb;
    void *data = emu->close_data;

    emulator_free(emu);
    if (cb != NULL) {
        cb(data);
    }
}

void emulator_close(struct emulator *emu, emulator_close_cb cb, void *data)
{
    emu->close_cb = cb;
    emu->close_data = data;
    server_close(&emu->server, on_server_closed);
}
