/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_endpoint_change.c - ModifyInstanceConnectEndpoint and Delete. */
#include <stdio.h>
#include <string.h>

#include "ec2.h"
#include "ec2_endpoint.h"
#include "faults.h"

/* Whether the endpoint may begin another change now. */
static bool is_steady(struct api_call *c, const struct world_endpoint *ep)
{
    switch (ep->state) {
    case WORLD_CREATE_COMPLETE:
    case WORLD_UPDATE_COMPLETE:
    case WORLD_UPDATE_FAILED:
        return true;
    default:
        return call_fail(c, 400, "IncorrectState",
                         "The instance connect endpoint '%s' is in state %s",
                         ep->id, world_endpoint_state_name(ep->state));
    }
}

/* IAM must allow the new groups, too. */
static bool permit_groups(struct api_call *c, const struct world_endpoint *ep,
                          const struct world_endpoint_settings *s)
{
    char arn[WORLD_ARN_SIZE];
    size_t i;

    for (i = 0; i < s->n_groups; i++) {
        struct access a = {.action = "ec2:ModifyInstanceConnectEndpoint",
                           .resource =
                               ec2_arn(c, ep->subnet->vpc, "security-group",
                                       s->groups[i]->id, arn),
                           .resource_tags = s->groups[i]->tags,
                           .n_resource_tags = s->groups[i]->n_tags};

        if (!access_demand(c, &a)) {
            return false;
        }
    }
    return true;
}

void ec2_modify_endpoint(struct api_call *c)
{
    struct world_endpoint *ep =
        ec2_endpoint_named(c, "ec2:ModifyInstanceConnectEndpoint");
    struct world_endpoint_settings groups = {0};
    struct world_endpoint_settings s;
    const char *reason;

    if (ep == NULL || !ec2_endpoint_groups(c, ep->subnet, &groups) ||
        !permit_groups(c, ep, &groups)) {
        return;
    }
    if (groups.n_groups == 0 &&
        params_get(&c->params, "IpAddressType") == NULL &&
        params_get(&c->params, "PreserveClientIp") == NULL) {
        call_fail(c, 400, "MissingParameter",
                  "The request must contain at least one parameter to modify");
        return;
    }
    s = ep->now;
    if (groups.n_groups > 0) {
        memcpy(s.groups, groups.groups, sizeof s.groups);
        s.n_groups = groups.n_groups;
    }
    if (!ec2_endpoint_address(c, ep->subnet, &s) || !is_steady(c, ep) ||
        !ec2_really(c)) {
        return;
    }
    world_endpoint_modify(c->w, ep, &s);
    reason = faults_transition(c->api->faults, c->action);
    if (reason != NULL) {
        world_endpoint_fail(c->w, ep, reason);
    }
    call_xml_begin(c);
    call_xml_bool(c, "return", true);
    call_xml_end(c);
}

void ec2_delete_endpoint(struct api_call *c)
{
    struct world_endpoint *ep =
        ec2_endpoint_named(c, "ec2:DeleteInstanceConnectEndpoint");
    const char *reason;

    if (ep == NULL || !ec2_really(c)) {
        return;
    }
    if (ep->state == WORLD_DELETE_COMPLETE) {
        call_fail(c, 400, "InvalidInstanceConnectEndpointId.NotFound",
                  "The instance connect endpoint ID '%s' does not exist",
                  ep->id);
        return;
    }
    if (ep->state == WORLD_CREATE_IN_PROGRESS ||
        ep->state == WORLD_UPDATE_IN_PROGRESS) {
        is_steady(c, ep);
        return;
    }
    if (ep->state != WORLD_DELETE_IN_PROGRESS) {
        world_endpoint_delete(c->w, ep);
        reason = faults_transition(c->api->faults, c->action);
        if (reason != NULL) {
            world_endpoint_fail(c->w, ep, reason);
        }
    }
    call_xml_begin(c);
    call_xml_open(c, "instanceConnectEndpoint");
    ec2_endpoint_write(c, ep);
    call_xml_close(c, "instanceConnectEndpoint");
    call_xml_end(c);
}
