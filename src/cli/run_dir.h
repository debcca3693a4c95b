/* SPDX-License-Identifier: Apache-2.0 */
/* run_dir.h - a private directory for the time of one run.
 *
 * It is locked as long as its owner lives, so that what a run that was killed
 * has left behind is removed by the next one. */
#ifndef RUN_DIR_H
#define RUN_DIR_H

struct err;

enum { RUN_DIR_SIZE = 80 };

struct run_dir {
    char path[RUN_DIR_SIZE]; /* "" when there is none */
    int lock;                /* Open while the run lasts */
};

/* Remove what dead runs left, and make a directory, mode 0700, in
 * $XDG_RUNTIME_DIR, $TMPDIR or /tmp.  0, or a code with @e. */
int run_dir_make(struct run_dir *dir, struct err *e);

/* Write the file @name with @text into it, mode 0600. */
int run_dir_write(const struct run_dir *dir, const char *name, const char *text,
                  struct err *e);

/* Remove it and all that is in it; nothing when there is none. */
void run_dir_remove(struct run_dir *dir);

#endif /* RUN_DIR_H */
