/* SPDX-License-Identifier: Apache-2.0 */
/* ws_refusal.c - a forgiving look into a refusal's body. */
#include "ws_refusal.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where we are in the text. */
struct cursor {
    const char *p;
    const char *end;
};

/* A value being written; what does not fit is dropped, never half a
 * character. */
struct out {
    char *data;
    size_t size;
    size_t len;
    bool full;
};

/* Append the @len bytes of one character. */
static void out_add(struct out *o, const char *bytes, size_t len)
{
    if (o->full || o->len + len >= o->size) {
        o->full = true;
        return;
    }
    memcpy(o->data + o->len, bytes, len);
    o->len += len;
    o->data[o->len] = '\0';
}

/* Append the character @c as UTF-8; a lone surrogate becomes a '?'. */
static void out_add_char(struct out *o, uint32_t c)
{
    char b[4];

    if (c < 0x80) {
        b[0] = (char)c;
        out_add(o, b, 1);
    } else if (c < 0x800) {
        b[0] = (char)(0xc0 | c >> 6);
        b[1] = (char)(0x80 | (c & 0x3f));
        out_add(o, b, 2);
    } else if (c >= 0xd800 && c <= 0xdfff) {
        out_add(o, "?", 1);
    } else if (c < 0x10000) {
        b[0] = (char)(0xe0 | c >> 12);
        b[1] = (char)(0x80 | (c >> 6 & 0x3f));
        b[2] = (char)(0x80 | (c & 0x3f));
        out_add(o, b, 3);
    } else {
        b[0] = (char)(0xf0 | c >> 18);
        b[1] = (char)(0x80 | (c >> 12 & 0x3f));
        b[2] = (char)(0x80 | (c >> 6 & 0x3f));
        b[3] = (char)(0x80 | (c & 0x3f));
        out_add(o, b, 4);
    }
}

/* The four hex digits after "\u"; false when they are not all there. */
static bool read_hex4(struct cursor *c, uint32_t *value)
{
    char digits[5] = "";
    int i;

    if (c->end - c->p < 4) {
        return false;
    }
    memcpy(digits, c->p, 4);
    for (i = 0; i < 4; i++) {
        if (!isxdigit((unsigned char)digits[i])) {
            return false;
        }
    }
    *value = (uint32_t)strtoul(digits, NULL, 16);
    c->p += 4;
    return true;
}

/* What follows a backslash. */
static void read_escape(struct cursor *c, struct out *o)
{
    static const char plain[] = "\"\\/bfnrt";
    static const char means[] = "\"\\/\b\f\n\r\t";
    uint32_t low = 0;
    uint32_t value;
    const char *at;
    char letter;

    if (c->p == c->end) {
        return;
    }
    letter = *c->p++;
    at = letter != '\0' ? strchr(plain, letter) : NULL;
    if (at != NULL) {
        out_add_char(o, (unsigned char)means[at - plain]);
        return;
    }
    if (letter != 'u' || !read_hex4(c, &value)) {
        return;
    }
    if (value >= 0xd800 && value <= 0xdbff && c->end - c->p >= 6 &&
        c->p[0] == '\\' && c->p[1] == 'u') {
        c->p += 2;
        if (read_hex4(c, &low) && low >= 0xdc00 && low <= 0xdfff) {
            value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    out_add_char(o, value);
}

/* The rest of a string whose opening quote was just read, into @out. */
static void read_string(struct cursor *c, char *out, size_t size)
{
    struct out o = {.data = out, .size = size};

    out[0] = '\0';
    while (c->p < c->end && *c->p != '"') {
        if (*c->p == '\\') {
            c->p++;
            read_escape(c, &o);
        } else {
            out_add(&o, c->p, 1);
            c->p++;
        }
    }
    if (c->p < c->end) {
        c->p++;
    }
}

/* Skip white space; whether @wanted stands there, and then skip it too. */
static bool accept(struct cursor *c, char wanted)
{
    while (c->p < c->end && isspace((unsigned char)*c->p)) {
        c->p++;
    }
    if (c->p < c->end && *c->p == wanted) {
        c->p++;
        return true;
    }
    return false;
}

void ws_refusal_json(const char *body, size_t len, char *code, size_t code_size,
                     char *message, size_t message_size)
{
    struct cursor c = {body, body + len};
    char key[32];
    int depth = 0;

    code[0] = '\0';
    message[0] = '\0';
    if (!accept(&c, '{')) {
        return;
    }
    for (depth = 1; c.p < c.end && depth > 0;) {
        char ch = *c.p++;

        if (ch == '{' || ch == '[') {
            depth++;
        } else if (ch == '}' || ch == ']') {
            depth--;
        } else if (ch == '"') {
            read_string(&c, key, sizeof key);
            if (depth != 1 || !accept(&c, ':') || !accept(&c, '"')) {
                continue;
            }
            if (strcasecmp(key, "ErrorCode") == 0 ||
                strcasecmp(key, "__type") == 0 ||
                strcasecmp(key, "code") == 0) {
                read_string(&c, code, code_size);
            } else if (strcasecmp(key, "Message") == 0) {
                read_string(&c, message, message_size);
            } else {
                read_string(&c, key, sizeof key);
            }
        }
    }
}

void ws_refusal_plain(const char *body, size_t len, char *out, size_t size)
{
    struct out o = {.data = out, .size = size};
    bool in_tag = false;
    bool gap = false;
    size_t i;

    out[0] = '\0';
    for (i = 0; i < len; i++) {
        unsigned char ch = (unsigned char)body[i];

        if (ch == '<' || in_tag) {
            in_tag = ch != '>';
            gap = true;
        } else if (ch <= ' ') {
            gap = true;
        } else if (ch < 0x7f) {
            if (gap && o.len > 0) {
                out_add(&o, " ", 1);
            }
            gap = false;
            out_add(&o, &body[i], 1);
        }
    }
}

void ws_refusal_redact(char *text)
{
    static const char *const names[] = {"X-Amz-Security-Token",
                                        "X-Amz-Signature", "X-Amz-Credential"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t len = strlen(names[i]);
        char *p = text;

        while ((p = strcasestr(p, names[i])) != NULL) {
            size_t value;

            p += len;
            if (*p != '=' && *p != ':') {
                continue;
            }
            p++;
            value = strcspn(p, "&' \"\r\n");
            memmove(p, p + value, strlen(p + value) + 1);
        }
    }
}
