/* SPDX-License-Identifier: Apache-2.0 */
/* xfer_stage.h - how far a transfer came before it failed. */
#ifndef XFER_STAGE_H
#define XFER_STAGE_H

#include <stdbool.h>

#include <curl/curl.h>

struct xfer;

enum xfer_stage { STAGE_NAME, STAGE_TCP, STAGE_PROXY, STAGE_TLS, STAGE_ANSWER };

/* Where @x stood when it ended with @code. */
enum xfer_stage xfer_stage(const struct xfer *x, CURLcode code);

/* Whether @proxy (or NULL) is spoken to through TLS. */
bool xfer_is_tls_proxy(const char *proxy);

#endif /* XFER_STAGE_H */
