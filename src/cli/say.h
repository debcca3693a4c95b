/* SPDX-License-Identifier: Apache-2.0 */
/* say.h - lines to stdout and stderr, at once or not at all.
 *
 * Nothing here waits: a line that a full pipe or a stopped terminal cannot take
 * is dropped rather than letting a reader who has gone to lunch stall every
 * tunnel.  Nothing is buffered either, so a reader sees each line at once. */
#ifndef SAY_H
#define SAY_H

#include <stdarg.h>

/* Write one line, without its newline, to @fd. */
void say(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Write a text of many lines to @fd, waiting for as long as it takes: for the
 * help and the like, where nothing else is going on. */
void say_text(int fd, const char *text);

#endif /* SAY_H */
