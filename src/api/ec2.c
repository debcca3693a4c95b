/* SPDX-License-Identifier: Apache-2.0 */
/* ec2.c - EC2's query protocol, outgoing. */
#include "ec2.h"

#include <stdio.h>
#include <uv.h>

#include "buf.h"
#include "percent.h"

#define EC2_API_VERSION "2016-11-15"

const struct operation ec2_describe_instances = {
    .name = "DescribeInstances",
    .service = SERVICE_EC2,
    .protocol = CALL_EC2,
    .use_flag = true,
};

const struct operation ec2_describe_endpoints = {
    .name = "DescribeInstanceConnectEndpoints",
    .service = SERVICE_EC2,
    .protocol = CALL_EC2,
    .use_flag = true,
};

const struct operation ec2_describe_images = {
    .name = "DescribeImages",
    .service = SERVICE_EC2,
    .protocol = CALL_EC2,
    .use_flag = true,
};

const struct operation ec2_get_console_output = {
    .name = "GetConsoleOutput",
    .service = SERVICE_EC2,
    .protocol = CALL_EC2,
    .use_flag = true,
};

const struct operation ec2_get_password_data = {
    .name = "GetPasswordData",
    .service = SERVICE_EC2,
    .protocol = CALL_EC2,
    .use_flag = true,
};

/* What the ids of @kind are called. */
static const char *id_name(const struct operation *kind)
{
    if (kind == &ec2_describe_instances) {
        return "InstanceId";
    }
    return kind == &ec2_describe_images ? "ImageId"
                                        : "InstanceConnectEndpointId";
}

/* "Filter.1.Name=state&Filter.1.Value.1=...". */
void ec2_filter_body(struct buf *body, size_t n, const struct ec2_filter *f)
{
    char name[64];
    size_t i;

    snprintf(name, sizeof name, "Filter.%zu.Name", n);
    percent_form_pair(body, name, f->name);
    for (i = 0; i < f->n_values; i++) {
        snprintf(name, sizeof name, "Filter.%zu.Value.%zu", n, i + 1);
        percent_form_pair(body, name, f->values[i]);
    }
}

void ec2_describe_body(struct buf *body, const struct operation *kind,
                       const struct ec2_query *q)
{
    const char *id = id_name(kind);
    char name[64], number[16];
    size_t i;

    percent_form_pair(body, "Action", kind->name);
    percent_form_pair(body, "Version", EC2_API_VERSION);
    for (i = 0; i < q->n_filters; i++) {
        ec2_filter_body(body, i + 1, &q->filters[i]);
    }
    for (i = 0; i < q->n_ids; i++) {
        snprintf(name, sizeof name, "%s.%zu", id, i + 1);
        percent_form_pair(body, name, q->ids[i]);
    }
    if (q->max_results != 0) {
        snprintf(number, sizeof number, "%u", q->max_results);
        percent_form_pair(body, "MaxResults", number);
    }
    if (q->next_token != NULL) {
        percent_form_pair(body, "NextToken", q->next_token);
    }
}

void ec2_output_body(struct buf *body, const struct operation *kind,
                     const char *instance_id)
{
    percent_form_pair(body, "Action", kind->name);
    percent_form_pair(body, "Version", EC2_API_VERSION);
    percent_form_pair(body, "InstanceId", instance_id);
}
