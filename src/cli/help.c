/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - the texts that are not errors: help, usage, versions. */
#include "help.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <eice/eice.h>

#include "buf.h"
#include "commands.h"
#include "globals.h"
#include "say.h"

enum {
    TEXT_LIMIT = 64000,
    HELP_COLUMN = 30, /* Where explanations begin */
    HELP_WIDTH = 79
};

/* Append @text from @column on, broken at spaces, continued below itself. */
static void add_wrapped(struct buf *out, const char *text, size_t column)
{
    size_t at = column;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (at > column && at + 1 + len > HELP_WIDTH) {
            buf_addf(out, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            buf_addc(out, ' ');
            at++;
        }
        buf_add(out, text, len);
        at += len;
        text += len;
        text += strspn(text, " ");
    }
    buf_addc(out, '\n');
}

/* Append one option and what it does. */
static void add_option(struct buf *out, const struct option *o)
{
    size_t begin = out->len;
    size_t width;

    if (o->letter != 0) {
        buf_addf(out, "  -%c, ", o->letter);
    } else {
        buf_adds(out, "  ");
    }
    buf_addf(out, "--%s", o->name);
    if (o->value != NULL) {
        buf_addf(out, " %s", o->value);
    }
    width = out->len - begin;
    if (width + 2 > HELP_COLUMN) {
        buf_addf(out, "\n%*s", HELP_COLUMN, "");
    } else {
        buf_addf(out, "%*s", (int)(HELP_COLUMN - width), "");
    }
    add_wrapped(out, o->help, HELP_COLUMN);
}

/* Append a table, without what is only accepted. */
static void add_options(struct buf *out, const char *title,
                        const struct option *list)
{
    size_t i;

    buf_addf(out, "\n%s:\n", title);
    for (i = 0; list[i].name != NULL; i++) {
        if (!(list[i].flags & OPTION_IGNORED)) {
            add_option(out, &list[i]);
        }
    }
}

/* The program's own help. */
static void add_program(struct buf *out)
{
    size_t i;

    buf_adds(out,
             "Usage: eice [options] COMMAND [options]\n"
             "\n"
             "Reach EC2 instances without a public address through an EC2 "
             "Instance Connect\n"
             "Endpoint. Configuration, profiles and credentials are the AWS "
             "CLI's.\n"
             "\n"
             "Commands:\n");
    for (i = 0; i < n_commands; i++) {
        buf_addf(out, "  %-*s", HELP_COLUMN - 2, commands[i]->name);
        add_wrapped(out, commands[i]->summary, HELP_COLUMN);
    }
    buf_addf(out, "  %-*sHelp for a command\n", HELP_COLUMN - 2,
             "help COMMAND");
    add_options(out, "Options of every command", globals_options);
    buf_adds(out,
             "\n"
             "Names may be shortened as long as they stay clear. The AWS CLI's "
             "form works too:\n"
             "eice ec2-instance-connect open-tunnel ...\n"
             "\n"
             "Exit codes: 0 done, 130 interrupted, 252 usage, 253 "
             "configuration, 254 the\n"
             "service said no, 255 anything else.\n");
}

/* The help of one command. */
static void add_command(struct buf *out, const struct command *c)
{
    buf_addf(out, "Usage: %s\n\n%s", c->synopsis, c->description);
    add_options(out, "Options", c->options);
    add_options(out, "Options of every command", globals_options);
    if (c->examples != NULL) {
        buf_addf(out, "\nExamples:\n%s", c->examples);
    }
}

void help_print(int fd, const struct command *command)
{
    struct buf out;

    buf_init(&out, TEXT_LIMIT);
    if (command == NULL) {
        add_program(&out);
    } else {
        add_command(&out, command);
    }
    say_text(fd, buf_str(&out));
    buf_free(&out);
}

void help_manual(const struct command *command)
{
    char page[256];

    snprintf(page, sizeof page, "%s/man1/eice%s%s.1", EICE_MANDIR,
             command != NULL ? "-" : "", command != NULL ? command->name : "");
    if (isatty(STDOUT_FILENO) == 1 && access(page, R_OK) == 0) {
        execlp("man", "man", page, (char *)NULL);
    }
    help_print(STDOUT_FILENO, command);
}

void help_version(int fd)
{
    char libraries[512];
    struct utsname os = {0};

    eice_library_versions(libraries, sizeof libraries);
    uname(&os);
    say(fd, "eice/%s %s %s/%s %s", eice_version(), libraries, os.sysname,
        os.release, os.machine);
}

/* Append the rows of one table. */
static void dump_options(struct buf *out, const char *command,
                         const struct option *list)
{
    size_t i;
    size_t w;

    for (i = 0; list[i].name != NULL; i++) {
        const struct option *o = &list[i];

        buf_addf(out, "%s\t%s\t%c\t%s\t", command, o->name,
                 o->letter != 0 ? o->letter : '-',
                 o->value != NULL ? o->value : "-");
        for (w = 0; o->words != NULL && o->words[w] != NULL; w++) {
            buf_addf(out, "%s%s", w > 0 ? "," : "", o->words[w]);
        }
        buf_addf(out, "%s\t%s\t%s\n", o->words == NULL ? "-" : "",
                 o->flags & OPTION_IGNORED ? "ignored"
                 : o->flags & OPTION_OURS  ? "ours"
                                           : "aws",
                 o->help);
    }
}

void help_dump(int fd)
{
    struct buf out;
    size_t i;

    buf_init(&out, TEXT_LIMIT);
    for (i = 0; i < n_commands; i++) {
        buf_addf(&out, "%s\t\t\t\t\t%s\t%s\n", commands[i]->name,
                 commands[i]->is_aws || commands[i]->is_ec2 ? "aws" : "ours",
                 commands[i]->summary);
        dump_options(&out, commands[i]->name, commands[i]->options);
    }
    dump_options(&out, "-", globals_options);
    say_text(fd, buf_str(&out));
    buf_free(&out);
}
