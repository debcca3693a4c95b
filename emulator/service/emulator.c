/* SPDX-License-Identifier: Apache-2.0 */
/* emulator.c - the whole service side, embeddable on the caller's loop.
 *
 * The happy path: emulator_new() prepares the state directory, the authority
 * and the world (emulator_prepare.c), emulator_start() listens, requests go to
 * emulator/api, what they change is saved a moment later, emulator_close()
 * ends.
 *
 * What can go wrong: the world file is bad, the directory or a file in it
 * cannot be used, a port is taken (each an error with its reason; there is
 * only closing then); the state cannot be saved later (a warning). */
#include "emulator.h"

#include <assert.h>
#include <string.h>

#include "ca.h"
#include "control.h"
#include "emulator_impl.h"
#include "err.h"
#include "file.h"
#include "gate.h"
#include "keys.h"
#include "log.h"
#include "mem.h"
#include "world.h"

enum {
    SAVE_MS = 200,             /* After a change, to gather more of them */
    LOOK_MS = 24 * 3600 * 1000 /* Nothing is due */
};

/* ---- what happens by itself ---- */

/* Keep what has changed. */
static void save(struct emulator *emu)
{
    uint64_t now = world_generation(emu->api.world);
    size_t len = 0;
    char *text;
    int rv;

    if (!emu->keeps || now == emu->saved) {
        return;
    }
    text = world_state(emu->api.world, &len);
    rv = text != NULL
             ? writer_put(&emu->writer, "state", emu->state_file, text, len)
             : UV_ENOMEM;
    if (rv != 0) {
        log_warn(emu->log, EMU, 0, "state not saved: %s", err_sentence(rv));
    }
    file_free(text, len);
    emu->saved = now;
}

/* A file of pushed keys; a keys_writer. */
static int write_keys(void *data, const char *path, const char *text,
                      size_t len)
{
    struct emulator *emu = data;

    emu->n_key_writes++;
    return writer_put(&emu->writer, "pushed keys", path, text, len);
}

static void on_written(struct writer *w)
{
    struct emulator *emu = w->data;

    server_resume(&emu->server);
}

/* Sleep until something is due. */
static void schedule(struct emulator *emu);

static void on_tick(uv_timer_t *timer)
{
    struct emulator *emu = timer->data;

    world_settle(emu->api.world);
    keys_settle(emu->api.keys);
    save(emu);
    schedule(emu);
}

static void schedule(struct emulator *emu)
{
    int64_t now = world_now_ms(emu->api.world), next, keys, wait;

    next = world_next_event_ms(emu->api.world);
    keys = keys_next_ms(emu->api.keys);
    next = keys < next ? keys : next;
    wait = next > now ? (next - now < LOOK_MS ? next - now : LOOK_MS) : 0;
    if (emu->keeps && world_generation(emu->api.world) != emu->saved &&
        wait > SAVE_MS) {
        wait = SAVE_MS;
    }
    /* A millisecond late rather than early, so as not to come twice. */
    uv_timer_start(&emu->tick, on_tick, (uint64_t)wait + 1, 0);
}

void emulator_touch(struct emulator *emu)
{
    schedule(emu);
}

/* ---- requests ---- */

/* The signer is there, or cannot be made: go on either way, without one its
 * paths are not found. */
static void on_signer(struct signer_maker *m, struct signer *signer,
                      const struct err *e)
{
    struct emulator *emu = m->data;

    if (signer == NULL) {
        log_warn(emu->log, EMU, 0, "no signer for pushed keys: %s", e->msg);
    }
    emu->api.signer = signer;
    emu->signer_tried = true;
    server_resume(&emu->server);
    emu->signer_tried = false; /* The next request tries again. */
}

bool emulator_has_signer(struct emulator *emu)
{
    int rv;

    if (emu->api.signer != NULL || emu->signer_tried) {
        return true;
    }
    if (signer_maker_busy(&emu->maker)) {
        return false;
    }
    rv = signer_maker_start(&emu->maker, emu->loop, emu->api.world,
                            emu->state_dir, on_signer);
    if (rv != 0) {
        log_warn(emu->log, EMU, 0, "no signer for pushed keys: %s",
                 err_sentence(rv));
    }
    return rv != 0;
}

static void handle(void *data, const struct http_request *req,
                   struct http_answer *a)
{
    static const char key_path[] = "/latest/meta-data/managed-ssh-keys/";
    struct emulator *emu = data;
    unsigned writes = emu->n_key_writes;
    int64_t delay_ms = 0;

    if (!req->tls && control_wanted(req)) {
        control_handle(emu, req, a);
        return;
    }
    if (strncmp(req->path, key_path, sizeof key_path - 1) == 0 &&
        !emulator_has_signer(emu)) {
        a->when = HTTP_AGAIN;
        return;
    }
    emu_api_handle(&emu->api, req, a, &delay_ms);
    a->delay_ms = delay_ms > 0 ? (unsigned)delay_ms : 0;
    if (emu->n_key_writes != writes) {
        a->when = HTTP_HELD; /* Until sshd can read it. */
    }
    emulator_touch(emu);
}

static void decide(void *data, const struct http_request *req,
                   const char *request_id, struct tunnel_verdict *out)
{
    struct emulator *emu = data;
    struct gate_answer answer;

    gate_open(&emu->api, req, request_id, &answer);
    out->status = answer.status;
    out->delay_ms = answer.delay_ms > 0 ? (unsigned)answer.delay_ms : 0;
    snprintf(out->code, sizeof out->code, "%s", answer.code);
    snprintf(out->message, sizeof out->message, "%s", answer.message);
    snprintf(out->endpoint_id, sizeof out->endpoint_id, "%s",
             answer.endpoint_id);
    snprintf(out->to_name, sizeof out->to_name, "%s", answer.to);
    out->duration_s = answer.duration_s;
    out->idle_s = answer.idle_s;
    out->bytes_per_s = answer.throttle_bps;
    emulator_touch(emu);
}

static void ended(void *data, const char *endpoint_id)
{
    struct emulator *emu = data;

    gate_closed(&emu->api, endpoint_id);
}

/* ---- beginning ---- */

/* What time it is in the world. */
static int64_t now_s(void *data)
{
    struct emulator *emu = data;

    return world_now_ms(emu->api.world) / 1000;
}

static void prepare_server(struct emulator *emu, uv_loop_t *loop,
                           const struct emulator_config *config)
{
    struct server_config sc = {
        .log = config->log,
        .address = emu->address,
        .https_port = config->https_port,
        .http_port = config->http_port,
        .ca = emu->ca,
        .faults = emu->faults,
        .gate = {.data = emu, .decide = decide, .ended = ended},
        .https_handler = handle,
        .http_handler = handle,
        .now = now_s,
        .handler_data = emu,
        .manners = config->manners,
        .limits = config->limits};

    if (config->gate != NULL) {
        sc.gate = *config->gate;
    }
    server_init(&emu->server, loop, &sc);
    emu->server.data = emu;
    (void)uv_timer_init(loop, &emu->tick); /* Cannot fail. */
    emu->tick.data = emu;
    writer_init(&emu->writer, loop, emu->log, on_written);
    emu->writer.data = emu;
    signer_maker_init(&emu->maker);
    emu->maker.data = emu;
    keys_set_writer(emu->api.keys, write_keys, emu);
    emu->n_open = 3;
}

int emulator_new(struct emulator **out, uv_loop_t *loop,
                 const struct emulator_config *config, struct err *e)
{
    struct emulator *emu = mem_zalloc(sizeof *emu);
    int rv;

    *out = NULL;
    if (emu == NULL) {
        return err_set_uv(e, UV_ENOMEM, "emulator");
    }
    emu->loop = loop;
    emu->log = config->log;
    rv = emulator_prepare(emu, config, e);
    if (rv != 0) {
        emulator_free(emu);
        return rv;
    }
    prepare_server(emu, loop, config);
    *out = emu;
    return 0;
}

int emulator_start(struct emulator *emu, struct err *e)
{
    int rv = server_start(&emu->server, e);

    if (rv == 0) {
        world_set_endpoint_domain(emu->api.world, emu->domain,
                                  emulator_https_port(emu));
        schedule(emu);
    }
    return rv;
}

int emulator_https_port(const struct emulator *emu)
{
    return server_port(&emu->server, true);
}

int emulator_http_port(const struct emulator *emu)
{
    return server_port(&emu->server, false);
}

const char *emulator_address(const struct emulator *emu)
{
    return emu->address;
}

const char *emulator_ca_file(const struct emulator *emu)
{
    return ca_file(emu->ca);
}

const char *emulator_state_dir(const struct emulator *emu)
{
    return emu->state_dir;
}

const char *emulator_region(const struct emulator *emu)
{
    return world_settings(emu->api.world)->region;
}

bool emulator_test_key(const struct emulator *emu, const char **id,
                       const char **secret)
{
    const struct world *w = emu->api.world;

    for (size_t i = 0; i < world_n_accounts(w); i++) {
        const struct world_account *a = world_account_at(w, i);

        for (size_t j = 0; j < a->n_users; j++) {
            for (size_t k = 0; k < a->users[j].n_keys; k++) {
                if (!a->users[j].keys[k].inactive) {
                    *id = a->users[j].keys[k].id;
                    *secret = a->users[j].keys[k].secret;
                    return true;
                }
            }
        }
    }
    return false;
}

/* ---- ending ---- */

/* Everything is on disk. */
static void on_writer_closed(struct writer *w)
{
    struct emulator *emu = w->data;
    emulator_close_cb cb = emu->close_cb;
    void *data = emu->close_data;

    emulator_free(emu);
    if (cb != NULL) {
        cb(data);
    }
}

/* Nobody is served any more: write what is to stay. */
static void part_closed(struct emulator *emu)
{
    assert(emu->n_open > 0);
    if (--emu->n_open > 0) {
        return;
    }
    save(emu);
    keys_free(emu->api.keys); /* Empties their files. */
    emu->api.keys = NULL;
    writer_close(&emu->writer, on_writer_closed);
}

static void on_maker_closed(struct signer_maker *m)
{
    part_closed(m->data);
}

static void on_server_closed(struct server *s)
{
    part_closed(s->data);
}

static void on_tick_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

void emulator_close(struct emulator *emu, emulator_close_cb cb, void *data)
{
    emu->close_cb = cb;
    emu->close_data = data;
    uv_close((uv_handle_t *)&emu->tick, on_tick_closed);
    signer_maker_close(&emu->maker, on_maker_closed);
    server_close(&emu->server, on_server_closed);
}
