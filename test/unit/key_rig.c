/* SPDX-License-Identifier: Apache-2.0 */
/* key_rig.c - pushing SSH public keys at a rig. */
#include "key_rig.h"

#include <stdlib.h>

void key_push(struct rig *r, const char *id, const char *user, const char *key,
              const char *zone)
{
    json_t *body = json_object();
    char *text;

    if (id != NULL) {
        json_object_set_new(body, "InstanceId", json_string(id));
    }
    if (user != NULL) {
        json_object_set_new(body, "InstanceOSUser", json_string(user));
    }
    if (key != NULL) {
        json_object_set_new(body, "SSHPublicKey", json_string(key));
    }
    if (zone != NULL) {
        json_object_set_new(body, "AvailabilityZone", json_string(zone));
    }
    text = json_dumps(body, 0);
    rig_json(r, "SendSSHPublicKey", text);
    free(text);
    json_decref(body);
}
