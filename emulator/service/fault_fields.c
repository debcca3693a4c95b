/* SPDX-License-Identifier: Apache-2.0 */
/* fault_fields.c - what a step of a fault plan says besides its stage and
 * action. */
#include "fault_fields.h"

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

/* Which fields belong to what a step has. */
static const struct {
    const char *key;
    unsigned has;
} keys[] = {
    {"at", ~0u},
    {"do", ~0u},
    {"times", ~0u},
    {"after", ~0u}, /* fault_read.c looks at the stage */
    {"ms", FAULT_HAS_MS},
    {"abrupt", FAULT_HAS_ABRUPT},
    {"flaw", FAULT_HAS_FLAW},
    {"status", FAULT_HAS_REFUSAL},
    {"headers", FAULT_HAS_REFUSAL},
    {"body", FAULT_HAS_REFUSAL},
    {"truncate", FAULT_HAS_REFUSAL},
    {"text", FAULT_HAS_BYTES | FAULT_HAS_TEXT},
    {"hex", FAULT_HAS_BYTES},
    {"random", FAULT_HAS_BYTES},
    {"name", FAULT_HAS_NAME},
    {"value", FAULT_HAS_VALUE},
    {"count", FAULT_HAS_COUNT},
    {"down", FAULT_HAS_RATES},
    {"up", FAULT_HAS_RATES},
    {"code", FAULT_HAS_CLOSE},
    {"reason", FAULT_HAS_CLOSE},
    {"payload", FAULT_HAS_CLOSE},
};

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

/* An optional number that is never negative. */
static int read_uint(json_t *in, const char *key, uint64_t *out, struct err *e)
{
    int64_t n = 0;
    int rv = read_int(in, key, 0, INT64_MAX, &n, e);

    *out = (uint64_t)n;
    return rv;
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
        return fault_wrong(e, key, "must be a string");
    }
    if (text != NULL && strlen(text) > most) {
        return fault_wrong(e, key, "is too long");
    }
    return keep(s, text != NULL ? text : "", text != NULL ? strlen(text) : 0,
                e);
}

static int read_name(struct fault_step *s, json_t *in, struct err *e)
{
    const char *name = js_str(in, "name");

    if (name == NULL || name[0] == '\0') {
        return fault_wrong(e, "name", "must be a header's name");
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
        return fault_wrong(e, "flaw",
                           "must be expired, wrong-host or untrusted");
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
        return fault_wrong(e, "hex", "must be pairs of hexadecimal digits");
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
        return fault_wrong(e, "headers", "must be an object");
    }
    buf_init(&text, MAX_DATA);
    buf_adds(&text, "");
    json_object_foreach(headers, name, value)
    {
        if (!json_is_string(value)) {
            buf_free(&text);
            return fault_wrong(e, "headers", "must hold strings");
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
        return fault_wrong(e, "payload", "must be pairs of hexadecimal digits");
    }
    s->data_len = strlen(hex) / 2;
    return 0;
}

static int read_rates(struct fault_step *s, json_t *in, struct err *e)
{
    int rv = read_int(in, "down", 0, INT64_MAX, &s->down, e);

    return rv != 0 ? rv : read_int(in, "up", 0, INT64_MAX, &s->up, e);
}

/* No member that the action does not know. */
static int check_keys(json_t *in, unsigned has, struct err *e)
{
    const char *key;
    json_t *value;

    json_object_foreach(in, key, value)
    {
        bool known = false;

        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            known = known || (strcmp(keys[i].key, key) == 0 &&
                              (keys[i].has == ~0u || (keys[i].has & has) != 0));
        }
        if (!known) {
            return fault_wrong(e, key, "is unknown here");
        }
    }
    return 0;
}

int fault_fields_read(struct fault_step *s, json_t *in, unsigned has,
                      struct err *e)
{
    int rv = check_keys(in, has, e);

    rv = rv != 0 ? rv : read_uint(in, "after", &s->after, e);
    rv = rv != 0 ? rv : read_uint(in, "times", &s->times, e);
    if (rv == 0 && (has & FAULT_HAS_MS)) {
        s->ms = 100;
        rv = read_int(in, "ms", 0, 3600 * 1000, &s->ms, e);
    }
    if (rv == 0 && (has & FAULT_HAS_ABRUPT)) {
        (void)js_bool(in, "abrupt", &s->abrupt);
    }
    if (rv == 0 && (has & FAULT_HAS_FLAW)) {
        rv = read_flaw(s, in, e);
    }
    if (rv == 0 && (has & FAULT_HAS_REFUSAL)) {
        rv = read_refusal(s, in, e);
    }
    if (rv == 0 && (has & FAULT_HAS_BYTES)) {
        rv = read_bytes(s, in, e);
    }
    if (rv == 0 && (has & FAULT_HAS_NAME)) {
        rv = read_name(s, in, e);
    }
    if (rv == 0 && (has & FAULT_HAS_VALUE)) {
        rv = read_text(s, in, "value", true, 4096, e);
    }
    if (rv == 0 && (has & FAULT_HAS_COUNT)) {
        s->count = 1;
        rv = read_int(in, "count", 0, MAX_PINGS, &s->count, e);
    }
    if (rv == 0 && (has & FAULT_HAS_RATES)) {
        rv = read_rates(s, in, e);
    }
    if (rv == 0 && (has & FAULT_HAS_TEXT)) {
        rv = read_text(s, in, "text", false, MAX_CONTROL, e);
    }
    if (rv == 0 && (has & FAULT_HAS_CLOSE)) {
        rv = read_close(s, in, e);
    }
    return rv;
}

int fault_wrong(struct err *e, const char *key, const char *why)
{
    return err_set(e, ERR_CONFIG, ".%s: %s", key, why);
}
