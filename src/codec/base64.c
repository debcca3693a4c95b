/* SPDX-License-Identifier: Apache-2.0 */
/* base64.c - three bytes to four characters and back. */
#include "base64.h"

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

static const char standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Append @len bytes in @alphabet. */
static void encode(struct buf *out, const void *data, size_t len,
                   const char *alphabet, bool pad)
{
    const unsigned char *in = data;
    char quad[4];

    while (len > 0) {
        size_t n = len < 3 ? len : 3;
        uint32_t bits = (uint32_t)in[0] << 16;

        if (n > 1) {
            bits |= (uint32_t)in[1] << 8;
        }
        if (n > 2) {
            bits |= in[2];
        }
        quad[0] = alphabet[bits >> 18];
        quad[1] = alphabet[bits >> 12 & 63];
        quad[2] = n > 1 ? alphabet[bits >> 6 & 63] : '=';
        quad[3] = n > 2 ? alphabet[bits & 63] : '=';
        buf_add(out, quad, pad ? 4 : n + 1);
        in += n;
        len -= n;
    }
}

void base64_encode(struct buf *out, const void *data, size_t len)
{
    encode(out, data, len, standard, true);
}

void base64url_encode(struct buf *out, const void *data, size_t len)
{
    encode(out, data, len, url_safe, false);
}

/* The six bits @c stands for in either alphabet, or -1. */
static int sextet(char c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == alphabet[62]) {
        return 62;
    }
    return c == alphabet[63] ? 63 : -1;
}

/* What a decoder has read so far. */
struct decoder {
    struct buf *out;
    uint32_t bits;  /* Sextets of the open group, newest lowest */
    unsigned count; /* How many there are, 0 to 3 */
    unsigned pads;  /* '=' seen; nothing else may follow */
};

/* Take one sextet; a full group becomes three bytes. */
static void take(struct decoder *d, int value)
{
    unsigned char bytes[3];

    d->bits = d->bits << 6 | (uint32_t)value;
    if (++d->count == 4) {
        bytes[0] = (unsigned char)(d->bits >> 16);
        bytes[1] = (unsigned char)(d->bits >> 8);
        bytes[2] = (unsigned char)d->bits;
        buf_add(d->out, bytes, 3);
        d->count = 0;
        d->bits = 0;
    }
}

/* Close the last, short group: false when it is malformed. */
static bool finish(struct decoder *d, bool padded)
{
    unsigned char bytes[2];
    unsigned want = d->count == 0 || !padded ? 0 : 4 - d->count;

    if (d->count == 1 || d->pads != want) {
        return false;
    }
    if (d->count == 2) {
        bytes[0] = (unsigned char)(d->bits >> 4);
        buf_add(d->out, bytes, 1);
        return (d->bits & 15) == 0;
    }
    if (d->count == 3) {
        bytes[0] = (unsigned char)(d->bits >> 10);
        bytes[1] = (unsigned char)(d->bits >> 2);
        buf_add(d->out, bytes, 2);
        return (d->bits & 3) == 0;
    }
    return true;
}

/* Whether @c may stand between the characters of spaced text. */
static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Decode all of @text, or append nothing. */
static int decode(struct buf *out, const char *text, size_t len,
                  const char *alphabet, bool padded, bool spaced)
{
    struct decoder d = {.out = out};
    size_t before = out->len;
    bool good = true;
    size_t i;

    for (i = 0; i < len && good; i++) {
        int value = sextet(text[i], alphabet);

        if (value >= 0 && d.pads == 0) {
            take(&d, value);
        } else if (text[i] == '=' && padded) {
            d.pads++;
        } else {
            good = spaced && is_space(text[i]);
        }
    }
    if (!good || !finish(&d, padded)) {
        if (out->data != NULL) {
            out->len = before;
            out->data[before] = '\0';
        }
        return ERR_PARSE;
    }
    buf_add(out, "", 0); /* So that no bytes still make a string */
    return buf_error(out);
}

int base64_decode(struct buf *out, const char *text, size_t len)
{
    return decode(out, text, len, standard, true, false);
}

int base64_decode_spaced(struct buf *out, const char *text, size_t len)
{
    return decode(out, text, len, standard, true, true);
}

int base64url_decode(struct buf *out, const char *text, size_t len)
{
    return decode(out, text, len, url_safe, false, false);
}
