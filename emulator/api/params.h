/* SPDX-License-Identifier: Apache-2.0 */
/* params.h - the name=value pairs of a query or a form body.
 *
 * Names and values are decoded.  What a client may send is bounded, and a
 * malformed pair refuses the whole. */
#ifndef EMU_PARAMS_H
#define EMU_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum { PARAMS_MAX = 1024, PARAMS_MAX_BYTES = 1024 * 1024 };

struct param {
    const char *name;
    const char *value;
    bool used; /* Some handler has asked for it */
};

struct params {
    struct param *v; /* In the order sent */
    size_t n;
    struct buf text; /* What the strings point into */
};

/* Take apart @len bytes of "a=b&c=d".  With @form '+' is a space.  0, or
 * ERR_PARSE (a bad %, a NUL, no UTF-8), ERR_TOO_BIG or UV_ENOMEM. params_free()
 * is fine either way. */
int params_parse(struct params *p, const char *text, size_t len, bool form);

void params_free(struct params *p);

/* The first value of @name, or NULL; marks it as used. */
const char *params_get(struct params *p, const char *name);

/* Whether @name occurs more than once. */
bool params_twice(const struct params *p, const char *name);

/* The values of "PREFIX.1", "PREFIX.2", ... in order of their number, up to
 * @max of them; returns how many there are, @max + 1 when more.  Numbers need
 * not be without gaps. */
size_t params_list(struct params *p, const char *prefix, const char **out,
                   size_t max);

/* The value of "PREFIX.N.MEMBER", or NULL. */
const char *params_at(struct params *p, const char *prefix, unsigned n,
                      const char *member);

/* The highest N of any "PREFIX.N..." that is there; 0 when none.  Numbers
 * above 1000 do not count. */
unsigned params_count(const struct params *p, const char *prefix);

#endif /* EMU_PARAMS_H */
