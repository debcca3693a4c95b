/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_control.h - eice-emulator control: a command for the running one. */
#ifndef CMD_CONTROL_H
#define CMD_CONTROL_H

/* Run with the words after "control"; the exit code. */
int cmd_control(int argc, const char *const *argv);

#endif /* CMD_CONTROL_H */
