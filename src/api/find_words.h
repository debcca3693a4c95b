/* SPDX-License-Identifier: Apache-2.0 */
/* find_words.h - what a person may call an instance, and where to look. */
#ifndef FIND_WORDS_H
#define FIND_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* The filters of DescribeInstances to try for a word, best first. */
enum { FIND_TRIES = 3, FIND_VALUE_SIZE = 300 };

struct find_plan {
    const char *filters[FIND_TRIES]; /* Static */
    size_t n;
    char value[FIND_VALUE_SIZE]; /* The word as the filter wants it */
    bool is_id;                  /* It is an instance id */
};

/* Plan how to find @word: an instance id, an IPv4 or IPv6 address (also in
 * brackets), a DNS name, or a Name tag, which may hold EC2's wildcards * and
 * ?.  False when it can be none of these: empty, or too long. */
bool find_plan(struct find_plan *plan, const char *word);

/* @plan, which is for @word, is to take it for an instance id. */
void find_plan_id(struct find_plan *plan, const char *word);

#endif /* FIND_WORDS_H */
