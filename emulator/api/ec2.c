/* SPDX-License-Identifier: Apache-2.0 */
/* ec2.c - from Action to its function, and what all EC2 actions share. */
#include "ec2.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Whether @name is @pattern, in which each part "N" stands for a number. */
static bool fits_pattern(const char *pattern, const char *name)
{
    while (*pattern != '\0' && *name != '\0') {
        if (pattern[0] == 'N' && (pattern[1] == '.' || pattern[1] == '\0') &&
            isdigit((unsigned char)*name)) {
            while (isdigit((unsigned char)*name)) {
                name++;
            }
            pattern++;
        } else if (*pattern++ != *name++) {
            return false;
        }
    }
    return *pattern == *name;
}

/* What every call may carry, besides its own: protocol, and signature when
 * the query is presigned. */
static const char *const common[] = {"Action",
                                     "Version",
                                     "DryRun",
                                     "X-Amz-Algorithm",
                                     "X-Amz-Credential",
                                     "X-Amz-Date",
                                     "X-Amz-Expires",
                                     "X-Amz-SignedHeaders",
                                     "X-Amz-Security-Token",
                                     "X-Amz-Signature",
                                     NULL};

static bool is_known(const char *const *patterns, const char *name)
{
    for (; *patterns != NULL; patterns++) {
        if (fits_pattern(*patterns, name)) {
            return true;
        }
    }
    return false;
}

static bool check_params(struct api_call *c, const struct ec2_action *action)
{
    size_t i;

    for (i = 0; i < c->params.n; i++) {
        const char *name = c->params.v[i].name;

        if (!is_known(common, name) && !is_known(action->params, name)) {
            return call_fail(c, 400, "UnknownParameter",
                             "The parameter %.128s is not recognized", name);
        }
        if (params_twice(&c->params, name)) {
            return call_fail(c, 400, "InvalidParameterValue",
                             "The parameter %.128s is specified more than once",
                             name);
        }
    }
    return true;
}

static const struct ec2_action *find_action(const char *name)
{
    static const struct ec2_action *const tables[] = {
        ec2_endpoint_actions, ec2_group_actions,   ec2_image_actions,
        ec2_instance_actions, ec2_network_actions, ec2_output_actions};
    size_t i;

    for (i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const struct ec2_action *a = tables[i];

        for (; a->name != NULL; a++) {
            if (strcmp(a->name, name) == 0) {
                return a;
            }
        }
    }
    return NULL;
}

void ec2_handle(struct api_call *c)
{
    const struct ec2_action *action = find_action(c->action);

    if (action == NULL) {
        call_fail(c, 400, "InvalidAction",
                  "The action %.128s is not valid for this web service.",
                  c->action);
        return;
    }
    c->action = action->name;
    if (check_params(c, action)) {
        action->run(c);
    }
}

bool ec2_really(struct api_call *c)
{
    bool dry = false;
    bool given;

    if (!ec2_bool(c, "DryRun", &dry, &given)) {
        return false;
    }
    if (dry) {
        return call_fail(c, 412, "DryRunOperation",
                         "Request would have succeeded, but DryRun flag is "
                         "set.");
    }
    return true;
}

bool ec2_permit(struct api_call *c, const struct access *a)
{
    return access_demand(c, a) && ec2_really(c);
}

const char *ec2_need(struct api_call *c, const char *name)
{
    const char *value = params_get(&c->params, name);

    if (value == NULL || value[0] == '\0') {
        call_fail(c, 400, "MissingParameter",
                  "The request must contain the parameter %s", name);
        return NULL;
    }
    return value;
}

bool ec2_bool(struct api_call *c, const char *name, bool *out, bool *given)
{
    const char *value = params_get(&c->params, name);

    *given = value != NULL;
    if (value == NULL) {
        return true;
    }
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "Value (%.64s) for parameter %s is invalid. Must be "
                         "true or false.",
                         value, name);
    }
    *out = strcmp(value, "true") == 0;
    return true;
}

bool ec2_visible(const struct api_call *c, const struct world_vpc *vpc)
{
    return vpc->account == c->who.account &&
           strcmp(vpc->region, c->region) == 0;
}

const char *ec2_arn(const struct api_call *c, const struct world_vpc *vpc,
                    const char *type, const char *id,
                    char out[static WORLD_ARN_SIZE])
{
    snprintf(out, WORLD_ARN_SIZE, "arn:%s:ec2:%s:%s:%s/%s",
             world_settings(c->w)->partition, vpc->region, vpc->account->id,
             type, id);
    return out;
}

const char *ec2_cidr_text(const struct cidr *cidr,
                          char out[static EC2_CIDR_SIZE])
{
    char ip[IP_TEXT_SIZE];

    ip_format(ip, &cidr->base);
    snprintf(out, EC2_CIDR_SIZE, "%s/%u", ip, cidr->prefix);
    return out;
}

bool ec2_id_well_formed(const char *prefix, const char *id)
{
    size_t n = strlen(prefix);
    size_t len;

    if (strncmp(id, prefix, n) != 0) {
        return false;
    }
    len = strlen(id + n);
    return (len == 8 || len == 17) && strspn(id + n, "0123456789abcdef") == len;
}
