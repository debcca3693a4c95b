/* SPDX-License-Identifier: Apache-2.0 */
/* totp.h - the six digits of an authenticator app (RFC 6238). */
#ifndef EMU_TOTP_H
#define EMU_TOTP_H

#include <stdbool.h>
#include <stdint.h>

enum { TOTP_SIZE = 7 };

/* The code of the base32 @seed at a time: SHA-1, steps of 30 s.  False when
 * the seed is not base32. */
bool totp_code(const char *seed, int64_t seconds, char out[static TOTP_SIZE]);

/* Whether @code is right at that time, one step early or late. */
bool totp_check(const char *seed, int64_t seconds, const char *code);

#endif /* EMU_TOTP_H */
