/* SPDX-License-Identifier: Apache-2.0 */
/* sso.h - the SSO portal: role credentials for a signed-in person. */
#ifndef EMU_SSO_H
#define EMU_SSO_H

struct api_call;

/* GET /federation/credentials?role_name=R&account_id=A */
void sso_handle(struct api_call *c);

#endif /* EMU_SSO_H */
