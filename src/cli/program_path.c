/* SPDX-License-Identifier: Apache-2.0 */
/* program_path.c - where this program is. */
#include "program_path.h"

#include <stdio.h>
#include <uv.h>

void program_path(char *out, size_t size)
{
    size_t len = size;

    if (uv_exepath(out, &len) != 0) {
        /* UNTESTED: only without /proc. */
        snprintf(out, size, "eice");
    }
}
