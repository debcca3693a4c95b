/* SPDX-License-Identifier: Apache-2.0 */
/* signed_call.h - calls of the emulated APIs, signed by the client's module;
 * for scripts of a live_rig. */
#ifndef SIGNED_CALL_H
#define SIGNED_CALL_H

#include <stdbool.h>

struct caller;
struct rig;
struct sigv4_key;

enum { SIGNED_ANSWER = 65536 };

/* The built-in world's keys: of one who may do everything, of one who may look
 * and open tunnels to port 22, and of nobody. */
extern const struct sigv4_key signed_demo, signed_ssh, signed_nobody;

/* Connect @c and send a form to EC2, or a JSON body to an action of Instance
 * Connect, as demo; the answer is still to be read.  False on failure. */
bool signed_ec2_send(struct rig *r, struct caller *c, const char *form);
bool signed_json_send(struct rig *r, struct caller *c, const char *action,
                      const char *json);

/* The same to EC2, with the answer in @text and its status, or -1. */
int signed_ec2(struct rig *r, const char *form, char text[SIGNED_ANSWER]);

#endif /* SIGNED_CALL_H */
