/* SPDX-License-Identifier: Apache-2.0 */
/* resume.c - hooks in OpenSSL that offer a session and take new ones.
 *
 * libcurl has a store of its own, which cannot be used: in TLS 1.3 tickets come
 * after the handshake, when we read and libcurl does not.
 *
 * What can go wrong is: a server does not know the session any more (it answers
 * with an ordinary handshake, at no cost); one that was closed badly, or is too
 * old (it is not offered); memory is short (nothing is kept). */
#include "resume.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <openssl/ssl.h>

#include "mem.h"

/* The hooks get nothing but the connection.  Of all that a context keeps for
 * its user, this is what libcurl has no use for. */
static struct resume *resume_of(const SSL *ssl)
{
    return SSL_CTX_get_record_padding_callback_arg(SSL_get_SSL_CTX(ssl));
}

/* Take entry @i out of @store; the session is the caller's then. */
static SSL_SESSION *take(struct resume_store *store, size_t i)
{
    SSL_SESSION *session = store->kept[i].session;

    mem_free(store->kept[i].where);
    memmove(&store->kept[i], &store->kept[i + 1],
            (RESUME_MAX - 1 - i) * sizeof store->kept[0]);
    memset(&store->kept[RESUME_MAX - 1], 0, sizeof store->kept[0]);
    return session;
}

/* The newest entry for @where, or RESUME_MAX. */
static size_t find(const struct resume_store *store, const char *where)
{
    size_t i;

    for (i = 0; i < RESUME_MAX && store->kept[i].session != NULL; i++) {
        if (strcmp(store->kept[i].where, where) == 0) {
            return i;
        }
    }
    return RESUME_MAX;
}

/* A session for @where that may be resumed, or NULL.  The caller frees it. */
static SSL_SESSION *recall(struct resume_store *store, const char *where)
{
    size_t i;

    while ((i = find(store, where)) < RESUME_MAX) {
        SSL_SESSION *session = store->kept[i].session;

        if (!SSL_SESSION_is_resumable(session) ||
            (long)time(NULL) - SSL_SESSION_get_time(session) > RESUME_AGE_S) {
            SSL_SESSION_free(take(store, i));
            continue;
        }
        if (SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION) {
            return take(store, i); /* Tickets serve once (RFC 8446, C.4). */
        }
        SSL_SESSION_up_ref(session);
        return session;
    }
    return NULL;
}

/* The handshake begins: this is the moment to name a session. */
static void on_info(const SSL *ssl, int where, int value)
{
    struct resume *r = resume_of(ssl);
    SSL_SESSION *session;

    (void)value;
    if ((where & SSL_CB_HANDSHAKE_START) == 0 || r->begun) {
        return;
    }
    r->begun = true;
    session = recall(r->store, r->where);
    if (session != NULL) {
        /* The connection is const only for who merely wants to be told. */
        r->tried = SSL_set_session((SSL *)(uintptr_t)ssl, session) == 1;
        SSL_SESSION_free(session);
    }
}

/* The server has given us a session.  1: it is ours now. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct resume *r = resume_of(ssl);
    struct resume_store *store = r->store;
    char *where = mem_strdup(r->where);

    if (where == NULL) {
        return 0;
    }
    if (store->kept[RESUME_MAX - 1].session != NULL) {
        SSL_SESSION_free(take(store, RESUME_MAX - 1));
    }
    memmove(&store->kept[1], &store->kept[0],
            (RESUME_MAX - 1) * sizeof store->kept[0]);
    store->kept[0].where = where;
    store->kept[0].session = session;
    return 1;
}

void resume_attach(struct resume *r, struct resume_store *store,
                   const char *where, SSL_CTX *ctx)
{
    *r = (struct resume){.store = store, .where = where};
    SSL_CTX_set_record_padding_callback_arg(ctx, r);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
                                            SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET); /* libcurl sets it */
    SSL_CTX_sess_set_new_cb(ctx, on_session);
    SSL_CTX_set_info_callback(ctx, on_info);
}

void resume_failed(struct resume *r)
{
    size_t i;

    while (r->tried && (i = find(r->store, r->where)) < RESUME_MAX) {
        SSL_SESSION_free(take(r->store, i));
    }
}

void resume_clear(struct resume_store *store)
{
    while (store->kept[0].session != NULL) {
        SSL_SESSION_free(take(store, 0));
    }
}
