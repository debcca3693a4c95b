/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - public errors out of internal ones; structs of stated size. */
#include "fault.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <eice/eice.h>

#include "err.h"

/* The public numbers are the internal ones, for good. */
#define X(name, value, kind, sentence)                                         \
    static_assert((int)EICE_##name == (int)(name), "eice.h and err.h differ");
ERR_CODES(X)
#undef X

static_assert(sizeof((struct eice_error *)0)->message == ERR_MSG_SIZE,
              "message sizes differ");
static_assert(sizeof((struct eice_error *)0)->hint == ERR_HINT_SIZE,
              "hint sizes differ");
static_assert(sizeof((struct eice_error *)0)->service_code == ERR_WORD_SIZE,
              "word sizes differ");

/* The public word for a kind of failure. */
static enum eice_kind kind_of(int code)
{
    if (code == 0) {
        return EICE_KIND_NONE;
    }
    switch (err_kind(code)) {
    case ERR_KIND_USAGE:
        return EICE_KIND_USAGE;
    case ERR_KIND_CONFIG:
        return EICE_KIND_CONFIG;
    case ERR_KIND_SERVICE:
        return EICE_KIND_SERVICE;
    case ERR_KIND_OTHER:
        break;
    }
    return EICE_KIND_OTHER;
}

int fault_export(struct eice_error *out, const struct err *e)
{
    if (out == NULL) {
        return e->code;
    }
    *out = (struct eice_error){
        .code = e->code,
        .kind = kind_of(e->code),
        .http_status = e->http_status,
    };
    memcpy(out->message, e->msg, sizeof out->message);
    memcpy(out->hint, e->hint, sizeof out->hint);
    memcpy(out->service_code, e->remote_code, sizeof out->service_code);
    memcpy(out->operation, e->operation, sizeof out->operation);
    memcpy(out->request_id, e->request_id, sizeof out->request_id);
    return e->code;
}

int fault_nomem(struct eice_error *out)
{
    struct err e;

    err_set(&e, UV_ENOMEM, "%s", err_sentence(UV_ENOMEM));
    return fault_export(out, &e);
}

int fault_sized(void *full, size_t full_size, const void *in, const char *what,
                struct err *e)
{
    const unsigned char *bytes = in;
    size_t size, i;

    memset(full, 0, full_size);
    if (in == NULL) {
        return 0;
    }
    memcpy(&size, in, sizeof size);
    if (size < sizeof size) {
        return err_set(e, ERR_USAGE, "%s.size is not set", what);
    }
    for (i = full_size; i < size; i++) {
        if (bytes[i] != 0) {
            return err_set(e, ERR_USAGE,
                           "%s holds fields that this libeice (" EICE_VERSION
                           ") does not know",
                           what);
        }
    }
    memcpy(full, in, size < full_size ? size : full_size);
    return 0;
}

const char *eice_code_name(int code)
{
    switch (code) {
#define X(name, value, kind, sentence)                                         \
    case name:                                                                 \
        return "EICE_" #name;
        ERR_CODES(X)
#undef X
    default:
        return err_name(code);
    }
}

int eice_exit_code(const struct eice_error *error)
{
    switch (error->kind) {
    case EICE_KIND_NONE:
        return 0;
    case EICE_KIND_USAGE:
        return 252;
    case EICE_KIND_CONFIG:
        return 253;
    case EICE_KIND_SERVICE:
        return 254;
    case EICE_KIND_OTHER:
        break;
    }
    return 255;
}
