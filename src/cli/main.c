/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the program: prepares the process, reads the command line, hands
 * over to a subcommand. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <eice/eice.h>
#include <jansson.h>
#include <openssl/crypto.h>

#include "argv.h"
#include "buf.h"
#include "command_line.h"
#include "commands.h"
#include "err.h"
#include "error.h"
#include "globals.h"
#include "help.h"
#include "mem.h"
#include "mssh.h"
#include "program.h"
#include "say.h"
#include "wipe_alloc.h"

/* Descriptors 0 to 2 are open, so that nothing of ours becomes one of them. */
static void descriptors_prepare(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO) {
        close(fd);
    }
}

/* No secret of ours reaches a core file, or another process of the user.  The
 * limit alone does not bind a handler that cores are piped to; core(5). */
static void core_disable(void)
{
    static const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
    /* The leak sanitizer has to look into its own process. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static void *crypto_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return wipe_malloc(size);
}

static void *crypto_realloc(void *p, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return wipe_realloc(p, size);
}

static void crypto_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    wipe_dealloc(p);
}

/* Secrets pass through the buffers of libraries, which do not overwrite them.
 * Theirs to do before they allocate anything; the net does it for libcurl. */
static void memory_prepare(void)
{
    (void)CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free);
    json_set_alloc_funcs(wipe_malloc, wipe_dealloc);
}

/* How errors are to be shown, as far as the command line is known. */
static struct error_style style_of(const struct globals *g)
{
    const char *format = g->error_format;

    if (format == NULL) {
        format = getenv("AWS_CLI_ERROR_FORMAT");
    }
    return (struct error_style){
        .format = format,
        .json_log = g->log_format != NULL && strcmp(g->log_format, "json") == 0,
    };
}

/* Show an error of the command line. */
static int fail(const struct globals *g, const struct err *e)
{
    struct error_style style = style_of(g);
    struct eice_error error;

    error_from(&error, e);
    return error_print(&style, &error);
}

/* Read the command's own options and run it. */
static int command_run(const struct command *c, struct globals *g,
                       struct option_args *rest)
{
    struct program p = {.globals = g, .style = style_of(g)};
    struct option_set set = {c->options, NULL};
    struct err e = {0};
    int rv;

    set.values = mem_zalloc(c->args_size);
    if (set.values == NULL) {
        err_set_uv(&e, UV_ENOMEM, c->name);
        return fail(g, &e);
    }
    if (c->init != NULL) {
        c->init(set.values);
    }
    rv = command_line_finish(c, &set, g, rest, &e);
    p.style = style_of(g);
    if (rv != 0) {
        rv = fail(g, &e);
    } else if (g->help) {
        help_print(STDOUT_FILENO, c);
    } else if (g->version) {
        help_version(STDOUT_FILENO);
    } else {
        rv = c->run(&p, set.values, rest->list, rest->n);
    }
    options_free(&set);
    mem_free(set.values);
    return rv;
}

/* Read the command line up to the command. */
static int program_main(struct globals *g, struct option_args *args)
{
    struct command_line line;
    struct err e = {0};
    int rv;

    rv = command_line_begin(&line, g, args, &e);
    if (rv != 0) {
        return fail(g, &e);
    }
    switch (line.what) {
    case COMMAND_LINE_VERSION:
        help_version(STDOUT_FILENO);
        return 0;
    case COMMAND_LINE_HELP:
        help_print(STDOUT_FILENO, line.command);
        return 0;
    case COMMAND_LINE_MANUAL:
        help_manual(line.command);
        return 0;
    case COMMAND_LINE_DUMP:
        help_dump(STDOUT_FILENO);
        return 0;
    case COMMAND_LINE_RUN:
        break;
    }
    return command_run(line.command, g, args);
}

/* We are called as mssh or msftp: put our own words into @args, which live as
 * long as @translated.  0, or the exit code mssh would have. */
static int mssh_take(struct option_args *args, struct argv *translated,
                     const char *program)
{
    const char **list;
    struct err e;

    if (mssh_translate(translated, program, args->list, args->n, &e) != 0) {
        say(STDERR_FILENO, "%s", mssh_usage(program));
        say(STDERR_FILENO, "%s", e.msg);
        return EXIT_FAILURE;
    }
    list = mem_zalloc((translated->n + 2) * sizeof *list);
    if (list == NULL) {
        return EXIT_FAILURE;
    }
    memcpy(list, translated->list, translated->n * sizeof *list);
    mem_free(args->list);
    args->list = list;
    args->n = translated->n;
    return 0;
}

int main(int argc, char **argv)
{
    struct option_args args = {0};
    struct argv translated = {0};
    struct globals globals;
    struct option_set set;
    struct err e;
    int rv;
    int i;

    descriptors_prepare();
    core_disable();
    memory_prepare();
    signal(SIGPIPE, SIG_IGN);

    globals_init(&globals);
    set = globals_set(&globals);
    args.list = mem_zalloc(((size_t)argc + 1) * sizeof *args.list);
    if (args.list == NULL) {
        err_set_uv(&e, UV_ENOMEM, "the command line");
        return fail(&globals, &e);
    }
    for (i = 1; i < argc; i++) {
        args.list[args.n++] = argv[i];
    }
    if (argc > 0 && mssh_is(argv[0])) {
        rv = mssh_take(&args, &translated, argv[0]);
        if (rv != 0) {
            goto done;
        }
    }
    command_line_divide(&args);
    rv = program_main(&globals, &args);

done:
    options_free(&set);
    mem_free(args.list);
    argv_free(&translated);
    return rv;
}
