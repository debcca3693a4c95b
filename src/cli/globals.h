/* SPDX-License-Identifier: Apache-2.0 */
/* globals.h - the options every subcommand has. */
#ifndef GLOBALS_H
#define GLOBALS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

struct err;

/* Their values. */
struct globals {
    bool debug;
    char *endpoint_url;
    bool no_verify_ssl;
    char *output;
    char *query;
    char *profile;
    char *region;
    bool version;
    bool no_sign_request;
    char *ca_bundle;
    int64_t read_timeout_s;    /* OPTION_UNSET: not given; 0: none */
    int64_t connect_timeout_s; /* The same */
    bool auto_prompt;
    bool no_auto_prompt;
    char *error_format;
    bool help;
    unsigned verbose;
    char *log;
    char *log_format;
    bool no_cache;
    char *ignored_string; /* Options accepted and without effect */
    char *ignored_choice[2];
    bool ignored_flag;
};

/* The table, in the AWS CLI's order and then ours. */
extern const struct option globals_options[];

/* Nothing given yet. */
void globals_init(struct globals *g);

/* The table over @g. */
struct option_set globals_set(struct globals *g);

/* Check what can be wrong with the values alone.  0, or a code with @e. */
int globals_check(const struct globals *g, struct err *e);

#endif /* GLOBALS_H */
