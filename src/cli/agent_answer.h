/* SPDX-License-Identifier: Apache-2.0 */
/* agent_answer.h - what an ssh-agent that holds one key answers.  Pure. */
#ifndef AGENT_ANSWER_H
#define AGENT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct ssh_key;

enum { AGENT_REQUEST_MAX = 256 << 10 };

/* If @data begins with a whole request, append the answer to @out and return
 * the request's length.  0: it is not whole yet.  More than
 * AGENT_REQUEST_MAX: it never will be. */
size_t agent_answer(struct buf *out, const struct ssh_key *key,
                    const void *data, size_t len);

/* What an answer was: the key's name, a signature. */
bool agent_answer_lists(const void *answer, size_t len);
bool agent_answer_signs(const void *answer, size_t len);

#endif /* AGENT_ANSWER_H */
