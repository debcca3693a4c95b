/* SPDX-License-Identifier: Apache-2.0 */
/* words.h - splitting a line into words by POSIX quoting rules, no shell.
 *
 * Single quotes keep everything, double quotes know \" and \\, a backslash
 * outside quotes takes the next character as it is.  Nothing is expanded and
 * there are no comments.  Section headers and credential_process are written
 * this way. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

#include "err.h"

struct words {
    char **v; /* NULL-terminated, usable as an argv */
    size_t n;
};

/* Split @text.  Returns 0, UV_ENOMEM, or ERR_PARSE with @e saying "No closing
 * quotation" or "No escaped character".  On error @w is empty. */
int words_split(struct words *w, const char *text, struct err *e);

/* Free the words; @w is empty afterwards. */
void words_free(struct words *w);

#endif /* WORDS_H */
