/* SPDX-License-Identifier: Apache-2.0 */
/* state_dir.h - the directory that keeps what must outlive a run. */
#ifndef STATE_DIR_H
#define STATE_DIR_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/* Make @path (and its parents) with mode 0700.  A directory that is there
 * already must belong to us and be closed to everybody else. */
int state_dir_make(const char *path, struct err *e);

/* A fresh directory for one run, mode 0700; mem_free() the path.  NULL with @e
 * set on failure. */
char *state_dir_temporary(struct err *e);

/* Remove @path and the plain files in it.  Best effort. */
void state_dir_remove(const char *path);

/* Where state goes unless told: $XDG_STATE_HOME/eice-emulator, else
 * ~/.local/state/eice-emulator.  mem_free() it.  NULL when neither variable is
 * set or memory is short. */
char *state_dir_default(void);

/* Take @dir for this process, until it ends; *@fd keeps it.  ERR_CONFIG with
 * @e naming the process that has it when another does. */
int state_dir_lock(const char *dir, int *fd, struct err *e);

/* The process that has taken @dir, or 0. */
long state_dir_owner(const char *dir);

/* Read a whole file of at most @limit bytes; mem_free() it.  NULL with @e set;
 * UV_ENOENT when there is none. */
char *state_file_read(const char *dir, const char *name, size_t limit,
                      struct err *e);

/* Replace a file in one step: write a new one beside it, sync, rename.  Mode
 * 0600 when @secret, else 0644. */
int state_file_write(const char *dir, const char *name, const void *data,
                     size_t len, bool secret, struct err *e);

#endif /* STATE_DIR_H */
