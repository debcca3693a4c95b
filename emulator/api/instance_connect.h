/* SPDX-License-Identifier: Apache-2.0 */
/* instance_connect.h - the EC2 Instance Connect API: pushing SSH keys. */
#ifndef EMU_INSTANCE_CONNECT_H
#define EMU_INSTANCE_CONNECT_H

struct api_call;

/* Run the action of @c, whose body is read and action is set. */
void instance_connect_handle(struct api_call *c);

#endif /* EMU_INSTANCE_CONNECT_H */
