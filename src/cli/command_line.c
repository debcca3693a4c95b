/* SPDX-License-Identifier: Apache-2.0 */
/* command_line.c - from words to a command and its options.
 *
 * The AWS CLI parses in steps, each taking what it knows from what the step
 * before left: the global options anywhere, the command, its options.  The
 * same steps here give the same answer to every shortened option name. */
#include "command_line.h"

#include <string.h>

#include "buf.h"
#include "client_line.h"
#include "commands.h"
#include "err.h"
#include "globals.h"
#include "likeness.h"
#include "mem.h"

enum { MESSAGE_LIMIT = 900 };

static const char aws_service[] = "ec2-instance-connect";
static const char ec2_service[] = "ec2";

/* Remove the first plain word from @args and return it; NULL if none. */
static const char *word_take(struct option_args *args)
{
    const char *word;
    size_t i;

    for (i = 0; i < args->n && strcmp(args->list[i], "--") != 0; i++) {
        if (!option_is_word(args->list[i])) {
            continue;
        }
        word = args->list[i];
        args->n--;
        memmove(&args->list[i], &args->list[i + 1],
                (args->n - i) * sizeof *args->list);
        return word;
    }
    return NULL;
}

/* Say that @word is no command. */
static int unknown_command(const char *word, bool aws, struct err *e)
{
    const struct command *like = command_like(word);

    err_set(e, ERR_USAGE, "argument %s: Found invalid choice '%s'",
            aws ? "operation" : "command", word);
    if (like == NULL) {
        err_hint(e, "'eice help' lists the commands");
    } else if (strcmp(like->name, word) == 0) {
        err_hint(e, "it is: eice %s", word); /* Another service's, or ours */
    } else {
        err_hint(e, "maybe you meant: %s", like->name);
    }
    return ERR_USAGE;
}

/* Guess which option was meant, of @command (if there is one) or of ours. */
static void hint_option(const struct command *command,
                        const struct option_args *args, struct err *e)
{
    const struct option *like = NULL, *ours;
    size_t best = LIKENESS_LIMIT;

    if (args->n > 0) {
        if (command != NULL) {
            like = option_like(command->options, args->list[0], &best);
        }
        ours = option_like(globals_options, args->list[0], &best);
        like = ours != NULL ? ours : like;
    }
    if (like != NULL) {
        err_hint(e, "maybe you meant: --%s", like->name);
    } else if (command != NULL) {
        err_hint(e, "'eice %s --help' lists the options", command->name);
    } else {
        err_hint(e, "'eice help' lists the commands");
    }
}

/* Find the command that @word, and perhaps the next one, names. */
static int command_take(const struct command **out, const char *word,
                        struct option_args *args, struct err *e)
{
    bool connect = strcmp(word, aws_service) == 0;
    bool ec2 = strcmp(word, ec2_service) == 0;
    bool aws = connect || ec2;

    if (aws) {
        word = word_take(args);
        if (word == NULL) {
            err_set(e, ERR_USAGE,
                    "the following arguments are required: operation");
            err_hint(e, "'eice help' lists the commands");
            return ERR_USAGE;
        }
        if (strcmp(word, "help") == 0) {
            return 0;
        }
    }
    *out = command_find(word);
    if (*out == NULL || (connect && !(*out)->is_aws) ||
        (ec2 && !(*out)->is_ec2)) {
        return unknown_command(word, aws, e);
    }
    return 0;
}

/* "eice help [COMMAND]". */
static int help_take(struct command_line *line, struct option_args *args,
                     struct err *e)
{
    const char *word = word_take(args);

    line->what = COMMAND_LINE_MANUAL;
    return word == NULL ? 0 : command_take(&line->command, word, args, e);
}

int command_line_begin(struct command_line *line, struct globals *g,
                       struct option_args *args, struct err *e)
{
    struct option_set set = globals_set(g);
    const char *word;
    int rv;

    *line = (struct command_line){.what = COMMAND_LINE_RUN};
    rv = options_parse(&set, args, false, e);
    if (rv != 0) {
        return rv;
    }
    if (g->version) {
        line->what = COMMAND_LINE_VERSION;
        return 0;
    }
    word = word_take(args);
    if (word == NULL) {
        if (g->help) {
            line->what = COMMAND_LINE_HELP;
            return 0;
        }
        err_set(e, ERR_USAGE, "the following arguments are required: command");
        hint_option(NULL, args, e);
        return ERR_USAGE;
    }
    if (strcmp(word, "__options") == 0) {
        line->what = COMMAND_LINE_DUMP;
        return 0;
    }
    if (strcmp(word, "help") == 0) {
        return help_take(line, args, e);
    }
    rv = command_take(&line->command, word, args, e);
    if (rv != 0) {
        /* "--regoin x list": the word was meant as an option's value. */
        if (command_like(word) == NULL && args->n > 0 &&
            !option_is_word(args->list[0])) {
            hint_option(NULL, args, e);
        }
        return rv;
    }
    if (g->help) {
        line->what = COMMAND_LINE_HELP;
    } else if (line->command == NULL ||
               (args->n == 1 && strcmp(args->list[0], "help") == 0)) {
        line->what = COMMAND_LINE_MANUAL;
    }
    return 0;
}

/* The position of the command in @args, which may follow options of ours, and
 * "ec2-instance-connect"; their number when there is none. */
static size_t command_at(const struct option_args *args)
{
    const struct option *o;
    size_t i;

    for (i = 0; i < args->n && strcmp(args->list[i], "--") != 0; i++) {
        if (strncmp(args->list[i], "--", 2) == 0) {
            o = option_find(globals_options, args->list[i]);
            i += o != NULL && option_takes_value(o) &&
                 strchr(args->list[i], '=') == NULL;
        } else if (args->list[i][0] != '-' &&
                   strcmp(args->list[i], aws_service) != 0) {
            return i;
        }
    }
    return args->n;
}

void command_line_divide(struct option_args *args)
{
    size_t at = command_at(args);
    const struct command *c;
    const char **divided;
    size_t n;

    c = at < args->n ? command_find(args->list[at]) : NULL;
    if (c == NULL || c->client == NULL) {
        return;
    }
    at++;
    if (args->n == at + 1 && strcmp(args->list[at], "help") == 0) {
        return;
    }
    divided = mem_zalloc((args->n - at + 1) * sizeof *divided);
    if (divided == NULL) {
        return; /* The next allocation says so. */
    }
    n = client_split(c->client, c->options, globals_options, args->list + at,
                     args->n - at, divided);
    memcpy(args->list + at, divided, n * sizeof *divided);
    args->n = at + n;
    mem_free(divided);
}

/* Name what is left over. */
static int unknown_options(const struct command *command,
                           const struct option_args *args, struct err *e)
{
    struct buf text;
    size_t i;

    buf_init(&text, MESSAGE_LIMIT);
    for (i = 0; i < args->n; i++) {
        buf_addf(&text, "%s%s", i > 0 ? "," : "", args->list[i]);
    }
    err_set(e, ERR_USAGE, "Unknown options: %s", buf_str(&text));
    hint_option(command, args, e);
    buf_free(&text);
    return ERR_USAGE;
}

/* Drop the "--" at position @i, if one is there. */
static bool dashes_drop(struct option_args *args, size_t i)
{
    if (i >= args->n || strcmp(args->list[i], "--") != 0) {
        return false;
    }
    args->n--;
    memmove(&args->list[i], &args->list[i + 1],
            (args->n - i) * sizeof *args->list);
    return true;
}

/* What is left is words, as far as it stands before "--". */
static int words_check(const struct command *command, struct option_args *args,
                       struct err *e)
{
    struct option_args wrong;
    size_t i;

    for (i = 0; i < args->n && !dashes_drop(args, i); i++) {
        if (!option_is_word(args->list[i])) {
            wrong = (struct option_args){&args->list[i], 1};
            return unknown_options(command, &wrong, e);
        }
    }
    return 0;
}

int command_line_finish(const struct command *command,
                        const struct option_set *set, struct globals *g,
                        struct option_args *args, struct err *e)
{
    struct option_set globals = globals_set(g);
    int rv;

    rv = options_parse(set, args, true, e);
    if (rv == 0) {
        rv = options_parse(&globals, args, true, e);
    }
    if (rv == 0) {
        rv = globals_check(g, e);
    }
    if (rv != 0) {
        return rv;
    }
    if (!command->takes_words && command->client == NULL) {
        dashes_drop(args, 0);
        return args->n > 0 ? unknown_options(command, args, e) : 0;
    }
    return words_check(command, args, e);
}
