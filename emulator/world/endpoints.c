/* SPDX-License-Identifier: Apache-2.0 */
/* endpoints.c - Instance Connect Endpoints: their states, and time at work.
 *
 *   create-in-progress -> create-complete | create-failed
 *   create-complete, update-* -> update-in-progress
 *   update-in-progress -> update-complete | update-failed
 *   any but delete-* -> delete-in-progress -> delete-complete | delete-failed
 *   delete-complete -> forgotten
 *
 * An in-progress state has a due time; endpoints_settle() makes the step when
 * the clock has passed it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "err.h"
#include "impl.h"
#include "mem.h"

static const char *const state_names[] = {
    "create-in-progress", "create-complete", "create-failed",
    "update-in-progress", "update-complete", "update-failed",
    "delete-in-progress", "delete-complete", "delete-failed"};
_Static_assert(sizeof state_names / sizeof state_names[0] ==
                   WORLD_N_ENDPOINT_STATES,
               "a name for each state");

static const char *const type_names[] = {"ipv4", "dualstack", "ipv6"};
_Static_assert(sizeof type_names / sizeof type_names[0] == WORLD_N_IP_TYPES,
               "a name for each type");

const char *world_endpoint_state_name(enum world_endpoint_state state)
{
    return state_names[state];
}

const char *world_ip_type_name(enum world_ip_type type)
{
    return type_names[type];
}

int world_ip_type_parse(const char *name)
{
    int i;

    for (i = 0; i < WORLD_N_IP_TYPES; i++) {
        if (strcmp(type_names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

bool world_endpoint_usable(const struct world_endpoint *ep)
{
    return ep->state == WORLD_CREATE_COMPLETE ||
           ep->state == WORLD_UPDATE_IN_PROGRESS ||
           ep->state == WORLD_UPDATE_COMPLETE ||
           ep->state == WORLD_UPDATE_FAILED;
}

const char *world_endpoint_arn(const struct world *w,
                               const struct world_endpoint *ep,
                               char out[static WORLD_ARN_SIZE])
{
    const struct world_vpc *vpc = ep->subnet->vpc;

    snprintf(out, WORLD_ARN_SIZE,
             "arn:%s:ec2:%s:%s:instance-connect-endpoint/%s",
             w->settings.partition, vpc->region, vpc->account->id, ep->id);
    return out;
}

size_t world_n_endpoints(const struct world *w)
{
    return w->n_endpoints;
}

struct world_endpoint *world_endpoint_at(const struct world *w, size_t i)
{
    return w->endpoints[i];
}

struct world_endpoint *world_endpoint(const struct world *w, const char *id)
{
    size_t i;

    for (i = 0; i < w->n_endpoints; i++) {
        if (strcmp(w->endpoints[i]->id, id) == 0) {
            return w->endpoints[i];
        }
    }
    return NULL;
}

/* Whether @name is one that AWS would give: below its own domain. */
static bool is_aws_name(const struct world *w, const char *name)
{
    size_t n = strlen(name);
    size_t m = strlen(w->settings.dns_suffix);

    return n > m && strcasecmp(name + n - m, w->settings.dns_suffix) == 0;
}

void world_set_endpoint_domain(struct world *w, const char *domain, int port)
{
    w->endpoint_domain = domain;
    w->endpoint_port = port;
}

const char *world_endpoint_dns(const struct world *w,
                               const struct world_endpoint *ep, bool fips,
                               char out[static WORLD_DNS_SIZE])
{
    const char *name = fips ? ep->fips_dns_name : ep->dns_name;
    int n;

    if (w->endpoint_domain == NULL || !is_aws_name(w, name)) {
        snprintf(out, WORLD_DNS_SIZE, "%s", name);
        return out;
    }
    n = snprintf(out, WORLD_DNS_SIZE, "%s.%s%s", ep->id, fips ? "fips." : "",
                 w->endpoint_domain);
    if (w->endpoint_port != 443 && n > 0 && n < WORLD_DNS_SIZE) {
        snprintf(out + n, (size_t)(WORLD_DNS_SIZE - n), ":%d",
                 w->endpoint_port);
    }
    return out;
}

/* Whether @name is what world_endpoint_dns() gives out, but for the port. */
static bool is_given_name(const struct world *w,
                          const struct world_endpoint *ep, bool fips,
                          const char *name)
{
    char given[WORLD_DNS_SIZE];

    world_endpoint_dns(w, ep, fips, given);
    given[strcspn(given, ":")] = '\0';
    return strcasecmp(given, name) == 0;
}

struct world_endpoint *world_endpoint_by_dns(const struct world *w,
                                             const char *name)
{
    size_t i;

    for (i = 0; i < w->n_endpoints; i++) {
        const struct world_endpoint *ep = w->endpoints[i];

        if (strcasecmp(ep->dns_name, name) == 0 ||
            strcasecmp(ep->fips_dns_name, name) == 0 ||
            is_given_name(w, ep, false, name) ||
            is_given_name(w, ep, true, name)) {
            return w->endpoints[i];
        }
    }
    return NULL;
}

/* --- making and unmaking ------------------------------------------------ */

void endpoint_free(struct world_endpoint *ep)
{
    size_t i;

    if (ep == NULL) {
        return;
    }
    for (i = 0; i < ep->n_tags; i++) {
        mem_free((char *)(uintptr_t)ep->tags[i].key);
        mem_free((char *)(uintptr_t)ep->tags[i].value);
    }
    mem_free(ep->dns_name);
    mem_free(ep->fips_dns_name);
    mem_free(ep->eni_id);
    mem_free(ep->client_token);
    mem_free(ep->fail_with);
    mem_free(ep->state_message);
    json_decref(ep->faults);
    mem_free(ep);
}

bool endpoint_copy_tags(struct world_endpoint *ep, const struct world_tag *tags,
                        size_t n)
{
    size_t i;

    for (i = 0; i < n && i < WORLD_MAX_TAGS; i++) {
        ep->tags[i].key = mem_strdup(tags[i].key);
        ep->tags[i].value = mem_strdup(tags[i].value);
        ep->n_tags++;
        if (ep->tags[i].key == NULL || ep->tags[i].value == NULL) {
            return false;
        }
    }
    return true;
}

bool endpoint_make_names(const struct world *w, struct world_endpoint *ep)
{
    const char *region = ep->subnet->vpc->region;
    const char *suffix = w->settings.dns_suffix;
    char hash[9];
    char eni[24];

    derive_text(hash, "", DERIVE_HEX, 8, ep->id);
    derive_text(eni, "eni-", DERIVE_HEX, 17, ep->id);
    if (ep->dns_name == NULL) {
        ep->dns_name = mem_printf("%s.%s.ec2-instance-connect-endpoint.%s.%s",
                                  ep->id, hash, region, suffix);
    }
    if (ep->fips_dns_name == NULL) {
        ep->fips_dns_name =
            mem_printf("%s.%s.fips.ec2-instance-connect-endpoint.%s.%s", ep->id,
                       hash, region, suffix);
    }
    if (ep->eni_id == NULL) {
        ep->eni_id = mem_strdup(eni);
    }
    return ep->dns_name != NULL && ep->fips_dns_name != NULL &&
           ep->eni_id != NULL;
}

bool endpoint_append(struct world *w, struct world_endpoint *ep)
{
    if (w->n_endpoints == w->cap_endpoints) {
        size_t cap = w->cap_endpoints * 2 + 8;
        struct world_endpoint **more =
            mem_realloc(w->endpoints, cap * sizeof *w->endpoints);

        if (more == NULL) {
            return false;
        }
        w->endpoints = more;
        w->cap_endpoints = cap;
    }
    w->endpoints[w->n_endpoints++] = ep;
    return true;
}

int world_endpoint_create(struct world *w, const struct world_subnet *subnet,
                          const struct world_endpoint_settings *settings,
                          const struct world_tag *tags, size_t n_tags,
                          const char *client_token, struct world_endpoint **out)
{
    struct world_endpoint *ep = mem_zalloc(sizeof *ep);
    int rv = UV_ENOMEM;

    if (ep == NULL) {
        return UV_ENOMEM;
    }
    ep->subnet = subnet;
    ep->created_ms = world_now_ms(w);
    ep->state = WORLD_CREATE_IN_PROGRESS;
    ep->due_ms = ep->created_ms + w->settings.create_s * 1000;
    ep->now = *settings;
    ep->next = *settings;
    ep->max_connections = w->settings.max_connections;
    memcpy(ep->id, "eice-", 6);
    rv = world_random_hex(w, ep->id + 5, 17);
    if (rv == 0 && client_token != NULL) {
        ep->client_token = mem_strdup(client_token);
        rv = ep->client_token == NULL ? UV_ENOMEM : 0;
    }
    if (rv == 0 && (!endpoint_copy_tags(ep, tags, n_tags) ||
                    !endpoint_make_names(w, ep) || !endpoint_append(w, ep))) {
        rv = UV_ENOMEM;
    }
    if (rv != 0) {
        endpoint_free(ep);
        return rv;
    }
    w->generation++;
    *out = ep;
    return 0;
}

void world_endpoint_modify(struct world *w, struct world_endpoint *ep,
                           const struct world_endpoint_settings *settings)
{
    ep->next = *settings;
    ep->state = WORLD_UPDATE_IN_PROGRESS;
    ep->due_ms = world_now_ms(w) + w->settings.update_s * 1000;
    mem_free(ep->state_message);
    ep->state_message = NULL;
    w->generation++;
}

void world_endpoint_delete(struct world *w, struct world_endpoint *ep)
{
    ep->state = WORLD_DELETE_IN_PROGRESS;
    ep->due_ms = world_now_ms(w) + w->settings.delete_s * 1000;
    w->generation++;
}

int world_endpoint_fail(struct world *w, struct world_endpoint *ep,
                        const char *message)
{
    char *copy = mem_strdup(message);

    (void)w;
    if (copy == NULL) {
        return UV_ENOMEM;
    }
    mem_free(ep->fail_with);
    ep->fail_with = copy;
    return 0;
}

/* --- time --------------------------------------------------------------- */

/* The step that @ep was waiting for. */
static void step(struct world *w, struct world_endpoint *ep)
{
    bool failed = ep->fail_with != NULL;
    int64_t was_due = ep->due_ms;

    ep->due_ms = 0;
    mem_free(ep->state_message);
    ep->state_message = ep->fail_with;
    ep->fail_with = NULL;
    switch (ep->state) {
    case WORLD_CREATE_IN_PROGRESS:
        ep->state = failed ? WORLD_CREATE_FAILED : WORLD_CREATE_COMPLETE;
        break;
    case WORLD_UPDATE_IN_PROGRESS:
        ep->state = failed ? WORLD_UPDATE_FAILED : WORLD_UPDATE_COMPLETE;
        if (!failed) {
            ep->now = ep->next;
        }
        break;
    case WORLD_DELETE_IN_PROGRESS:
        ep->state = failed ? WORLD_DELETE_FAILED : WORLD_DELETE_COMPLETE;
        if (!failed) {
            ep->due_ms = was_due + w->settings.deleted_visible_s * 1000;
        }
        break;
    default:
        break;
    }
    w->generation++;
}

void endpoints_settle(struct world *w, int64_t now)
{
    size_t i = 0;

    while (i < w->n_endpoints) {
        struct world_endpoint *ep = w->endpoints[i];
        bool gone = ep->state == WORLD_DELETE_COMPLETE;

        /* One that is gone stays until its last tunnel is, too. */
        if (ep->due_ms == 0 || ep->due_ms > now || (gone && ep->n_open > 0)) {
            i++;
        } else if (!gone) {
            step(w, ep); /* And look again: the next may be due, too. */
        } else {
            endpoint_free(ep);
            memmove(&w->endpoints[i], &w->endpoints[i + 1],
                    (w->n_endpoints - i - 1) * sizeof ep);
            w->n_endpoints--;
            w->generation++;
        }
    }
}

int64_t endpoints_next_ms(const struct world *w)
{
    int64_t next = INT64_MAX;
    size_t i;

    for (i = 0; i < w->n_endpoints; i++) {
        const struct world_endpoint *ep = w->endpoints[i];

        if (ep->due_ms != 0 && ep->due_ms < next &&
            !(ep->state == WORLD_DELETE_COMPLETE && ep->n_open > 0)) {
            next = ep->due_ms;
        }
    }
    return next;
}
