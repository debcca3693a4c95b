/* SPDX-License-Identifier: Apache-2.0 */
/* hex.c - two digits a byte. */
#include "hex.h"

void hex_encode(char *out, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;
    size_t i;

    for (i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool hex_decode(void *out, const char *text, size_t len)
{
    unsigned char *bytes = out;
    size_t i;

    if (len % 2 != 0) {
        return false;
    }
    for (i = 0; i < len; i += 2) {
        int high = hex_digit(text[i]);
        int low = hex_digit(text[i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        *bytes++ = (unsigned char)(high << 4 | low);
    }
    return true;
}
