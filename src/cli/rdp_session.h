/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_session.h - the RDP client at work: started, told the password if it
 * takes one, and waited for.
 *
 * A client may end and leave the connection to another process of its own;
 * then the session is over when nobody has been connected for a while. */
#ifndef RDP_SESSION_H
#define RDP_SESSION_H

#include <stdbool.h>
#include <uv.h>

#include "guest.h"
#include "run_dir.h"

struct eice_listener;
struct err;
struct program;
struct rdp_client;
struct rdp_facts;

/* The session is over, and @code is our exit code for it.  Once, from the
 * loop; the receiver normally answers with rdp_session_close(). */
typedef void (*rdp_session_cb)(void *data, int code);

/* Owned by the caller, zeroed. */
struct rdp_session {
    struct program *p;
    const struct rdp_client *client;
    const char *client_path;
    const struct eice_listener *listener; /* That the client connects to */
    /* private */
    struct guest guest; /* The client */
    struct run_dir dir; /* For its profile, if it needs one */
    int code;           /* Ours for its */
    uv_timer_t watch;   /* Once it has handed over */
    bool has_watch;
    bool connected; /* Somebody has connected */
    unsigned idle_ms;
    rdp_session_cb cb;
    void *data;
};

/* Start the client with @facts, whose "profile" and "password" are of no
 * account, and with @password, which may be NULL; both are borrowed for the
 * call.  Fields up to "listener" are set.  0, or a code with @e. */
int rdp_session_start(struct rdp_session *s, const struct rdp_facts *facts,
                      const char *password, rdp_session_cb cb, void *data,
                      struct err *e);

/* Somebody has connected to the listener.  Any state. */
void rdp_session_connected(struct rdp_session *s);

/* End the client if it still runs.  Any state, any callback, once; what closes
 * is waited for by program_run(), and nothing is called any more. */
void rdp_session_close(struct rdp_session *s);

/* After program_run(): remove the profile. */
void rdp_session_clear(struct rdp_session *s);

#endif /* RDP_SESSION_H */
