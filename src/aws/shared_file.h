/* SPDX-License-Identifier: Apache-2.0 */
/* shared_file.h - a small file that other processes read and write too, read,
 * locked and replaced without holding up the loop.
 *
 * All file work is done in libuv's pool.  The lock is a file beside the file
 * (PATH.lock, flock), so that many of us, started at once, do the expensive
 * thing once: whoever gets the lock reads again first.  A lock that cannot be
 * had (read-only directory, or a holder who sits on it for minutes) is done
 * without. */
#ifndef SHARED_FILE_H
#define SHARED_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct provider_ctx;
struct shared_file;

/* An operation is over: 0 and, of a reading one, the text (NUL-terminated,
 * lent until the next operation); or UV_ENOENT, another UV_E* code, or
 * ERR_TOO_BIG, and @text is "".  Fires from the loop, once for each operation,
 * not at all after shared_file_close().  The receiver may do anything to @f. */
typedef void (*shared_file_cb)(void *data, int status, const char *text,
                               size_t len);

/* A file of at most @max bytes at @path (copied).  NULL: out of memory. */
struct shared_file *shared_file_new(struct provider_ctx *ctx, const char *path,
                                    size_t max);

/* The path as given. */
const char *shared_file_path(const struct shared_file *f);

/* Read it.  One operation at a time. */
void shared_file_read(struct shared_file *f, shared_file_cb cb, void *data);

/* Take the lock, then read.  Waits as long as another holds it, within reason;
 * the status is that of the reading. */
void shared_file_lock(struct shared_file *f, shared_file_cb cb, void *data);

/* Whether the last shared_file_lock() had to wait for somebody. */
bool shared_file_waited(const struct shared_file *f);

/* Replace the contents in one step (mode 0600; missing directories are made),
 * then give the lock back.  @text is copied.  Returns 0, or UV_ENOMEM and
 * nothing will be called. */
int shared_file_write(struct shared_file *f, const char *text, size_t len,
                      shared_file_cb cb, void *data);

/* Give the lock back, if it is held. */
void shared_file_unlock(struct shared_file *f);

/* Abandon what is under way, give the lock back, wipe and free.  Any state;
 * NULL is fine.  What the pool still works on keeps @ctx held. */
void shared_file_close(struct shared_file *f);

#endif /* SHARED_FILE_H */
