/* SPDX-License-Identifier: Apache-2.0 */
/* result.h - what the files of this module share; not for other modules. */
#ifndef SIGV4_RESULT_H
#define SIGV4_RESULT_H

#include "sigv4.h"

/* Empty @r for a new signature and refuse a key that cannot be sent. */
int sigv4_begin(struct sigv4_result *r, const struct sigv4_key *key,
                const struct sigv4_scope *scope, struct err *e);

/* Run all stages for @req into @r. */
int sigv4_run(struct sigv4_result *r, const struct sigv4_key *key,
              const struct sigv4_scope *scope, const struct sigv4_request *req);

/* Put words to a failure of the stages and clear @r. */
int sigv4_failed(struct sigv4_result *r, int code, struct err *e);

/* Whether the key is a temporary one. */
bool sigv4_has_token(const struct sigv4_key *key);

/* Append @text with its ASCII letters in lower case. */
void sigv4_add_lower(struct buf *out, const char *text);

#endif /* SIGV4_RESULT_H */
