/* SPDX-License-Identifier: Apache-2.0 */
/* fd_use.c - an inherited descriptor made fit for the loop. */
#include "fd_use.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>
#ifdef __linux__
#include <sys/vfs.h>
#endif

#include "err.h"

/* Ours never take the place of a closed stdin, stdout or stderr. */
enum { FIRST_OWN_FD = 3 };

#ifdef __linux__
/* Where anonymous pipes live; linux/magic.h, which libc need not have. */
#define ANONYMOUS_PIPES 0x50495045

/* Whether @fd is a pipe or terminal that can safely be opened a second time. */
static bool can_reopen(int fd, const struct stat *st)
{
    struct statfs fs;

    if (S_ISCHR(st->st_mode)) {
        return isatty(fd) == 1;
    }
    return S_ISFIFO(st->st_mode) && fstatfs(fd, &fs) == 0 &&
           fs.f_type == ANONYMOUS_PIPES;
}

/* Open what @fd refers to once more; -1 when that is not possible. */
static int reopen(int fd, const struct stat *st, int access)
{
    char path[32];

    if (!can_reopen(fd, st)) {
        return -1;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}
#else
static int reopen(int fd, const struct stat *st, int access)
{
    (void)fd;
    (void)st;
    (void)access;
    return -1;
}
#endif

/* What to do with the kind of file in @st; a code for what nobody can use. */
static int kind_of(int fd, const struct stat *st, enum fd_kind *kind)
{
    *kind = FD_FILE;
    if (S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode)) {
        *kind = FD_STREAM;
        return 0;
    }
    if (S_ISCHR(st->st_mode)) {
        *kind = isatty(fd) == 1 ? FD_STREAM : FD_FILE;
        return 0;
    }
    if (S_ISREG(st->st_mode) || S_ISBLK(st->st_mode)) {
        return 0;
    }
    return S_ISDIR(st->st_mode) ? UV_EISDIR : UV_EINVAL;
}

/* Whether a file opened with @flags can be read or written. */
static bool allows(int flags, bool write)
{
    int access = flags & O_ACCMODE;

    return access == O_RDWR || access == (write ? O_WRONLY : O_RDONLY);
}

int fd_use_open(struct fd_use *u, int fd, bool write, const char *name,
                struct err *e)
{
    struct stat st;
    int flags;
    int rv;

    *u = (struct fd_use){.fd = -1, .flags = -1};
    flags = fcntl(fd, F_GETFL);
    if (flags == -1 || fstat(fd, &st) != 0) {
        return err_set_uv(e, uv_translate_sys_error(errno), name);
    }
    if (!allows(flags, write)) {
        return err_set(e, UV_EBADF, "%s: not open for %s", name,
                       write ? "writing" : "reading");
    }
    rv = kind_of(fd, &st, &u->kind);
    if (rv != 0) {
        return err_set_uv(e, rv, name);
    }
    u->is_socket = S_ISSOCK(st.st_mode);
    if (u->kind == FD_STREAM && !(flags & O_NONBLOCK)) {
        u->fd = reopen(fd, &st, flags & O_ACCMODE);
    }
    if (u->fd == -1) {
        u->fd = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OWN_FD);
    }
    if (u->fd == -1) {
        return err_set_uv(e, uv_translate_sys_error(errno), name);
    }
    return 0;
}

int fd_use_nonblock(struct fd_use *u)
{
    int flags = fcntl(u->fd, F_GETFL);

    if (flags == -1) {
        return uv_translate_sys_error(errno);
    }
    if (flags & O_NONBLOCK) {
        return 0;
    }
    if (fcntl(u->fd, F_SETFL, flags | O_NONBLOCK) == -1) {
        return uv_translate_sys_error(errno);
    }
    u->flags = flags;
    return 0;
}

void fd_use_restore(struct fd_use *u)
{
    if (u->flags != -1) {
        /* Nothing sensible can be done about a failure. */
        (void)fcntl(u->fd, F_SETFL, u->flags);
        u->flags = -1;
    }
}

void fd_use_close(struct fd_use *u)
{
    if (u->fd != -1) {
        fd_use_restore(u);
        close(u->fd);
        u->fd = -1;
    }
}
