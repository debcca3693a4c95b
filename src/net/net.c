/* SPDX-License-Identifier: Apache-2.0 */
/* net.c - feeding libcurl's multi handle with the loop's events.
 *
 * The happy path is: libcurl asks for sockets to be watched and for one timer;
 * each event goes to curl_multi_socket_action(), after which finished
 * transfers are reaped and reported to their owners.
 *
 * What can go wrong is: memory is short when a socket has to be watched (that
 * one transfer fails); a receiver closes the net from inside its report (the
 * reaping stops; the memory stays until the last uv handle has closed). */
#include "net.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "err.h"
#include "log.h"
#include "mem.h"
#include "net_impl.h"
#include "tls_bio.h"
#include "wipe_alloc.h"
#include "xfer.h"

/* One socket that libcurl wants watched. */
struct watch {
    uv_poll_t poll;
    struct net *net;
    curl_socket_t fd;
};

void net_hold(struct net *net)
{
    net->n_open++;
}

void net_release(struct net *net)
{
    net_close_cb cb = net->close_cb;
    void *data = net->close_data;

    assert(net->n_open > 0);
    if (--net->n_open > 0 || !net->closing) {
        return;
    }
    trust_free(&net->trust);
    proxies_free(&net->proxies);
    resume_clear(&net->sessions);
    tls_bio_method_free(net->bio_method);
    mem_free(net->user_agent);
    mem_free(net);
    curl_global_cleanup();
    cb(data); /* Last: the loop may end now. */
}

/* Report transfers whose socket could not be watched. */
static void reap_broken(struct net *net)
{
    struct xfer *x = net->xfers;

    if (!net->any_broken) {
        return;
    }
    net->any_broken = false;
    while (x != NULL) {
        if (x->broken && x->done_cb != NULL) {
            xfer_done_cb cb = x->done_cb;

            x->done_cb = NULL;
            cb(x, CURLE_OUT_OF_MEMORY);
            if (net->closing) {
                return;
            }
            x = net->xfers; /* The list may have changed. */
        } else {
            x = x->next;
        }
    }
}

/* Report everything that has finished. */
static void reap(struct net *net)
{
    CURLMsg *msg;
    int left;

    while (!net->closing &&
           (msg = curl_multi_info_read(net->multi, &left)) != NULL) {
        CURLcode code = msg->data.result;
        struct xfer *x = NULL;

        if (msg->msg == CURLMSG_DONE &&
            curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &x) ==
                CURLE_OK &&
            x != NULL && x->done_cb != NULL) {
            xfer_done_cb cb = x->done_cb;

            x->done_cb = NULL;
            cb(x, code); /* @x may be gone now, and @net closing. */
        }
    }
    if (!net->closing) {
        reap_broken(net);
    }
}

/* Let libcurl act on a socket, or on time passing. */
static void act(struct net *net, curl_socket_t fd, int flags)
{
    int running;

    curl_multi_socket_action(net->multi, fd, flags, &running);
    reap(net); /* Also after the last timeout. */
}

/* A watched socket is ready or broken. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    int flags = 0;

    if (status < 0) {
        flags = CURL_CSELECT_ERR;
    }
    if (events & UV_READABLE) {
        flags |= CURL_CSELECT_IN;
    }
    if (events & UV_WRITABLE) {
        flags |= CURL_CSELECT_OUT;
    }
    act(w->net, w->fd, flags);
}

/* The time that libcurl asked for has come. */
static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* The handle of a socket no longer watched is closed. */
static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct net *net = w->net;

    mem_free(w);
    net_release(net);
}

/* Begin watching @fd; NULL when that cannot be done. */
static struct watch *watch_new(struct net *net, curl_socket_t fd)
{
    struct watch *w = mem_zalloc(sizeof *w);

    if (w == NULL) {
        return NULL;
    }
    w->net = net;
    w->fd = fd;
    if (uv_poll_init_socket(net->loop, &w->poll, fd) != 0) {
        mem_free(w); /* UNTESTED: the socket is new and not watched. */
        return NULL;
    }
    w->poll.data = w;
    net_hold(net);
    return w;
}

/* A socket of @x cannot be watched: have this transfer fail alone. */
static void mark_broken(struct net *net, struct xfer *x)
{
    if (x != NULL) {
        x->broken = true;
        net->any_broken = true;
    }
}

/* libcurl: watch @fd for @what, or no longer. */
static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *data,
                          void *socketp)
{
    struct net *net = data;
    struct watch *w = socketp;
    struct xfer *x = NULL;
    int events = 0;

    if (what == CURL_POLL_REMOVE) {
        if (w != NULL) {
            curl_multi_assign(net->multi, fd, NULL);
            uv_close((uv_handle_t *)&w->poll, on_watch_closed);
        }
        return 0;
    }
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &x);
    if (x != NULL) {
        xfer_watching(x, what);
        if (x->kind == XFER_REQUEST) {
            pool_watching(easy, fd);
        }
    }
    if (w == NULL) {
        w = watch_new(net, fd);
        if (w == NULL) {
            mark_broken(net, x);
            return 0;
        }
        curl_multi_assign(net->multi, fd, w);
    }
    events |= (what & CURL_POLL_IN) ? UV_READABLE : 0;
    events |= (what & CURL_POLL_OUT) ? UV_WRITABLE : 0;
    if (uv_poll_start(&w->poll, events, on_poll) != 0) {
        mark_broken(net, x); /* UNTESTED: needs a foreign watcher. */
    }
    return 0;
}

/* libcurl: call back in @timeout_ms, or never. */
static int on_curl_timer(CURLM *multi, long timeout_ms, void *data)
{
    struct net *net = data;

    (void)multi;
    if (timeout_ms < 0) {
        uv_timer_stop(&net->timer);
    } else {
        uv_timer_start(&net->timer, on_timer, (uint64_t)timeout_ms, 0);
    }
    return 0;
}

/* The environment as it is. */
static const char *env(void *data, const char *name)
{
    (void)data;
    return getenv(name);
}

/* Whether libcurl's TLS is the OpenSSL that we are linked to, so that its
 * objects may be touched. */
static bool shares_openssl(void)
{
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
    const char *theirs = v->ssl_version != NULL ? v->ssl_version : "";
    const char *ours = OpenSSL_version(OPENSSL_VERSION_STRING);

    return strncmp(theirs, "OpenSSL/", 8) == 0 && strcmp(theirs + 8, ours) == 0;
}

/* Everything of @net that needs no loop. */
static int net_prepare(struct net *net, const struct net_config *config,
                       struct err *e)
{
    int rv = trust_init(&net->trust, config->ca_bundle, config->no_verify, e);

    if (rv != 0) {
        return rv;
    }
    rv = proxies_load(&net->proxies, config->env != NULL ? config->env : env,
                      config->env_data);
    if (rv == 0 && config->user_agent != NULL) {
        net->user_agent = mem_strdup(config->user_agent);
        rv = net->user_agent != NULL ? 0 : UV_ENOMEM;
    }
    if (rv == 0) {
        net->multi = curl_multi_init();
        rv = net->multi != NULL ? 0 : UV_ENOMEM;
    }
    return rv == 0 ? 0 : err_set_uv(e, rv, "network");
}

int net_new(struct net **out, uv_loop_t *loop, const struct log *log,
            const struct net_config *config, struct err *e)
{
    struct net *net;
    int rv;

    /* Without effect when the program around us has used libcurl before. */
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_malloc, wipe_dealloc,
                             wipe_realloc, wipe_strdup,
                             wipe_calloc) != CURLE_OK) {
        /* UNTESTED: needs OpenSSL to fail at its start. */
        return err_set(e, ERR_TLS, "libcurl cannot be initialised");
    }
    net = mem_zalloc(sizeof *net);
    if (net == NULL) {
        curl_global_cleanup();
        return err_set_uv(e, UV_ENOMEM, "network");
    }
    net->loop = loop;
    net->log = log;
    net->shares_openssl = shares_openssl();
    net->tcp_keepalive = config->tcp_keepalive;
    retry_quota_init(&net->quota);
    pool_init(&net->pool, uv_now(loop));
    rv = net_prepare(net, config, e);
    if (rv != 0) {
        goto err_after_alloc;
    }
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETDATA, net);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERDATA, net);

    rv = uv_timer_init(loop, &net->timer);
    assert(rv == 0);
    net->timer.data = net;
    net_hold(net);
    log_debug(log, TLS, 0, "trusting %s", trust_shown(&net->trust));
    *out = net;
    return 0;

err_after_alloc:
    trust_free(&net->trust);
    proxies_free(&net->proxies);
    mem_free(net->user_agent);
    mem_free(net);
    curl_global_cleanup();
    return rv;
}

/* The timer is closed. */
static void on_timer_closed(uv_handle_t *handle)
{
    net_release(handle->data);
}

void net_close(struct net *net, net_close_cb cb, void *data)
{
    assert(!net->closing && net->n_alive == 0);
    net->closing = true;
    net->close_cb = cb;
    net->close_data = data;
    /* Closes pooled connections; may still call on_curl_socket(). */
    curl_multi_cleanup(net->multi);
    net->multi = NULL;
    uv_close((uv_handle_t *)&net->timer, on_timer_closed);
}
