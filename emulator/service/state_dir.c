/* SPDX-License-Identifier: Apache-2.0 */
/* state_dir.c - the directory that keeps what must outlive a run. */
#include "state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"

/* A code of libuv for errno. */
static int last_error(void)
{
    return uv_translate_sys_error(errno);
}

/* Make every directory on the way to @path. */
static int make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int rv = mkdir(path, 0700);
        int saved = errno;
        *slash = '/';
        if (rv != 0 && saved != EEXIST) {
            return uv_translate_sys_error(saved);
        }
    }
    return 0;
}

int state_dir_make(const char *path, struct err *e)
{
    char *copy = mem_strdup(path);
    struct stat st;
    int rv;

    if (copy == NULL) {
        return err_set_uv(e, UV_ENOMEM, path);
    }
    rv = make_parents(copy);
    mem_free(copy);
    if (rv == 0 && mkdir(path, 0700) != 0 && errno != EEXIST) {
        rv = last_error();
    }
    if (rv == 0 && stat(path, &st) != 0) {
        rv = last_error();
    }
    if (rv != 0) {
        return err_set_uv(e, rv, path);
    }
    if (!S_ISDIR(st.st_mode)) {
        return err_set_uv(e, UV_ENOTDIR, path);
    }
    if (st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
        err_set(e, ERR_CONFIG, "%s: others can reach this directory", path);
        err_hint(e, "it holds private keys: chown and chmod 700 it, or choose "
                    "another with --state-dir");
        return ERR_CONFIG;
    }
    return 0;
}

char *state_dir_temporary(struct err *e)
{
    const char *base = getenv("TMPDIR");
    char *path = mem_printf("%s/eice-emulator-XXXXXX",
                            base != NULL && base[0] == '/' ? base : "/tmp");

    if (path == NULL) {
        err_set_uv(e, UV_ENOMEM, "temporary directory");
    } else if (mkdtemp(path) == NULL) {
        err_set_uv(e, last_error(), path);
        mem_free(path);
        path = NULL;
    }
    return path;
}

void state_dir_remove(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    if (dir == NULL) {
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0) {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    closedir(dir);
    (void)rmdir(path);
}

char *state_dir_default(void)
{
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");

    if (xdg != NULL && xdg[0] == '/') {
        return mem_printf("%s/eice-emulator", xdg);
    }
    if (home != NULL && home[0] == '/') {
        return mem_printf("%s/.local/state/eice-emulator", home);
    }
    return NULL;
}

/* Open the file that carries the lock. */
static int open_lock(const char *dir, int flags)
{
    char *path = mem_printf("%s/lock", dir);
    int fd = path != NULL ? open(path, flags | O_CLOEXEC, 0600) : -1;

    mem_free(path);
    return fd;
}

long state_dir_owner(const char *dir)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open_lock(dir, O_RDWR);
    long pid = 0;

    if (fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
        pid = (long)lock.l_pid;
    }
    if (fd >= 0) {
        close(fd);
    }
    return pid;
}

int state_dir_lock(const char *dir, int *fd, struct err *e)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int rv;

    *fd = open_lock(dir, O_RDWR | O_CREAT);
    if (*fd < 0) {
        return err_set_uv(e, last_error(), dir);
    }
    if (fcntl(*fd, F_SETLK, &lock) == 0) {
        return 0;
    }
    rv = last_error();
    close(*fd);
    *fd = -1;
    if (rv != UV_EACCES && rv != UV_EAGAIN) {
        return err_set_uv(e, rv, dir);
    }
    err_set(e, ERR_CONFIG, "%s: in use by process %ld", dir,
            state_dir_owner(dir));
    err_hint(e, "stop it with \"eice-emulator stop\", or give this one another "
                "--state-dir, or --ephemeral");
    return ERR_CONFIG;
}

/* Read @fd to its end into @b. */
static int read_all(int fd, struct buf *b)
{
    char chunk[8192];
    ssize_t n;

    for (;;) {
        n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? last_error() : buf_error(b);
        }
        buf_add(b, chunk, (size_t)n);
    }
}

char *state_file_read(const char *dir, const char *name, size_t limit,
                      struct err *e)
{
    char *path = mem_printf("%s/%s", dir, name);
    struct buf b;
    char *text;
    int fd, rv;

    buf_init(&b, limit);
    if (path == NULL) {
        err_set_uv(e, UV_ENOMEM, name);
        return NULL;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    rv = fd < 0 ? last_error() : read_all(fd, &b);
    if (fd >= 0) {
        close(fd);
    }
    if (rv == 0) {
        buf_add(&b, "", 0);
        text = b.len > 0 ? buf_detach(&b) : mem_strdup("");
        rv = text == NULL ? UV_ENOMEM : 0;
    }
    if (rv != 0) {
        err_set_uv(e, rv, path);
        text = NULL;
    }
    buf_wipe(&b);
    mem_free(path);
    return text;
}

/* Write all of it and make it durable. */
static int write_all(int fd, const char *data, size_t len)
{
    ssize_t n;

    while (len > 0) {
        n = write(fd, data, len);
        if (n < 0 && errno != EINTR) {
            return last_error();
        }
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return fsync(fd) == 0 ? 0 : last_error();
}

int state_file_write(const char *dir, const char *name, const void *data,
                     size_t len, bool secret, struct err *e)
{
    char *path = mem_printf("%s/%s", dir, name);
    char *fresh = mem_printf("%s/.%s.%ld", dir, name, (long)getpid());
    int fd = -1, rv = UV_ENOMEM;

    if (path == NULL || fresh == NULL) {
        goto out;
    }
    (void)unlink(fresh); /* Of a run that was cut short. */
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
              secret ? 0600 : 0644);
    if (fd < 0) {
        rv = last_error();
        goto out;
    }
    rv = write_all(fd, data, len);
    if (close(fd) != 0 && rv == 0) {
        rv = last_error();
    }
    if (rv == 0 && rename(fresh, path) != 0) {
        rv = last_error();
    }
    if (rv != 0) {
        (void)unlink(fresh);
    }
out:
    if (rv != 0) {
        err_set_uv(e, rv, path != NULL ? path : name);
    }
    mem_free(path);
    mem_free(fresh);
    return rv;
}
