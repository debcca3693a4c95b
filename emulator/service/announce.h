/* SPDX-License-Identifier: Apache-2.0 */
/* announce.h - saying where a running emulator can be reached. */
#ifndef ANNOUNCE_H
#define ANNOUNCE_H

struct buf;
struct emulator;

/* One line of JSON, for programs and for running.json. */
void announce_json(struct buf *out, const struct emulator *emu);

/* From such a line: shell commands that point a shell's AWS tools at it, or
 * some lines for a person.  ERR_PARSE when it is no such line. */
int announce_env(struct buf *out, const char *json);
int announce_text(struct buf *out, const char *json);

#endif /* ANNOUNCE_H */
