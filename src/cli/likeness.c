/* SPDX-License-Identifier: Apache-2.0 */
/* likeness.c - which name somebody meant who mistyped one. */
#include "likeness.h"

#include <string.h>

enum { NAME_MAX_LEN = 48 };

/* How many letters must be put in, taken out, changed or swapped with their
 * neighbour to make @b of the first @n letters of @a. */
static size_t distance(const char *a, size_t n, const char *b)
{
    size_t rows[3][NAME_MAX_LEN + 1];
    size_t m = strlen(b);
    size_t i, j;

    if (n > NAME_MAX_LEN || m > NAME_MAX_LEN) {
        return NAME_MAX_LEN;
    }
    for (j = 0; j <= m; j++) {
        rows[0][j] = j;
    }
    for (i = 1; i <= n; i++) {
        size_t *row = rows[i % 3];
        const size_t *up = rows[(i + 2) % 3];
        const size_t *up2 = rows[(i + 1) % 3];

        row[0] = i;
        for (j = 1; j <= m; j++) {
            size_t best = up[j - 1] + (a[i - 1] != b[j - 1]);

            best = up[j] + 1 < best ? up[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1] && up2[j - 2] + 1 < best) {
                best = up2[j - 2] + 1;
            }
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

bool likeness_better(const char *typed, size_t n, const char *name,
                     size_t *best)
{
    const size_t d = distance(typed, n, name);

    if (d >= *best || 2 * d > n) {
        return false;
    }
    *best = d;
    return true;
}
