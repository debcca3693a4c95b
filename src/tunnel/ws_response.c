/* SPDX-License-Identifier: Apache-2.0 */
/* ws_response.c - reading what is answered to the upgrade. */
#include "ws_response.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "tame.h"
#include "ws_refusal.h"

/* Where in the response we are. */
enum phase {
    PHASE_STATUS,     /* The status line */
    PHASE_HEADERS,    /* Header lines, up to the empty one */
    PHASE_BODY,       /* Body bytes: body_left of them, or until the end */
    PHASE_CHUNK_SIZE, /* The line before a chunk */
    PHASE_CHUNK,      /* body_left bytes of a chunk */
    PHASE_CHUNK_END,  /* The empty line after a chunk */
    PHASE_TRAILER     /* Lines after the last chunk */
};

/* How a refusal's body ends. */
enum framing {
    FRAMING_EOF,     /* With the connection */
    FRAMING_LENGTH,  /* After body_left bytes */
    FRAMING_CHUNKED, /* With a chunk of length 0 */
};

void ws_response_init(struct ws_response *r, const char *key)
{
    *r = (struct ws_response){.verdict = WS_VERDICT_MORE};
    ws_accept_text(key, r->accept);
    buf_init(&r->line, WS_RESPONSE_HEAD_MAX);
    buf_init(&r->body, WS_RESPONSE_BODY_MAX);
}

/* Decide that this is no answer to our request. */
static void bad(struct ws_response *r, const char *why)
{
    snprintf(r->why, sizeof r->why, "%s", why);
    r->verdict = WS_VERDICT_BAD;
}

/* Whether @list, separated by commas, holds @token in any case. */
static bool list_has(const char *list, const char *token)
{
    size_t len = strlen(token);

    while (*list != '\0') {
        size_t n;

        list += strspn(list, ", \t");
        n = strcspn(list, ", \t");
        if (n == len && strncasecmp(list, token, len) == 0) {
            return true;
        }
        list += n;
    }
    return false;
}

/* "HTTP/1.1 101 Switching Protocols" */
static void take_status(struct ws_response *r, const char *line)
{
    const char *p = line + strlen("HTTP/1.x ");
    int i;

    if (strncmp(line, "HTTP/1.", 7) != 0 ||
        (line[7] != '0' && line[7] != '1') || line[8] != ' ') {
        bad(r, "it is not HTTP/1.1");
        return;
    }
    r->status = 0;
    for (i = 0; i < 3 && p[i] >= '0' && p[i] <= '9'; i++) {
        r->status = r->status * 10 + (p[i] - '0');
    }
    if (i != 3 || r->status < 100 || (p[3] != ' ' && p[3] != '\0')) {
        bad(r, "its status line is unreadable");
    } else if (r->status == 101 && line[7] != '1') {
        bad(r, "HTTP/1.0 cannot upgrade");
    }
    r->phase = PHASE_HEADERS;
}

/* One header that has a say in whether the upgrade is right. */
static void take_upgrade_header(struct ws_response *r, const char *name,
                                const char *value)
{
    if (strcasecmp(name, "Upgrade") == 0) {
        if (strcasecmp(value, "websocket") != 0) {
            bad(r, "its Upgrade header names another protocol");
        }
        r->saw_upgrade = true;
    } else if (strcasecmp(name, "Connection") == 0) {
        r->saw_connection = r->saw_connection || list_has(value, "upgrade");
    } else if (strcasecmp(name, "Sec-WebSocket-Accept") == 0) {
        if (r->saw_accept || strcmp(value, r->accept) != 0) {
            bad(r, "its Sec-WebSocket-Accept does not match our key");
        }
        r->saw_accept = true;
    } else if (strcasecmp(name, "Sec-WebSocket-Protocol") == 0) {
        bad(r, "it chose a subprotocol that was not offered");
    } else if (strcasecmp(name, "Sec-WebSocket-Extensions") == 0) {
        bad(r, "it chose an extension that was not offered");
    }
}

/* The body's length; an unreadable one is as good as none. */
static void take_length(struct ws_response *r, const char *value)
{
    uint64_t n = 0;

    if (r->framing == FRAMING_CHUNKED || value[0] == '\0' ||
        strspn(value, "0123456789") != strlen(value)) {
        return;
    }
    for (; *value != '\0' && n <= WS_RESPONSE_BODY_MAX; value++) {
        n = n * 10 + (uint64_t)(*value - '0');
    }
    r->framing = FRAMING_LENGTH;
    r->body_left = n;
}

/* One header, split and trimmed. */
static void take_header(struct ws_response *r, const char *name,
                        const char *value)
{
    if (strcasecmp(name, "x-amzn-requestid") == 0) {
        snprintf(r->request_id, sizeof r->request_id, "%s", value);
        tame(r->request_id);
    } else if (strcasecmp(name, "Date") == 0) {
        snprintf(r->date, sizeof r->date, "%s", value);
        tame(r->date);
    } else if (r->status == 101) {
        take_upgrade_header(r, name, value);
    } else if (strcasecmp(name, "Content-Length") == 0) {
        take_length(r, value);
    } else if (strcasecmp(name, "Transfer-Encoding") == 0 &&
               list_has(value, "chunked")) {
        r->framing = FRAMING_CHUNKED;
    }
}

/* Split "Name:  value  " in place and take it.  In a refusal a malformed line
 * is passed over: the reason matters more than the form. */
static void take_header_line(struct ws_response *r, char *line)
{
    size_t name = strcspn(line, ": \t");
    char *value = line + name;
    size_t len;

    if (name == 0 || *value != ':') {
        if (r->status == 101) {
            bad(r, "one of its header lines is malformed");
        }
        return;
    }
    *value++ = '\0';
    value += strspn(value, " \t");
    for (len = strlen(value);
         len > 0 && strchr(" \t", value[len - 1]) != NULL;) {
        value[--len] = '\0';
    }
    take_header(r, line, value);
}

/* All of 101's headers are in. */
static void judge_upgrade(struct ws_response *r)
{
    if (!r->saw_upgrade) {
        bad(r, "its Upgrade header is missing");
    } else if (!r->saw_connection) {
        bad(r, "its Connection header does not say upgrade");
    } else if (!r->saw_accept) {
        bad(r, "its Sec-WebSocket-Accept header is missing");
    } else {
        r->verdict = WS_VERDICT_ACCEPTED;
    }
}

/* The empty line: on to what the status and the headers promise. */
static void end_of_head(struct ws_response *r)
{
    if (r->status == 101) {
        judge_upgrade(r);
    } else if (r->status < 200) {
        r->phase = PHASE_STATUS; /* An interim answer; the real one follows. */
    } else if (r->status == 204 || r->status == 304 ||
               (r->framing == FRAMING_LENGTH && r->body_left == 0)) {
        r->verdict = WS_VERDICT_REFUSED;
    } else if (r->framing == FRAMING_CHUNKED) {
        r->phase = PHASE_CHUNK_SIZE;
    } else {
        r->phase = PHASE_BODY;
    }
}

/* The size before a chunk, in hex, perhaps with an extension after it. */
static void take_chunk_size(struct ws_response *r, const char *line)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    size_t n = strspn(line, digits);
    uint64_t size = 0;
    size_t i;

    if (n == 0) {
        r->verdict = WS_VERDICT_REFUSED; /* Enough: we have a status. */
        return;
    }
    for (i = 0; i < n && size <= WS_RESPONSE_BODY_MAX; i++) {
        size_t digit = (size_t)(strchr(digits, line[i]) - digits);

        size = size * 16 + (digit < 16 ? digit : digit - 6);
    }
    r->body_left = size;
    r->phase = size > 0 ? PHASE_CHUNK : PHASE_TRAILER;
}

/* One whole line, without its end. */
static void take_line(struct ws_response *r, char *line)
{
    switch (r->phase) {
    case PHASE_STATUS:
        take_status(r, line);
        break;
    case PHASE_HEADERS:
        if (line[0] == '\0') {
            end_of_head(r);
        } else {
            take_header_line(r, line);
        }
        break;
    case PHASE_CHUNK_SIZE:
        take_chunk_size(r, line);
        break;
    case PHASE_CHUNK_END:
        r->phase = PHASE_CHUNK_SIZE;
        break;
    case PHASE_TRAILER:
        if (line[0] == '\0') {
            r->verdict = WS_VERDICT_REFUSED;
        }
        break;
    }
}

/* The head became too long, or memory short. */
static void line_failed(struct ws_response *r)
{
    if (r->phase > PHASE_HEADERS) {
        r->verdict = WS_VERDICT_REFUSED;
    } else if (buf_error(&r->line) == UV_ENOMEM) {
        bad(r, "there is no memory to read it");
    } else {
        bad(r, "its headers are too long");
    }
}

/* Gather a line; when it is whole, take it.  Returns the bytes used. */
static size_t feed_line(struct ws_response *r, const char *data, size_t len)
{
    const char *lf = memchr(data, '\n', len);
    size_t n = lf != NULL ? (size_t)(lf - data) : len;

    buf_add(&r->line, data, n);
    n += lf != NULL;
    r->head_len += n;
    if (buf_error(&r->line) != 0 || r->head_len > WS_RESPONSE_HEAD_MAX) {
        line_failed(r);
        return n;
    }
    if (lf == NULL) {
        return n;
    }
    if (r->line.len > 0 && r->line.data[r->line.len - 1] == '\r') {
        r->line.data[--r->line.len] = '\0';
    }
    if (memchr(r->line.data, '\0', r->line.len) != NULL) {
        bad(r, "its headers hold a NUL");
    } else {
        take_line(r, r->line.data);
    }
    buf_clear(&r->line);
    return n;
}

/* Gather body bytes, up to the limit.  Returns the bytes used. */
static size_t feed_body(struct ws_response *r, const char *data, size_t len)
{
    bool counted = r->phase == PHASE_CHUNK || r->framing == FRAMING_LENGTH;
    size_t n = counted && r->body_left < len ? (size_t)r->body_left : len;
    size_t room = WS_RESPONSE_BODY_MAX - r->body.len;

    buf_add(&r->body, data, n < room ? n : room);
    r->body_left -= counted ? n : 0;
    if (n >= room || buf_error(&r->body) != 0) {
        r->verdict = WS_VERDICT_REFUSED;
    } else if (counted && r->body_left == 0) {
        if (r->phase == PHASE_CHUNK) {
            r->phase = PHASE_CHUNK_END;
        } else {
            r->verdict = WS_VERDICT_REFUSED;
        }
    }
    return n;
}

enum ws_verdict ws_response_feed(struct ws_response *r, const void *data,
                                 size_t len, size_t *used)
{
    const char *p = data;

    *used = 0;
    while (r->verdict == WS_VERDICT_MORE && *used < len) {
        if (r->phase == PHASE_BODY || r->phase == PHASE_CHUNK) {
            *used += feed_body(r, p + *used, len - *used);
        } else {
            *used += feed_line(r, p + *used, len - *used);
        }
    }
    return r->verdict;
}

enum ws_verdict ws_response_end(struct ws_response *r)
{
    if (r->verdict != WS_VERDICT_MORE) {
        return r->verdict;
    }
    if (r->phase > PHASE_HEADERS) {
        r->verdict = WS_VERDICT_REFUSED;
    } else if (r->head_len == 0) {
        bad(r, "there is none");
    } else {
        bad(r, "it breaks off in its headers");
    }
    return r->verdict;
}

int ws_response_explain(const struct ws_response *r, struct err *e)
{
    const char *body = buf_str(&r->body);
    char code[ERR_WORD_SIZE];
    char message[ERR_MSG_SIZE - 256];

    assert(r->verdict == WS_VERDICT_REFUSED || r->verdict == WS_VERDICT_BAD);

    if (r->verdict == WS_VERDICT_BAD) {
        err_set(e, ERR_HTTP, "the endpoint's answer is not a WebSocket's: %s",
                r->why);
        return ERR_HTTP;
    }
    ws_refusal_json(body, r->body.len, code, sizeof code, message,
                    sizeof message);
    if (code[0] == '\0' && message[0] == '\0') {
        ws_refusal_plain(body, r->body.len, message, sizeof message / 4);
    }
    ws_refusal_redact(message);
    tame(code);
    err_set(e, ERR_UPGRADE,
            "the endpoint refused the tunnel: %s%s%s%sHTTP %d%s%s%s", code,
            code[0] != '\0' && message[0] != '\0' ? ": " : "", message,
            code[0] != '\0' || message[0] != '\0' ? " (" : "", r->status,
            r->request_id[0] != '\0' ? ", request id " : "", r->request_id,
            code[0] != '\0' || message[0] != '\0' ? ")" : "");
    if (e != NULL) {
        e->http_status = r->status;
        snprintf(e->remote_code, sizeof e->remote_code, "%s", code);
        snprintf(e->request_id, sizeof e->request_id, "%s", r->request_id);
    }
    return ERR_UPGRADE;
}

void ws_response_free(struct ws_response *r)
{
    buf_free(&r->line);
    buf_free(&r->body);
}
