/* SPDX-License-Identifier: Apache-2.0 */
/* ws_keys.h - a fresh random mask for every frame.
 *
 * RFC 6455 section 10.3 wants masks nobody can foresee.  They come from the
 * OpenSSL generator, many at a time: one draw per frame would cost more than
 * masking a small frame. */
#ifndef WS_KEYS_H
#define WS_KEYS_H

#include <stdint.h>

enum { WS_KEYS_BATCH = 32 };

/* A stock of masks; all zero is an empty one. */
struct ws_keys {
    unsigned left;                  /* Masks not handed out yet */
    uint8_t pool[WS_KEYS_BATCH][4]; /* Those; used ones are overwritten */
};

/* Move the next mask into @key.  Returns 0, or UV_EIO when the generator
 * failed. */
int ws_keys_next(struct ws_keys *keys, uint8_t key[static 4]);

/* Forget the stock. */
void ws_keys_wipe(struct ws_keys *keys);

#endif /* WS_KEYS_H */
