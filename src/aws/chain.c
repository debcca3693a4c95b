/* SPDX-License-Identifier: Apache-2.0 */
/* chain.c - handing out credentials while they are good and fetching new ones
 * before they are not.
 *
 * The happy path is: the first chain_get() makes the providers look; their
 * credentials are kept and handed out.  When less than a quarter of an hour is
 * left the next chain_get() still gets the old ones and new ones are fetched
 * behind its back.  Only those who come when the old ones have expired wait,
 * all of them for the same fetch.
 *
 * What can go wrong is that the fetch fails.  Behind somebody's back that is a
 * warning, and is tried again some seconds later; otherwise everyone who waits
 * gets the reason, and the next who comes makes another try.
 *
 * There are no timers: whether time is up is seen when somebody asks, by the
 * wall clock, and so a machine may sleep for as long as it likes. */
#include "chain.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "creds.h"
#include "log.h"
#include "mem.h"
#include "provider.h"
#include "settings.h"

enum {
    ADVISORY_S = 15 * 60, /* With less left, new ones are fetched; */
    SPACE_MIN_S = 5,      /* but not sooner after the last than this, */
    SPACE_MAX_S = 60,     /* an eighth of their life, or this */
    MARGIN_S = 1,         /* With less left, the old ones are not handed out */
    PAUSE_S = 5           /* Between failed fetches that nobody waits for */
};

/* Somebody who asked. */
struct chain_wait {
    struct chain *chain;
    struct chain_wait *next;
    chain_cb cb;
    void *data;
    struct creds *creds; /* The answer, */
    struct err *err;     /* or this one, */
    bool answered;       /* once this is true */
};

struct chain {
    struct provider_ctx ctx;
    struct provider *provider;
    struct creds *creds;      /* The latest, or NULL */
    int64_t advisory_s;       /* With less left of it, fetch another */
    struct creds *refused;    /* The service did not like these */
    int64_t paused_until;     /* No fetch behind anybody's back before */
    bool fetching;            /* @provider has been asked */
    bool waited_for;          /* and somebody needs the answer */
    struct chain_wait *waits; /* In the order they came */
    uv_idle_t turn;           /* Runs while there are answers to deliver */
    bool closing;
    chain_close_cb close_cb;
    void *close_data;
};

/* The last handle or job of the chain is gone. */
static void on_idle(struct provider_ctx *ctx)
{
    struct chain *chain = (struct chain *)ctx;
    chain_close_cb cb = chain->close_cb;
    void *data = chain->close_data;

    if (!chain->closing) {
        return;
    }
    provider_free(chain->provider);
    creds_unref(chain->creds);
    creds_unref(chain->refused);
    mem_free(chain);
    cb(data);
}

/* Free @wait, which is in no list. */
static void wait_free(struct chain_wait *wait)
{
    creds_unref(wait->creds);
    mem_free(wait->err);
    mem_free(wait);
}

/* Deliver one answer a turn; whoever gets it may do anything, even close. */
static void on_turn(uv_idle_t *turn)
{
    struct chain *chain = turn->data;
    static const struct err no_memory = {.code = UV_ENOMEM,
                                         .msg = "credentials: out of memory"};
    struct chain_wait **link = &chain->waits;
    struct chain_wait *wait;

    while (*link != NULL && !(*link)->answered) {
        link = &(*link)->next;
    }
    wait = *link;
    if (wait == NULL) {
        uv_idle_stop(turn);
        return;
    }
    *link = wait->next;
    if (wait->creds != NULL) {
        wait->cb(wait->data, wait->creds, NULL);
    } else {
        wait->cb(wait->data, NULL, wait->err != NULL ? wait->err : &no_memory);
    }
    wait_free(wait); /* It is ours, whatever became of the chain. */
}

/* Give @wait its answer, to be delivered by the loop. */
static void settle(struct chain_wait *wait, struct creds *creds,
                   const struct err *err)
{
    wait->answered = true;
    if (creds != NULL) {
        wait->creds = creds_ref(creds);
    } else {
        wait->err = mem_alloc(sizeof *wait->err);
        if (wait->err != NULL) {
            *wait->err = *err;
        }
    }
    uv_idle_start(&wait->chain->turn, on_turn);
}

/* Settle everyone who still waits. */
static void settle_all(struct chain *chain, struct creds *creds,
                       const struct err *err)
{
    struct chain_wait *wait;

    for (wait = chain->waits; wait != NULL; wait = wait->next) {
        if (!wait->answered) {
            settle(wait, creds, err);
        }
    }
}

/* Whether the kept credentials have more than @seconds left. */
static bool good_for(const struct chain *chain, int64_t seconds)
{
    return chain->creds != NULL &&
           (chain->creds->expires_at == 0 ||
            chain->creds->expires_at - provider_now() > seconds);
}

/* How much must be left of credentials that have @life_s now for nobody to
 * look for others yet. */
static int64_t advisory_of(int64_t life_s)
{
    int64_t space = life_s / 8;

    space = space < SPACE_MIN_S   ? SPACE_MIN_S
            : space > SPACE_MAX_S ? SPACE_MAX_S
                                  : space;
    return life_s - space < ADVISORY_S ? life_s - space : ADVISORY_S;
}

/* New credentials came. */
static void take_creds(struct chain *chain, struct creds *creds)
{
    struct err e;

    creds_unref(chain->creds);
    chain->creds = creds;
    chain->advisory_s = advisory_of(creds->expires_at - provider_now());
    chain->paused_until = 0;
    if (good_for(chain, 0)) {
        settle_all(chain, creds, NULL);
        return;
    }
    err_set(&e, ERR_EXPIRED,
            "Credentials were refreshed, but the refreshed credentials are "
            "still expired.");
    err_hint(&e, "they came from %s", creds->source);
    creds_unref(chain->creds);
    chain->creds = NULL;
    settle_all(chain, NULL, &e);
}

/* No new credentials came. */
static void take_failure(struct chain *chain, const struct err *err)
{
    chain->paused_until = provider_now() + PAUSE_S;
    if (chain->creds != NULL) {
        log_warn(chain->ctx.log, CREDS, 0,
                 "Refreshing temporary credentials failed during %s refresh "
                 "period: %s",
                 good_for(chain, MARGIN_S) ? "advisory" : "mandatory",
                 err->msg);
    }
    if (good_for(chain, 0)) {
        settle_all(chain, chain->creds, NULL);
    } else {
        settle_all(chain, NULL, err);
    }
}

/* The providers have answered. */
static void on_answer(struct provider *p, enum provider_answer answer,
                      struct creds *creds, const struct err *err)
{
    struct chain *chain = p->data;
    struct err none;

    chain->fetching = false;
    switch (answer) {
    case PROVIDER_GOOD:
        take_creds(chain, creds);
        break;
    case PROVIDER_BAD:
        take_failure(chain, err);
        break;
    case PROVIDER_PASS:
        err_set(&none, ERR_NO_CREDENTIALS,
                "Unable to locate credentials. You can configure credentials "
                "by running \"aws login\".");
        take_failure(chain, &none);
        break;
    }
}

/* Ask the providers, for somebody who waits or behind their back. */
static void fetch(struct chain *chain, bool quiet)
{
    struct provider_need need = {.quiet = quiet};

    if (chain->fetching && !quiet && !chain->waited_for) {
        /* The fetch under way may not ask the user; this one may. */
        provider_stop(chain->provider);
        chain->fetching = false;
    }
    if (chain->fetching) {
        return;
    }
    if (chain->refused != NULL) {
        need.avoid = chain->refused->access_key_id;
    }
    chain->fetching = true;
    chain->waited_for = !quiet;
    provider_fetch(chain->provider, &need, on_answer, chain);
}

struct chain *chain_new(uv_loop_t *loop, struct net *net, const struct log *log,
                        const struct settings *settings)
{
    struct chain *chain = mem_zalloc(sizeof *chain);
    struct provider_spec spec;
    const char *profile = settings_profile(settings);

    if (chain == NULL) {
        return NULL;
    }
    chain->ctx = (struct provider_ctx){.loop = loop,
                                       .net = net,
                                       .log = log,
                                       .settings = settings,
                                       .idle_cb = on_idle};
    spec = (struct provider_spec){
        .ctx = &chain->ctx,
        .profile = profile != NULL ? profile : "default",
        .ignore_env = settings_profile_is_flag(settings),
    };
    chain->provider = provider_default_list_new(&spec);
    if (chain->provider == NULL) {
        mem_free(chain);
        return NULL;
    }
    uv_idle_init(loop, &chain->turn); /* Cannot fail */
    chain->turn.data = chain;
    provider_hold(&chain->ctx);
    return chain;
}

struct chain_wait *chain_get(struct chain *chain, chain_cb cb, void *data)
{
    struct chain_wait *wait = mem_zalloc(sizeof *wait);
    struct chain_wait **link = &chain->waits;

    assert(!chain->closing);
    if (wait == NULL) {
        return NULL;
    }
    *wait = (struct chain_wait){.chain = chain, .cb = cb, .data = data};
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = wait;
    if (good_for(chain, MARGIN_S)) {
        settle(wait, chain->creds, NULL);
        if (!good_for(chain, chain->advisory_s) &&
            provider_now() >= chain->paused_until) {
            fetch(chain, true);
        }
    } else {
        fetch(chain, false);
    }
    return wait;
}

void chain_cancel(struct chain_wait *wait)
{
    struct chain_wait **link = &wait->chain->waits;

    while (*link != wait) {
        assert(*link != NULL);
        link = &(*link)->next;
    }
    *link = wait->next;
    wait_free(wait);
}

void chain_reject(struct chain *chain, const struct creds *creds)
{
    bool again = chain->fetching && chain->waited_for;

    if (chain->creds == NULL ||
        strcmp(chain->creds->access_key_id, creds->access_key_id) != 0) {
        return; /* Newer ones are here already */
    }
    log_info(chain->ctx.log, CREDS, 0, "credentials from %s were refused",
             creds->source);
    provider_stop(chain->provider); /* It was told to avoid others */
    chain->fetching = false;
    creds_unref(chain->refused);
    chain->refused = chain->creds;
    chain->creds = NULL;
    chain->paused_until = 0;
    if (again) {
        fetch(chain, false);
    }
}

/* The turn handle is closed. */
static void on_turn_closed(uv_handle_t *handle)
{
    struct chain *chain = handle->data;

    provider_release(&chain->ctx); /* Last: the chain may be gone. */
}

void chain_close(struct chain *chain, chain_close_cb cb, void *data)
{
    struct chain_wait *wait;

    assert(!chain->closing);
    chain->closing = true;
    chain->close_cb = cb;
    chain->close_data = data;
    while (chain->waits != NULL) {
        wait = chain->waits;
        chain->waits = wait->next;
        wait_free(wait);
    }
    provider_stop(chain->provider);
    uv_close((uv_handle_t *)&chain->turn, on_turn_closed);
}
