/* SPDX-License-Identifier: Apache-2.0 */
/* signin.h - the token endpoint of `aws login`. */
#ifndef EMU_SIGNIN_H
#define EMU_SIGNIN_H

struct api_call;

/* POST /v1/token */
void signin_handle(struct api_call *c);

#endif /* EMU_SIGNIN_H */
