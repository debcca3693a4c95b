/* SPDX-License-Identifier: Apache-2.0 */
/* aim.h - from a word to one instance, and all that a connection needs to know
 * of it: addresses, endpoint, user, host keys.
 *
 * What does not depend on each other is asked at the same time. */
#ifndef AIM_H
#define AIM_H

#include <stdbool.h>

#include <eice/eice.h>

#include "choose.h"

struct program;

enum { AIM_WORD = 300, AIM_LINES = 8192 };

/* What is wanted; borrowed until the end. */
struct aim_wish {
    const char *word;        /* What is looked for */
    bool is_id;              /* It is an instance id, whatever it looks like */
    bool is_known;           /* So it is, and nothing is to be looked up */
    const char *pick;        /* Of several: "newest", "random", "2", or NULL */
    bool may_ask;            /* Of several: ask the person at the terminal */
    bool endpoints;          /* Find the endpoint */
    const char *endpoint_id; /* Which it must be, or NULL */
    const char *endpoint_dns_name; /* Where that is, or NULL */
    const char *os_user;           /* Or NULL: find out */
    bool host_keys;                /* Pin host keys from the console */
    const char *host_alias;        /* For which name; NULL: the instance's id */
};

/* What is known then; "" for what is not. */
struct aim_result {
    char instance_id[64];
    char name[AIM_WORD];
    char private_ip[64];
    char ipv6[64];
    char public_ip[64];
    char vpc_id[64];
    char endpoint_id[64];
    char endpoint_dns_name[AIM_WORD];
    char os_user[64];
    char user_from[AIM_WORD]; /* "from the image ...": how it was guessed;
                                 "" if it was said */
    bool endpoint_nameless;   /* It has no name of the kind that is wanted */
    char platform[128];       /* "Linux/UNIX", "Windows", ... */
    bool is_windows;
    bool host_known;            /* Our known_hosts has keys of it */
    char host_lines[AIM_LINES]; /* Or it cannot be written, and this is what
                                   should be in it */
};

struct aim;

/* The end: @error is NULL when the result is there.  Once, from the loop. */
typedef void (*aim_cb)(void *data, const struct eice_error *error);

/* Owned by the caller, zeroed. */
struct aim {
    struct program *p;
    struct aim_wish wish;
    struct aim_result result;
    /* private */
    struct eice_op *find;
    struct eice_op *image;
    struct eice_op *console;
    struct choose choose; /* While a person is asked */
    bool finding;         /* Neither image nor console may end it yet */
    bool image_done;
    bool console_done;
    bool over;
    char image_id[64];
    aim_cb cb;
    void *data;
};

/* Begin; fields "p" and "wish" are set.  0, or a code with @error. */
int aim_start(struct aim *a, aim_cb cb, void *data, struct eice_error *error);

/* Put into @target, whose strings borrow from @found then, which instance it is
 * and, if that was found, how it is reached. */
void aim_target(const struct aim_result *found, struct eice_target *target);

/* Stop.  Any state, any callback, once or more; what closes is waited for by
 * program_run(). */
void aim_close(struct aim *a);

#endif /* AIM_H */
