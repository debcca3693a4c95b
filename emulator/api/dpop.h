/* SPDX-License-Identifier: Apache-2.0 */
/* dpop.h - a proof of possession (RFC 9449): a small JWT signed with the
 * client's own key. */
#ifndef EMU_DPOP_H
#define EMU_DPOP_H

#include <stdint.h>

/* Verify @proof for a POST to @url at the time @now (seconds).  NULL, or what
 * is wrong with it (a static string). */
const char *dpop_verify(const char *proof, const char *url, int64_t now);

#endif /* EMU_DPOP_H */
