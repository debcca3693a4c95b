/* SPDX-License-Identifier: Apache-2.0 */
/* help.h - the texts that are not errors: help, usage, versions. */
#ifndef HELP_H
#define HELP_H

struct command;

/* Print the help of @command (NULL: of the program) to @fd. */
void help_print(int fd, const struct command *command);

/* Show the manual page of @command with man(1) if stdout is a terminal and the
 * page is installed; else help_print(). */
void help_manual(const struct command *command);

/* Print the versions of eice and its libraries. */
void help_version(int fd);

/* Print every option of every command, a line each with tabs between: command
 * (or "-"), name, letter, value, words, flags, help.  For the completions and
 * the tests of the manual. */
void help_dump(int fd);

#endif /* HELP_H */
