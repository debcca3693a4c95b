/* SPDX-License-Identifier: Apache-2.0 */
/* role_document.h - a role's credentials as instances and tasks get them. */
#ifndef EMU_ROLE_DOCUMENT_H
#define EMU_ROLE_DOCUMENT_H

#include "http.h"
#include "world.h"

/* Valid credentials of @role under the session name @name: those given out
 * before while they have some time left, else new ones.  NULL when out of
 * memory. */
const struct world_session *role_session(struct world *w,
                                         const struct world_role *role,
                                         const char *name, int64_t duration_s);

/* Answer with them: the metadata service's document, or with @role_arn the
 * container agent's. */
void role_document(struct http_answer *answer, const struct world_session *s,
                   const char *role_arn);

#endif /* EMU_ROLE_DOCUMENT_H */
