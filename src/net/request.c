/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - preparing, sending, judging and repeating one HTTP request.
 *
 * The happy path is: the timer fires at once, the owner prepares the first try,
 * libcurl sends it and collects the answer, the owner's judge is content, and
 * the answer is reported.
 *
 * What can go wrong is: preparing fails, the peer cannot be reached, answers
 * too late, too much or with an error.  What may pass is tried again after a
 * delay, as long as tries and the quota last; the rest is reported.  The owner
 * may close from any callback: the memory stays until the timer has closed. */
#include "request.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <uv.h>

#include "answer.h"
#include "log.h"
#include "mem.h"
#include "net_impl.h"
#include "outgoing.h"
#include "retry.h"
#include "sm.h"
#include "xfer.h"

/*        +------------------------------+
 *        v                              |
 *   NEW -> WAITING -> TRYING -> (again) + -> OVER      CLOSED from anywhere */
enum state { NEW, WAITING, TRYING, OVER, CLOSED, N_STATES };

static const char *const state_names[] = {"new", "waiting", "trying", "over",
                                          "closed"};
static_assert(sizeof state_names / sizeof state_names[0] == N_STATES,
              "a name for each state");

static const unsigned state_next[N_STATES] = {
    [NEW] = SM_BIT(WAITING) | SM_BIT(CLOSED),
    [WAITING] = SM_BIT(TRYING) | SM_BIT(OVER) | SM_BIT(CLOSED),
    [TRYING] = SM_BIT(WAITING) | SM_BIT(OVER) | SM_BIT(CLOSED),
    [OVER] = SM_BIT(CLOSED),
};

static const struct sm_table states = {.object = "request",
                                       .group = LOG_G_NET,
                                       .names = state_names,
                                       .next = state_next,
                                       .count = N_STATES};

struct request {
    struct net *net;
    struct request_config cfg;
    char *label; /* Owns cfg.label */
    void *data;  /* The owner's */
    struct sm sm;
    uv_timer_t timer;         /* When to try (again) */
    struct xfer xfer;         /* The try under way */
    struct outgoing outgoing; /* What it sends */
    struct answer answer;
    unsigned n_tries; /* Made so far */
    unsigned cost;    /* What the last retry cost the quota */
    request_done_cb done_cb;
};

struct request *request_new(struct net *net, const struct request_config *cfg,
                            void *data)
{
    struct request *r = mem_zalloc(sizeof *r);
    int rv;

    if (r == NULL) {
        return NULL;
    }
    r->label = mem_strdup(cfg->label != NULL ? cfg->label : "request");
    if (r->label == NULL) {
        mem_free(r);
        return NULL;
    }
    r->net = net;
    r->cfg = *cfg;
    r->cfg.label = r->label;
    if (r->cfg.quota == NULL) {
        r->cfg.quota = &net->quota;
    }
    r->data = data;
    sm_init(&r->sm, &states, net->log, ++net->n_requests);
    answer_init(&r->answer, cfg->max_body);

    rv = uv_timer_init(net->loop, &r->timer);
    assert(rv == 0);
    r->timer.data = r;
    net_hold(net);
    net->n_alive++;
    return r;
}

/* Forget the try and what it sent; the answer stays. */
static void drop_try(struct request *r)
{
    xfer_close(&r->xfer);
    outgoing_drop(&r->outgoing);
}

/* Report the end: the answer, or @err. */
static void finish(struct request *r, const struct response *resp,
                   const struct err *err)
{
    request_done_cb cb = r->done_cb;

    sm_move(&r->sm, OVER);
    r->done_cb = NULL;
    cb(r, resp, err); /* Last: the owner may have closed @r. */
}

static void on_timer(uv_timer_t *timer);

/* A number from [0, 1). */
static double chance(void)
{
    uint32_t bits = 0;

    uv_random(NULL, NULL, &bits, sizeof bits, 0, NULL);
    return (double)bits / 4294967296.0;
}

/* What x-amz-retry-after asks for, or -1. */
static int64_t retry_after_ms(const struct response *resp)
{
    const char *text =
        resp != NULL ? response_header(resp, "x-amz-retry-after") : NULL;
    char *end;
    long long ms;

    if (text == NULL || *text == '\0') {
        return -1;
    }
    ms = strtoll(text, &end, 10);
    return *end == '\0' && ms >= 0 ? ms : -1;
}

/* Wait and try again, if there is a try and a token left. */
static bool try_again(struct request *r, enum retry_cause cause,
                      const struct response *resp)
{
    uint64_t ms;

    if (r->n_tries >= r->cfg.max_attempts) {
        return false;
    }
    r->cost = retry_quota_take(r->cfg.quota, cause, r->cfg.new_retries);
    if (r->cost == 0) {
        log_debug(r->net->log, NET, r->sm.id,
                  "%s: no retry, the quota is used up", r->label);
        return false;
    }
    ms = retry_delay_ms(r->n_tries, cause, chance(), retry_after_ms(resp),
                        r->cfg.new_retries);
    log_debug(r->net->log, NET, r->sm.id, "%s: trying again in %llu ms",
              r->label, (unsigned long long)ms);
    sm_move(&r->sm, WAITING);
    uv_update_time(r->net->loop);
    uv_timer_start(&r->timer, on_timer, ms, 0);
    return true;
}

/* A try is over: @resp, or @err.  Ask the judge, and go on or report. */
static void settle(struct request *r, const struct response *resp,
                   const struct err *err)
{
    int status = err != NULL ? err->code : 0;
    enum retry_cause cause = RETRY_TRANSIENT;
    enum verdict verdict = r->cfg.judge != NULL ? r->cfg.judge(r, resp, status)
                                                : request_judge(resp, status);

    if (r->sm.state == CLOSED) {
        return;
    }
    if (verdict == VERDICT_THROTTLE) {
        cause = RETRY_THROTTLED;
    } else if (status == UV_ETIMEDOUT) {
        cause = RETRY_TIMEOUT;
    }
    if (verdict != VERDICT_DONE && try_again(r, cause, resp)) {
        return;
    }
    if (resp != NULL && resp->status / 100 == 2) {
        retry_quota_refund(r->cfg.quota, r->cost);
    }
    finish(r, resp, err);
}

/* libcurl is done with the try. */
static void on_xfer_done(struct xfer *x, CURLcode code)
{
    struct request *r =
        (struct request *)((char *)x - offsetof(struct request, xfer));
    struct err err = {0};
    long status = 0;
    int rv = answer_error(&r->answer);

    if (rv == ERR_TOO_BIG) {
        err_set(&err, rv, "%s: the answer is larger than %zu bytes", x->shown,
                r->answer.body.limit);
    } else if (rv != 0) {
        err_set_uv(&err, rv, r->label);
    } else if (code != CURLE_OK) {
        xfer_explain(x, code, &err);
    } else {
        curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
        log_debug(r->net->log, NET, r->sm.id, "%s: status %ld, %zu bytes",
                  r->label, status, r->answer.body.len);
        if (answer_finish(&r->answer, (int)status) != 0) {
            err_set_uv(&err, UV_ENOMEM, r->label);
        }
    }
    drop_try(r);
    settle(r, err.code == 0 ? &r->answer.resp : NULL,
           err.code == 0 ? NULL : &err);
}

/* libcurl brings a header line. */
static size_t on_curl_header(char *line, size_t size, size_t n, void *data)
{
    struct request *r = data;

    return answer_add_line(&r->answer, line, size * n) ? size * n : 0;
}

/* libcurl brings a piece of the body. */
static size_t on_curl_body(char *bytes, size_t size, size_t n, void *data)
{
    struct request *r = data;

    return answer_add_body(&r->answer, bytes, size * n) ? size * n
                                                        : CURL_WRITEFUNC_ERROR;
}

/* Build the easy handle for @a and start it. */
static int start_try(struct request *r, const struct attempt *a, struct err *e)
{
    bool doubtful =
        pool_is_doubtful(&r->net->pool, uv_now(r->net->loop), r->net->log);
    CURL *easy;
    int rv = xfer_open(&r->xfer, r->net, XFER_REQUEST, r->sm.id, a->url,
                       r->cfg.no_proxy, e);

    if (rv != 0) {
        return rv;
    }
    rv = outgoing_set(&r->outgoing, r->xfer.easy, a, r->net->user_agent, e);
    if (rv != 0) {
        err_wrap(e, "%s", r->label);
        return rv;
    }
    xfer_set_timeouts(&r->xfer, r->cfg.connect_timeout_ms, r->cfg.timeout_ms);
    easy = r->xfer.easy;
    /* What was tried in vain once may have been an old connection, and there
     * may be more of them. */
    pool_guard(easy, doubtful || r->n_tries > 1);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE,
                     r->net->tcp_keepalive ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_curl_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_curl_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
    log_debug(r->net->log, NET, r->sm.id, "%s: try %u: %s %s", r->label,
              r->n_tries, a->method != NULL ? a->method : "GET", r->xfer.shown);
    rv = xfer_start(&r->xfer, on_xfer_done);
    return rv == 0 ? 0 : err_set_uv(e, rv, r->label);
}

/* The time for a try has come. */
static void on_timer(uv_timer_t *timer)
{
    struct request *r = timer->data;
    struct attempt a = {0};
    struct err err = {0};
    int rv;

    answer_reset(&r->answer);
    r->n_tries++;
    sm_move(&r->sm, TRYING);
    rv = r->cfg.prepare(r, r->n_tries, &a, &err);
    if (r->sm.state == CLOSED) {
        return;
    }
    if (rv == 0) {
        rv = start_try(r, &a, &err);
    } else if (err.code == 0) {
        err_set_uv(&err, rv, r->label);
    }
    if (rv != 0) {
        drop_try(r);
        finish(r, NULL, &err);
    }
}

void request_start(struct request *r, request_done_cb cb)
{
    assert(r->done_cb == NULL);
    sm_move(&r->sm, WAITING);
    r->done_cb = cb;
    uv_timer_start(&r->timer, on_timer, 0, 0);
}

enum verdict request_judge(const struct response *resp, int status)
{
    if (resp != NULL) {
        switch (resp->status) {
        case 500:
        case 502:
        case 503:
        case 504:
            return VERDICT_RETRY;
        default:
            return VERDICT_DONE;
        }
    }
    switch (status) {
    case ERR_DNS:
    case ERR_CONNECT:
    case ERR_TLS:
    case ERR_HTTP:
    case UV_ETIMEDOUT:
        return VERDICT_RETRY;
    default:
        return VERDICT_DONE;
    }
}

void *request_data(const struct request *r)
{
    return r->data;
}

unsigned request_attempts(const struct request *r)
{
    return r->n_tries;
}

const char *request_retries_text(const struct request *r, char *out,
                                 size_t size)
{
    if (r->n_tries > 0 && r->n_tries >= r->cfg.max_attempts) {
        snprintf(out, size, " (reached max retries: %u)", r->n_tries - 1);
    } else {
        snprintf(out, size, "%s", "");
    }
    return out;
}

/* The timer is closed: nothing refers to @r any more. */
static void on_timer_closed(uv_handle_t *handle)
{
    struct request *r = handle->data;
    struct net *net = r->net;

    mem_free(r->label);
    mem_free(r);
    net_release(net);
}

void request_close(struct request *r)
{
    sm_move(&r->sm, CLOSED);
    r->done_cb = NULL;
    drop_try(r);
    answer_reset(&r->answer);
    r->net->n_alive--;
    uv_close((uv_handle_t *)&r->timer, on_timer_closed);
}
