/* SPDX-License-Identifier: Apache-2.0 */
/* hint.h - what a user can do about a tunnel that was refused.
 *
 * Pure: what is known of the tunnel goes in, a sentence comes out. */
#ifndef HINT_H
#define HINT_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/* What is known when the service refuses.  NULL where it is not known. */
struct hint_facts {
    int remote_port;
    bool duration_given;        /* A maximum duration was sent */
    const char *region;         /* What the URL was signed for */
    const char *dns_name;       /* The endpoint's */
    const char *instance_state; /* "running", "stopped", ... */
    bool preserve_client_ip;    /* As far as is known */
    const char *creds_source;   /* "env", "sso", ... */
    const char *server_date;    /* The answer's Date header */
    int64_t now;                /* Our time, seconds since 1970 */
};

/* What a refusal says about what was believed. */
enum hint_verdict {
    HINT_NOTHING,
    HINT_CREDS_REFUSED, /* The credentials are expired or unknown */
    HINT_FACTS_STALE,   /* The endpoint or the instance is not as it was */
    HINT_CLOCK_WRONG    /* Our time is not the service's */
};

/* Put a hint into @e, in place of what others guessed, and judge. */
enum hint_verdict hint_refused(struct err *e, const struct hint_facts *f);

#endif /* HINT_H */
