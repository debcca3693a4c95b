/* SPDX-License-Identifier: Apache-2.0 */
/* uuid.h - the text of random UUIDs (RFC 9562). */
#ifndef UUID_H
#define UUID_H

enum { UUID_SIZE = 37 }; /* With its NUL */

/* Write the UUID of version 4 that @random makes; six of its bits are not
 * used. */
void uuid_v4(char out[static UUID_SIZE], const unsigned char random[static 16]);

#endif /* UUID_H */
