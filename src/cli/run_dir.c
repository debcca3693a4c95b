/* SPDX-License-Identifier: Apache-2.0 */
/* run_dir.c - made, locked, swept.
 *
 * A directory gets its name when it is locked: whoever sweeps takes one that
 * nobody holds for a dead run's, and may look at any moment. */
#include "run_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "err.h"

static const char prefix[] = "eice-run-";
static const char new_prefix[] = "eice-new-"; /* Not locked yet */
static const char lock_name[] = "lock";

enum {
    PATH_SIZE = RUN_DIR_SIZE + 300,
    BASE_MAX = RUN_DIR_SIZE - 24, /* Leaves room for a socket's name too */
    YOUNG_S = 60 /* A directory that has no lock yet may be about to get one */
};

/* Where such directories are. */
static const char *base_dir(void)
{
    static const char *const names[] = {"XDG_RUNTIME_DIR", "TMPDIR", NULL};
    size_t i;

    for (i = 0; names[i] != NULL; i++) {
        const char *dir = getenv(names[i]);

        if (dir != NULL && dir[0] == '/' && strlen(dir) < BASE_MAX &&
            access(dir, W_OK) == 0) {
            return dir;
        }
    }
    return "/tmp";
}

/* Remove the directory @path and the files in it. */
static void dir_remove(const char *path)
{
    char file[PATH_SIZE];
    struct dirent *entry;
    DIR *dir = opendir(path);

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0 &&
            snprintf(file, sizeof file, "%s/%s", path, entry->d_name) <
                (int)sizeof file) {
            (void)unlink(file);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    (void)rmdir(path);
}

/* Whether nobody uses our own directory @path any more.  @is_new: it may not
 * have its lock yet. */
static bool is_dead(const char *path, bool is_new)
{
    char file[PATH_SIZE];
    struct stat st;
    bool dead;
    int fd;

    if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode) ||
        st.st_uid != getuid()) {
        return false;
    }
    if (is_new) {
        return time(NULL) - st.st_mtime > YOUNG_S;
    }
    if (snprintf(file, sizeof file, "%s/%s", path, lock_name) >=
        (int)sizeof file) {
        return false;
    }
    fd = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd == -1) {
        return time(NULL) - st.st_mtime > YOUNG_S;
    }
    dead = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return dead;
}

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* Remove what runs that were killed have left. */
static void sweep(const char *base)
{
    char path[PATH_SIZE];
    struct dirent *entry;
    DIR *dir = opendir(base);

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        bool is_new = begins(entry->d_name, new_prefix);

        if ((is_new || begins(entry->d_name, prefix)) &&
            snprintf(path, sizeof path, "%s/%s", base, entry->d_name) <
                (int)sizeof path &&
            is_dead(path, is_new)) {
            dir_remove(path);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

/* Make the directory and hold its lock; an errno if it cannot be. */
static int make_new(struct run_dir *dir, const char *base)
{
    char file[PATH_SIZE];

    snprintf(dir->path, sizeof dir->path, "%s/%sXXXXXX", base, new_prefix);
    if (mkdtemp(dir->path) == NULL) {
        dir->path[0] = '\0';
        return errno;
    }
    snprintf(file, sizeof file, "%s/%s", dir->path, lock_name);
    dir->lock = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (dir->lock == -1 || flock(dir->lock, LOCK_EX | LOCK_NB) != 0) {
        return errno;
    }
    return 0;
}

int run_dir_make(struct run_dir *dir, struct err *e)
{
    const char *base = base_dir();
    char path[RUN_DIR_SIZE];
    int error;

    *dir = (struct run_dir){.lock = -1};
    sweep(base);
    error = make_new(dir, base);
    if (error == 0) {
        snprintf(path, sizeof path, "%s/%s%s", base, prefix,
                 strrchr(dir->path, '-') + 1);
        if (rename(dir->path, path) == 0) {
            memcpy(dir->path, path, strlen(path) + 1);
            return 0;
        }
        error = errno;
    }
    run_dir_remove(dir);
    return err_set_uv(e, uv_translate_sys_error(error), base);
}

int run_dir_write(const struct run_dir *dir, const char *name, const char *text,
                  struct err *e)
{
    char file[PATH_SIZE];
    size_t len = strlen(text);
    int error = 0;
    int fd;

    snprintf(file, sizeof file, "%s/%s", dir->path, name);
    fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd == -1) {
        return err_set_uv(e, uv_translate_sys_error(errno), file);
    }
    if (write(fd, text, len) != (ssize_t)len) {
        error = errno != 0 ? errno : ENOSPC;
    }
    close(fd);
    return error == 0 ? 0 : err_set_uv(e, uv_translate_sys_error(error), file);
}

void run_dir_remove(struct run_dir *dir)
{
    if (dir->path[0] == '\0') {
        return;
    }
    dir_remove(dir->path);
    if (dir->lock != -1) {
        close(dir->lock);
    }
    *dir = (struct run_dir){.lock = -1};
}
