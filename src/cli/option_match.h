/* SPDX-License-Identifier: Apache-2.0 */
/* option_match.h - which option of a table an argument means, as argparse
 * sees it; for options.c. */
#ifndef OPTION_MATCH_H
#define OPTION_MATCH_H

#include <stdbool.h>

#include "options.h"

/* What "--name" or "--name=value" turned out to be. */
struct option_match {
    const struct option *option; /* NULL: none of the table */
    const char *value;           /* After '='; NULL when there is none */
};

/* Fill @m with the option of @list that @arg means: by its full name, or by
 * the beginning of a single one of the AWS CLI's, or else, if @ours_too, of a
 * single one of ours.  ERR_USAGE with @e (may be NULL): it could be
 * several. */
int option_match(const struct option *list, bool ours_too, const char *arg,
                 struct option_match *m, struct err *e);

/* The option with the letter @c, or NULL. */
const struct option *option_letter(const struct option *list, char c);

#endif /* OPTION_MATCH_H */
