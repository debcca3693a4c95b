/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - reading to the end; writing beside and renaming over. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "wipe.h"

/* The last system error, told with the path. */
static int failed(struct err *e, const char *path)
{
    return err_set_uv(e, uv_translate_sys_error(errno), path);
}

int file_read(const char *path, char **text, size_t *len, struct err *e)
{
    struct buf b;
    char chunk[8192];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rv;

    if (fd < 0) {
        return failed(e, path);
    }
    buf_init(&b, FILE_MAX);
    buf_adds(&b, "");
    do {
        n = read(fd, chunk, sizeof chunk);
        if (n > 0) {
            buf_add(&b, chunk, (size_t)n);
        }
    } while (n > 0 && buf_error(&b) == 0);
    rv = n < 0 ? uv_translate_sys_error(errno) : buf_error(&b);
    wipe(chunk, sizeof chunk);
    close(fd);
    *len = b.len;
    *text = rv == 0 ? buf_detach(&b) : NULL;
    if (rv == 0 && *text == NULL) {
        rv = UV_ENOMEM; /* UNTESTED: buf_error() has said so before */
    }
    buf_wipe(&b);
    return rv == 0 ? 0 : err_set_uv(e, rv, path);
}

void file_free(char *text, size_t len)
{
    if (text != NULL) {
        wipe(text, len);
        mem_free(text);
    }
}

/* Write it all, or say why not. */
static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return uv_translate_sys_error(errno);
        }
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

char *file_beside(const char *path)
{
    return mem_printf("%s.%ld.new", path, (long)getpid());
}

int file_swap(const char *path, const char *beside, const void *data,
              size_t len)
{
    int rv;
    int fd;

    unlink(beside);
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    rv = fd < 0 ? uv_translate_sys_error(errno) : write_all(fd, data, len);
    if (fd >= 0 && close(fd) != 0 && rv == 0) {
        rv = uv_translate_sys_error(errno); /* UNTESTED: a late disk error */
    }
    if (rv == 0 && rename(beside, path) != 0) {
        rv = uv_translate_sys_error(errno);
    }
    if (rv != 0 && fd >= 0) {
        unlink(beside);
    }
    return rv;
}

int file_replace(const char *path, const void *data, size_t len, struct err *e)
{
    char *beside = file_beside(path);
    int rv = beside != NULL ? file_swap(path, beside, data, len) : UV_ENOMEM;

    mem_free(beside);
    return rv == 0 ? 0 : err_set_uv(e, rv, path);
}
