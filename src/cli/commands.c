/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c - the table of subcommands. */
#include "commands.h"

#include <string.h>

#include "likeness.h"

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

const struct command *command_like(const char *name)
{
    const struct command *found = NULL;
    size_t best = LIKENESS_LIMIT;
    size_t i;

    for (i = 0; i < n_commands; i++) {
        if (likeness_better(name, strlen(name), commands[i]->name, &best)) {
            found = commands[i];
        }
    }
    return found;
}
