/* SPDX-License-Identifier: Apache-2.0 */
/* emulator.h - the whole service side, embeddable on the caller's loop.
 *
 * The program eice-emulator is a thin shell around this; integration tests
 * start it in process on port 0. */
#ifndef EMULATOR_H
#define EMULATOR_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct emulator;
struct err;
struct log;
struct server_limits;
struct tunnel_gate;
struct tunnel_manners;

/* What to be.  Zeroed: a built-in world on free loopback ports, keeping
 * nothing.  Strings are copied; the pointed-to structs outlive the emulator. */
struct emulator_config {
    const char *state_dir; /* NULL: a fresh one, removed at the end */
    const char *address;   /* NULL: both loopbacks */
    int https_port;        /* 0: any */
    int http_port;         /* 0: any */
    const struct log *log;
    const struct server_limits *limits;   /* NULL: the defaults */
    const struct tunnel_manners *manners; /* NULL: the defaults */
    const struct tunnel_gate *gate; /* NULL: the world's.  Tests bring theirs */
};

/* All is closed and freed. */
typedef void (*emulator_close_cb)(void *data);

/* Make an emulator: reads files, makes the certificate authority if there is
 * none.  Blocks; opens no socket.  Returns 0 and *@out, or a code with @e set
 * and NULL. */
int emulator_new(struct emulator **out, uv_loop_t *loop,
                 const struct emulator_config *config, struct err *e);

/* Listen.  Returns 0, or a code with @e set; then close it. */
int emulator_start(struct emulator *emu, struct err *e);

/* Where it listens, once started. */
int emulator_https_port(const struct emulator *emu);
int emulator_http_port(const struct emulator *emu);

/* The file a client must trust (AWS_CA_BUNDLE).  Lives as long as @emu. */
const char *emulator_ca_file(const struct emulator *emu);

/* Break everything off and free @emu; works in any state.  @cb fires once,
 * from the loop, and may be NULL.  After it nothing of @emu is left on the
 * loop. */
void emulator_close(struct emulator *emu, emulator_close_cb cb, void *data);

#endif /* EMULATOR_H */
