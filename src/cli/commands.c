/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c - the table of subcommands. */
#include "commands.h"

#include <string.h>

extern const struct command command_cache;
extern const struct command command_get_password_data;
extern const struct command command_host_key;
extern const struct command command_list;
extern const struct command command_open_tunnel;
extern const struct command command_rdp;
extern const struct command command_rsync;
extern const struct command command_scp;
extern const struct command command_send_ssh_public_key;
extern const struct command command_sftp;
extern const struct command command_ssh;
extern const struct command command_ssh_config;
extern const struct command command_whoami;

const struct command *const commands[] = {
    &command_ssh,
    &command_scp,
    &command_sftp,
    &command_rsync,
    &command_rdp,
    &command_open_tunnel,
    &command_send_ssh_public_key,
    &command_list,
    &command_ssh_config,
    &command_whoami,
    &command_get_password_data,
    &command_cache,
};
const size_t n_commands = sizeof commands / sizeof commands[0];

const struct command *command_find(const char *name)
{
    size_t i;

    for (i = 0; i < n_commands; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return strcmp(name, command_host_key.name) == 0 ? &command_host_key : NULL;
}

enum { NAME_MAX_LEN = 32, LIKE = 2 };

/* How many letters must change to make @b of @a; names are short. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LEN + 1];
    size_t n = strlen(b);
    size_t left_up;
    size_t i;
    size_t j;

    if (strlen(a) > NAME_MAX_LEN || n > NAME_MAX_LEN) {
        return NAME_MAX_LEN;
    }
    for (j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (i = 1; a[i - 1] != '\0'; i++) {
        left_up = row[0];
        row[0] = i;
        for (j = 1; j <= n; j++) {
            size_t up = row[j];
            size_t best = left_up + (a[i - 1] != b[j - 1]);

            best = up + 1 < best ? up + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            row[j] = best;
            left_up = up;
        }
    }
    return row[n];
}

const struct command *command_like(const char *name)
{
    const struct command *found = NULL;
    size_t best = LIKE + 1;
    size_t d;
    size_t i;

    for (i = 0; i < n_commands; i++) {
        d = distance(name, commands[i]->name);
        if (d < best) {
            best = d;
            found = commands[i];
        }
    }
    return found;
}
