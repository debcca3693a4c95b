/* SPDX-License-Identifier: Apache-2.0 */
/* sts.h - the Security Token Service. */
#ifndef EMU_STS_H
#define EMU_STS_H

struct api_call;

/* Run the STS action of @c, whose params are read; verifies the signature
 * where the action wants one. */
void sts_handle(struct api_call *c);

#endif /* EMU_STS_H */
