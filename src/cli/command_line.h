/* SPDX-License-Identifier: Apache-2.0 */
/* command_line.h - from words to a command and its options, in the order in
 * which the AWS CLI looks at them. */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include "options.h"

struct command;
struct err;
struct globals;

enum command_line_what {
    COMMAND_LINE_RUN,     /* Run command */
    COMMAND_LINE_HELP,    /* Print the short help of command, or ours if NULL */
    COMMAND_LINE_MANUAL,  /* Show the manual of command, or ours if NULL */
    COMMAND_LINE_VERSION, /* Print the versions */
    COMMAND_LINE_DUMP     /* Print the tables */
};

/* What the user wants. */
struct command_line {
    enum command_line_what what;
    const struct command *command; /* NULL: none */
};

/* Read the global options and find the command.  @args keeps what belongs to
 * the command.  0, or a code with @e. */
int command_line_begin(struct command_line *line, struct globals *g,
                       struct option_args *args, struct err *e);

/* Where the words of a program we stand before begin ("ssh web -v"), put "--"
 * before those that are its own, after ours.  @args has room for one more. */
void command_line_divide(struct option_args *args);

/* Read the options of @command into @set, and those of ours that are left for
 * @g; check that nothing else is left unless the command wants it.  0, or a
 * code with @e. */
int command_line_finish(const struct command *command,
                        const struct option_set *set, struct globals *g,
                        struct option_args *args, struct err *e);

#endif /* COMMAND_LINE_H */
