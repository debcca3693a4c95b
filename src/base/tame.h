/* SPDX-License-Identifier: Apache-2.0 */
/* tame.h - making foreign text harmless to a terminal and a log line. */
#ifndef TAME_H
#define TAME_H

/* Replace every control character in @text by a space: those of ASCII, DEL,
 * and the second set (U+0080 to U+009F), in which terminals know commands
 * too. */
void tame(char *text);

#endif /* TAME_H */
