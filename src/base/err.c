/* SPDX-License-Identifier: Apache-2.0 */
/* err.c - filling, wrapping and naming errors. */
#include "err.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "tame.h"

/* Everything we know about one of our own codes. */
struct code_info {
    int code;
    enum err_kind kind;
    const char *name;
    const char *sentence;
};

static const struct code_info codes[] = {
#define X(name, value, kind, sentence)                                         \
    {value, ERR_KIND_##kind, #name, sentence},
    ERR_CODES(X)
#undef X
};

/* The row of @code, or NULL when it is not one of ours. */
static const struct code_info *code_find(int code)
{
    size_t i;

    for (i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].code == code) {
            return &codes[i];
        }
    }
    return NULL;
}

int err_vset(struct err *e, int code, const char *fmt, va_list ap)
{
    if (e == NULL) {
        return code;
    }
    err_clear(e);
    e->code = code;
    vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    tame(e->msg);
    return code;
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    err_vset(e, code, fmt, ap);
    va_end(ap);
    return code;
}

int err_set_uv(struct err *e, int code, const char *what)
{
    return err_set(e, code, "%s: %s", what, err_sentence(code));
}

void err_wrap(struct err *e, const char *fmt, ...)
{
    char old[ERR_MSG_SIZE];
    va_list ap;
    size_t n;

    if (e == NULL) {
        return;
    }
    memcpy(old, e->msg, sizeof old);
    va_start(ap, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    n = strlen(e->msg);
    snprintf(e->msg + n, sizeof e->msg - n, ": %s", old);
    tame(e->msg);
}

void err_hint(struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (e == NULL) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(e->hint, sizeof e->hint, fmt, ap);
    va_end(ap);
    tame(e->hint);
}

void err_clear(struct err *e)
{
    if (e != NULL) {
        *e = (struct err){0};
    }
}

const char *err_name(int code)
{
    const struct code_info *info = code_find(code);

    if (code == 0) {
        return "OK";
    }
    return info != NULL ? info->name : uv_err_name(code);
}

const char *err_sentence(int code)
{
    const struct code_info *info = code_find(code);

    if (code == 0) {
        return "no error";
    }
    return info != NULL ? info->sentence : uv_strerror(code);
}

enum err_kind err_kind(int code)
{
    const struct code_info *info = code_find(code);

    return info != NULL ? info->kind : ERR_KIND_OTHER;
}
