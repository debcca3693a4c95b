/* SPDX-License-Identifier: Apache-2.0 */
/* eice_bed.h - a loop, an endpoint, the APIs and a context: what every test of
 * the public library stands on. */
#ifndef EICE_BED_H
#define EICE_BED_H

#include <stdbool.h>
#include <stddef.h>

#include <eice/eice.h>

#include "fake_endpoint.h"
#include "test_http.h"
#include "test_loop.h"

#define BED_ID "i-0123456789abcdef0"
#define BED_EP "eice-0123456789abcdef0"
#define BED_IP "10.0.1.5"

enum { BED_ENV = 16, BED_EVENTS = 64 };

/* How often each thing happened, and what was said the last time. */
struct bed_seen {
    unsigned events[16];       /* By type */
    unsigned n_done;           /* Done callbacks */
    bool done;                 /* One came */
    unsigned n_closed;         /* Close callbacks */
    bool closed;               /* One came */
    struct eice_error end;     /* What the done callback had; code 0: NULL */
    struct eice_error error;   /* Of the last event that had one */
    char request_id[96];       /* Of the last event that had one */
    char address[128];         /* Of the last EICE_EVENT_LISTENING */
    char resolved_address[64]; /* Of the last EICE_EVENT_RESOLVED */
    char resolved_name[64];    /* The same: the Name tag */
    unsigned connection;       /* Of the last event */
    struct eice_stats stats;   /* Of the last event that had them */
    bool opened;               /* EICE_EVENT_OPENED came */
    unsigned n_opened;
    bool listening;   /* EICE_EVENT_LISTENING came */
    bool conn_closed; /* EICE_EVENT_CLOSED came */
    bool full;        /* EICE_EVENT_FULL came */
};

/* Owned and embedded by the test. */
struct bed {
    struct test_loop loop;
    struct fake_endpoint far;
    struct test_http *api; /* EC2, STS and Instance Connect */
    struct eice *eice;
    const char *env[BED_ENV][2];
    size_t n_env;
    char env_text[BED_ENV][128]; /* For values that are made */
    char *lines;                 /* Everything that was logged */
    size_t n_lines;
    struct eice_options options;
    struct eice_target target; /* Whole: no API call is needed */
    struct eice_tunnel_options tunnel;
    struct eice_listen_options listen;
    struct bed_seen seen;
    /* What the APIs say. */
    bool api_silent;                        /* Never answer */
    int api_status;                         /* 0: 200 */
    const char *api_body;                   /* Instead of the usual */
    const char *(*api_play)(struct bed *b); /* The answer to api_last; NULL:
                                               as without it */
    unsigned n_describe;                    /* DescribeInstances so far */
    char api_last[4096];                    /* Body of the last request */
    char api_target[128];                   /* Its X-Amz-Target, or "" */
    const char *api_stale_key; /* This key's calls are refused as expired */
    unsigned n_api;            /* Calls so far */
    unsigned n_creds; /* Credentials handed out; see bed_changing_keys() */
    unsigned creds_delay_ms;            /* How late an answer is */
    unsigned creds_ignore;              /* So many requests get none */
    uv_timer_t creds_timer;             /* Until they are */
    struct test_http_request creds_for; /* Who asked */
};

/* For main(): no SIGPIPE. */
void bed_prepare(void);

/* A loop, an endpoint, the APIs, and an environment with keys and a region;
 * no context yet.  Options and target are filled. */
void bed_init(struct bed *b);

/* Set, replace or (NULL) remove a variable. */
void bed_env(struct bed *b, const char *name, const char *value);

/* The context. */
void bed_open(struct bed *b);

/* Instead of keys in the environment, a server of credentials that gives
 * AKID1, AKID2, ... with each answer, after creds_delay_ms. */
void bed_changing_keys(struct bed *b);

/* Ask for the instance by its id instead of giving everything. */
void bed_ask_api(struct bed *b);

/* From now on the endpoint refuses tunnels like this; or opens them and finds
 * that the instance cannot be reached. */
void bed_refuse(struct bed *b, int status, const char *body);
void bed_unreachable(struct bed *b);

/* Close the context (unless the test did) and everything else; nothing may be
 * left, and no secret may have been logged. */
void bed_free(struct bed *b);

/* Run until the flag, which is usually one of @seen. */
void bed_until(struct bed *b, const bool *flag);

/* For eice_*_close(): counts. */
void bed_on_closed(void *data);

/* A connected pair of stream sockets; what is written to one end is read from
 * the other. */
void bed_pair(int fds[2]);

/* A connection to 127.0.0.1:@port. */
int bed_connect(int port);

/* Write @text to @fd and run the loop until as much came back; it must be the
 * same. */
void bed_echo(struct bed *b, int fd, const char *text);

/* Run the loop until @fd is at its end. */
void bed_until_eof(struct bed *b, int fd);

/* Whether @text was logged. */
bool bed_logged(const struct bed *b, const char *text);

#endif /* EICE_BED_H */
