/* SPDX-License-Identifier: Apache-2.0 */
/* aws_home.h - a home directory and an environment of a test's own, and one
 * chain in it. */
#ifndef AWS_HOME_H
#define AWS_HOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "creds.h"
#include "err.h"
#include "log.h"
#include "net.h"
#include "settings.h"

struct chain;

enum { AWS_HOME_ENV = 24 };

/* Everything a test of credentials stands on. */
struct aws_home {
    char dir[64];
    char env[AWS_HOME_ENV][2][512]; /* Names and values */
    size_t n_env;
    const char *profile_flag; /* --profile */
    int64_t read_timeout_s;   /* --cli-read-timeout; 0: not given */
    uv_loop_t loop;
    struct log log;
    char *lines; /* Everything that was logged */
    size_t n_lines;
    const char
        *heed; /* When this is logged, write a byte to heed_fd; or NULL */
    int heed_fd;
    struct net *net;
    struct settings *settings;
    struct chain *chain;
    unsigned n_answers;  /* Callbacks seen */
    struct creds *creds; /* The last answer: this, */
    struct err err;      /* or this */
};

/* A new directory with the two files (NULL: none) and only HOME set. */
void aws_home_init(struct aws_home *h, const char *config,
                   const char *credentials);

/* Set a variable, by a format. */
void aws_home_set(struct aws_home *h, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Write or read a file under the directory; reading gives NULL or what the
 * caller frees. */
void aws_home_write(struct aws_home *h, const char *name, const char *text);
char *aws_home_read(struct aws_home *h, const char *name);

/* Load settings and make net and chain; false with h->err set when the
 * settings are refused. */
bool aws_home_open(struct aws_home *h);

/* Close chain, net and settings. */
void aws_home_shut(struct aws_home *h);

/* Ask the chain and run the loop until it answered.  Returns the code. */
int aws_home_get(struct aws_home *h);

/* Have ten more chains of @h ask at once, each @times, and all be given the
 * credentials named @key (NULL: any); close them. */
void aws_home_ask_many(struct aws_home *h, unsigned times, const char *key);

/* Let the last credentials come @seconds nearer to their end. */
void aws_home_age(struct aws_home *h, int64_t seconds);

/* All of it: open, get, shut. */
int aws_home_once(struct aws_home *h);

/* For chain_get(): must not be called. */
void aws_home_on_never(void *data, struct creds *creds, const struct err *err);

/* Sweeps, each step with a home of its own that is not open yet.  Open it, ask
 * the chain, turn the loop @turns times, @pause_us apart, and shut it, whether
 * there was an answer or not. */
void aws_home_leave(struct aws_home *h, int turns, unsigned pause_us);

/* Open it, ask, refusing the chain the allocation after @nth, wait for any
 * answer, and shut it.  True when it did with as few as that. */
bool aws_home_do_with(struct aws_home *h, int nth);

/* Free everything and remove the directory; the loop must be left without a
 * handle. */
void aws_home_drop(struct aws_home *h);

/* Whether @text was logged. */
bool aws_home_logged(const struct aws_home *h, const char *text);

#endif /* AWS_HOME_H */
