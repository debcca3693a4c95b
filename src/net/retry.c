/* SPDX-License-Identifier: Apache-2.0 */
/* retry.c - the numbers of the standard retry mode. */
#include "retry.h"

#include <assert.h>

enum {
    COST_RETRY = 5,         /* Any retry ... */
    COST_TIMEOUT = 10,      /* ... but one after a timeout */
    COST_NEW_RETRY = 14,    /* The rules of AWS_NEW_RETRIES_2026 */
    COST_NEW_THROTTLED = 5, /* likewise */
    REFUND_WITHOUT_RETRY = 1,
    MAX_DELAY_S = 20,
    MAX_RETRY_AFTER_MS = 5000 /* On top of our own delay */
};

void retry_quota_init(struct retry_quota *q)
{
    q->tokens = RETRY_QUOTA_FULL;
}

/* What a retry after @cause costs. */
static unsigned cost_of(enum retry_cause cause, bool new_retries)
{
    if (new_retries) {
        return cause == RETRY_THROTTLED ? COST_NEW_THROTTLED : COST_NEW_RETRY;
    }
    return cause == RETRY_TIMEOUT ? COST_TIMEOUT : COST_RETRY;
}

unsigned retry_quota_take(struct retry_quota *q, enum retry_cause cause,
                          bool new_retries)
{
    unsigned cost = cost_of(cause, new_retries);

    if (cost > q->tokens) {
        return 0;
    }
    q->tokens -= cost;
    return cost;
}

void retry_quota_refund(struct retry_quota *q, unsigned cost)
{
    q->tokens += cost > 0 ? cost : REFUND_WITHOUT_RETRY;
    if (q->tokens > RETRY_QUOTA_FULL) {
        q->tokens = RETRY_QUOTA_FULL;
    }
}

uint64_t retry_delay_ms(unsigned n, enum retry_cause cause, double chance,
                        int64_t retry_after_ms, bool new_retries)
{
    double scale = new_retries && cause != RETRY_THROTTLED ? 0.05 : 1.0;
    double ceiling_s = MAX_DELAY_S;
    int64_t delay;

    assert(n >= 1);
    if (n <= 16) { /* Far above the ceiling already, far below an overflow */
        double s = scale * (double)(1u << (n - 1));

        ceiling_s = s < MAX_DELAY_S ? s : MAX_DELAY_S;
    }
    delay = (int64_t)(chance * ceiling_s * 1000.0);
    if (new_retries && retry_after_ms > delay) {
        int64_t most = delay + MAX_RETRY_AFTER_MS;

        delay = retry_after_ms < most ? retry_after_ms : most;
    }
    return (uint64_t)delay;
}
