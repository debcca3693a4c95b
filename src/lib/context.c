/* SPDX-License-Identifier: Apache-2.0 */
/* context.c - the life of a struct eice.
 *
 * The happy path: eice_new() reads the settings; the first piece of work makes
 * the net and the chain and, when none is configured, asks IMDS for the region;
 * eice_close() waits for the handles that are closing, then takes lookup, chain
 * and net down and reports.
 *
 * What can go wrong: options or configuration are bad (eice_new() says so), or
 * the net cannot be made because of a CA file (context_need() says so to
 * whoever needed it; the next one tries again). */
#include "context.h"

#include <assert.h>
#include <string.h>
#include <sys/utsname.h>

#include "buf.h"
#include "chain.h"
#include "err.h"
#include "fault.h"
#include "mem.h"
#include "net.h"
#include "region.h"
#include "settings.h"

enum { USER_AGENT_MAX = 1024 };

/* Hand a line to the caller's sink. */
static void on_log(void *data, enum log_level level, enum log_group group,
                   unsigned id, const char *line)
{
    const struct eice *eice = data;

    eice->log_cb(eice->log_data, (enum eice_log_level)level,
                 log_group_name(group), id, line);
}

static_assert((int)EICE_LOG_NONE == (int)LOG_L_NONE, "levels differ");
static_assert((int)EICE_LOG_ERROR == (int)LOG_L_ERROR, "levels differ");
static_assert((int)EICE_LOG_WARN == (int)LOG_L_WARN, "levels differ");
static_assert((int)EICE_LOG_INFO == (int)LOG_L_INFO, "levels differ");
static_assert((int)EICE_LOG_DEBUG == (int)LOG_L_DEBUG, "levels differ");
static_assert((int)EICE_LOG_TRACE == (int)LOG_L_TRACE, "levels differ");

/* Set up logging as @o says. */
static int open_log(struct eice *eice, const struct eice_options *o,
                    struct err *e)
{
    if (o->log == NULL) {
        log_init(&eice->log, LOG_L_NONE, NULL, NULL);
        return 0;
    }
    if ((int)o->log_level < EICE_LOG_NONE || o->log_level > EICE_LOG_TRACE) {
        return err_set(e, ERR_USAGE, "%d is not a log level",
                       (int)o->log_level);
    }
    eice->log_cb = o->log;
    eice->log_data = o->log_data;
    log_init(&eice->log, (enum log_level)o->log_level, on_log, eice);
    return o->log_spec != NULL ? log_configure(&eice->log, o->log_spec, e) : 0;
}

/* Seconds for the settings out of public milliseconds. */
static int64_t timeout_s(uint64_t ms)
{
    enum { DEFAULT_S = 10 };

    if (ms == EICE_NO_TIMEOUT) {
        return 0;
    }
    return ms == 0 ? DEFAULT_S : (int64_t)(ms / 1000 + (ms % 1000 != 0));
}

static int open_settings(struct eice *eice, const struct eice_options *o,
                         struct err *e)
{
    struct settings_input in = {
        .profile = o->profile,
        .region = o->region,
        .endpoint_url = o->endpoint_url,
        .ca_bundle = o->ca_bundle,
        .no_verify_ssl = o->no_verify_ssl,
        .no_sign_request = o->no_sign_request,
        .connect_timeout_s = timeout_s(o->api_connect_timeout_ms),
        .read_timeout_s = timeout_s(o->api_read_timeout_ms),
        .env = o->env,
        .env_data = o->env_data,
    };

    return settings_load(&eice->settings, &in, &eice->log, e);
}

/* "eice/0.1.0 Linux/x86_64 [app/ID] [what the caller adds]".  It lands in the
 * account's audit log. */
static int make_user_agent(struct eice *eice, const char *words, struct err *e)
{
    const char *app = settings_app_id(eice->settings);
    struct utsname name;
    struct buf b;
    const char *p;

    buf_init(&b, USER_AGENT_MAX);
    buf_adds(&b, "eice/" EICE_VERSION);
    if (uname(&name) == 0) {
        buf_addf(&b, " %s/%s", name.sysname, name.machine);
    }
    if (app != NULL && app[0] != '\0') {
        buf_addf(&b, " app/%s", app);
    }
    if (words != NULL && words[0] != '\0') {
        buf_addf(&b, " %s", words);
    }
    for (p = buf_str(&b); *p != '\0'; p++) {
        if (*p < 0x20 || *p > 0x7e) {
            buf_free(&b);
            return err_set(e, ERR_USAGE,
                           "the user agent may hold printable ASCII only");
        }
    }
    eice->user_agent = buf_detach(&b);
    return eice->user_agent != NULL ? 0
                                    : err_set_uv(e, UV_ENOMEM, "user agent");
}

/* Free what is not tied to the loop, and the context. */
static void context_free(struct eice *eice)
{
    settings_free(eice->settings);
    mem_free(eice->user_agent);
    mem_free(eice->region);
    chunk_pool_free(&eice->chunks);
    mem_free(eice);
}

int eice_new(struct eice **out, uv_loop_t *loop,
             const struct eice_options *options, struct eice_error *error)
{
    struct eice_options o;
    struct err e = {0};
    struct eice *eice;
    int rv;

    *out = NULL;
    rv = fault_sized(&o, sizeof o, options, "eice_options", &e);
    if (rv != 0) {
        return fault_export(error, &e);
    }
    eice = mem_zalloc(sizeof *eice);
    if (eice == NULL) {
        return fault_nomem(error);
    }
    eice->loop = loop;
    eice->env = o.env;
    eice->env_data = o.env_data;
    eice->use_cache = o.use_cache;
    chunk_pool_init(&eice->chunks);
    rv = open_log(eice, &o, &e);
    if (rv == 0) {
        rv = open_settings(eice, &o, &e);
    }
    if (rv == 0) {
        rv = make_user_agent(eice, o.user_agent, &e);
    }
    if (rv != 0) {
        context_free(eice);
        return fault_export(error, &e);
    }
    rv = uv_timer_init(loop, &eice->timer);
    assert(rv == 0); /* It only links into the loop. */
    eice->timer.data = eice;
    *out = eice;
    return fault_export(error, &e);
}

int context_need(struct eice *eice, struct err *e)
{
    struct net_config config = {
        .ca_bundle = settings_ca_bundle(eice->settings),
        .no_verify = settings_no_verify(eice->settings),
        .tcp_keepalive = settings_tcp_keepalive(eice->settings),
        .user_agent = eice->user_agent,
        .env = eice->env,
        .env_data = eice->env_data,
    };
    int rv;

    if (eice->net == NULL) {
        rv = net_new(&eice->net, eice->loop, &eice->log, &config, e);
        if (rv != 0) {
            return rv;
        }
    }
    if (eice->chain == NULL) {
        eice->chain =
            chain_new(eice->loop, eice->net, &eice->log, eice->settings);
        if (eice->chain == NULL) {
            return err_set_uv(e, UV_ENOMEM, "credentials");
        }
    }
    eice->api.log = &eice->log;
    eice->api.net = eice->net;
    eice->api.chain = eice->chain;
    eice->api.settings = eice->settings;
    return 0;
}

/* Keep @region; from here on it does not change.  One that makes no endpoint
 * of EC2 is refused here, also when nothing is going to be asked there: it
 * would only be a signature that fails. */
static int keep_region(struct eice *eice, const char *region, struct err *e)
{
    struct endpoint endpoint;
    int rv;

    rv = settings_endpoint(eice->settings, SERVICE_EC2, region, true, &endpoint,
                           e);
    if (rv != 0) {
        return rv;
    }
    eice->region = mem_strdup(region);
    eice->api.region = eice->region;
    return eice->region != NULL ? 0 : err_set_uv(e, UV_ENOMEM, "region");
}

/* The lookup is freed; the context may have waited for that. */
static void on_lookup_closed(void *data)
{
    context_release(data);
}

/* IMDS has answered, or not. */
static void on_region(struct region *lookup, const char *region,
                      const char *source, const struct err *err)
{
    struct eice *eice = region_data(lookup);
    struct err e = {0};

    if (err != NULL) {
        e = *err;
    } else if (keep_region(eice, region, &e) == 0) {
        log_info(&eice->log, CONFIG, 0, "region %s from %s", region, source);
    }
    eice->lookup = NULL;
    region_close(lookup, on_lookup_closed, eice);
    waiters_wake(&eice->waiters, e.code != 0 ? &e : NULL);
}

int context_ready(struct eice *eice, struct wait *w, wait_cb cb, struct err *e)
{
    const char *configured = settings_region(eice->settings);
    int rv;

    rv = context_need(eice, e);
    if (rv != 0 || eice->region != NULL) {
        return rv;
    }
    if (configured != NULL) {
        return keep_region(eice, configured, e);
    }
    if (eice->lookup == NULL) {
        eice->lookup =
            region_new(eice->loop, eice->net, &eice->log, eice->settings, eice);
        if (eice->lookup == NULL) {
            return err_set_uv(e, UV_ENOMEM, "region");
        }
        context_hold(eice);
        region_start(eice->lookup, on_region);
    }
    wait_add(&eice->waiters, w, cb);
    return UV_EAGAIN;
}

/* The last piece of the context is closed. */
static void on_timer_closed(uv_handle_t *handle)
{
    struct eice *eice = handle->data;
    eice_close_cb cb = eice->close_cb;
    void *data = eice->close_data;

    context_free(eice);
    if (cb != NULL) {
        cb(data);
    }
}

static void on_net_closed(void *data)
{
    struct eice *eice = data;

    eice->net = NULL;
    uv_close((uv_handle_t *)&eice->timer, on_timer_closed);
}

static void on_chain_closed(void *data)
{
    struct eice *eice = data;

    eice->chain = NULL;
    if (eice->net != NULL) {
        net_close(eice->net, on_net_closed, eice);
        return;
    }
    on_net_closed(eice);
}

/* Take down what is left, users before what they use, once nobody but the
 * region's lookup keeps the context. */
static void context_settle(struct eice *eice)
{
    if (!eice->closing) {
        return;
    }
    if (eice->lookup != NULL && eice->n_handles == 1) {
        region_close(eice->lookup, on_lookup_closed, eice);
        eice->lookup = NULL;
        return;
    }
    if (eice->n_handles > 0) {
        return;
    }
    if (eice->chain != NULL) {
        chain_close(eice->chain, on_chain_closed, eice);
        return;
    }
    on_chain_closed(eice);
}

void eice_close(struct eice *eice, eice_close_cb cb, void *data)
{
    assert(!eice->closing);
    eice->closing = true;
    eice->close_cb = cb;
    eice->close_data = data;
    context_settle(eice);
}

void context_hold(struct eice *eice)
{
    assert(!eice->closing);
    eice->n_handles++;
}

void context_release(struct eice *eice)
{
    assert(eice->n_handles > 0);
    eice->n_handles--;
    context_settle(eice);
}

const char *eice_region(const struct eice *eice)
{
    return settings_region(eice->settings);
}

const char *eice_profile(const struct eice *eice)
{
    return settings_profile(eice->settings);
}

const char *eice_output(const struct eice *eice)
{
    const char *env = settings_env(eice->settings, "AWS_DEFAULT_OUTPUT");

    return env != NULL ? env : settings_profile_key(eice->settings, "output");
}

const char *eice_error_format(const struct eice *eice)
{
    const char *env = settings_env(eice->settings, "AWS_CLI_ERROR_FORMAT");

    return env != NULL
               ? env
               : settings_profile_key(eice->settings, "cli_error_format");
}
