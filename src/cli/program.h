/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - what a subcommand runs in: the loop, the library's context, the
 * signals, the log.
 *
 * A subcommand checks its arguments, calls program_start(), begins its work
 * and calls program_run(), which returns the exit code when the work has
 * called program_finish() and everything is closed. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <signal.h>
#include <stdbool.h>
#include <uv.h>

#include <eice/eice.h>

#include "error.h"
#include "globals.h"

struct program;

/* A signal asks the program to end.  Once.  The receiver closes what it has
 * open, saying EICE_BYE_AWAY, and then calls program_finish(); it has a
 * second, after which the program ends all the same. */
typedef void (*program_stop_cb)(struct program *p, void *data);

/* Made by main(); the fields below "state" belong to program.c. */
struct program {
    const struct globals *globals;
    struct error_style style;
    const sigset_t *hold; /* What follows must not be cut short: at the end
                             leave the signals waiting (hold.h); until then
                             this is blocked.  NULL: nothing follows */
    /* state */
    uv_loop_t loop;
    struct eice *eice;
    char error_format[16]; /* What the profile says of it */
    uv_signal_t signals[3];
    unsigned n_signals;
    uv_timer_t deadline; /* After a signal: end all the same */
    program_stop_cb stop_cb;
    void *stop_data;
    int signal; /* That stopped us, or 0 */
    int exit_code;
    bool finishing;
};

/* The level of the log the user asked for. */
enum eice_log_level program_log_level(const struct globals *g);

/* A line of the program's own at @level, where the library's go. */
void program_log(struct program *p, enum eice_log_level level, unsigned id,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A warning about connection @id (0: none): the cause and what to do about
 * it. */
void program_warn(struct program *p, unsigned id,
                  const struct eice_error *error);

/* Where is looked for instances: "eu-central-1", with the profile behind it in
 * brackets if one is in use.  After program_start(). */
void program_place(const struct program *p, char *out, size_t size);

/* Make the loop and the context, and wait for signals.  Returns 0, or a code
 * with @error; then the subcommand returns error_print(). */
int program_start(struct program *p, program_stop_cb stop_cb, void *stop_data,
                  struct eice_error *error);

/* Everything the subcommand opened is closed: end with @exit_code, or with
 * that of the signal that came before. */
void program_finish(struct program *p, int exit_code);

/* Run until program_finish(); returns the exit code.  No signal is lost: one
 * that came too late to be acted on is in @p->signal and in the exit code. */
int program_run(struct program *p);

#endif /* PROGRAM_H */
