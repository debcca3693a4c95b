/* SPDX-License-Identifier: Apache-2.0 */
/* console.h - what an instance has printed on its console. */
#ifndef EMU_CONSOLE_H
#define EMU_CONSOLE_H

struct buf;
struct world_instance;

/* Append the world's own text, or what cloud-init prints about the host keys
 * the world gives (from their files as they are now; a file that cannot be
 * read is left out). */
void console_output(const struct world_instance *in, struct buf *out);

#endif /* EMU_CONSOLE_H */
