/* SPDX-License-Identifier: Apache-2.0 */
/* host_key.c - eice __host-key: ssh's KnownHostsCommand.  It tells ssh nothing,
 * and the person both fingerprints when the key is not the known one; ssh
 * itself refuses it then. */
#include <stdio.h>
#include <string.h>

#include <eice/eice.h>

#include "buf.h"
#include "commands.h"
#include "err.h"
#include "error.h"
#include "host_keys.h"
#include "program.h"

enum { TEXT_LIMIT = 32 << 20, WORDS = 3 };

static const struct option options[] = {
    {.name = NULL},
};

static int run(struct program *p, void *args, const char *const *words,
               size_t n_words)
{
    struct eice_error error;
    struct buf known;
    struct buf text;

    (void)args;
    if (n_words != WORDS || strcmp(words[2], "NONE") == 0) {
        return 0; /* ssh only wants to know which kinds of keys to prefer. */
    }
    buf_init(&known, TEXT_LIMIT);
    buf_init(&text, TEXT_LIMIT);
    if (host_keys_load(&known, NULL) == 0) {
        host_keys_mismatch(&text, buf_str(&known), words[0], words[1],
                           words[2]);
    }
    if (text.len > 0) {
        error_set(&error, ERR_CERTIFICATE, "%s", buf_str(&text));
        snprintf(error.hint, sizeof error.hint,
                 "somebody may be in between; if the instance was set up anew: "
                 "ssh-keygen -R %s -f ~/.ssh/eice_known_hosts",
                 words[0]);
        error_print(&p->style, &error);
    }
    buf_free(&known);
    buf_free(&text);
    return 0;
}

const struct command command_host_key = {
    .name = "__host-key",
    .summary = "For ssh only",
    .synopsis = "eice __host-key NAME TYPE KEY",
    .description = "",
    .options = options,
    .args_size = 1,
    .takes_words = true,
    .run = run,
};
