/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_endpoint_create.c - CreateInstanceConnectEndpoint.
 *
 * The order: what is asked for, whether IAM allows all of it, dry run, whether
 * it was asked before (ClientToken), quotas, and then the endpoint. */
#include <stdio.h>
#include <string.h>

#include "ec2.h"
#include "ec2_endpoint.h"
#include "faults.h"

/* What a call asks for. */
struct plan {
    const struct world_subnet *subnet;
    struct world_endpoint_settings settings;
    bool groups_given; /* Else the VPC's default one */
    struct world_tag tags[WORLD_MAX_TAGS];
    size_t n_tags;
    const char *client_token; /* Or NULL */
};

/* --- tags --------------------------------------------------------------- */

static bool has_tag(const struct plan *p, const char *key)
{
    size_t i;

    for (i = 0; i < p->n_tags; i++) {
        if (strcmp(p->tags[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

/* One TagSpecification.S.Tag.T. */
static bool read_tag(struct api_call *c, struct plan *p, const char *prefix,
                     unsigned n)
{
    const char *key = params_at(&c->params, prefix, n, "Key");
    const char *value = params_at(&c->params, prefix, n, "Value");

    if (key == NULL && value == NULL) {
        return true; /* A gap in the numbers */
    }
    if (key == NULL || key[0] == '\0' || strlen(key) > 128) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "Tag keys must have 1 to 128 characters");
    }
    if (value != NULL && strlen(value) > 256) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "Tag values must have at most 256 characters");
    }
    if (strncmp(key, "aws:", 4) == 0) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "Tag keys starting with 'aws:' are reserved for "
                         "internal use");
    }
    if (has_tag(p, key)) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "Duplicate tag key '%s' specified.", key);
    }
    if (p->n_tags == WORLD_MAX_TAGS) {
        return call_fail(c, 400, "TagLimitExceeded",
                         "The maximum number of tags is %d", WORLD_MAX_TAGS);
    }
    p->tags[p->n_tags++] =
        (struct world_tag){.key = key, .value = value != NULL ? value : ""};
    return true;
}

static bool read_tags(struct api_call *c, struct plan *p)
{
    unsigned specs = params_count(&c->params, "TagSpecification");
    unsigned i;
    unsigned k;

    for (i = 1; i <= specs; i++) {
        const char *type =
            params_at(&c->params, "TagSpecification", i, "ResourceType");
        char prefix[40];
        unsigned tags;

        snprintf(prefix, sizeof prefix, "TagSpecification.%u.Tag", i);
        tags = params_count(&c->params, prefix);
        if (type == NULL && tags == 0) {
            continue;
        }
        if (type == NULL || strcmp(type, "instance-connect-endpoint") != 0) {
            return call_fail(c, 400, "InvalidParameterValue",
                             "'%.64s' is not a valid taggable resource type "
                             "for this operation.",
                             type != NULL ? type : "");
        }
        for (k = 1; k <= tags; k++) {
            if (!read_tag(c, p, prefix, k)) {
                return false;
            }
        }
    }
    return true;
}

/* --- reading ------------------------------------------------------------ */

static bool read_client_token(struct api_call *c, struct plan *p)
{
    const char *at;

    p->client_token = params_get(&c->params, "ClientToken");
    if (p->client_token == NULL) {
        return true;
    }
    if (strlen(p->client_token) > 64) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "ClientToken must have at most 64 characters");
    }
    for (at = p->client_token; *at != '\0'; at++) {
        if (*at < 0x20 || *at > 0x7e) {
            return call_fail(c, 400, "InvalidParameterValue",
                             "ClientToken must be ASCII");
        }
    }
    return true;
}

static bool read_plan(struct api_call *c, struct plan *p)
{
    const char *id = ec2_need(c, "SubnetId");
    bool preserve = false;
    bool given;

    if (id == NULL) {
        return false;
    }
    p->subnet = world_subnet(c->w, id);
    if (p->subnet == NULL || !ec2_visible(c, p->subnet->vpc)) {
        return call_fail(c, 400, "InvalidSubnetID.NotFound",
                         "The subnet ID '%.64s' does not exist", id);
    }
    if (!ec2_bool(c, "PreserveClientIp", &preserve, &given)) {
        return false;
    }
    /* Client addresses can only be kept with IPv4; who asks for that alone
     * gets it. */
    p->settings.ip_type =
        preserve && world_subnet_ip_type(p->subnet) == WORLD_DUALSTACK
            ? WORLD_IPV4
            : world_subnet_ip_type(p->subnet);
    if (!ec2_endpoint_address(c, p->subnet, &p->settings) ||
        !ec2_endpoint_groups(c, p->subnet, &p->settings)) {
        return false;
    }
    p->groups_given = p->settings.n_groups > 0;
    if (!p->groups_given) {
        p->settings.groups[0] = world_default_group(c->w, p->subnet->vpc);
        p->settings.n_groups = 1;
    }
    return read_tags(c, p) && read_client_token(c, p);
}

/* --- permissions -------------------------------------------------------- */

/* One action on one resource that creating touches. */
static bool demand(struct api_call *c, const struct plan *p, const char *action,
                   const char *arn, const struct world_tag *tags, size_t n_tags)
{
    struct access_key subnet = {"ec2:SubnetID", p->subnet->id};
    struct access a = {.action = action,
                       .resource = arn,
                       .resource_tags = tags,
                       .n_resource_tags = n_tags,
                       .request_tags = p->tags,
                       .n_request_tags = p->n_tags,
                       .keys = &subnet,
                       .n_keys = 1};

    return access_demand(c, &a);
}

/* An action on the subnet and on each security group that was named. */
static bool demand_places(struct api_call *c, const struct plan *p,
                          const char *action)
{
    const struct world_vpc *vpc = p->subnet->vpc;
    char arn[WORLD_ARN_SIZE];
    size_t i;

    if (!demand(c, p, action, ec2_arn(c, vpc, "subnet", p->subnet->id, arn),
                p->subnet->tags, p->subnet->n_tags)) {
        return false;
    }
    for (i = 0; p->groups_given && i < p->settings.n_groups; i++) {
        const struct world_group *g = p->settings.groups[i];

        if (!demand(c, p, action, ec2_arn(c, vpc, "security-group", g->id, arn),
                    g->tags, g->n_tags)) {
            return false;
        }
    }
    return true;
}

/* Whether the account has ever had an endpoint here: then the service-linked
 * role is there, too. */
static bool has_linked_role(struct api_call *c)
{
    size_t i;

    for (i = 0; i < world_n_endpoints(c->w); i++) {
        if (world_endpoint_at(c->w, i)->subnet->vpc->account ==
            c->who.account) {
            return true;
        }
    }
    return false;
}

/* Everything the documents list for creating. */
static bool permit(struct api_call *c, const struct plan *p)
{
    const struct world_vpc *vpc = p->subnet->vpc;
    char arn[WORLD_ARN_SIZE];

    ec2_arn(c, vpc, "instance-connect-endpoint", "*", arn);
    if (!demand(c, p, "ec2:CreateInstanceConnectEndpoint", arn, p->tags,
                p->n_tags) ||
        !demand_places(c, p, "ec2:CreateInstanceConnectEndpoint")) {
        return false;
    }
    if (p->n_tags > 0 &&
        !demand(c, p, "ec2:CreateTags", arn, p->tags, p->n_tags)) {
        return false;
    }
    ec2_arn(c, vpc, "network-interface", "*", arn);
    if (!demand(c, p, "ec2:CreateNetworkInterface", arn, NULL, 0) ||
        !demand_places(c, p, "ec2:CreateNetworkInterface")) {
        return false;
    }
    snprintf(arn, sizeof arn,
             "arn:%s:iam::%s:role/aws-service-role/"
             "ec2-instance-connect.amazonaws.com/"
             "AWSServiceRoleForEC2InstanceConnect",
             world_settings(c->w)->partition, c->who.account->id);
    return (has_linked_role(c) ||
            demand(c, p, "iam:CreateServiceLinkedRole", arn, NULL, 0)) &&
           ec2_really(c);
}

/* --- asked before, and quotas ------------------------------------------- */

static bool same_settings(const struct world_endpoint_settings *a,
                          const struct world_endpoint_settings *b)
{
    return a->ip_type == b->ip_type &&
           a->preserve_client_ip == b->preserve_client_ip &&
           a->n_groups == b->n_groups &&
           memcmp(a->groups, b->groups, a->n_groups * sizeof a->groups[0]) == 0;
}

static bool same_plan(const struct plan *p, const struct world_endpoint *ep)
{
    size_t i;

    if (p->subnet != ep->subnet || p->n_tags != ep->n_tags ||
        !same_settings(&p->settings, &ep->next)) {
        return false;
    }
    for (i = 0; i < p->n_tags; i++) {
        if (strcmp(p->tags[i].key, ep->tags[i].key) != 0 ||
            strcmp(p->tags[i].value, ep->tags[i].value) != 0) {
            return false;
        }
    }
    return true;
}

/* The endpoint an earlier call with this token made, or NULL. */
static struct world_endpoint *made_before(struct api_call *c,
                                          const struct plan *p)
{
    size_t i;

    for (i = 0; p->client_token != NULL && i < world_n_endpoints(c->w); i++) {
        struct world_endpoint *ep = world_endpoint_at(c->w, i);

        if (ep->client_token != NULL && ec2_visible(c, ep->subnet->vpc) &&
            strcmp(ep->client_token, p->client_token) == 0) {
            return ep;
        }
    }
    return NULL;
}

/* The quotas of the documents: per account, per VPC, per subnet. */
static bool check_quotas(struct api_call *c, const struct plan *p)
{
    const struct world_settings *s = world_settings(c->w);
    int64_t in_account = 0;
    int64_t in_vpc = 0;
    int64_t in_subnet = 0;
    size_t i;

    for (i = 0; i < world_n_endpoints(c->w); i++) {
        const struct world_endpoint *ep = world_endpoint_at(c->w, i);

        if (ep->state == WORLD_DELETE_COMPLETE ||
            !ec2_visible(c, ep->subnet->vpc)) {
            continue;
        }
        in_account++;
        in_vpc += ep->subnet->vpc == p->subnet->vpc ? 1 : 0;
        in_subnet += ep->subnet == p->subnet ? 1 : 0;
    }
    if (in_subnet >= s->max_per_subnet) {
        return call_fail(c, 400, "ResourceLimitExceeded",
                         "The maximum number of EC2 Instance Connect "
                         "Endpoints per subnet (%lld) has been reached for "
                         "%s.",
                         (long long)s->max_per_subnet, p->subnet->id);
    }
    if (in_vpc >= s->max_per_vpc) {
        return call_fail(c, 400, "ResourceLimitExceeded",
                         "The maximum number of EC2 Instance Connect "
                         "Endpoints per VPC (%lld) has been reached for %s.",
                         (long long)s->max_per_vpc, p->subnet->vpc->id);
    }
    if (in_account >= s->max_per_account) {
        return call_fail(c, 400, "ResourceLimitExceeded",
                         "The maximum number of EC2 Instance Connect "
                         "Endpoints per account (%lld) has been reached.",
                         (long long)s->max_per_account);
    }
    return true;
}

/* --- the action --------------------------------------------------------- */

static void answer(struct api_call *c, const struct world_endpoint *ep)
{
    char arn[WORLD_ARN_SIZE];

    call_resource(c, "AWS::EC2::InstanceConnectEndpoint", "%s",
                  world_endpoint_arn(c->w, ep, arn));
    call_xml_begin(c);
    call_xml_open(c, "instanceConnectEndpoint");
    ec2_endpoint_write(c, ep);
    call_xml_close(c, "instanceConnectEndpoint");
    call_xml(c, "clientToken", ep->client_token);
    call_xml_end(c);
}

void ec2_create_endpoint(struct api_call *c)
{
    struct plan p = {0};
    struct world_endpoint *ep;
    const char *reason;

    if (!read_plan(c, &p) || !permit(c, &p)) {
        return;
    }
    ep = made_before(c, &p);
    if (ep != NULL && !same_plan(&p, ep)) {
        call_fail(c, 400, "IdempotentParameterMismatch",
                  "The client token was used before with other parameters");
        return;
    }
    if (ep == NULL) {
        if (!check_quotas(c, &p)) {
            return;
        }
        if (world_endpoint_create(c->w, p.subnet, &p.settings, p.tags, p.n_tags,
                                  p.client_token, &ep) != 0) {
            call_no_memory(c);
            return;
        }
        reason = faults_transition(c->api->faults, c->action);
        if (reason != NULL) {
            world_endpoint_fail(c->w, ep, reason);
        }
    }
    answer(c, ep);
}
