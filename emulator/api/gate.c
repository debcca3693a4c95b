/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c - OpenTunnel: every check before the WebSocket opens.
 *
 * Only InvalidParameter for the port and AccessDeniedException are known from
 * AWS; the other codes and every status are ours (WIRE 1.4).  What AWS finds
 * out only by dialling (security groups, stopped instances) is a yes that
 * leads nowhere. */
#include "gate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api.h"
#include "authorize.h"
#include "call.h"
#include "err.h"
#include "faults.h"
#include "json.h"
#include "log.h"
#include "trail.h"

enum { MAX_DURATION_S = 3600 };

/* What the query asks for. */
struct wish {
    const char *endpoint_id;
    const char *port_text;
    const char *address_text;
    const char *duration_text; /* Or NULL */
    struct world_endpoint *ep;
    struct ip address;
    int port;
    int duration_s;
};

/* A number of digits only, up to 99999; -1 when it is none. */
static int number(const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;

    if (len == 0 || len > 5 || strspn(text, "0123456789") != len) {
        return -1;
    }
    return (int)strtol(text, NULL, 10);
}

/* Take the query apart; what the trail will say of it. */
static bool read_wish(struct api_call *c, struct wish *wish)
{
    struct params *p = &c->params;

    if (params_parse(p, c->req->query, strlen(c->req->query), false) != 0) {
        return call_fail(c, 400, "InvalidParameter",
                         "The query string cannot be read.");
    }
    wish->endpoint_id = params_get(p, "instanceConnectEndpointId");
    wish->port_text = params_get(p, "remotePort");
    wish->address_text = params_get(p, "privateIpAddress");
    wish->duration_text = params_get(p, "maxTunnelDuration");
    c->trail_params = json_pack(
        "{s:s*, s:s*, s:s*, s:s*}", "instanceConnectEndpointId",
        wish->endpoint_id, "maxTunnelDuration", wish->duration_text,
        "remotePort", wish->port_text, "privateIpAddress", wish->address_text);
    return true;
}

/* The endpoint that a host name (with or without port) stands for. */
static struct world_endpoint *by_host(const struct world *w, const char *host)
{
    char name[256];
    size_t n = host != NULL ? strcspn(host, ":") : 0;

    if (n == 0 || n >= sizeof name) {
        return NULL;
    }
    memcpy(name, host, n);
    name[n] = '\0';
    return world_endpoint_by_dns(w, name);
}

/* The signature, and the region it must be for: that of the host's
 * endpoint. */
static bool verify(struct api_call *c)
{
    const struct world_endpoint *host =
        by_host(c->w, http_header(c->req, "host"));
    struct verify_expect expect = {.service = c->service, .query_only = true};

    if (host != NULL) {
        expect.region = host->subnet->vpc->region;
    }
    return call_verify_as(c, &expect);
}

/* A parameter that must be there. */
static bool need(struct api_call *c, const char *value, const char *name)
{
    return (value != NULL && value[0] != '\0') ||
           call_fail(c, 400, "InvalidParameter",
                     "The request must contain the parameter %s.", name);
}

/* It exists, for this caller and under this host name, and is usable. */
static bool find_endpoint(struct api_call *c, struct wish *wish)
{
    const struct world_endpoint *host =
        by_host(c->w, http_header(c->req, "host"));
    struct world_endpoint *ep;
    char arn[WORLD_ARN_SIZE];

    if (!need(c, wish->endpoint_id, "instanceConnectEndpointId")) {
        return false;
    }
    ep = world_endpoint(c->w, wish->endpoint_id);
    if (ep == NULL || ep->subnet->vpc->account != c->who.account ||
        strcmp(ep->subnet->vpc->region, c->region) != 0 ||
        (host != NULL && host != ep) || ep->state == WORLD_DELETE_COMPLETE) {
        return call_fail(c, 404, "ResourceNotFoundException",
                         "The specified InstanceConnectEndpoint %.40s does "
                         "not exist.",
                         wish->endpoint_id);
    }
    call_resource(c, "AWS::EC2::InstanceConnectEndpoint", "%s",
                  world_endpoint_arn(c->w, ep, arn));
    if (!world_endpoint_usable(ep)) {
        return call_fail(c, 400, "InvalidEndpointState",
                         "The specified InstanceConnectEndpoint %s is in "
                         "state %s.",
                         ep->id, world_endpoint_state_name(ep->state));
    }
    wish->ep = ep;
    return true;
}

/* IAM, with the tunnel's own condition keys.  A duration that was not asked
 * for counts as the default of 3600 (AWS-REFERENCE F1). */
static bool permit(struct api_call *c, const struct wish *wish)
{
    const char *duration =
        wish->duration_text != NULL ? wish->duration_text : "3600";
    struct access_key keys[] = {
        {"ec2-instance-connect:remotePort", wish->port_text},
        {"ec2-instance-connect:privateIpAddress", wish->address_text},
        {"ec2-instance-connect:maxTunnelDuration", duration},
    };
    char arn[WORLD_ARN_SIZE];
    struct access a;

    assert(wish->ep != NULL); /* find_endpoint() has found it. */
    a = (struct access){.action = "ec2-instance-connect:OpenTunnel",
                        .resource = world_endpoint_arn(c->w, wish->ep, arn),
                        .account = wish->ep->subnet->vpc->account->id,
                        .resource_tags = wish->ep->tags,
                        .n_resource_tags = wish->ep->n_tags,
                        .keys = keys,
                        .n_keys = sizeof keys / sizeof keys[0]};
    return access_demand(c, &a);
}

static bool check_port(struct api_call *c, struct wish *wish)
{
    if (!need(c, wish->port_text, "remotePort")) {
        return false;
    }
    wish->port = number(wish->port_text);
    if (world_settings(c->w)->any_port && wish->port > 0 &&
        wish->port <= 65535) {
        return true;
    }
    return wish->port == 22 || wish->port == 3389 ||
           call_fail(c, 400, "InvalidParameter",
                     "The specified RemotePort is not valid. Specify either "
                     "22 or 3389 as the RemotePort and retry your request.");
}

/* An address of the endpoint's VPC, of a family it serves. */
static bool check_address(struct api_call *c, struct wish *wish)
{
    const struct world_vpc *vpc = wish->ep->subnet->vpc;
    enum world_ip_type type = wish->ep->now.ip_type;
    size_t i;

    if (!need(c, wish->address_text, "privateIpAddress")) {
        return false;
    }
    if (!ip_parse(&wish->address, wish->address_text)) {
        return call_fail(c, 400, "InvalidParameter",
                         "The specified PrivateIpAddress is not valid.");
    }
    if (type != WORLD_DUALSTACK &&
        (type == WORLD_IPV6) != (wish->address.version == 6)) {
        return call_fail(c, 400, "InvalidParameter",
                         "The specified PrivateIpAddress is not valid. The "
                         "IP address type of the endpoint is %s.",
                         world_ip_type_name(type));
    }
    for (i = 0; i < vpc->n_cidrs; i++) {
        if (cidr_contains(&vpc->cidrs[i], &wish->address)) {
            return true;
        }
    }
    return call_fail(c, 400, "InvalidParameter",
                     "The specified PrivateIpAddress is not valid. Specify an "
                     "address in the VPC of the endpoint.");
}

static bool check_duration(struct api_call *c, struct wish *wish)
{
    wish->duration_s = wish->duration_text != NULL ? number(wish->duration_text)
                                                   : MAX_DURATION_S;
    return (wish->duration_s >= 1 && wish->duration_s <= MAX_DURATION_S) ||
           call_fail(c, 400, "InvalidParameter",
                     "The specified MaxTunnelDuration is not valid. Specify a "
                     "value between 1 and 3600.");
}

static bool check_connections(struct api_call *c, const struct wish *wish)
{
    return (int64_t)wish->ep->n_open < wish->ep->max_connections ||
           call_fail(c, 429, "ServiceQuotaExceededException",
                     "The maximum number of concurrent connections (%lld) of "
                     "endpoint %s has been reached.",
                     (long long)wish->ep->max_connections, wish->ep->id);
}

/* --- where it leads ----------------------------------------------------- */

/* Instance families on which client addresses cannot be kept. */
static bool keeps_addresses(const struct world_instance *in)
{
    static const char *const old[] = {"c1.", "cg1.", "cg2.", "g1.", "hi1.",
                                      "m1.", "m2.",  "m3.",  "t1."};
    size_t i;

    for (i = 0; i < sizeof old / sizeof old[0]; i++) {
        if (strncmp(in->type, old[i], strlen(old[i])) == 0) {
            return false;
        }
    }
    return true;
}

/* The address the instance sees: the client's, or the endpoint's own, for
 * which the first address of its subnet stands. */
static struct ip source_address(const struct api_call *c,
                                const struct wish *wish)
{
    const struct world_subnet *s = wish->ep->subnet;
    struct ip source = {0};
    size_t i;

    if (wish->ep->now.preserve_client_ip &&
        ip_parse(&source, c->req->peer_ip)) {
        return source;
    }
    for (i = 0; i < s->n_cidrs; i++) {
        if (s->cidrs[i].base.version == wish->address.version) {
            source = s->cidrs[i].base;
        }
    }
    return source;
}

/* The rules of all of several groups together. */
static bool groups_allow(const struct world_group *const *groups, size_t n,
                         bool egress, const struct ip *peer,
                         const struct world_group *const *peers, size_t n_peers,
                         int port)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const struct world_group *g = groups[i];

        if (world_rules_allow(egress ? g->egress : g->ingress,
                              egress ? g->n_egress : g->n_ingress, peer, peers,
                              n_peers, port)) {
            return true;
        }
    }
    return false;
}

/* Why the tunnel leads nowhere, or NULL. */
static const char *blocked(const struct api_call *c, const struct wish *wish,
                           const struct world_instance *in)
{
    const struct world_endpoint_settings *s = &wish->ep->now;
    struct ip source = source_address(c, wish);

    if (!groups_allow(s->groups, s->n_groups, true, &wish->address,
                      in != NULL ? in->groups : NULL,
                      in != NULL ? in->n_groups : 0, wish->port)) {
        return "the endpoint's security groups do not let it out";
    }
    if (in == NULL) {
        return NULL; /* Something else in the VPC; its rules are not ours. */
    }
    if (!groups_allow(in->groups, in->n_groups, false, &source, s->groups,
                      s->n_groups, wish->port)) {
        return "the instance's security groups do not let it in";
    }
    if (in->state != WORLD_RUNNING) {
        return "the instance is not running";
    }
    if (s->preserve_client_ip && !keeps_addresses(in)) {
        return "the instance type does not support client IP preservation";
    }
    return NULL;
}

static void set_target(struct api_call *c, const struct wish *wish,
                       struct gate_answer *out)
{
    const struct world_instance *in =
        world_instance_by_ip(c->w, wish->ep->subnet->vpc, &wish->address);
    const char *to = world_route(c->w, in, &wish->address, wish->port);
    const char *why = blocked(c, wish, in);

    if (why == NULL && to == NULL) {
        why = "the world has no route for this address and port";
    }
    if (why == NULL) {
        snprintf(out->to, sizeof out->to, "%s", to);
    } else {
        snprintf(out->nowhere, sizeof out->nowhere, "%s", why);
        log_info(c->api->log, EMU, 0, "tunnel to %s:%d leads nowhere: %s",
                 wish->address_text, wish->port, why);
    }
}

/* An order to refuse or delay OpenTunnel. */
static bool ask_faults(struct api_call *c, struct gate_answer *out)
{
    struct api_fault fault;

    if (!faults_ask(c->api->faults, c->action, &fault)) {
        return true;
    }
    out->delay_ms = fault.delay_ms;
    return fault.status == 0 ||
           call_fail(c, fault.status,
                     fault.code != NULL ? fault.code : "ServiceException", "%s",
                     fault.message);
}

void gate_open(struct emu_api *api, const struct http_request *req,
               const char *request_id, struct gate_answer *out)
{
    struct http_answer unused;
    struct api_call c;
    struct wish wish = {0};

    *out = (struct gate_answer){0};
    world_settle(api->world);
    http_answer_init(&unused);
    call_init(&c, api, req, &unused);
    c.protocol = CALL_TUNNEL;
    c.service = "ec2-instance-connect";
    c.action = "OpenTunnel";
    snprintf(c.request_id, sizeof c.request_id, "%s", request_id);
    if (read_wish(&c, &wish) && ask_faults(&c, out) && verify(&c) &&
        find_endpoint(&c, &wish) && permit(&c, &wish) &&
        check_port(&c, &wish) && check_address(&c, &wish) &&
        check_duration(&c, &wish) && check_connections(&c, &wish)) {
        snprintf(out->endpoint_id, sizeof out->endpoint_id, "%s", wish.ep->id);
        out->duration_s = (unsigned)wish.duration_s;
        out->idle_s = (unsigned)wish.ep->idle_timeout_s;
        out->throttle_bps = (uint64_t)wish.ep->throttle_bps;
        set_target(&c, &wish, out);
        wish.ep->n_open++;
    } else {
        out->status = unused.status;
        snprintf(out->code, sizeof out->code, "%s", c.error_code);
        snprintf(out->message, sizeof out->message, "%s", c.error_message);
    }
    trail_call(api->trail, &c);
    call_free(&c);
    http_answer_free(&unused);
}

void gate_closed(struct emu_api *api, const char *endpoint_id)
{
    struct world_endpoint *ep = world_endpoint(api->world, endpoint_id);

    if (ep != NULL && ep->n_open > 0) {
        ep->n_open--;
    }
}
