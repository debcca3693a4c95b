/* SPDX-License-Identifier: Apache-2.0 */
/* uuid.c - sixteen random bytes in their usual dress. */
#include "uuid.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "hex.h"

int uuid_make(char out[static UUID_SIZE])
{
    unsigned char b[16];
    char hex[33];

    if (RAND_bytes(b, sizeof b) != 1) {
        ERR_clear_error(); /* UNTESTED: the generator does not fail */
        return UV_EIO;
    }
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    hex_encode(hex, b, sizeof b);
    snprintf(out, UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
             hex + 12, hex + 16, hex + 20);
    return 0;
}
