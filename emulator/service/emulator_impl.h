/* SPDX-License-Identifier: Apache-2.0 */
/* emulator_impl.h - what an emulator is made of; for emulator.c,
 * emulator_prepare.c and control.c. */
#ifndef EMULATOR_IMPL_H
#define EMULATOR_IMPL_H

#include "api.h"
#include "emulator.h"
#include "fault_plan.h"
#include "server.h"
#include "signer_maker.h"
#include "trail_log.h"
#include "writer.h"

struct emulator {
    uv_loop_t *loop;
    const struct log *log;
    char *state_dir;
    bool temporary; /* state_dir goes with us */
    int lock_fd;    /* Keeps state_dir ours */
    bool keeps;     /* Changes of the world are saved */
    char *state_file;
    char *address;
    char *domain; /* Of endpoints, or NULL */
    struct ca *ca;
    struct emu_api api; /* World, keys, trail, signer, faults */
    struct trail_log trail_log;
    struct fault_table *faults; /* Of tunnels */
    uint64_t saved;             /* The world's generation on disk, or nearly */
    struct writer writer;       /* Writes the state, and pushed keys */
    unsigned n_key_writes;      /* Of files of pushed keys, ever */
    struct signer_maker maker;  /* Makes api.signer when first wanted */
    bool signer_tried;          /* Just now, and told to who waited */
    uv_timer_t tick; /* When the world or its keys change by themselves */
    struct server server;
    unsigned n_open; /* Parts not yet reported closed */
    emulator_close_cb close_cb;
    void *close_data;
};

/* --- emulator_prepare.c --- */

/* Make everything of @emu that needs no loop; its log is set, the rest zero.
 * Blocks.  0, or a code with @e set; emulator_free() either way. */
int emulator_prepare(struct emulator *emu, const struct emulator_config *config,
                     struct err *e);

/* Free @emu and what is left of it; a state directory of its own goes, too.
 * Nothing of it may be on the loop any more. */
void emulator_free(struct emulator *emu);

/* --- emulator.c, for control.c --- */

/* Something may have changed: save it soon, and look at the clock. */
void emulator_touch(struct emulator *emu);

/* Whether api.signer is there, or will not come (NULL).  False: it is being
 * made, and server_resume() follows. */
bool emulator_has_signer(struct emulator *emu);

#endif /* EMULATOR_IMPL_H */
