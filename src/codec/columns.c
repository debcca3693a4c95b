/* SPDX-License-Identifier: Apache-2.0 */
/* columns.c - the width of characters, by ranges.
 *
 * The C library knows it for the user's locale only, and that one need not be
 * UTF-8 where the instances' names are. */
#include "columns.h"

#include <stdbool.h>
#include <stdint.h>

struct range {
    uint32_t first;
    uint32_t last;
};

/* Unicode's East Asian width W and F; ranges meet where nothing is assigned
 * between them. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},
    {0x23e9, 0x23ec},   {0x23f0, 0x23f0},   {0x23f3, 0x23f3},
    {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},
    {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},
    {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},
    {0x26f2, 0x26f3},   {0x26f5, 0x26f5},   {0x26fa, 0x26fa},
    {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},
    {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27b0, 0x27b0},   {0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},
    {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0x3247},   {0x3250, 0x4dbf},   {0x4e00, 0xa4c6},
    {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfad9},
    {0xfe10, 0xfe19},   {0xfe30, 0xfe6b},   {0xff01, 0xff60},
    {0xffe0, 0xffe6},   {0x16fe0, 0x1b2fb}, {0x1f004, 0x1f004},
    {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a},
    {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
    {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3},
    {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e},
    {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d},
    {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a},
    {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f},
    {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2},
    {0x1f6d5, 0x1f6df}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc},
    {0x1f7e0, 0x1f7f0}, {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945},
    {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faf6}, {0x20000, 0x3134a}};

/* Marks that stand on the character before, and what has no shape at all. */
static const struct range none[] = {
    {0x300, 0x36f},   {0x200b, 0x200f}, {0x202a, 0x202e},  {0x2060, 0x2064},
    {0x20d0, 0x20f0}, {0x302a, 0x302d}, {0x3099, 0x309a},  {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0x1f3fb, 0x1f3ff}};

/* Whether @c is in one of @n sorted @ranges. */
static bool within(const struct range *ranges, size_t n, uint32_t c)
{
    size_t low = 0;

    while (low < n) {
        size_t mid = low + (n - low) / 2;

        if (c > ranges[mid].last) {
            low = mid + 1;
        } else if (c < ranges[mid].first) {
            n = mid;
        } else {
            return true;
        }
    }
    return false;
}

/* Take one character from *@text; a byte that begins none stands for itself. */
static uint32_t take(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    int more = *p < 0xc2   ? 0
               : *p < 0xe0 ? 1
               : *p < 0xf0 ? 2
               : *p < 0xf5 ? 3
                           : 0;
    uint32_t c = more == 0 ? *p : (uint32_t)(*p & (0x3f >> more));
    int i;

    for (i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) { /* Nor does the end of the text. */
            *text += 1;
            return *p;
        }
        c = c << 6 | (p[i] & 0x3f);
    }
    *text += more + 1;
    return c;
}

size_t columns(const char *text)
{
    size_t n = 0;

    while (*text != '\0') {
        uint32_t c = take(&text);

        if (within(none, sizeof none / sizeof none[0], c)) {
            continue;
        }
        n += within(wide, sizeof wide / sizeof wide[0], c) ? 2 : 1;
    }
    return n;
}
