/* SPDX-License-Identifier: Apache-2.0 */
/* uuid.h - random identifiers. */
#ifndef UUID_H
#define UUID_H

enum { UUID_SIZE = 37 };

/* Write a random (version 4) UUID.  Returns 0, or UV_EIO when there is no
 * randomness to be had. */
int uuid_make(char out[static UUID_SIZE]);

#endif /* UUID_H */
