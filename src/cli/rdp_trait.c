/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_trait.c - a port by hash, a certificate by console. */
#include "rdp_trait.h"

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SHA1_DIGITS = 40 };

static const char label[] = "RDPCERTIFICATE-THUMBPRINT:";

int rdp_trait_port(const char *instance_id)
{
    uint32_t hash = 2166136261U; /* FNV-1a */

    for (; *instance_id != '\0'; instance_id++) {
        hash = (hash ^ (unsigned char)*instance_id) * 16777619U;
    }
    return RDP_PORT_FIRST + (int)(hash % RDP_PORT_COUNT);
}

/* Copy forty digits with a colon after every second; false when they are
 * others, fewer or more. */
static bool digits_take(char *out, const char *text)
{
    size_t i;

    for (i = 0; i < SHA1_DIGITS; i++) {
        if (!isxdigit((unsigned char)text[i])) {
            return false;
        }
        if (i > 0 && i % 2 == 0) {
            *out++ = ':';
        }
        *out++ = (char)tolower((unsigned char)text[i]);
    }
    *out = '\0';
    return !isalnum((unsigned char)text[i]);
}

bool rdp_trait_thumbprint(char out[static RDP_THUMBPRINT_SIZE],
                          const char *text)
{
    char one[RDP_THUMBPRINT_SIZE];
    bool found = false;

    while ((text = strstr(text, label)) != NULL) {
        text += sizeof label - 1;
        text += strspn(text, " \t");
        if (digits_take(one, text)) {
            memcpy(out, one, sizeof one);
            found = true;
        }
    }
    return found;
}
