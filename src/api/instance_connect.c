/* SPDX-License-Identifier: Apache-2.0 */
/* instance_connect.c - EC2 Instance Connect's JSON protocol. */
#include "instance_connect.h"

#include <stdio.h>

#include "buf.h"
#include "err.h"
#include "json.h"

const struct operation instance_connect_send_ssh_key = {
    .name = "SendSSHPublicKey",
    .service = SERVICE_EC2_INSTANCE_CONNECT,
    .protocol = CALL_JSON,
    .target = "AWSEC2InstanceConnectService.SendSSHPublicKey",
};

const struct operation instance_connect_send_ssh_key_there = {
    .name = "SendSSHPublicKey",
    .service = SERVICE_EC2_INSTANCE_CONNECT,
    .protocol = CALL_JSON,
    .target = "AWSEC2InstanceConnectService.SendSSHPublicKey",
    .use_flag = true,
};

/* "name": "value", after a comma unless it is the first. */
static void add_member(struct buf *body, const char *name, const char *value)
{
    buf_adds(body, body->len == 1 ? "" : ", ");
    js_write_str(body, name, JS_ASCII);
    buf_adds(body, ": ");
    js_write_str(body, value, JS_ASCII);
}

void ssh_key_push_body(struct buf *body, const struct ssh_key_push *push)
{
    buf_addc(body, '{');
    add_member(body, "InstanceId", push->instance_id);
    add_member(body, "InstanceOSUser", push->os_user);
    add_member(body, "SSHPublicKey", push->public_key);
    if (push->availability_zone != NULL) {
        add_member(body, "AvailabilityZone", push->availability_zone);
    }
    buf_addc(body, '}');
}

int ssh_key_pushed_parse(struct ssh_key_pushed *out, const char *body,
                         size_t len, struct err *e)
{
    const char *id;
    json_t *json;

    *out = (struct ssh_key_pushed){0};
    json = js_parse(body, len, e);
    if (json == NULL) {
        err_wrap(e, "SendSSHPublicKey: the answer cannot be read");
        return e->code;
    }
    id = js_str(json, "RequestId");
    snprintf(out->request_id, sizeof out->request_id, "%s",
             id != NULL ? id : "");
    js_bool(json, "Success", &out->success);
    json_decref(json);
    return 0;
}
