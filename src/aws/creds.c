/* SPDX-License-Identifier: Apache-2.0 */
/* creds.c - counting holders; the last one wipes. */
#include "creds.h"

#include <assert.h>
#include <stddef.h>

#include "mem.h"
#include "wipe.h"

/* Wipe and free @c whatever of it was made. */
static void creds_free(struct creds *c)
{
    wipe_free(c->access_key_id);
    wipe_free(c->secret_access_key);
    wipe_free(c->session_token);
    mem_free(c->account_id);
    mem_free(c);
}

struct creds *creds_new(const char *source, const char *access_key_id,
                        const char *secret, const char *token,
                        const char *account_id, int64_t expires_at)
{
    struct creds *c = mem_zalloc(sizeof *c);

    if (c == NULL) {
        return NULL;
    }
    c->refs = 1;
    c->source = source;
    c->expires_at = expires_at;
    c->access_key_id = mem_strdup(access_key_id);
    c->secret_access_key = mem_strdup(secret);
    c->session_token = token != NULL ? mem_strdup(token) : NULL;
    c->account_id = account_id != NULL ? mem_strdup(account_id) : NULL;
    if (c->access_key_id == NULL || c->secret_access_key == NULL ||
        (token != NULL && c->session_token == NULL) ||
        (account_id != NULL && c->account_id == NULL)) {
        creds_free(c);
        return NULL;
    }
    return c;
}

struct creds *creds_ref(struct creds *c)
{
    c->refs++;
    return c;
}

void creds_unref(struct creds *c)
{
    if (c == NULL) {
        return;
    }
    assert(c->refs > 0);
    if (--c->refs == 0) {
        creds_free(c);
    }
}
