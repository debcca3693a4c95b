/* SPDX-License-Identifier: Apache-2.0 */
/* signer_maker.c - the signer of key records, made off the loop.
 *
 * The happy path: signer_maker_start() notes what the world says, the pool
 * reads or makes keys and certificates, the owner gets a signer.
 *
 * What can go wrong: they cannot be made or kept (reported), memory is short
 * (start returns it, or reported), the owner closes (what was made is freed).
 */
#include "signer_maker.h"

#include <assert.h>
#include <openssl/crypto.h>

#include "mem.h"
#include "world.h"

void signer_maker_init(struct signer_maker *m)
{
    *m = (struct signer_maker){0};
    m->work.data = m;
}

/* In the pool: touches @m only. */
static void on_work(uv_work_t *work)
{
    struct signer_maker *m = work->data;

    m->status = signer_set_load(&m->set, m->path, m->name, m->now_s, &m->err);
    OPENSSL_thread_stop(); /* What it keeps for this thread goes at once. */
}

static void on_worked(uv_work_t *work, int status)
{
    struct signer_maker *m = work->data;
    struct signer *signer = NULL;

    assert(status == 0); /* Nobody cancels. */
    (void)status;
    m->busy = false;
    mem_free(m->path);
    m->path = NULL;
    if (m->status != 0 || m->closing) {
        signer_set_free(&m->set);
    } else {
        signer = signer_of(m->world, &m->set);
        if (signer == NULL) {
            err_set_uv(&m->err, UV_ENOMEM, "key signer");
        }
    }
    if (m->closing) {
        m->close_cb(m); /* Last: the memory may be gone. */
    } else {
        m->cb(m, signer, &m->err);
    }
}

int signer_maker_start(struct signer_maker *m, uv_loop_t *loop,
                       struct world *world, const char *dir, signer_maker_cb cb)
{
    int rv;

    assert(!m->busy && !m->closing);
    m->path = mem_printf("%s/signer.pem", dir);
    if (m->path == NULL) {
        return UV_ENOMEM;
    }
    m->world = world;
    m->now_s = world_now_ms(world) / 1000;
    m->cb = cb;
    m->err = (struct err){0};
    signer_name(world, m->name);
    m->busy = true;
    rv = uv_queue_work(loop, &m->work, on_work, on_worked);
    assert(rv == 0); /* It only checks its arguments. */
    return rv;
}

bool signer_maker_busy(const struct signer_maker *m)
{
    return m->busy;
}

void signer_maker_close(struct signer_maker *m, signer_maker_close_cb cb)
{
    assert(!m->closing);
    m->closing = true;
    m->close_cb = cb;
    if (!m->busy) {
        cb(m);
    }
}
