/* SPDX-License-Identifier: Apache-2.0 */
/* ws_keys.c - random masks, drawn in batches. */
#include "ws_keys.h"

#include <openssl/rand.h>
#include <string.h>
#include <uv.h>

#include "wipe.h"

int ws_keys_next(struct ws_keys *keys, uint8_t key[static 4])
{
    uint8_t *next;

    if (keys->left == 0) {
        if (RAND_bytes(keys->pool[0], sizeof keys->pool) != 1) {
            return UV_EIO; /* UNTESTED: the generator does not fail. */
        }
        keys->left = WS_KEYS_BATCH;
    }
    next = keys->pool[--keys->left];
    memcpy(key, next, sizeof keys->pool[0]);
    wipe(next, sizeof keys->pool[0]);
    return 0;
}

void ws_keys_wipe(struct ws_keys *keys)
{
    wipe(keys, sizeof *keys);
}
