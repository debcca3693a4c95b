/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint_choice.c - the order is the AWS CLI's. */
#include "endpoint_choice.h"

#include <string.h>

#include "ec2_model.h"
#include "err.h"
#include "url.h"

/* The first usable endpoint that is called @id and lies in @subnet and in @vpc;
 * NULL stands for any.  NULL when there is none so far. */
static struct ec2_endpoint *find(const struct ec2_endpoints *seen,
                                 const char *id, const char *subnet,
                                 const char *vpc)
{
    size_t i;

    for (i = 0; i < seen->n_items; i++) {
        struct ec2_endpoint *p = &seen->items[i];

        if (p->endpoint_id != NULL && ec2_endpoint_usable(p) &&
            (id == NULL || strcmp(p->endpoint_id, id) == 0) &&
            (subnet == NULL ||
             (p->subnet_id != NULL && strcmp(p->subnet_id, subnet) == 0)) &&
            (vpc == NULL ||
             (p->vpc_id != NULL && strcmp(p->vpc_id, vpc) == 0))) {
            return p;
        }
    }
    return NULL;
}

int endpoint_choose(const struct ec2_endpoints *seen, bool complete,
                    const char *id, const struct ec2_instance *i,
                    struct ec2_endpoint **out, struct err *e)
{
    *out = NULL;
    if (id != NULL) {
        *out = find(seen, id, NULL, NULL);
        if (*out == NULL && complete) {
            return err_set(e, ERR_USAGE,
                           "There are no available instance connect endpoints "
                           "with %s",
                           id);
        }
        return 0;
    }
    if (i->subnet_id != NULL) {
        *out = find(seen, NULL, i->subnet_id, NULL);
    }
    if (*out == NULL && complete && i->vpc_id != NULL) {
        *out = find(seen, NULL, NULL, i->vpc_id);
    }
    if (*out == NULL && complete) {
        err_set(e, ERR_USAGE,
                "There are no available instance connect endpoints.");
        err_hint(e,
                 "the instance is in %s: create an endpoint there, or check "
                 "that the one it has is not being created or deleted",
                 i->vpc_id != NULL ? i->vpc_id : "no VPC");
        return ERR_USAGE;
    }
    return 0;
}

int endpoint_name(const struct ec2_endpoint *p, bool fips, const char **name,
                  struct err *e)
{
    char host[URL_HOST_SIZE];
    unsigned port;

    *name = fips ? p->fips_dns_name : p->dns_name;
    if (*name == NULL && fips) {
        err_set(e, ERR_CONFIG, "Unable to find FIPS Endpoint");
        err_hint(e,
                 "endpoint %s has no FIPS name; use another endpoint or "
                 "turn use_fips_endpoint off",
                 p->endpoint_id);
        return ERR_CONFIG;
    }
    if (*name == NULL || !host_port_split(host, &port, *name)) {
        return err_set(e, ERR_PARSE, "endpoint %s has no usable DNS name",
                       p->endpoint_id);
    }
    return 0;
}
