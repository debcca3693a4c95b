/* SPDX-License-Identifier: Apache-2.0 */
/* subcommand.h - words after eice-emulator that do something else than serve.
 */
#ifndef EMU_SUBCOMMAND_H
#define EMU_SUBCOMMAND_H

struct subcommand {
    const char *name;
    const char *about; /* One line for --help */

    /* Run with the words after the name, print, return the exit code. */
    int (*run)(int argc, const char *const *argv);
};

/* All of them; the last has no name. */
extern const struct subcommand subcommands[];

/* The one called @name, or NULL. */
const struct subcommand *subcommand_find(const char *name);

#endif /* EMU_SUBCOMMAND_H */
