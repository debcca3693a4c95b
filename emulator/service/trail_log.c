/* SPDX-License-Identifier: Apache-2.0 */
/* trail_log.c - where CloudTrail lines go: a file, and the last few at hand. */
#include "trail_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include "err.h"
#include "log.h"
#include "mem.h"

int trail_log_open(struct trail_log *t, const char *path, const struct log *log,
                   struct err *e)
{
    *t = (struct trail_log){.fd = -1, .log = log};
    if (path == NULL) {
        return 0;
    }
    t->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return t->fd >= 0 ? 0 : err_set_uv(e, uv_translate_sys_error(errno), path);
}

void trail_log_close(struct trail_log *t)
{
    for (size_t i = 0; i < TRAIL_LOG_KEPT; i++) {
        mem_free(t->lines[i]);
    }
    if (t->fd >= 0) {
        close(t->fd);
    }
    *t = (struct trail_log){.fd = -1};
}

void trail_log_line(void *data, const char *line)
{
    struct trail_log *t = data;
    char **slot = &t->lines[t->n++ % TRAIL_LOG_KEPT];
    struct iovec parts[] = {
        {.iov_base = (char *)(uintptr_t)line, .iov_len = strlen(line)},
        {.iov_base = (char[]){'\n'}, .iov_len = 1}};

    mem_free(*slot);
    *slot = mem_strdup(line); /* Without memory it is only in the file. */
    /* One write a line, so that lines of several emulators do not mix. */
    if (t->fd >= 0 && writev(t->fd, parts, 2) < 0) {
        log_warn(t->log, EMU, 0, "cloudtrail: %s",
                 uv_strerror(uv_translate_sys_error(errno)));
    }
}

const char *trail_log_at(const struct trail_log *t, size_t i)
{
    size_t first = t->n > TRAIL_LOG_KEPT ? t->n - TRAIL_LOG_KEPT : 0;

    return first + i < t->n ? t->lines[(first + i) % TRAIL_LOG_KEPT] : NULL;
}
