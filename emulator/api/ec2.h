/* SPDX-License-Identifier: Apache-2.0 */
/* ec2.h - the EC2 actions, and what they share.
 *
 * ec2.c finds the action and refuses what is not one; each resource has a file
 * with its actions.  The order inside an action: is it allowed, was it only a
 * dry run, is it right. */
#ifndef EMU_EC2_H
#define EMU_EC2_H

#include "authorize.h"
#include "call.h"
#include "filter.h"

/* Run the EC2 action of @c, whose params are read and action is set. */
void ec2_handle(struct api_call *c);

/* One action: its function and the parameters it knows, where N stands for
 * any number. */
struct ec2_action {
    const char *name;
    const char *const *params; /* NULL-ended */
    void (*run)(struct api_call *c);
};

/* The tables of each file, NULL-ended by name. */
extern const struct ec2_action ec2_endpoint_actions[];
extern const struct ec2_action ec2_group_actions[];
extern const struct ec2_action ec2_image_actions[];
extern const struct ec2_action ec2_instance_actions[];
extern const struct ec2_action ec2_network_actions[];
extern const struct ec2_action ec2_output_actions[];

/* IAM and DryRun: true when the action is to go on. */
bool ec2_permit(struct api_call *c, const struct access *a);

/* After the last ec2_permit()-like check of several: only the dry run. */
bool ec2_really(struct api_call *c);

/* A required parameter, or refuse. */
const char *ec2_need(struct api_call *c, const char *name);

/* An optional boolean; @given tells whether it was there. */
bool ec2_bool(struct api_call *c, const char *name, bool *out, bool *given);

/* Whether a VPC's resources are the caller's, in the call's region. */
bool ec2_visible(const struct api_call *c, const struct world_vpc *vpc);

/* "arn:aws:ec2:REGION:ACCOUNT:TYPE/ID" of something in @vpc. */
const char *ec2_arn(const struct api_call *c, const struct world_vpc *vpc,
                    const char *type, const char *id,
                    char out[static WORLD_ARN_SIZE]);

enum { EC2_CIDR_SIZE = IP_TEXT_SIZE + 4 };

/* "10.0.0.0/16" */
const char *ec2_cidr_text(const struct cidr *cidr,
                          char out[static EC2_CIDR_SIZE]);

/* Whether @id is @prefix and 8 or 17 hexadecimal digits. */
bool ec2_id_well_formed(const char *prefix, const char *id);

/* One text of an item, by the name of a filter. */
struct ec2_text {
    const char *name;
    const char *value; /* NULL: it has none */
};

/* Whether a filter fits one of @n texts, or the tags. */
bool ec2_fits(const struct filter *f, const struct ec2_text *texts, size_t n,
              const struct world_tag *tags, size_t n_tags);

/* A Describe action over one kind of thing. */
struct ec2_describe {
    const char *permission; /* "ec2:DescribeVpcs" */
    const char *ids;        /* "VpcId" */
    const char *ids_name;   /* "vpcsSet", for messages */
    const char *names;      /* "GroupName": another way to say which; or NULL */
    const char *prefix;     /* "vpc-" */
    const char *malformed;  /* Error codes */
    const char *not_found;
    const char *noun;           /* "The vpc ID": of the message */
    bool brackets;              /* Which writes '[id]' */
    const char *set;            /* "vpcSet" */
    const char *const *filters; /* NULL-ended */
    size_t least, most;         /* MaxResults */
    size_t (*count)(const struct world *w);
    const void *(*at)(const struct world *w, size_t i);
    const char *(*id)(const void *item);
    /* With names: the id of what is called so, or refuse. */
    const char *(*named)(struct api_call *c, const char *name);
    const struct world_vpc *(*vpc)(const void *item);
    /* Whether the call's own parameters want the item; NULL: they do. */
    bool (*wanted)(struct api_call *c, const void *item);
    bool (*fits)(struct api_call *c, const void *item, const struct filter *f);
    void (*write)(struct api_call *c, const void *item);
};

/* Carry it out. */
void ec2_describe(struct api_call *c, const struct ec2_describe *d);

#endif /* EMU_EC2_H */
