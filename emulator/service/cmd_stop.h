/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_stop.h - eice-emulator stop: end the one in the background. */
#ifndef CMD_STOP_H
#define CMD_STOP_H

#include <stdbool.h>

/* Run with the words after "stop"; the exit code. */
int cmd_stop(int argc, const char *const *argv);

/* The state directory a subcommand means: --state-dir DIR at @argv[0], taken
 * off, else $EICE_EMULATOR_STATE_DIR, else the default.  mem_free() it; NULL,
 * with a message printed, when there is none. */
char *cmd_state_dir(int *argc, const char *const **argv);

#endif /* CMD_STOP_H */
