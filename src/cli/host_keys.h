/* SPDX-License-Identifier: Apache-2.0 */
/* host_keys.h - the host keys an instance shows on its console, and our file
 * of known hosts.  Pure but for the last group. */
#ifndef HOST_KEYS_H
#define HOST_KEYS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

/* Append a line "ALIAS TYPE BLOB\n" for each host key in the last complete
 * block of keys in the console's @text, as cloud-init prints it.  Returns how
 * many there were. */
size_t host_keys_read(struct buf *out, const char *alias, const char *text);

/* Append "SHA256:..." for a key's base64 blob.  False when it is none. */
bool host_key_fingerprint(struct buf *out, const char *blob, size_t len);

/* The next line of @known_hosts for @alias, from *@at on, which moves behind
 * it: *@type and *@blob point at its words (ended by a space or a newline).
 * False when there is none. */
bool host_keys_next(const char *known_hosts, const char *alias, size_t *at,
                    const char **type, const char **blob);

/* Append what to say when @alias offers the key @blob of @type, and the file
 * @known_hosts has others; nothing when the file has none, or this one. */
void host_keys_mismatch(struct buf *out, const char *known_hosts,
                        const char *alias, const char *type, const char *blob);

/* Append the path of our file of known hosts, ~/.ssh/eice_known_hosts. */
void host_keys_path(struct buf *out);

/* Read it; a missing file is empty.  0, or a code with @e. */
int host_keys_load(struct buf *out, struct err *e);

/* Make its directory, which ssh would only do where passwd(5) says. */
void host_keys_prepare(void);

/* Add @lines to it, making it and its directory if need be. */
int host_keys_add(const char *lines, struct err *e);

#endif /* HOST_KEYS_H */
