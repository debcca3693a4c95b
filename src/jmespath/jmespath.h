/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath.h - JMESPath (jmespath.org): a question to a JSON value; pure.
 *
 * The whole language, with the library the AWS CLI uses, jmespath.py 1.0, as
 * the measure: the same results and the same words about mistakes. */
#ifndef JMESPATH_H
#define JMESPATH_H

#include <jansson.h>

struct buf;
struct jmespath;

enum {
    JMESPATH_MAX_DEPTH = 200,    /* Of an expression */
    JMESPATH_MAX_STEPS = 4000000 /* Of one search, before it is given up */
};

/* Read @text.  0 and an expression that goes to jmespath_free(), or ERR_PARSE
 * or UV_ENOMEM with what is wrong in @why, several lines perhaps. */
int jmespath_compile(struct jmespath **q, const char *text, struct buf *why);

/* Ask @value.  0 and a new reference, which may share parts with @value; or
 * ERR_PARSE (a function and a value do not fit), ERR_TOO_BIG or UV_ENOMEM with
 * what is wrong in @why. */
int jmespath_search(const struct jmespath *q, json_t *value, json_t **result,
                    struct buf *why);

/* Free an expression; NULL is fine. */
void jmespath_free(struct jmespath *q);

#endif /* JMESPATH_H */
