/* SPDX-License-Identifier: Apache-2.0 */
/* creds.h - one set of credentials: shared, counted, wiped at the end. */
#ifndef CREDS_H
#define CREDS_H

#include <stdint.h>

/* Immutable once made; holders count. */
struct creds {
    unsigned refs;
    char *access_key_id;
    char *secret_access_key;
    char *session_token; /* NULL for none */
    char *account_id;    /* NULL when unknown */
    int64_t expires_at;  /* Epoch seconds; 0: never */
    const char *source;  /* Provider name: "env", "sso", ...; static */
};

/* A new set with one holder, or NULL when memory is short; strings are copied
 * and @token and @account may be NULL. */
struct creds *creds_new(const char *source, const char *access_key_id,
                        const char *secret, const char *token,
                        const char *account_id, int64_t expires_at);

/* One holder more; returns @c. */
struct creds *creds_ref(struct creds *c);

/* One holder less; the last one wipes and frees.  NULL is fine. */
void creds_unref(struct creds *c);

#endif /* CREDS_H */
