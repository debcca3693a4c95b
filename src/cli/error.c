/* SPDX-License-Identifier: Apache-2.0 */
/* error.c - the one place where a failure becomes words on stderr.
 *
 * The words are the AWS CLI's (2.34 and later), since scripts and people look
 * for them: a line that begins with "eice: [ERROR]: ", and for mistakes of the
 * user and of the configuration "An error occurred (CLASS): " before the
 * cause.  What to do about it follows on the same line. */
#include "error.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <eice/eice.h>

#include "buf.h"
#include "err.h"
#include "iso8601.h"
#include "json.h"
#include "say.h"

enum { TEXT_LIMIT = 4000 };

void error_from(struct eice_error *out, const struct err *e)
{
    *out = (struct eice_error){.code = e->code, .http_status = e->http_status};
    switch (err_kind(e->code)) {
    case ERR_KIND_USAGE:
        out->kind = EICE_KIND_USAGE;
        break;
    case ERR_KIND_CONFIG:
        out->kind = EICE_KIND_CONFIG;
        break;
    case ERR_KIND_SERVICE:
        out->kind = EICE_KIND_SERVICE;
        break;
    case ERR_KIND_OTHER:
        out->kind = e->code == 0 ? EICE_KIND_NONE : EICE_KIND_OTHER;
        break;
    }
    snprintf(out->message, sizeof out->message, "%s", e->msg);
    snprintf(out->hint, sizeof out->hint, "%s", e->hint);
    snprintf(out->service_code, sizeof out->service_code, "%s", e->remote_code);
    snprintf(out->operation, sizeof out->operation, "%s", e->operation);
    snprintf(out->request_id, sizeof out->request_id, "%s", e->request_id);
}

int error_set(struct eice_error *out, int code, const char *fmt, ...)
{
    struct err e;
    va_list ap;

    va_start(ap, fmt);
    err_vset(&e, code, fmt, ap);
    va_end(ap);
    error_from(out, &e);
    return code;
}

/* The class the AWS CLI names in "An error occurred (...)"; NULL for what it
 * prints bare. */
static const char *class_of(const struct eice_error *error)
{
    switch (error->kind) {
    case EICE_KIND_USAGE:
        return "ParamValidation";
    case EICE_KIND_CONFIG:
        return error->code == EICE_ERR_NO_REGION        ? "NoRegion"
               : error->code == EICE_ERR_NO_CREDENTIALS ? "NoCredentials"
                                                        : "Configuration";
    case EICE_KIND_SERVICE:
        return error->service_code[0] != '\0' ? error->service_code : NULL;
    case EICE_KIND_NONE:
    case EICE_KIND_OTHER:
        break;
    }
    return NULL;
}

void error_sentence(struct buf *out, const struct eice_error *error)
{
    size_t len = strlen(error->message);
    /* The API's errors are the AWS CLI's to the letter; a tunnel's have what
     * the owner of the account needs to find it again. */
    bool id = error->request_id[0] != '\0' &&
              error->kind != EICE_KIND_SERVICE &&
              strstr(error->message, error->request_id) == NULL;

    /* A sentence of the AWS CLI's keeps its full stop, which scripts may look
     * for, and the hint is a sentence of its own. */
    bool sentence = len > 0 && error->message[len - 1] == '.';

    buf_add(out, error->message, id && sentence ? len - 1 : len);
    if (id) {
        buf_addf(out, " (request id %s)%s", error->request_id,
                 sentence ? "." : "");
    }
    if (error->hint[0] != '\0' && sentence) {
        buf_addf(out, " %c%s.", toupper((unsigned char)error->hint[0]),
                 error->hint + 1);
    } else if (error->hint[0] != '\0') {
        buf_addf(out, " - %s", error->hint);
    }
}

/* What the service itself said, without the frame around it. */
static const char *bare_message(const struct eice_error *error)
{
    char frame[256];
    size_t len;

    len = (size_t)snprintf(frame, sizeof frame,
                           "An error occurred (%s) when calling the %s "
                           "operation: ",
                           error->service_code, error->operation);
    if (error->service_code[0] != '\0' && len < sizeof frame &&
        strncmp(error->message, frame, len) == 0) {
        return error->message + len;
    }
    return error->message;
}

/* The line itself: with the class in front unless @legacy. */
static void add_line(struct buf *out, const struct eice_error *error,
                     bool legacy)
{
    const char *class = class_of(error);

    if (!legacy && class != NULL && error->kind != EICE_KIND_SERVICE) {
        buf_addf(out, "An error occurred (%s): ", class);
    } else if (class != NULL && error->kind == EICE_KIND_SERVICE &&
               error->operation[0] != '\0' &&
               strstr(error->message, "An error occurred (") == NULL) {
        buf_addf(out, "An error occurred (%s) when calling the %s operation: ",
                 class, error->operation);
    }
    error_sentence(out, error);
}

/* One member of a JSON object. */
static void add_member(struct buf *out, const char *name, const char *value)
{
    buf_adds(out, out->len > 0 && out->data[out->len - 1] != '{' ? ", " : "");
    js_write_str(out, name, 0);
    buf_adds(out, ": ");
    js_write_str(out, value, 0);
}

/* The two columns of --cli-error-format table. */
static void add_table(struct buf *out, const char *class, const char *message)
{
    const char *const cells[][2] = {{"Code", class}, {"Message", message}};
    size_t width = 0;
    size_t i;
    size_t n;

    for (i = 0; i < 2; i++) {
        n = strlen(cells[i][1]);
        width = n > width ? n : width;
    }
    for (i = 0; i < 4; i++) {
        if (i == 0 || i == 3) {
            buf_addc(out, i == 0 ? '-' : '+');
            for (n = 0; n < width + 14; n++) {
                buf_addc(out, '-');
            }
            buf_addc(out, i == 0 ? '-' : '+');
        } else {
            buf_addf(out, "|  %-7s |  %-*s  |", cells[i - 1][0], (int)width,
                     cells[i - 1][1]);
        }
        buf_adds(out, i < 3 ? "\n" : "");
    }
}

/* The structured forms; false for errors the AWS CLI prints bare in all. */
static bool add_structured(struct buf *out, const char *format,
                           const struct eice_error *error)
{
    const char *class = class_of(error);
    const char *message = bare_message(error);

    if (class == NULL) {
        return false;
    }
    if (strcmp(format, "json") == 0) {
        buf_addc(out, '{');
        add_member(out, "Code", class);
        add_member(out, "Message", message);
        buf_addc(out, '}');
    } else if (strcmp(format, "yaml") == 0) {
        buf_addf(out, "Code: %s\nMessage: ", class);
        js_write_str(out, message, 0);
    } else if (strcmp(format, "text") == 0) {
        buf_addf(out, "%s\t%s", class, message);
    } else if (strcmp(format, "table") == 0) {
        add_table(out, class, message);
    } else {
        return false;
    }
    return true;
}

void error_json(struct buf *out, unsigned id, const struct eice_error *error)
{
    char time[ISO8601_MILLIS_SIZE];
    uv_timeval64_t now = {0};

    uv_gettimeofday(&now);
    iso8601_millis(time, now.tv_sec * 1000 + now.tv_usec / 1000);
    buf_addc(out, '{');
    add_member(out, "time", time);
    add_member(out, "level", "error");
    if (id != 0) {
        buf_addf(out, ", \"id\": %u", id);
    }
    add_member(out, "code", eice_code_name(error->code));
    add_member(out, "message", error->message);
    if (error->hint[0] != '\0') {
        add_member(out, "hint", error->hint);
    }
    if (error->service_code[0] != '\0') {
        add_member(out, "service_code", error->service_code);
    }
    if (error->operation[0] != '\0') {
        add_member(out, "operation", error->operation);
    }
    if (error->http_status != 0) {
        buf_addf(out, ", \"http_status\": %d", error->http_status);
    }
    if (error->request_id[0] != '\0') {
        add_member(out, "request_id", error->request_id);
    }
    buf_addf(out, ", \"exit_code\": %d}", eice_exit_code(error));
}

void error_format(struct buf *out, const struct error_style *style,
                  const struct eice_error *error)
{
    const char *format = style->format != NULL ? style->format : "enhanced";

    if (style->json_log) {
        error_json(out, 0, error);
        return;
    }
    if (add_structured(out, format, error)) {
        return;
    }
    buf_adds(out, "eice: [ERROR]: ");
    add_line(out, error, strcmp(format, "legacy") == 0);
}

int error_print(const struct error_style *style, const struct eice_error *error)
{
    struct buf text;

    buf_init(&text, TEXT_LIMIT);
    error_format(&text, style, error);
    if (text.len > 0) {
        say(STDERR_FILENO, "%s", buf_str(&text));
    } else {
        say(STDERR_FILENO, "eice: [ERROR]: %s", error->message);
    }
    buf_free(&text);
    return eice_exit_code(error);
}
