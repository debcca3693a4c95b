/* SPDX-License-Identifier: Apache-2.0 */
/* emu_rig.h - the emulated services without sockets, for tests.
 *
 * A world, a clock that stands still until it is moved, and calls made as a
 * client would make them: signed, sent through emu_api_handle(), answered. */
#ifndef EMU_RIG_H
#define EMU_RIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "api.h"
#include "buf.h"
#include "gate.h"
#include "world.h"

/* 2026-01-02T03:04:05Z, where the rig's clock begins. */
#define RIG_START_MS 1767323045000

struct rig {
    struct emu_api api;
    struct world *w;
    int64_t now_ms; /* The clock; move it as you like */

    /* Who signs; the rig's user "admin" unless changed. */
    const char *key_id;
    const char *secret;
    const char *token;
    const char *region;
    const char *peer_ip;

    /* The last answer. */
    int status;
    char *body;
    char *headers;
    int64_t delay_ms;

    char *trail;      /* The last CloudTrail line, or NULL */
    unsigned n_trail; /* How many there were */
};

/* A rig over the world of rig_world.c, or over @text.  Fails the test when the
 * world is refused. */
struct rig *rig_new(const char *text);
void rig_free(struct rig *r);

/* A rig over a small world of one account and one network, with @more beside
 * them ("\"instances\": [...]"); its root user signs. */
struct rig *rig_with_instance(const char *more);

/* cmocka's setup and teardown for the rig's own world. */
int rig_setup(void **state);
int rig_teardown(void **state);

/* The rig's own world, as text. */
extern const char rig_world[];

/* Sign as one of the rig's users: "admin", "limited", "boundary", "root". */
void rig_as(struct rig *r, const char *user);

/* A form to EC2 or STS ("Action=...&..."; the version is added). */
void rig_ec2(struct rig *r, const char *form);
void rig_sts(struct rig *r, const char *form);

/* A JSON body to an action of EC2 Instance Connect. */
void rig_json(struct rig *r, const char *action, const char *body);

/* Anything, unsigned: headers are "name: value" strings, NULL-ended. */
void rig_send(struct rig *r, const char *method, const char *target,
              const char *const *headers, const char *body);

/* A presigned openTunnel query with @wish ("a=b&c=d") in front; judged by the
 * gate.  rig_query() only makes it; freed with free(). */
char *rig_query(struct rig *r, const char *wish, int expires_s);
void rig_gate(struct rig *r, const char *wish, struct gate_answer *out);

/* What the last answer's XML has at "a/b/c" under the root; NULL when it has
 * nothing there.  Good until the next call. */
const char *rig_xml(struct rig *r, const char *path);

/* How many <item> the list at @path has. */
unsigned rig_items(struct rig *r, const char *path);

/* The error code of an EC2 or STS answer in XML; of JSON the __type. */
const char *rig_error(struct rig *r);
const char *rig_message(struct rig *r);

/* A form and the error that EC2 must answer it with. */
struct rig_refusal {
    const char *form;
    int status;
    const char *code;
    const char *message; /* NULL: not looked at */
};

/* Send each; the answer's status, code, message and the code in the CloudTrail
 * line must be right. */
void rig_refuses(struct rig *r, const struct rig_refusal *cases, size_t n);

#define RIG_REFUSES(r, cases)                                                  \
    rig_refuses(r, cases, sizeof(cases) / sizeof((cases)[0]))

/* A string member of the last JSON answer, "a.b.c"; NULL when not there. */
const char *rig_member(struct rig *r, const char *path);

/* A string member of the last CloudTrail line. */
const char *rig_trail(struct rig *r, const char *path);

#endif /* EMU_RIG_H */
