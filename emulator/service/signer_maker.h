/* SPDX-License-Identifier: Apache-2.0 */
/* signer_maker.h - the signer of key records, made off the loop.
 *
 * Its RSA key takes a third of a second to make, and the certificates are read
 * from a file when there is one. */
#ifndef SIGNER_MAKER_H
#define SIGNER_MAKER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "err.h"
#include "signer.h"
#include "signer_chain.h"

struct signer_maker;

/* It is made: @signer is the receiver's; or NULL, and @e says why not.  Once
 * per start, from the loop; not after signer_maker_close(). */
typedef void (*signer_maker_cb)(struct signer_maker *m, struct signer *signer,
                                const struct err *e);

/* Nothing is under way any more; the memory may be reused. */
typedef void (*signer_maker_close_cb)(struct signer_maker *m);

/* Embedded by its owner; the fields belong to signer_maker.c. */
struct signer_maker {
    void *data; /* For the owner */
    uv_work_t work;
    struct world *world;
    struct signer_set set;
    char name[SIGNER_NAME_SIZE];
    char *path;
    int64_t now_s;
    int status;
    struct err err;
    bool busy;
    bool closing;
    signer_maker_cb cb;
    signer_maker_close_cb close_cb;
};

/* Cannot fail.  From here on signer_maker_close() is the only way out. */
void signer_maker_init(struct signer_maker *m);

/* Begin, with the keys kept in signer.pem of @dir.  0 or UV_ENOMEM; then
 * nothing will happen. */
int signer_maker_start(struct signer_maker *m, uv_loop_t *loop,
                       struct world *world, const char *dir,
                       signer_maker_cb cb);

bool signer_maker_busy(const struct signer_maker *m);

/* Wait until the pool has ended, then report; at once when nothing is under
 * way. */
void signer_maker_close(struct signer_maker *m, signer_maker_close_cb cb);

#endif /* SIGNER_MAKER_H */
