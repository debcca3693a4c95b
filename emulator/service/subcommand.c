/* SPDX-License-Identifier: Apache-2.0 */
/* subcommand.c - the table of subcommands, and their way to stdout. */
#include "subcommand.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "cmd_control.h"
#include "cmd_stop.h"
#include "policy_check.h"

enum { OUTPUT_LIMIT = 4 << 20 };

static int run_policy_check(int argc, const char *const *argv)
{
    struct buf out;
    struct buf err;
    int code;

    buf_init(&out, OUTPUT_LIMIT);
    buf_init(&err, OUTPUT_LIMIT);
    code = policy_check(argc, argv, (int64_t)time(NULL), &out, &err);
    fputs(buf_str(&err), stderr);
    fputs(buf_str(&out), stdout);
    if (buf_error(&out) != 0 || fflush(stdout) != 0) {
        fputs("eice-emulator: the answer cannot be written\n", stderr);
        code = 255;
    }
    buf_free(&out);
    buf_free(&err);
    return code;
}

const struct subcommand subcommands[] = {
    {"control", "change or inspect the running emulator", cmd_control},
    {"policy-check", "say whether policies allow a request, and why",
     run_policy_check},
    {"stop", "end the running emulator", cmd_stop},
    {NULL, NULL, NULL},
};

const struct subcommand *subcommand_find(const char *name)
{
    const struct subcommand *s;

    for (s = subcommands; s->name != NULL; s++) {
        if (strcmp(s->name, name) == 0) {
            return s;
        }
    }
    return NULL;
}
