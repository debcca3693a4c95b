/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - changing and inspecting a running emulator. */
#include "control.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "emulator_impl.h"
#include "err.h"
#include "faults.h"
#include "json.h"
#include "mem.h"
#include "reach.h"
#include "server.h"
#include "signer.h"
#include "state_dir.h"
#include "web_conn.h"
#include "world.h"

static const char control_path[] = "/_emulator/control";

enum { CONTROL_LIMIT = 4 * 1024 * 1024 };

/* ---- commands: each fills @out, or returns a code with @e set ---- */

static int do_api_fault(struct emulator *emu, json_t *in, json_t *out,
                        struct err *e)
{
    (void)out;
    return faults_add(emu->api.faults, js_obj(in, "fault"), e);
}

static int do_faults(struct emulator *emu, json_t *in, json_t *out,
                     struct err *e)
{
    const char *endpoint;
    int rv = js_need_str(in, "endpoint", &endpoint, e);

    (void)out;
    return rv != 0
               ? rv
               : fault_table_set(emu->faults, endpoint,
                                 json_object_get(in, "faults"), "$.faults", e);
}

static int do_clear(struct emulator *emu, json_t *in, json_t *out,
                    struct err *e)
{
    (void)in;
    (void)out;
    (void)e;
    faults_clear(emu->api.faults);
    fault_table_clear(emu->faults);
    return 0;
}

static int do_clock(struct emulator *emu, json_t *in, json_t *out,
                    struct err *e)
{
    int64_t ms;

    if (!js_int(in, "offset_ms", &ms)) {
        return err_set(e, ERR_USAGE, "clock: offset_ms must be a number");
    }
    world_set_clock_offset(emu->api.world, ms);
    world_settle(emu->api.world);
    (void)json_object_set_new(out, "now_ms",
                              json_integer(world_now_ms(emu->api.world)));
    return 0;
}

static int do_route(struct emulator *emu, json_t *in, json_t *out,
                    struct err *e)
{
    const char *from, *to;
    int rv = js_need_str(in, "from", &from, e);

    (void)out;
    rv = rv != 0 ? rv : js_need_str(in, "to", &to, e);
    return rv != 0 ? rv : world_set_route(emu->api.world, from, to, e);
}

/* End tunnels: all, or those of one endpoint. */
static int do_cut(struct emulator *emu, json_t *in, json_t *out, struct err *e)
{
    const char *endpoint = js_str(in, "endpoint");
    const char *reason = js_str(in, "reason");
    int64_t code = 1001, n = 0;

    (void)js_int(in, "code", &code);
    if (code < 1000 || code > 4999) {
        return err_set(e, ERR_USAGE, "cut: code must be 1000 to 4999");
    }
    for (struct web_conn *c = emu->server.conns; c != NULL; c = c->next) {
        if (c->has_tunnel && !c->closing &&
            (endpoint == NULL || strcmp(c->endpoint_id, endpoint) == 0)) {
            open_tunnel_finish(&c->tunnel, (uint16_t)code,
                               reason != NULL ? reason : "");
            n++;
        }
    }
    (void)json_object_set_new(out, "cut", json_integer(n));
    return 0;
}

/* The tunnels alive. */
static json_t *list_tunnels(const struct emulator *emu)
{
    json_t *list = json_array();

    for (struct web_conn *c = emu->server.conns; c != NULL; c = c->next) {
        if (c->has_tunnel && !c->closing) {
            (void)json_array_append_new(
                list,
                json_pack("{s:i, s:s, s:s, s:I, s:I}", "id", (int)c->id,
                          "endpoint", c->endpoint_id, "client", c->peer_ip,
                          "bytes_down", (json_int_t)c->tunnel.bytes_down,
                          "bytes_up", (json_int_t)c->tunnel.bytes_up));
        }
    }
    return list;
}

static json_t *list_endpoints(const struct emulator *emu)
{
    const struct world *w = emu->api.world;
    json_t *list = json_array();
    char dns[WORLD_DNS_SIZE];

    for (size_t i = 0; i < world_n_endpoints(w); i++) {
        const struct world_endpoint *ep = world_endpoint_at(w, i);

        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:i}", "id", ep->id, "state",
                            world_endpoint_state_name(ep->state), "dns_name",
                            world_endpoint_dns(w, ep, false, dns), "tunnels",
                            (int)ep->n_open));
    }
    return list;
}

static int do_state(struct emulator *emu, json_t *in, json_t *out,
                    struct err *e)
{
    (void)in;
    (void)e;
    world_settle(emu->api.world);
    (void)json_object_set_new(out, "now_ms",
                              json_integer(world_now_ms(emu->api.world)));
    (void)json_object_set_new(out, "connections",
                              json_integer(emu->server.n_conns));
    (void)json_object_set_new(out, "endpoints", list_endpoints(emu));
    (void)json_object_set_new(out, "tunnels", list_tunnels(emu));
    return 0;
}

static int do_trail(struct emulator *emu, json_t *in, json_t *out,
                    struct err *e)
{
    json_t *lines = json_array();
    struct err ignored;
    const char *line;

    (void)in;
    (void)e;
    for (size_t i = 0; i < TRAIL_LOG_KEPT; i++) {
        line = trail_log_at(&emu->trail_log, i);
        if (line != NULL) {
            (void)json_array_append_new(lines,
                                        js_parse(line, strlen(line), &ignored));
        }
    }
    (void)json_object_set_new(out, "events", lines);
    return 0;
}

static int do_signer_root(struct emulator *emu, json_t *in, json_t *out,
                          struct err *e)
{
    struct buf pem;

    (void)in;
    if (!emulator_has_signer(emu)) {
        return err_set(e, UV_EAGAIN, "the signer is being made: ask again");
    }
    if (emu->api.signer == NULL) {
        return err_set(e, ERR_CONFIG, "there is no signer: see the log");
    }
    buf_init(&pem, 64 * 1024);
    signer_root(emu->api.signer, &pem);
    (void)json_object_set_new(out, "pem", json_string(buf_str(&pem)));
    buf_free(&pem);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct emulator *emu, json_t *in, json_t *out, struct err *e);
} commands[] = {
    {"api-fault", do_api_fault},
    {"clear", do_clear},
    {"clock", do_clock},
    {"cut", do_cut},
    {"faults", do_faults},
    {"route", do_route},
    {"signer-root", do_signer_root},
    {"state", do_state},
    {"trail", do_trail},
};

/* Find the command and run it. */
static int obey(struct emulator *emu, const char *text, size_t len, json_t *out,
                struct err *e)
{
    json_t *in = js_parse(text, len, e);
    const char *what = js_str(in, "do");
    int rv = in == NULL ? ERR_PARSE : ERR_USAGE;

    if (in != NULL && what == NULL) {
        err_set(e, rv, "\"do\" must name a command");
    } else if (in != NULL) {
        err_set(e, rv, "there is no command \"%s\"", what);
        for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
            if (strcmp(commands[i].name, what) == 0) {
                rv = commands[i].run(emu, in, out, e);
            }
        }
    }
    json_decref(in);
    emulator_touch(emu);
    return rv;
}

/* Obey; the answer as text, or NULL.  0 or why not. */
static int answer_command(struct emulator *emu, const char *text, size_t len,
                          char **result)
{
    json_t *out = json_object();
    struct err e = {0};
    struct buf answer;
    int rv = out != NULL ? obey(emu, text, len, out, &e) : UV_ENOMEM;

    if (rv != 0 && out != NULL) {
        (void)json_object_set_new(out, "error", json_string(e.msg));
    }
    buf_init(&answer, CONTROL_LIMIT);
    js_write(&answer, out, JS_COMPACT);
    json_decref(out);
    *result = buf_detach(&answer);
    buf_free(&answer);
    return rv;
}

char *emulator_control(struct emulator *emu, const char *text, size_t len,
                       bool *ok)
{
    char *result;

    *ok = answer_command(emu, text, len, &result) == 0;
    return result;
}

/* ---- over HTTP ---- */

bool control_wanted(const struct http_request *req)
{
    return strcmp(req->path, control_path) == 0;
}

/* A refusal, or NULL.  The Host header and the content type keep other sites'
 * pages out: a browser that was led here under another name says so, and one
 * cannot send that type without asking first. */
static const char *why_not(const char *listen, const struct http_request *req)
{
    const char *type = http_header(req, "content-type");
    const char *host = http_header(req, "host");

    if (!reach_is_ours(listen, req->peer_ip)) {
        return "control is for this machine only";
    }
    if (host == NULL || !reach_is_own_host(listen, host)) {
        return "control wants a Host header naming this machine";
    }
    if (type == NULL || strncasecmp(type, "application/json", 16) != 0) {
        return "control wants Content-Type: application/json";
    }
    return NULL;
}

void control_handle(struct emulator *emu, const struct http_request *req,
                    struct http_answer *a)
{
    const char *why = why_not(emu->address, req);
    char *text;
    int rv;

    if (strcmp(req->method, "POST") != 0 || why != NULL) {
        a->status = why != NULL ? 403 : 405;
        buf_addf(&a->body, "%s\n", why != NULL ? why : "control is a POST");
        return;
    }
    rv = answer_command(emu, req->body, req->body_len, &text);
    a->status = text == NULL ? 500 : rv == 0 ? 200 : 400;
    if (rv == UV_EAGAIN) {
        a->when = HTTP_AGAIN; /* This answer is never seen. */
    }
    a->content_type = "application/json";
    if (text != NULL) {
        buf_addf(&a->body, "%s\n", text);
    }
    mem_free(text);
}
