/* SPDX-License-Identifier: Apache-2.0 */
/* authorize.h - asking IAM whether a call may go ahead.
 *
 * Fills the condition keys of the request (AWS-wide ones, the resource's tags,
 * whatever the action adds), asks iam with the caller's policies, and words
 * the refusal. */
#ifndef EMU_AUTHORIZE_H
#define EMU_AUTHORIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "call.h"
#include "iam.h"

struct buf;

/* One condition key an action adds. */
struct access_key {
    const char *key;
    const char *value;
};

/* What is asked for. */
struct access {
    const char *action;   /* "ec2:DescribeInstances" */
    const char *resource; /* An ARN, or "*" */
    const char *account;  /* Whose the resource is; NULL: the caller's */
    const struct world_tag *resource_tags;
    size_t n_resource_tags;
    const struct world_tag *request_tags;
    size_t n_request_tags;
    const struct access_key *keys;
    size_t n_keys;
};

enum access_verdict { ACCESS_ALLOWED, ACCESS_DENIED, ACCESS_NO_MEMORY };

/* Ask; on ACCESS_DENIED the sentence is appended to @why: "User: ... is not
 * authorized to perform: ...". */
enum access_verdict access_check(struct api_call *c, const struct access *a,
                                 struct buf *why);

/* access_check() that refuses the call in its protocol's words. */
bool access_demand(struct api_call *c, const struct access *a);

/* --- the parts, for STS ------------------------------------------------- */

enum { ACCESS_MAX_POLICIES = 64 };

/* Somebody's policies in iam's form: ask with .asked. */
struct access_policies {
    struct iam_policies asked;
    struct iam_attached identity[ACCESS_MAX_POLICIES];
    struct iam_attached session[ACCESS_MAX_POLICIES];
    struct iam_attached boundary;
};
void access_policies_of(const struct world_principal *who,
                        struct access_policies *out);

/* A context with everything known of the caller and the request; NULL when
 * out of memory. */
struct iam_context *access_context(struct api_call *c, const struct access *a);

#endif /* EMU_AUTHORIZE_H */
