/* SPDX-License-Identifier: Apache-2.0 */
/* key_file.h - keys in files: the user's, or a lasting one of ours. */
#ifndef KEY_FILE_H
#define KEY_FILE_H

#include <stddef.h>

struct buf;
struct err;

/* Append the public half of the key in the file @path, which is in
 * "@path.pub", and write the private half's path to @identity.  NULL is
 * ~/.ssh/eice_ed25519, which is made if it is not there.  0, or a code with
 * @e. */
int key_file_public(struct buf *out, char *identity, size_t size,
                    const char *path, struct err *e);

#endif /* KEY_FILE_H */
