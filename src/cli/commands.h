/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - the subcommands: one file and one row each. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

struct client;
struct program;

/* One subcommand; const. */
struct command {
    const char *name;    /* "open-tunnel" */
    const char *summary; /* One line for the list of commands */
    const char *synopsis;
    const char *description;      /* For its help; lines of their own */
    const char *examples;         /* The same, or NULL */
    const struct option *options; /* Ends with a row without a name */
    size_t args_size; /* Of the struct the offsets of options count from */
    bool is_aws;      /* The AWS CLI has it, under ec2-instance-connect */
    bool is_ec2;      /* It has it under ec2 */
    bool takes_words; /* Plain words after the options; else they are errors */
    const struct client *client; /* It stands before this program, whose words
                                    are its own; or NULL */

    /* Fill @args (zeroed) with what is not given; NULL if zero is right. */
    void (*init)(void *args);

    /* Do it; returns the exit code.  @words are those of the command line that
     * are neither options nor their values. */
    int (*run)(struct program *p, void *args, const char *const *words,
               size_t n_words);
};

/* All of them, in the order of the help. */
extern const struct command *const commands[];
extern const size_t n_commands;

/* The command @name, or NULL. */
const struct command *command_find(const char *name);

/* The command whose name is most like @name, or NULL if none is. */
const struct command *command_like(const char *name);

#endif /* COMMANDS_H */
