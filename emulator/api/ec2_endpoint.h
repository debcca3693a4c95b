/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_endpoint.h - what the endpoint actions share. */
#ifndef EMU_EC2_ENDPOINT_H
#define EMU_EC2_ENDPOINT_H

#include "ec2.h"

/* The members of an endpoint as EC2 writes them, without the element around
 * them. */
void ec2_endpoint_write(struct api_call *c, const struct world_endpoint *ep);

/* Read SecurityGroupId.N into @out, groups of @vpc that the caller may see; at
 * most WORLD_MAX_ENDPOINT_GROUPS.  Refuses the call and returns false when one
 * is not there or belongs elsewhere. */
bool ec2_endpoint_groups(struct api_call *c, const struct world_subnet *subnet,
                         struct world_endpoint_settings *out);

/* Read IpAddressType and PreserveClientIp over what @out holds, and refuse
 * what does not go together or what @subnet cannot serve. */
bool ec2_endpoint_address(struct api_call *c, const struct world_subnet *subnet,
                          struct world_endpoint_settings *out);

/* The endpoint InstanceConnectEndpointId names, once IAM has allowed
 * @permission on it and on everything in @groups (which may be NULL); NULL
 * when refused. */
struct world_endpoint *ec2_endpoint_named(struct api_call *c,
                                          const char *permission);

void ec2_create_endpoint(struct api_call *c);
void ec2_modify_endpoint(struct api_call *c);
void ec2_delete_endpoint(struct api_call *c);

#endif /* EMU_EC2_ENDPOINT_H */
