/* SPDX-License-Identifier: Apache-2.0 */
/* writer.h - files replaced off the loop.
 *
 * Replacing a file takes a disk's time: measured, four milliseconds and more.
 * A writer does it in the thread pool, one file after the other, and of
 * several texts for the same file only the last. */
#ifndef WRITER_H
#define WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct log;
struct writer;
struct writer_job;

/* Nothing is left to write.  From the loop, after each time that something
 * was; the receiver may put more. */
typedef void (*writer_idle_cb)(struct writer *w);

/* Everything is written; the memory may be reused. */
typedef void (*writer_close_cb)(struct writer *w);

/* Embedded by its owner; the fields belong to writer.c. */
struct writer {
    void *data; /* For the owner */
    uv_loop_t *loop;
    const struct log *log;
    uv_work_t work;
    struct writer_job *first; /* Being written, when busy; then the others */
    bool busy;
    bool closing;
    writer_idle_cb idle_cb;
    writer_close_cb close_cb;
};

/* Cannot fail, opens nothing.  From here on writer_close() is the only way
 * out.  @log outlives the writer. */
void writer_init(struct writer *w, uv_loop_t *loop, const struct log *log,
                 writer_idle_cb idle_cb);

/* Have @path hold exactly @len bytes of @text soon; both are copied.  @what
 * ("state") is a static string for the warning when that fails.  0 or
 * UV_ENOMEM; then nothing will happen. */
int writer_put(struct writer *w, const char *what, const char *path,
               const char *text, size_t len);

/* Whether everything is written. */
bool writer_idle(const struct writer *w);

/* Finish what was put, then report.  Nothing may be put any more; idle_cb does
 * not fire. */
void writer_close(struct writer *w, writer_close_cb cb);

#endif /* WRITER_H */
