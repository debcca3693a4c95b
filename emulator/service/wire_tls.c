/* SPDX-License-Identifier: Apache-2.0 */
/* wire_tls.c - the TLS of a wire: OpenSSL between the wire's own buffers.
 *
 * Our BIO reads from what the wire has received and appends to what it is to
 * send; it never waits.  OpenSSL's queue of errors is emptied around each
 * call. */
#include "wire_tls.h"

#include <openssl/err.h>
#include <string.h>

#include "mem.h"
#include "wire.h"

/* ---- the two ends that OpenSSL sees ---- */

/* Bytes received; at the peer's end: the end. */
static int bio_read(BIO *bio, char *out, int len)
{
    struct wire *w = BIO_get_data(bio);
    size_t n = len < 0 ? 0 : (size_t)len;

    BIO_clear_retry_flags(bio);
    if (w->in_len == 0) {
        if (!w->peer_eof) {
            BIO_set_retry_read(bio);
        }
        return w->peer_eof ? 0 : -1;
    }
    n = n < w->in_len ? n : w->in_len;
    memcpy(out, w->in + w->in_off, n);
    w->in_off += n;
    w->in_len -= n;
    return (int)n;
}

/* Bytes to be sent. */
static int bio_write(BIO *bio, const char *data, int len)
{
    struct wire *w = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (len <= 0) {
        return 0;
    }
    if (!wire_run_add(&w->queue, data, (size_t)len)) {
        w->failed = true;
        return -1;
    }
    return len;
}

/* Nothing to flush, and no BIO below. */
static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void)bio;
    (void)num;
    (void)ptr;
    return cmd == BIO_CTRL_FLUSH || cmd == BIO_CTRL_DUP ? 1 : 0;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

int wire_shared_init(struct wire_shared *sh)
{
    int type = BIO_get_new_index();

    *sh = (struct wire_shared){0};
    sh->plain = mem_alloc(WIRE_CHUNK);
    sh->bio = type < 0 ? NULL
                       : BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "eice wire");
    if (sh->plain == NULL || sh->bio == NULL) {
        wire_shared_free(sh);
        return UV_ENOMEM;
    }
    BIO_meth_set_read(sh->bio, bio_read);
    BIO_meth_set_write(sh->bio, bio_write);
    BIO_meth_set_ctrl(sh->bio, bio_ctrl);
    BIO_meth_set_create(sh->bio, bio_create);
    return 0;
}

void wire_shared_free(struct wire_shared *sh)
{
    BIO_meth_free(sh->bio);
    mem_free(sh->plain);
    *sh = (struct wire_shared){0};
}

/* ---- the handshake ---- */

/* The host name in a ClientHello (RFC 6066, 3): a list of one, of type 0. */
static bool read_sni(SSL *ssl, char *name, size_t size)
{
    const unsigned char *p;
    size_t len, n;

    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &len) !=
            1 ||
        len < 5 || p[2] != TLSEXT_NAMETYPE_host_name) {
        return false;
    }
    n = (size_t)(p[3] << 8 | p[4]);
    if (n > len - 5 || n >= size) {
        return false;
    }
    memcpy(name, p + 5, n);
    name[n] = '\0';
    return strlen(name) == n;
}

/* OpenSSL has read the ClientHello. */
static int on_client_hello(SSL *ssl, int *alert, void *arg)
{
    struct wire *w = SSL_get_app_data(ssl);
    char name[256];
    bool named;

    (void)alert;
    (void)arg;
    if (w->hello_cb == NULL) {
        return SSL_CLIENT_HELLO_SUCCESS;
    }
    named = read_sni(ssl, name, sizeof name);
    return w->hello_cb(w, named ? name : NULL) ? SSL_CLIENT_HELLO_SUCCESS
                                               : SSL_CLIENT_HELLO_RETRY;
}

int wire_tls_start(struct wire *w, SSL_CTX *ctx)
{
    BIO *bio = BIO_new(w->shared->bio);

    w->ssl = SSL_new(ctx);
    if (w->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        ERR_clear_error();
        return UV_ENOMEM;
    }
    BIO_set_data(bio, w);
    SSL_set_bio(w->ssl, bio, bio);
    SSL_set_accept_state(w->ssl);
    SSL_set_app_data(w->ssl, w);
    SSL_CTX_set_client_hello_cb(ctx, on_client_hello, NULL);
    return 0;
}

int wire_tls_accept(struct wire *w)
{
    int rv;

    ERR_clear_error();
    rv = SSL_accept(w->ssl);
    if (rv == 1) {
        w->handshaken = true;
        return 0;
    }
    rv = SSL_get_error(w->ssl, rv);
    ERR_clear_error();
    if (w->closing || (rv == SSL_ERROR_WANT_CLIENT_HELLO_CB && !w->peer_eof)) {
        return 0; /* The owner closed it, or will resume it. */
    }
    if (w->peer_eof) {
        return UV_EOF;
    }
    return rv == SSL_ERROR_WANT_READ ? 0 : UV_EPROTO;
}

/* ---- bytes ---- */

size_t wire_tls_read(struct wire *w, int *status)
{
    uint8_t *plain = w->shared->plain;
    size_t have = 0, n;
    int rv;

    *status = 0;
    while (WIRE_CHUNK - have >= 1) {
        ERR_clear_error();
        rv = SSL_read_ex(w->ssl, plain + have, WIRE_CHUNK - have, &n);
        if (rv == 1) {
            have += n;
            continue;
        }
        rv = SSL_get_error(w->ssl, rv);
        ERR_clear_error();
        if (rv == SSL_ERROR_ZERO_RETURN || w->peer_eof) {
            *status = UV_EOF;
        } else if (rv != SSL_ERROR_WANT_READ) {
            *status = w->failed ? UV_ENOMEM : UV_EPROTO;
        }
        break;
    }
    return have;
}

bool wire_tls_write(struct wire *w, const void *data, size_t len)
{
    bool ok;
    size_t n;

    ERR_clear_error();
    ok = SSL_write_ex(w->ssl, data, len, &n) == 1;
    ERR_clear_error();
    return ok;
}

void wire_tls_goodbye(struct wire *w)
{
    ERR_clear_error();
    SSL_shutdown(w->ssl);
    ERR_clear_error();
}

void wire_tls_hush(struct wire *w)
{
    SSL_set_quiet_shutdown(w->ssl, 1);
}

void wire_tls_free(struct wire *w)
{
    SSL_free(w->ssl);
    w->ssl = NULL;
}
