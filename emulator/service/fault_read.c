/* SPDX-License-Identifier: Apache-2.0 */
/* fault_read.c - a fault plan out of its JSON. */
#include "fault_read.h"

#include <openssl/rand.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "fault_plan.h"
#include "hex.h"
#include "json.h"
#include "mem.h"

enum { MAX_DATA = 1024 * 1024, MAX_PINGS = 100000, MAX_CONTROL = 123 };

static const char *const stage_names[FAULT_N_STAGES] = {
#define X(symbol, name) name,
    FAULT_STAGES(X)
#undef X
};

#define AT(stage) (1u << FAULT_AT_##stage)
enum {
    AT_ANY = (1u << FAULT_N_STAGES) - 1,
    AT_STREAM = AT(OPEN) | AT(DOWN) | AT(UP)
};

/* What a step may say besides at, do, after and times. */
enum {
    HAS_MS = 1 << 0,
    HAS_ABRUPT = 1 << 1,
    HAS_FLAW = 1 << 2,
    HAS_REFUSAL = 1 << 3,
    HAS_BYTES = 1 << 4,
    HAS_NAME = 1 << 5,
    HAS_VALUE = 1 << 6,
    HAS_COUNT = 1 << 7,
    HAS_RATES = 1 << 8,
    HAS_TEXT = 1 << 9,
    HAS_CLOSE = 1 << 10
};

static const struct act {
    const char *name;
    enum fault_act act;
    unsigned stages;
    unsigned has;
} acts[] = {
    {"delay", FAULT_DELAY, AT_ANY, HAS_MS},
    {"stall", FAULT_STALL, AT_ANY, 0},
    {"reset", FAULT_RESET, AT_ANY, 0},
    {"end", FAULT_END, AT_ANY, HAS_ABRUPT},
    {"certificate", FAULT_CERTIFICATE, AT(HELLO), HAS_FLAW},
    {"refuse", FAULT_REFUSE, AT(REQUEST), HAS_REFUSAL},
    {"send", FAULT_SEND, AT_ANY & ~AT(HELLO), HAS_BYTES},
    {"bad-accept", FAULT_BAD_ACCEPT, AT(ANSWER), 0},
    {"header", FAULT_HEADER, AT(ANSWER), HAS_NAME | HAS_VALUE},
    {"drop-header", FAULT_DROP_HEADER, AT(ANSWER), HAS_NAME},
    {"truncate", FAULT_TRUNCATE, AT(ANSWER), HAS_COUNT},
    {"fragments", FAULT_FRAGMENTS, AT(OPEN), 0},
    {"throttle", FAULT_THROTTLE, AT_STREAM, HAS_RATES},
    {"text", FAULT_TEXT, AT_STREAM, HAS_TEXT},
    {"ping", FAULT_PING, AT_STREAM, HAS_COUNT},
    {"masked", FAULT_MASKED, AT_STREAM, 0},
    {"reserved-bit", FAULT_RESERVED_BIT, AT_STREAM, 0},
    {"reserved-opcode", FAULT_RESERVED_OPCODE, AT_STREAM, 0},
    {"orphan", FAULT_ORPHAN, AT_STREAM, 0},
    {"long-ping", FAULT_LONG_PING, AT_STREAM, 0},
    {"huge", FAULT_HUGE, AT_STREAM, 0},
    {"close", FAULT_CLOSE, AT_STREAM, HAS_CLOSE},
};

/* Which fields belong to what a step has. */
static const struct {
    const char *key;
    unsigned has;
} keys[] = {
    {"at", ~0u},
    {"do", ~0u},
    {"times", ~0u},
    {"after", ~0u}, /* read_step() looks at the stage */
    {"ms", HAS_MS},
    {"abrupt", HAS_ABRUPT},
    {"flaw", HAS_FLAW},
    {"status", HAS_REFUSAL},
    {"headers", HAS_REFUSAL},
    {"body", HAS_REFUSAL},
    {"truncate", HAS_REFUSAL},
    {"text", HAS_BYTES | HAS_TEXT},
    {"hex", HAS_BYTES},
    {"random", HAS_BYTES},
    {"name", HAS_NAME},
    {"value", HAS_VALUE},
    {"count", HAS_COUNT},
    {"down", HAS_RATES},
    {"up", HAS_RATES},
    {"code", HAS_CLOSE},
    {"reason", HAS_CLOSE},
    {"payload", HAS_CLOSE},
};

/* Say what is wrong with a member. */
static int wrong(struct err *e, const char *key, const char *why)
{
    return err_set(e, ERR_CONFIG, ".%s: %s", key, why);
}

/* ---- fields ---- */

/* An optional whole number within limits. */
static int read_int(json_t *in, const char *key, int64_t min, int64_t max,
                    int64_t *out, struct err *e)
{
    if (json_object_get(in, key) == NULL) {
        return 0;
    }
    if (!js_int(in, key, out) || *out < min || *out > max) {
        err_set(e, ERR_CONFIG, ".%s: must be a number from %lld to %lld", key,
                (long long)min, (long long)max);
        return ERR_CONFIG;
    }
    return 0;
}

/* Keep a copy of some bytes as the step's data. */
static int keep(struct fault_step *s, const char *data, size_t len,
                struct err *e)
{
    s->data = mem_alloc(len + 1);
    if (s->data == NULL) {
        return err_set_uv(e, UV_ENOMEM, "fault");
    }
    memcpy(s->data, data, len);
    s->data[len] = '\0';
    s->data_len = len;
    return 0;
}

/* A string as the step's data; @most bytes of it. */
static int read_text(struct fault_step *s, json_t *in, const char *key,
                     bool need, size_t most, struct err *e)
{
    const char *text = js_str(in, key);

    if (text == NULL && (need || json_object_get(in, key) != NULL)) {
        return wrong(e, key, "must be a string");
    }
    if (text != NULL && strlen(text) > most) {
        return wrong(e, key, "is too long");
    }
    return keep(s, text != NULL ? text : "", text != NULL ? strlen(text) : 0,
                e);
}

static int read_name(struct fault_step *s, json_t *in, struct err *e)
{
    const char *name = js_str(in, "name");

    if (name == NULL || name[0] == '\0') {
        return wrong(e, "name", "must be a header's name");
    }
    s->name = mem_strdup(name);
    return s->name != NULL ? 0 : err_set_uv(e, UV_ENOMEM, "fault");
}

static int read_flaw(struct fault_step *s, json_t *in, struct err *e)
{
    const char *flaw = js_str(in, "flaw");

    if (flaw != NULL && strcmp(flaw, "expired") == 0) {
        s->flaw = CA_EXPIRED;
    } else if (flaw != NULL && strcmp(flaw, "wrong-host") == 0) {
        s->flaw = CA_WRONG_HOST;
    } else if (flaw != NULL && strcmp(flaw, "untrusted") == 0) {
        s->flaw = CA_UNTRUSTED;
    } else {
        return wrong(e, "flaw", "must be expired, wrong-host or untrusted");
    }
    return 0;
}

/* Bytes as text, as hexadecimal digits, or any. */
static int read_bytes(struct fault_step *s, json_t *in, struct err *e)
{
    const char *hex = js_str(in, "hex");
    int64_t random = -1;
    int rv = read_int(in, "random", 0, MAX_DATA, &random, e);
    size_t len;

    if (rv != 0 || (random < 0 && hex == NULL)) {
        return rv != 0 ? rv : read_text(s, in, "text", true, MAX_DATA, e);
    }
    len = hex != NULL ? strlen(hex) / 2 : (size_t)random;
    s->data = mem_zalloc(len + 1);
    if (s->data == NULL) {
        return err_set_uv(e, UV_ENOMEM, "fault");
    }
    s->data_len = len;
    if (hex != NULL && !hex_decode(s->data, hex, strlen(hex))) {
        return wrong(e, "hex", "must be pairs of hexadecimal digits");
    }
    if (hex == NULL && len > 0) {
        (void)RAND_bytes((unsigned char *)s->data, (int)len);
    }
    return 0;
}

/* {"Name": "value"} as the lines of a head. */
static int read_headers(struct fault_step *s, json_t *in, struct err *e)
{
    json_t *headers = json_object_get(in, "headers"), *value;
    const char *name;
    struct buf text;

    if (headers != NULL && !json_is_object(headers)) {
        return wrong(e, "headers", "must be an object");
    }
    buf_init(&text, MAX_DATA);
    buf_adds(&text, "");
    json_object_foreach(headers, name, value)
    {
        if (!json_is_string(value)) {
            buf_free(&text);
            return wrong(e, "headers", "must hold strings");
        }
        buf_addf(&text, "%s: %s\r\n", name, json_string_value(value));
    }
    s->headers = text.len > 0 ? buf_detach(&text) : mem_strdup("");
    buf_free(&text);
    return s->headers != NULL ? 0 : err_set_uv(e, UV_ENOMEM, "fault");
}

static int read_refusal(struct fault_step *s, json_t *in, struct err *e)
{
    int rv;

    s->status = 500;
    s->count = -1;
    rv = read_int(in, "status", 100, 999, &s->status, e);
    rv = rv != 0 ? rv : read_int(in, "truncate", 0, MAX_DATA, &s->count, e);
    rv = rv != 0 ? rv : read_text(s, in, "body", false, MAX_DATA, e);
    return rv != 0 ? rv : read_headers(s, in, e);
}

/* Code and reason; or, to break the rules, a payload of one's own. */
static int read_close(struct fault_step *s, json_t *in, struct err *e)
{
    const char *hex = js_str(in, "payload");
    int rv;

    if (json_object_get(in, "payload") == NULL) {
        s->code = 1000;
        rv = read_int(in, "code", 0, 65535, &s->code, e);
        return rv != 0 ? rv : read_text(s, in, "reason", false, MAX_CONTROL, e);
    }
    s->code = -1;
    s->data = mem_zalloc(MAX_CONTROL + 3);
    if (s->data == NULL) {
        return err_set_uv(e, UV_ENOMEM, "fault");
    }
    if (hex == NULL || strlen(hex) > (size_t)MAX_CONTROL * 2 ||
        !hex_decode(s->data, hex, strlen(hex))) {
        return wrong(e, "payload", "must be pairs of hexadecimal digits");
    }
    s->data_len = strlen(hex) / 2;
    return 0;
}

static int read_rates(struct fault_step *s, json_t *in, struct err *e)
{
    int rv = read_int(in, "down", 0, INT64_MAX, &s->down, e);

    return rv != 0 ? rv : read_int(in, "up", 0, INT64_MAX, &s->up, e);
}

/* ---- steps ---- */

/* No member that the action does not know. */
static int check_keys(json_t *in, const struct act *act, struct err *e)
{
    const char *key;
    json_t *value;

    json_object_foreach(in, key, value)
    {
        bool known = false;

        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            known = known ||
                    (strcmp(keys[i].key, key) == 0 &&
                     (keys[i].has == ~0u || (keys[i].has & act->has) != 0));
        }
        if (!known) {
            return wrong(e, key, "is unknown here");
        }
    }
    return 0;
}

/* What the action needs to know. */
static int read_details(struct fault_step *s, json_t *in, unsigned has,
                        struct err *e)
{
    int rv = 0;

    if (has & HAS_MS) {
        s->ms = 100;
        rv = read_int(in, "ms", 0, 3600 * 1000, &s->ms, e);
    }
    if (rv == 0 && (has & HAS_ABRUPT)) {
        (void)js_bool(in, "abrupt", &s->abrupt);
    }
    if (rv == 0 && (has & HAS_FLAW)) {
        rv = read_flaw(s, in, e);
    }
    if (rv == 0 && (has & HAS_REFUSAL)) {
        rv = read_refusal(s, in, e);
    }
    if (rv == 0 && (has & HAS_BYTES)) {
        rv = read_bytes(s, in, e);
    }
    if (rv == 0 && (has & HAS_NAME)) {
        rv = read_name(s, in, e);
    }
    if (rv == 0 && (has & HAS_VALUE)) {
        rv = read_text(s, in, "value", true, 4096, e);
    }
    if (rv == 0 && (has & HAS_COUNT)) {
        s->count = 1;
        rv = read_int(in, "count", 0, MAX_PINGS, &s->count, e);
    }
    if (rv == 0 && (has & HAS_RATES)) {
        rv = read_rates(s, in, e);
    }
    if (rv == 0 && (has & HAS_TEXT)) {
        rv = read_text(s, in, "text", false, MAX_CONTROL, e);
    }
    if (rv == 0 && (has & HAS_CLOSE)) {
        rv = read_close(s, in, e);
    }
    return rv;
}

/* The action of this name. */
static const struct act *find_act(const char *name)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (name != NULL && strcmp(acts[i].name, name) == 0) {
            return &acts[i];
        }
    }
    return NULL;
}

static int read_step(struct fault_step *s, json_t *in, bool any, struct err *e)
{
    const char *at = js_str(in, "at");
    const struct act *act = find_act(js_str(in, "do"));
    int64_t after = 0, times = 0;
    unsigned stage = 0;
    int rv;

    while (stage < FAULT_N_STAGES &&
           (at == NULL || strcmp(stage_names[stage], at) != 0)) {
        stage++;
    }
    if (stage == FAULT_N_STAGES) {
        return wrong(e, "at",
                     "must be accept, hello, request, answer, open, down or "
                     "up");
    }
    if (act == NULL) {
        return wrong(e, "do", "is no known fault");
    }
    if ((act->stages & (1u << stage)) == 0) {
        return wrong(e, "at", "this fault is not for this stage");
    }
    if (stage == FAULT_AT_ACCEPT && !any) {
        return wrong(e, "at", "nobody knows the endpoint yet; use hello");
    }
    if (json_object_get(in, "after") != NULL && stage != FAULT_AT_DOWN &&
        stage != FAULT_AT_UP) {
        return wrong(e, "after", "is for down and up only");
    }
    rv = check_keys(in, act, e);
    rv = rv != 0 ? rv : read_int(in, "after", 0, INT64_MAX, &after, e);
    rv = rv != 0 ? rv : read_int(in, "times", 0, INT64_MAX, &times, e);
    s->at = (enum fault_stage)stage;
    s->act = act->act;
    s->after = (uint64_t)after;
    s->times = (uint64_t)times;
    return rv != 0 ? rv : read_details(s, in, act->has, e);
}

/* Put where it was before what is wrong. */
static void name_step(struct err *e, const char *path, bool many, size_t i)
{
    char why[600];

    snprintf(why, sizeof why, "%.599s", e->msg);
    if (many) {
        err_set(e, e->code, "%s[%zu]%s", path, i, why);
    } else {
        err_set(e, e->code, "%s%s", path, why);
    }
}

int fault_read_plan(struct fault_plan **out, json_t *list, bool any,
                    const char *path, struct err *e)
{
    bool many = json_is_array(list);
    size_t n = many ? json_array_size(list) : list != NULL ? 1 : 0;
    struct fault_plan *plan;
    int rv = 0;

    *out = NULL;
    if (n == 0) {
        return 0;
    }
    if (n > FAULT_MAX_STEPS) {
        return err_set(e, ERR_CONFIG, "%s: more than %d steps", path,
                       FAULT_MAX_STEPS);
    }
    plan = mem_zalloc(sizeof *plan);
    if (plan == NULL) {
        return err_set_uv(e, UV_ENOMEM, path);
    }
    plan->refs = 1;
    for (size_t i = 0; i < n && rv == 0; i++) {
        json_t *in = many ? json_array_get(list, i) : list;

        plan->n++;
        rv = json_is_object(in) ? read_step(&plan->steps[i], in, any, e)
                                : err_set(e, ERR_CONFIG, ": must be an object");
        if (rv != 0) {
            name_step(e, path, many, i);
        }
    }
    if (rv != 0) {
        fault_plan_free(plan);
        return rv;
    }
    *out = plan;
    return 0;
}
