/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - whole files: read at once, replaced at once.  Blocks. */
#ifndef EMU_FILE_H
#define EMU_FILE_H

#include <stddef.h>

struct err;

enum { FILE_MAX = 16 * 1024 * 1024 };

/* Read all of @path, up to FILE_MAX bytes.  0 with *@text (NUL-terminated,
 * freed with file_free()), or a code with @e filled. */
int file_read(const char *path, char **text, size_t *len, struct err *e);

/* Wipe and free what file_read() gave. */
void file_free(char *text, size_t len);

/* The same in two steps, for those who must not wait for a disk: the name of
 * the passing file, to be mem_free()d (NULL when out of memory), and the work
 * itself, which any thread may do.  0 or a code. */
char *file_beside(const char *path);
int file_swap(const char *path, const char *beside, const void *data,
              size_t len);

/* Make @path hold exactly these bytes, mode 0600: readers see the old file or
 * the new one, never a part. */
int file_replace(const char *path, const void *data, size_t len, struct err *e);

#endif /* EMU_FILE_H */
