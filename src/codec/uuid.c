/* SPDX-License-Identifier: Apache-2.0 */
/* uuid.c - the text of random UUIDs. */
#include "uuid.h"

#include <stdio.h>
#include <string.h>

void uuid_v4(char out[static UUID_SIZE], const unsigned char random[static 16])
{
    unsigned char b[16];

    memcpy(b, random, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* Version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80); /* Of RFC 9562 */
    snprintf(out, UUID_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
             "%02x%02x%02x%02x%02x%02x",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
             b[11], b[12], b[13], b[14], b[15]);
}
