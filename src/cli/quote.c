/* SPDX-License-Identifier: Apache-2.0 */
/* quote.c - quoting. */
#include "quote.h"

#include <stdbool.h>
#include <string.h>

#include "buf.h"

static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789@%_-+=:,./";

static bool is_plain(const char *word)
{
    return word[0] != '\0' && word[strspn(word, plain)] == '\0';
}

/* Append @word for a shell, its '%' repeated if @percent. */
static void add_shell(struct buf *out, const char *word, bool percent)
{
    bool quotes = !is_plain(word);

    buf_adds(out, quotes ? "'" : "");
    for (; *word != '\0'; word++) {
        if (*word == '\'') {
            buf_adds(out, "'\\''");
        } else {
            buf_addc(out, *word);
        }
        if (*word == '%' && percent) {
            buf_addc(out, '%');
        }
    }
    buf_adds(out, quotes ? "'" : "");
}

void quote_shell(struct buf *out, const char *word)
{
    add_shell(out, word, false);
}

void quote_proxy(struct buf *out, const char *word)
{
    add_shell(out, word, true);
}

void quote_file(struct buf *out, const char *path)
{
    buf_addc(out, '"');
    for (; *path != '\0'; path++) {
        if (*path == '"' || *path == '\\') {
            buf_addc(out, '\\');
        }
        buf_addc(out, *path);
        if (*path == '%') {
            buf_addc(out, '%');
        }
    }
    buf_addc(out, '"');
}

void quote_rsync(struct buf *out, const char *word)
{
    if (is_plain(word)) {
        buf_adds(out, word);
        return;
    }
    buf_addc(out, '\'');
    for (; *word != '\0'; word++) {
        buf_adds(out, *word == '\'' ? "'" : "");
        buf_addc(out, *word);
    }
    buf_addc(out, '\'');
}
