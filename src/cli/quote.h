/* SPDX-License-Identifier: Apache-2.0 */
/* quote.h - one word for a shell, for ssh's options, and for rsync. */
#ifndef QUOTE_H
#define QUOTE_H

struct buf;

/* Append @word as a POSIX shell would have to read it. */
void quote_shell(struct buf *out, const char *word);

/* The same for a command in one of ssh's options, where ssh expands "%h" and
 * its like first: '%' is doubled. */
void quote_proxy(struct buf *out, const char *word);

/* Append @path as a file name in one of ssh's options: in double quotes, with
 * '%' doubled. */
void quote_file(struct buf *out, const char *path);

/* Append @word for rsync's --rsh, which knows quotes but no backslash. */
void quote_rsync(struct buf *out, const char *word);

#endif /* QUOTE_H */
