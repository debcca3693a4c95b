/* SPDX-License-Identifier: Apache-2.0 */
/* stage_rig.h - both sides whole: libeice.so against the emulator on the same
 * loop, and a real TCP server as the instance's sshd.
 *
 * The library is the shared one, so that its modules and the emulator's can
 * live in one process.  What goes wrong in here fails the test. */
#ifndef STAGE_RIG_H
#define STAGE_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include <eice/eice.h>

#include "emulator.h"
#include "test_loop.h"

struct test_server;

/* In the built-in world. */
#define ID "i-0123456789abcdef0"
#define EP "eice-0123456789abcdef0"
#define IP "10.0.1.5"

enum { STAGE_N_ENV = 16 };

/* One emulator, one target, one context. */
struct stage {
    struct test_loop loop;
    struct test_server *target; /* Echoes; reached as IP:22 */
    struct emulator *emu;
    struct emulator_config config;
    const char *routes[1];
    char route[64];
    struct eice *eice;
    struct eice_options options;
    struct eice_target to;
    struct eice_tunnel_options tunnel;
    struct eice_listen_options listen;
    const char *address;
    const char *env[STAGE_N_ENV][2];
    size_t n_env; /* The last one of a name counts */
    char url[64];
    char home[32]; /* A directory */
    char config_path[64];
    /* What was seen. */
    bool done, opened, listening, conn_closed, closed;
    unsigned n_conn_closed;
    char request_id[96];
    char resolved[128];
    unsigned n_assumed;      /* Roles assumed, by the log */
    struct eice_error end;   /* Of done */
    struct eice_error error; /* Of the last event that had one */
};

/* A target and a configuration; the test may change them, and the environment,
 * before stage_begin(). */
void stage_setup(struct stage *s);

/* Have the library see @name as @value; both are borrowed. */
void stage_set_env(struct stage *s, const char *name, const char *value);

/* Start the emulator, and make a context that believes in it; it has the keys
 * of the world's first user, unless the test set others. */
void stage_begin(struct stage *s);

/* Close all of it; nothing may be left on the loop. */
void stage_teardown(struct stage *s);

/* Run the loop until *@flag. */
void stage_until(struct stage *s, const bool *flag);

/* Change the emulator while it runs. */
void stage_control(struct stage *s, const char *text);

/* Send @text on @fd, which does not block, and have it come back; s->done must
 * not be reported meanwhile. */
void stage_echo(struct stage *s, int fd, const char *text);

/* A close callback of the library: sets s->closed. */
void stage_on_closed(void *data);

/* A tunnel that must work, and one that must fail; how is in s->end. */
void stage_good_tunnel(struct stage *s);
void stage_fail_tunnel(struct stage *s);

#endif /* STAGE_RIG_H */
