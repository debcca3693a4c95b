/* SPDX-License-Identifier: Apache-2.0 */
/* retry.h - how long to wait before another try, and whether there may be one.
 *
 * The AWS SDKs' standard mode, as the AWS CLI has it.  Pure: chance is an
 * argument.  A retry costs tokens from a quota that only successes refill, so
 * that many clients do not beat on a service that is already down. */
#ifndef RETRY_H
#define RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum { RETRY_QUOTA_FULL = 500 };

/* Why a try has to be repeated; decides what a retry costs. */
enum retry_cause {
    RETRY_TRANSIENT, /* 5xx, refused, reset */
    RETRY_TIMEOUT,   /* Nobody answered in time */
    RETRY_THROTTLED  /* The service said: slow down */
};

/* Tokens that the requests of one client share. */
struct retry_quota {
    unsigned tokens; /* What is left, at most RETRY_QUOTA_FULL */
};

/* Begin with a full quota. */
void retry_quota_init(struct retry_quota *q);

/* Pay for one retry.  Returns what it cost, to be given back should the
 * request succeed in the end; 0 when the quota has run dry. */
unsigned retry_quota_take(struct retry_quota *q, enum retry_cause cause,
                          bool new_retries);

/* A request succeeded; @cost is what its last retry cost, 0 for none. */
void retry_quota_refund(struct retry_quota *q, unsigned cost);

/* Milliseconds to wait after try @n (1, 2, ...) failed.  @chance is from
 * [0, 1).  @retry_after_ms is what the service asked for in its
 * x-amz-retry-after header, or -1; only the new rules look at it. */
uint64_t retry_delay_ms(unsigned n, enum retry_cause cause, double chance,
                        int64_t retry_after_ms, bool new_retries);

#endif /* RETRY_H */
