/* SPDX-License-Identifier: Apache-2.0 */
/* tls_bio.c - recv() and send() in the shape of a BIO. */
#include "tls_bio.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* Where it is missing, SO_NOSIGPIPE does it */
#endif

/* Whether errno says: not now. */
static bool not_now(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static int bio_read(BIO *bio, char *data, size_t len, size_t *n_read)
{
    struct tls_bio *b = BIO_get_data(bio);
    ssize_t n;

    BIO_clear_retry_flags(bio);
    *n_read = 0;
    if (b->dry) {
        BIO_set_retry_read(bio);
        return 0;
    }
    n = recv(b->fd, data, len, 0);
    if (n > 0) {
        b->dry = (size_t)n < len;
        *n_read = (size_t)n;
        return 1;
    }
    if (n == 0) {
        b->eof = true;
    } else if (not_now()) {
        b->dry = errno != EINTR;
        BIO_set_retry_read(bio);
    } else {
        b->error = errno;
    }
    return 0;
}

static int bio_write(BIO *bio, const char *data, size_t len, size_t *n_written)
{
    struct tls_bio *b = BIO_get_data(bio);
    ssize_t n;

    BIO_clear_retry_flags(bio);
    *n_written = 0;
    n = send(b->fd, data, len, MSG_NOSIGNAL);
    if (n >= 0) {
        *n_written = (size_t)n;
        return 1;
    }
    if (not_now()) {
        BIO_set_retry_write(bio);
    } else {
        b->error = errno;
    }
    return 0;
}

static long bio_ctrl(BIO *bio, int cmd, long larg, void *parg)
{
    const struct tls_bio *b = BIO_get_data(bio);

    (void)larg;
    (void)parg;
    switch (cmd) {
    case BIO_CTRL_FLUSH:
        return 1; /* Nothing is held back */
    case BIO_CTRL_EOF:
        return b->eof;
    default:
        return 0;
    }
}

struct bio_method_st *tls_bio_method_new(void)
{
    BIO_METHOD *m =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "eice socket");

    if (m != NULL) {
        BIO_meth_set_read_ex(m, bio_read);
        BIO_meth_set_write_ex(m, bio_write);
        BIO_meth_set_ctrl(m, bio_ctrl);
    }
    return m;
}

void tls_bio_method_free(struct bio_method_st *method)
{
    BIO_meth_free(method);
}

bool tls_bio_attach(struct tls_bio *b, struct bio_method_st *method, int fd,
                    struct ssl_st *ssl)
{
    BIO *bio = BIO_new(method);

    if (bio == NULL) {
        return false;
    }
    *b = (struct tls_bio){.fd = fd};
    BIO_set_data(bio, b);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio); /* Takes @bio, frees the old ones. */
    return true;
}
