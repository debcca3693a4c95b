/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_output.c - what an instance has to say: GetPasswordData and
 * GetConsoleOutput. */
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "console.h"
#include "ec2.h"
#include "password.h"

enum { MAX_CONSOLE = 64 * 1024, MAX_CODED = 128 * 1024 };

/* The instance that InstanceId names, after IAM has agreed. */
static const struct world_instance *one_instance(struct api_call *c,
                                                 const char *permission)
{
    const char *id = ec2_need(c, "InstanceId");
    const struct world_instance *in;
    char arn[WORLD_ARN_SIZE];
    struct access a = {.action = permission, .resource = arn};

    if (id == NULL) {
        return NULL;
    }
    in = world_instance(c->w, id);
    if (in != NULL && !ec2_visible(c, in->subnet->vpc)) {
        in = NULL;
    }
    snprintf(arn, sizeof arn, "arn:%s:ec2:%s:%s:instance/%.40s",
             world_settings(c->w)->partition, c->region, c->who.account->id,
             id);
    if (in != NULL) {
        a.resource_tags = in->tags;
        a.n_resource_tags = in->n_tags;
        call_resource(c, "AWS::EC2::Instance", "%s", arn);
    }
    if (!ec2_permit(c, &a)) {
        return NULL;
    }
    if (in == NULL && !ec2_id_well_formed("i-", id)) {
        call_fail(c, 400, "InvalidInstanceID.Malformed",
                  "Invalid id: \"%.64s\"", id);
    } else if (in == NULL) {
        call_fail(c, 400, "InvalidInstanceID.NotFound",
                  "The instance ID '%s' does not exist", id);
    }
    return in;
}

static void get_password_data(struct api_call *c)
{
    const struct world_instance *in = one_instance(c, "ec2:GetPasswordData");
    struct buf data;

    if (in == NULL) {
        return;
    }
    buf_init(&data, 8192);
    if (world_now_ms(c->w) >= in->launch_ms + in->password_s * 1000 &&
        password_encrypt(in, &data) != 0) {
        buf_free(&data);
        call_fail(c, 400, "InvalidParameterValue",
                  "The key pair of instance %s has no RSA public key", in->id);
        return;
    }
    call_xml_begin(c);
    call_xml(c, "instanceId", in->id);
    call_xml_time(c, "timestamp", world_now_ms(c->w));
    call_xml(c, "passwordData", buf_str(&data));
    call_xml_end(c);
    buf_free(&data);
}

static void get_console_output(struct api_call *c)
{
    const struct world_instance *in = one_instance(c, "ec2:GetConsoleOutput");
    struct buf text;
    struct buf coded;

    if (in == NULL) {
        return;
    }
    buf_init(&text, MAX_CONSOLE);
    buf_init(&coded, MAX_CODED);
    console_output(in, &text);
    base64_encode(&coded, buf_str(&text), text.len);
    call_xml_begin(c);
    call_xml(c, "instanceId", in->id);
    call_xml_time(c, "timestamp", world_now_ms(c->w));
    call_xml(c, "output", buf_str(&coded));
    call_xml_end(c);
    buf_free(&text);
    buf_free(&coded);
}

static const char *const password_params[] = {"InstanceId", NULL};
static const char *const console_params[] = {"InstanceId", "Latest", NULL};

const struct ec2_action ec2_output_actions[] = {
    {"GetPasswordData", password_params, get_password_data},
    {"GetConsoleOutput", console_params, get_console_output},
    {NULL, NULL, NULL},
};
