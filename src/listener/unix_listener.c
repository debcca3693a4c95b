/* SPDX-License-Identifier: Apache-2.0 */
/* unix_listener.c - a listening unix socket of our own.
 *
 * Looking for a stale socket, removing it and taking its place are several
 * steps; the directory is locked meanwhile (flock on it) so that two of us who
 * find the same stale socket do not remove each other's new one.  A lock that
 * cannot be had soon is done without: anybody who can read a directory can
 * lock it. */
#include "unix_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "err.h"
#include "mem.h"

/* One of us holds the lock for a few system calls. */
enum { LOCK_TRIES = 100, LOCK_PAUSE_MS = 10 };

/* A socket address for @path, or ERR_USAGE. */
static int address_fill(struct sockaddr_un *addr, const char *path,
                        struct err *e)
{
    size_t len = strlen(path);

    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len == 0) {
        return err_set(e, ERR_USAGE, "the path of a socket cannot be empty");
    }
    if (len >= sizeof addr->sun_path) {
        return err_set(e, ERR_USAGE,
                       "the path of a socket can have %zu bytes at most, this "
                       "one has %zu: %s",
                       sizeof addr->sun_path - 1, len, path);
    }
    memcpy(addr->sun_path, path, len + 1);
    return 0;
}

/* A unix socket that does not block and that no child inherits; -1, errno. */
static int socket_open(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd != -1 && (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
                     fcntl(fd, F_SETFL, O_NONBLOCK) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Whether somebody listens on the socket at @addr.  0 stale, 1 live, or a
 * negative code. */
static int is_live(const struct sockaddr_un *addr)
{
    int error = 0;
    int fd = socket_open();

    if (fd == -1) {
        return uv_translate_sys_error(errno);
    }
    if (connect(fd, (const struct sockaddr *)addr, sizeof *addr) != 0) {
        error = errno;
    }
    close(fd);
    if (error == 0 || error == EAGAIN) {
        return 1; /* EAGAIN: its queue is full. */
    }
    return error == ECONNREFUSED || error == ENOENT
               ? 0
               : uv_translate_sys_error(error);
}

/* Make room at @addr if what is there is a socket nobody uses. */
static int stale_remove(const struct sockaddr_un *addr, struct err *e)
{
    const char *path = addr->sun_path;
    struct stat st;
    int live;

    if (lstat(path, &st) != 0) {
        return errno == ENOENT
                   ? 0
                   : err_set_uv(e, uv_translate_sys_error(errno), path);
    }
    if (!S_ISSOCK(st.st_mode)) {
        err_set(e, UV_EEXIST, "%s exists and is not a socket", path);
        err_hint(e, "choose another path with --local-socket");
        return UV_EEXIST;
    }
    live = is_live(addr);
    if (live < 0) {
        return err_set_uv(e, live, path);
    }
    if (live > 0) {
        err_set(e, UV_EADDRINUSE, "%s is in use: another program listens on it",
                path);
        err_hint(e, "choose another path with --local-socket");
        return UV_EADDRINUSE;
    }
    if (unlink(path) != 0 && errno != ENOENT) {
        err_set_uv(e, uv_translate_sys_error(errno), path);
        err_wrap(e, "cannot replace a stale socket");
        return e != NULL ? e->code : UV_EACCES;
    }
    return 0;
}

/* bind() such that nobody else could ever connect. */
static int bind_private(int fd, const struct sockaddr_un *addr)
{
    int rv;

#ifdef __linux__
    /* The file gets the mode of the socket, less the umask. */
    if (fchmod(fd, S_IRUSR | S_IWUSR) != 0) {
        return errno;
    }
    rv = bind(fd, (const struct sockaddr *)addr, sizeof *addr);
    return rv == 0 ? 0 : errno;
#else
    mode_t old = umask(S_IXUSR | S_IRWXG | S_IRWXO);

    rv = bind(fd, (const struct sockaddr *)addr, sizeof *addr) == 0 ? 0 : errno;
    umask(old);
    return rv;
#endif
}

/* Bind, remember the file, listen. */
static int claim(struct unix_listener *u, const struct sockaddr_un *addr,
                 int *out, struct err *e)
{
    const char *path = addr->sun_path;
    struct stat st;
    int error;
    int fd;

    fd = socket_open();
    error = fd == -1 ? errno : bind_private(fd, addr);
    if (error == 0) {
        /* From here on the file is ours to remove. */
        if (lstat(path, &st) == 0) {
            u->dev = st.st_dev;
            u->ino = st.st_ino;
            error = listen(fd, SOMAXCONN) == 0 ? 0 : errno;
        } else {
            error = errno;
        }
        if (error != 0) {
            unix_listener_remove(u);
        }
    }
    if (error != 0) {
        if (fd != -1) {
            close(fd);
        }
        err_set_uv(e, uv_translate_sys_error(error), path);
        err_wrap(e, "cannot listen on a unix socket");
        return uv_translate_sys_error(error);
    }
    *out = fd;
    return 0;
}

/* Lock the directory of @path; -1 when that is not possible. */
static int directory_lock(const char *path)
{
    char dir[sizeof((struct sockaddr_un *)0)->sun_path];
    char *slash;
    int fd, tries;

    snprintf(dir, sizeof dir, "%s", path);
    slash = strrchr(dir, '/');
    if (slash == NULL) {
        snprintf(dir, sizeof dir, ".");
    } else {
        slash[slash == dir] = '\0';
    }
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (tries = 0; fd != -1 && tries < LOCK_TRIES; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
            break;
        }
        uv_sleep(LOCK_PAUSE_MS);
    }
    return fd;
}

int unix_listener_open(struct unix_listener *u, const char *path, int *fd,
                       struct err *e)
{
    struct sockaddr_un addr;
    int lock;
    int rv;

    *u = (struct unix_listener){0};
    rv = address_fill(&addr, path, e);
    if (rv != 0) {
        return rv;
    }
    u->path = mem_strdup(path);
    if (u->path == NULL) {
        return err_set_uv(e, UV_ENOMEM, path);
    }
    lock = directory_lock(path);
    rv = stale_remove(&addr, e);
    if (rv == 0) {
        rv = claim(u, &addr, fd, e);
    }
    if (lock != -1) {
        close(lock);
    }
    if (rv != 0) {
        mem_free(u->path);
        u->path = NULL;
    }
    return rv;
}

void unix_listener_remove(struct unix_listener *u)
{
    struct stat st;

    if (u->path == NULL) {
        return;
    }
    if (lstat(u->path, &st) == 0 && st.st_dev == u->dev &&
        st.st_ino == u->ino) {
        unlink(u->path);
    }
    mem_free(u->path);
    u->path = NULL;
}
