/* SPDX-License-Identifier: Apache-2.0 */
/* emulator.h - the whole service side, embeddable on the caller's loop.
 *
 * The program eice-emulator is a thin shell around this; integration tests
 * start it in process on port 0. */
#ifndef EMULATOR_H
#define EMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct emulator;
struct err;
struct log;
struct server_limits;
struct tunnel_gate;
struct tunnel_manners;

/* What to be.  Zeroed: the built-in world on free loopback ports, keeping
 * nothing.  Strings are copied; the pointed-to structs outlive the emulator. */
struct emulator_config {
    const char *world_path;      /* The world file; NULL: see world_text */
    const char *world_text;      /* The world as JSON; NULL: the built-in one */
    const char *state_dir;       /* NULL: a fresh one, removed at the end */
    bool ephemeral;              /* Do not keep changes of the world */
    const char *address;         /* Listen there; NULL: both loopbacks */
    int https_port;              /* 0: any */
    int http_port;               /* 0: any */
    const char *endpoint_domain; /* Endpoints are ID.DOMAIN:PORT; NULL:
                                  * "localhost"; "" leaves AWS's names */
    int64_t clock_offset_ms;     /* The emulated clock's lead */
    bool any_port;               /* Tunnels to other ports than 22 and 3389 */
    const char *cloudtrail;      /* Append events to this file; NULL: none */
    const char *const *routes;   /* "10.0.1.5:22=127.0.0.1:2222" */
    size_t n_routes;
    const struct log *log;
    const struct server_limits *limits;   /* NULL: the defaults */
    const struct tunnel_manners *manners; /* NULL: the defaults */
    const struct tunnel_gate *gate; /* NULL: the world's.  Tests bring theirs */
};

/* All is closed and freed. */
typedef void (*emulator_close_cb)(void *data);

/* Make an emulator: reads the world, makes the certificate authority if there
 * is none.  Blocks; opens no socket.  Returns 0 and *@out, or a code with @e
 * set and NULL. */
int emulator_new(struct emulator **out, uv_loop_t *loop,
                 const struct emulator_config *config, struct err *e);

/* Listen.  Returns 0, or a code with @e set; then close it. */
int emulator_start(struct emulator *emu, struct err *e);

/* Where it listens, once started. */
int emulator_https_port(const struct emulator *emu);
int emulator_http_port(const struct emulator *emu);

/* The address given to listen on; NULL: both loopbacks. */
const char *emulator_address(const struct emulator *emu);

/* The file a client must trust (AWS_CA_BUNDLE), and the directory of all
 * state.  They live as long as @emu. */
const char *emulator_ca_file(const struct emulator *emu);
const char *emulator_state_dir(const struct emulator *emu);

/* The world's region, for AWS_REGION. */
const char *emulator_region(const struct emulator *emu);

/* The first long-term access key of the world's first user; false when there
 * is none.  Borrowed. */
bool emulator_test_key(const struct emulator *emu, const char **id,
                       const char **secret);

/* Change or inspect it while it runs: @text is a JSON object as
 * docs/emulator.md lists them, the answer is one too, to be mem_free()d; NULL
 * when out of memory.  *@ok tells whether it was obeyed.  "signer-root" is not
 * while the signer is being made, a third of a second from when it was first
 * asked for.  From the loop's thread only. */
char *emulator_control(struct emulator *emu, const char *text, size_t len,
                       bool *ok);

/* Break everything off and free @emu; works in any state.  @cb fires once,
 * from the loop, and may be NULL.  After it nothing of @emu is left on the
 * loop. */
void emulator_close(struct emulator *emu, emulator_close_cb cb, void *data);

#endif /* EMULATOR_H */
