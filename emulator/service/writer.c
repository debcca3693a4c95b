/* SPDX-License-Identifier: Apache-2.0 */
/* writer.c - files replaced off the loop.
 *
 * The happy path: writer_put() makes a job, the pool replaces its file, the
 * next job follows, idle_cb tells when none is left.
 *
 * What can go wrong: the file cannot be replaced (a warning; the job is over),
 * memory is short (put returns it), the owner closes (the jobs are finished
 * first). */
#include "writer.h"

#include <assert.h>
#include <string.h>

#include "err.h"
#include "file.h"
#include "log.h"
#include "mem.h"
#include "wipe.h"

/* One file to be replaced. */
struct writer_job {
    struct writer_job *next;
    const char *what;
    char *path;
    char *beside;
    char *text;
    size_t len;
    int status; /* How it went */
};

static void job_free(struct writer_job *job)
{
    if (job->text != NULL) {
        wipe(job->text, job->len); /* Sessions have secrets. */
    }
    mem_free(job->text);
    mem_free(job->path);
    mem_free(job->beside);
    mem_free(job);
}

static struct writer_job *job_new(const char *what, const char *path,
                                  const char *text, size_t len)
{
    struct writer_job *job = mem_zalloc(sizeof *job);

    if (job == NULL) {
        return NULL;
    }
    job->what = what;
    job->path = mem_strdup(path);
    job->beside = file_beside(path);
    job->text = mem_alloc(len);
    job->len = len;
    if (job->path == NULL || job->beside == NULL || job->text == NULL) {
        job->len = 0;
        job_free(job);
        return NULL;
    }
    memcpy(job->text, text, len);
    return job;
}

void writer_init(struct writer *w, uv_loop_t *loop, const struct log *log,
                 writer_idle_cb idle_cb)
{
    *w = (struct writer){.loop = loop, .log = log, .idle_cb = idle_cb};
    w->work.data = w;
}

/* In the pool: touches the job only, and no memory is asked for. */
static void on_work(uv_work_t *work)
{
    const struct writer *w = work->data;
    struct writer_job *job = w->first;

    job->status = file_swap(job->path, job->beside, job->text, job->len);
}

static void on_worked(uv_work_t *work, int status);

/* The first job, if there is one. */
static void writer_next(struct writer *w)
{
    int rv;

    if (w->first != NULL) {
        w->busy = true;
        rv = uv_queue_work(w->loop, &w->work, on_work, on_worked);
        assert(rv == 0); /* It only checks its arguments. */
        (void)rv;
    }
}

static void on_worked(uv_work_t *work, int status)
{
    struct writer *w = work->data;
    struct writer_job *job = w->first;

    assert(status == 0); /* Nobody cancels. */
    (void)status;
    w->busy = false;
    w->first = job->next;
    if (job->status != 0) {
        log_warn(w->log, EMU, 0, "%s not saved: %s: %s", job->what, job->path,
                 err_sentence(job->status));
    }
    job_free(job);
    writer_next(w);
    if (w->busy) {
        return;
    }
    if (w->closing) {
        w->close_cb(w); /* Last: the memory may be gone. */
    } else {
        w->idle_cb(w);
    }
}

int writer_put(struct writer *w, const char *what, const char *path,
               const char *text, size_t len)
{
    struct writer_job *job = job_new(what, path, text, len);
    struct writer_job **link = &w->first;

    assert(!w->closing);
    if (job == NULL) {
        return UV_ENOMEM;
    }
    if (w->busy) {
        link = &(*link)->next; /* Not the one in the pool. */
    }
    while (*link != NULL && strcmp((*link)->path, path) != 0) {
        link = &(*link)->next;
    }
    if (*link != NULL) { /* An older text nobody has begun to write. */
        job->next = (*link)->next;
        job_free(*link);
    }
    *link = job;
    if (!w->busy) {
        writer_next(w);
    }
    return 0;
}

bool writer_idle(const struct writer *w)
{
    return w->first == NULL;
}

void writer_close(struct writer *w, writer_close_cb cb)
{
    assert(!w->closing);
    w->closing = true;
    w->close_cb = cb;
    if (!w->busy) {
        cb(w);
    }
}
