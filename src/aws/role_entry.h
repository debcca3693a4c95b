/* SPDX-License-Identifier: Apache-2.0 */
/* role_entry.h - the entries of ~/.aws/cli/cache, which the AWS CLI reads and
 * writes too: under which name, and what is in them.  Pure. */
#ifndef ROLE_ENTRY_H
#define ROLE_ENTRY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

enum { ROLE_KEY_SIZE = 41, ROLE_ENTRY_MAX = 128 * 1024 };

/* What an AssumeRole is told; NULL and 0 where not configured. */
struct role_request {
    const char *role_arn;
    const char *session_name;
    const char *external_id;
    const char *mfa_serial;
    int64_t duration_s;
    bool has_duration;
};

/* The text whose SHA-1 names the entry. */
int role_key_text(struct buf *out, const struct role_request *r);
int role_key_sso_text(struct buf *out, const char *account_id,
                      const char *role_name, const char *session_name,
                      const char *start_url);

/* Name the entry: 40 hex digits of the SHA-1 of @text. */
void role_key(char out[static ROLE_KEY_SIZE], const char *text);

/* The credentials in an entry; the strings belong to the JSON. */
struct role_entry {
    const char *access_key_id;
    const char *secret;
    const char *token;
    const char *account_id; /* or NULL */
    int64_t expires_at;
};

/* Read @entry.  False when it holds no whole set of credentials. */
bool role_entry_read(struct role_entry *out, const json_t *entry);

/* Make the entry of an STS answer: @text is the XML, @operation "AssumeRole" or
 * "AssumeRoleWithWebIdentity".  @wire keeps the expiry as it was sent.  Returns
 * a new reference, or NULL with @e filled. */
json_t *role_entry_from_sts(const char *text, size_t len, const char *operation,
                            bool wire, struct err *e);

/* Make the entry of a GetRoleCredentials answer. */
json_t *role_entry_from_sso(const char *text, size_t len,
                            const char *account_id, struct err *e);

#endif /* ROLE_ENTRY_H */
