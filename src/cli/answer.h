/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - an answer on stdout, by --query and --output. */
#ifndef ANSWER_H
#define ANSWER_H

#include <jansson.h>
#include <stdbool.h>

struct err;
struct globals;
struct program;

/* --query is JMESPath: 0, or ERR_USAGE with @e in the AWS CLI's words, of
 * several lines. */
int answer_check_query(const char *query, struct err *e);

/* The user wants it for programs: with --output or --query. */
bool answer_wanted(const struct globals *g);

/* Print what --query leaves of @value, which may be NULL for lack of memory, as
 * --output says; if it says nothing as @format, or for NULL as the profile
 * says.  @title is the operation's name, for tables.  0, or the exit code of
 * what went wrong, which is on stderr. */
int answer_print(struct program *p, const char *format, const char *title,
                 json_t *value);

#endif /* ANSWER_H */
