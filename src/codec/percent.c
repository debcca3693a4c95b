/* SPDX-License-Identifier: Apache-2.0 */
/* percent.c - one table-free pass each way. */
#include "percent.h"

#include <stdbool.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "hex.h"

/* Whether RFC 3986 calls @c unreserved. */
static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

/* Append @text; @keep stays as it is and a space becomes @space, unless that
 * is NUL. */
static void encode(struct buf *out, const char *text, size_t len, char keep,
                   char space)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t i;

    for (i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};

        if (is_unreserved(text[i]) || (keep != '\0' && text[i] == keep)) {
            buf_addc(out, text[i]);
        } else if (text[i] == ' ' && space != '\0') {
            buf_addc(out, space);
        } else {
            buf_add(out, escape, 3);
        }
    }
}

void percent_encode(struct buf *out, const char *text, size_t len)
{
    encode(out, text, len, '\0', '\0');
}

void percent_encode_path(struct buf *out, const char *text, size_t len)
{
    encode(out, text, len, '/', '\0');
}

void percent_encode_form(struct buf *out, const char *text, size_t len)
{
    encode(out, text, len, '\0', '+');
}

/* Begin the next pair of a form or query. */
static void separate(struct buf *out)
{
    if (out->len > 0) {
        buf_addc(out, '&');
    }
}

void percent_form_pair(struct buf *out, const char *name, const char *value)
{
    separate(out);
    percent_encode_form(out, name, strlen(name));
    buf_addc(out, '=');
    percent_encode_form(out, value, strlen(value));
}

void percent_query_pair(struct buf *out, const char *name, const char *value)
{
    separate(out);
    percent_encode(out, name, strlen(name));
    buf_addc(out, '=');
    percent_encode(out, value, strlen(value));
}

/* Whether every '%' of @text has its two digits. */
static bool is_well_formed(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (text[i] == '%' && (len - i < 3 || hex_digit(text[i + 1]) < 0 ||
                               hex_digit(text[i + 2]) < 0)) {
            return false;
        }
    }
    return true;
}

/* Append @text decoded; '+' is a space when @plus. */
static int decode(struct buf *out, const char *text, size_t len, bool plus)
{
    size_t i;

    if (!is_well_formed(text, len)) {
        return ERR_PARSE;
    }
    for (i = 0; i < len; i++) {
        char c = text[i];

        if (c == '%') {
            c = (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        buf_addc(out, c);
    }
    buf_add(out, "", 0); /* So that no bytes still make a string */
    return buf_error(out);
}

int percent_decode(struct buf *out, const char *text, size_t len)
{
    return decode(out, text, len, false);
}

int percent_decode_form(struct buf *out, const char *text, size_t len)
{
    return decode(out, text, len, true);
}
