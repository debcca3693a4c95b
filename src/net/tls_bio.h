/* SPDX-License-Identifier: Apache-2.0 */
/* tls_bio.h - the socket under an OpenSSL connection, without a detour.
 *
 * While it connects, libcurl's TLS reads through libcurl's own layers, which
 * need to know the transfer on whose behalf they work.  Afterwards this BIO
 * takes their place, so that SSL_read() and SSL_write() may be called
 * directly. */
#ifndef TLS_BIO_H
#define TLS_BIO_H

#include <stdbool.h>

struct bio_method_st;
struct ssl_st;

/* A socket, as OpenSSL sees it. */
struct tls_bio {
    int fd;
    int error; /* errno of the last failure, 0 */
    bool eof;  /* The peer sent its FIN */
    bool dry;  /* The socket gave less than was asked for: there is no point
                  in asking again before poll says so.  Cleared by the user */
};

/* What BIOs are made of; one serves any number.  NULL: no memory. */
struct bio_method_st *tls_bio_method_new(void);
void tls_bio_method_free(struct bio_method_st *method);

/* Put @b, which outlives @ssl, in the place of @ssl's present BIOs.  False: no
 * memory, and nothing has changed. */
bool tls_bio_attach(struct tls_bio *b, struct bio_method_st *method, int fd,
                    struct ssl_st *ssl);

#endif /* TLS_BIO_H */
