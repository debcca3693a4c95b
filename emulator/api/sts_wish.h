/* SPDX-License-Identifier: Apache-2.0 */
/* sts_wish.h - what a call to assume a role asks for. */
#ifndef EMU_STS_WISH_H
#define EMU_STS_WISH_H

#include "call.h"

enum {
    STS_MAX_POLICY = 2048, /* Characters of a session policy */
    STS_MAX_POLICY_ARNS = 10,
    STS_MAX_TAGS = 50
};

/* The members, borrowed from the call's parameters; NULL where not given. */
struct sts_wish {
    const char *role_arn;
    const char *name; /* RoleSessionName */
    int64_t duration_s;
    const char *external_id;
    const char *serial;
    const char *code;
    const char *source_identity;
    const char *policies[STS_MAX_POLICY_ARNS + 1]; /* As text */
    char *owned[STS_MAX_POLICY_ARNS];              /* jansson's */
    size_t n_policies;
    size_t policy_size; /* Of the inline one */
    struct world_tag tags[STS_MAX_TAGS];
    size_t n_tags;
    const struct world_role *role; /* NULL when there is none */
};

/* Read and check every member, or refuse the call.  sts_wish_free() is needed
 * either way, on a zeroed wish. */
bool sts_wish_read(struct api_call *c, struct sts_wish *wish);
void sts_wish_free(struct sts_wish *wish);

/* The WebIdentityToken, or refuse. */
bool sts_read_token(struct api_call *c, const char **out);

#endif /* EMU_STS_WISH_H */
