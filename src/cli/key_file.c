/* SPDX-License-Identifier: Apache-2.0 */
/* key_file.c - public halves read, a key of ours made once. */
#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "ssh_key.h"
#include "values.h"

enum { FILE_LIMIT = 16 << 10, PATH_SIZE = 4096 };

/* Write @text to the new file @path. */
static int file_make(const char *path, const struct buf *text, mode_t mode,
                     struct err *e)
{
    ssize_t n;
    int fd;

    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd == -1) {
        return err_set_uv(e, uv_translate_sys_error(errno), path);
    }
    n = write(fd, text->data, text->len);
    close(fd);
    return n == (ssize_t)text->len ? 0 : err_set_uv(e, UV_ENOSPC, path);
}

/* Make our lasting key at @path. */
static int key_make(const char *path, struct err *e)
{
    char other[PATH_SIZE];
    struct ssh_key key;
    struct buf text;
    int rv;

    snprintf(other, sizeof other, "%s", path);
    *strrchr(other, '/') = '\0';
    (void)mkdir(other, 0700); /* ~/.ssh; it is usually there. */
    snprintf(other, sizeof other, "%s.pub", path);
    rv = ssh_key_make(&key, e);
    if (rv != 0) {
        return rv;
    }
    buf_init(&text, FILE_LIMIT);
    ssh_key_file(&text, &key, "eice");
    rv = file_make(path, &text, 0600, e);
    buf_wipe(&text);
    if (rv == 0) {
        (void)unlink(other);
        buf_init(&text, FILE_LIMIT);
        ssh_key_line(&text, &key);
        buf_adds(&text, " eice\n");
        rv = file_make(other, &text, 0644, e);
        buf_free(&text);
    }
    ssh_key_wipe(&key);
    return rv;
}

int key_file_public(struct buf *out, char *identity, size_t size,
                    const char *path, struct err *e)
{
    char name[PATH_SIZE];
    const char *home = getenv("HOME");
    char *text = NULL;
    size_t len;
    int rv;

    if (path != NULL) {
        snprintf(identity, size, "%s", path);
        len = strlen(identity);
        if (len > 4 && strcmp(identity + len - 4, ".pub") == 0) {
            identity[len - 4] = '\0';
        }
    } else {
        snprintf(identity, size, "%s/.ssh/eice_ed25519",
                 home != NULL ? home : "");
        rv = access(identity, F_OK) == 0 ? 0 : key_make(identity, e);
        if (rv != 0) {
            return rv;
        }
    }
    snprintf(name, sizeof name, "file://%s.pub", identity);
    if (value_string(name, "key", true, &text, e) != 0) {
        err_set(e, ERR_USAGE, "The public half of %s cannot be read: %s",
                identity, name + 7);
        err_hint(e, "make it with: ssh-keygen -y -f %s > %s.pub", identity,
                 identity);
        return ERR_USAGE;
    }
    text[strcspn(text, "\r\n")] = '\0';
    buf_adds(out, text);
    mem_free(text);
    return buf_error(out) == 0 ? 0 : err_set_uv(e, UV_ENOMEM, "key");
}
