/* SPDX-License-Identifier: Apache-2.0 */
/* live_rig.h - an emulator on the test's loop, and a client beside it.
 *
 * The client is a script in a thread: it may block, while the loop runs here.
 * A script reports what went wrong with CHECK(); cmocka is told afterwards,
 * in the thread that owns it. */
#ifndef LIVE_RIG_H
#define LIVE_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "emulator.h"
#include "log.h"
#include "open_tunnel.h"
#include "server.h"
#include "tunnel_gate.h"
#include "ws_caller.h"

struct rig;

/* What a client does; runs in a thread. */
typedef void (*rig_script)(struct rig *r);

/* What stands behind a tunnel; runs in a thread for each connection. */
typedef void (*rig_target)(struct rig *r, int fd);

struct rig {
    uv_loop_t loop;
    struct emulator *emu;
    struct log log;
    struct emulator_config config;
    struct server_limits limits;
    struct tunnel_manners manners;
    struct tunnel_gate gate;
    struct tunnel_verdict verdict; /* What the gate says */
    int n_live, n_judged;          /* Tunnels allowed and not ended; asked */
    int https_port, http_port;
    char ca_file[256]; /* A copy: a client may outlive the emulator */

    int target_fd; /* A listener */
    int target_port;
    rig_target target;
    uv_thread_t target_thread;
    uv_thread_t workers[64];
    int n_workers;

    rig_script script;
    uv_thread_t script_thread;
    uv_async_t script_done;
    char failure[512]; /* Of the script; "" when it passed */
    void *data;        /* For the test */
};

/* Note a failure in a script and leave it. */
#define CHECK(r, condition)                                                    \
    do {                                                                       \
        if (!(condition)) {                                                    \
            rig_fail((r), __FILE__, __LINE__, #condition);                     \
            return;                                                            \
        }                                                                      \
    } while (0)
void rig_fail(struct rig *r, const char *file, int line, const char *what);

/* Prepare with a permissive gate that leads to @target (NULL: nobody listens
 * there).  The test may change limits, manners, verdict and config before
 * rig_start(). */
void rig_init(struct rig *r, rig_target target);
void rig_start(struct rig *r);

/* Run @script to its end, with the loop turning; fail if it failed. */
void rig_run(struct rig *r, rig_script script);

/* The same, for what only a machine quick enough can show: false if it failed;
 * how is in r->failure. */
bool rig_try(struct rig *r, rig_script script);

/* Close the emulator and require that the loop is empty. */
void rig_stop(struct rig *r);

/* All of it: a rig with @target and @data that runs @script. */
void rig_once(rig_target target, rig_script script, void *data);

/* A script: a client of each port is answered, and trusts HTTPS. */
void rig_both_ports(struct rig *r);

/* A control command by HTTP; for scripts.  The status; the answer in @text. */
int rig_order(struct rig *r, const char *json, char text[static CALLER_HEAD]);

/* A tunnel's connection, upgraded; for scripts. */
bool rig_tunnel(struct rig *r, struct caller *c);

/* Targets. */
void target_echo(struct rig *r, int fd);

#endif /* LIVE_RIG_H */
