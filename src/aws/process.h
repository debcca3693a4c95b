/* SPDX-License-Identifier: Apache-2.0 */
/* process.h - running a program for what it prints, without trusting it: its
 * output and its time are bounded, and it is killed when nobody wants it any
 * more. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>
#include <stdint.h>

struct process;
struct provider_ctx;

enum { PROCESS_OUT_MAX = 64 * 1024, PROCESS_ERR_MAX = 4096 };

/* How it ended. */
struct process_end {
    int status; /* 0: it ended by itself; UV_ETIMEDOUT, ERR_TOO_BIG or a UV_E*
                   code: it was killed */
    int64_t exit_status;
    int signal;      /* That ended it, or 0 */
    const char *out; /* NUL-terminated; lent; wiped afterwards */
    size_t out_len;
    const char *err; /* The beginning of what it had to say about it */
    unsigned timeout_s;
};

/* The program has ended.  Once, from the loop; not at all after
 * process_close(), which is due inside or later. */
typedef void (*process_cb)(void *data, const struct process_end *end);

/* Run @argv, searched in PATH.  Its stdin is ours if that is a terminal, else
 * empty: ours may carry somebody's bytes.  It stays in our process group while
 * there is a terminal, so that it can ask its user there; without one it has a
 * group of its own, which is killed with it.  Returns 0, or a UV_E* code and
 * nothing will be called. */
int process_start(struct process **out, struct provider_ctx *ctx,
                  char *const *argv, process_cb cb, void *data);

/* Kill it if it runs, wipe and free; NULL is fine. */
void process_close(struct process *p);

#endif /* PROCESS_H */
