/* SPDX-License-Identifier: Apache-2.0 */
/* tame.c - no control character survives. */
#include "tame.h"

void tame(char *text)
{
    unsigned char *p;

    for (p = (unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7f) {
            *p = ' ';
        } else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
            p[0] = ' ';
            p[1] = ' ';
        }
    }
}
