/* SPDX-License-Identifier: Apache-2.0 */
/* totp.c - HMAC of the step's number, cut down to six digits. */
#include "totp.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "wipe.h"

enum { STEP_S = 30, MAX_SEED = 128 };

/* Base32 without regard to case, spaces or padding; the length, or 0. */
static size_t base32(const char *text, unsigned char out[static MAX_SEED])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    unsigned bits = 0;
    unsigned have = 0;
    size_t n = 0;

    for (; *text != '\0'; text++) {
        char up =
            *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
        const char *at = strchr(letters, up);

        if (*text == ' ' || *text == '=') {
            continue;
        }
        if (at == NULL || n == MAX_SEED) {
            return 0;
        }
        bits = (bits << 5 | (unsigned)(at - letters)) & 0xfff;
        have += 5;
        if (have >= 8) {
            have -= 8;
            out[n++] = (unsigned char)(bits >> have);
        }
    }
    return n;
}

bool totp_code(const char *seed, int64_t seconds, char out[static TOTP_SIZE])
{
    unsigned char key[MAX_SEED];
    unsigned char step[8];
    unsigned char mac[EVP_MAX_MD_SIZE] = {0};
    size_t len = base32(seed, key);
    uint64_t count = (uint64_t)(seconds / STEP_S);
    uint32_t number;
    unsigned at;
    int i;

    if (len == 0) {
        return false;
    }
    for (i = 7; i >= 0; i--) {
        step[i] = (unsigned char)count;
        count >>= 8;
    }
    HMAC(EVP_sha1(), key, (int)len, step, sizeof step, mac, NULL);
    wipe(key, sizeof key);
    at = mac[19] & 15; /* RFC 4226, 5.3: dynamic truncation */
    number = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
             (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    snprintf(out, TOTP_SIZE, "%06u", number % 1000000);
    return true;
}

bool totp_check(const char *seed, int64_t seconds, const char *code)
{
    char right[TOTP_SIZE];
    int step;
    bool ok = false;

    if (strlen(code) != TOTP_SIZE - 1) {
        return false;
    }
    for (step = -1; step <= 1; step++) {
        if (totp_code(seed, seconds + (int64_t)step * STEP_S, right)) {
            ok = CRYPTO_memcmp(right, code, TOTP_SIZE - 1) == 0 || ok;
        }
    }
    return ok;
}
