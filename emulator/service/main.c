/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the program eice-emulator. */
#include <stdio.h>

#include "buf.h"
#include "serve.h"
#include "serve_options.h"
#include "subcommand.h"

enum { MESSAGE_LIMIT = 4096 };

/* Do what the options say. */
static int run(const struct serve_options *o)
{
    if (o->help) {
        fputs(serve_options_help(), stdout);
        return fflush(stdout) == 0 ? 0 : 255;
    }
    if (o->version) {
        puts("eice-emulator " EICE_VERSION);
        return fflush(stdout) == 0 ? 0 : 255;
    }
    return o->ready == SERVE_ENV ? serve_in_background(o) : serve(o);
}

int main(int argc, char **argv)
{
    const struct subcommand *sub = argc > 1 ? subcommand_find(argv[1]) : NULL;
    struct serve_options options;
    struct buf message;
    int rv;

    if (sub != NULL) {
        return sub->run(argc - 2, (const char *const *)argv + 2);
    }
    buf_init(&message, MESSAGE_LIMIT);
    rv = serve_options_read(&options, argc, argv, &message);
    if (rv != 0) {
        fprintf(stderr, "eice-emulator: %s", buf_str(&message));
    } else {
        rv = run(&options);
    }
    serve_options_free(&options);
    buf_free(&message);
    return rv;
}
