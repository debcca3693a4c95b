/* SPDX-License-Identifier: Apache-2.0 */
/* oidc.h - the token endpoint of SSO: a new access token for a refresh
 * token. */
#ifndef EMU_OIDC_H
#define EMU_OIDC_H

struct api_call;

/* POST /token */
void oidc_handle(struct api_call *c);

#endif /* EMU_OIDC_H */
