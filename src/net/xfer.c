/* SPDX-License-Identifier: Apache-2.0 */
/* xfer.c - setting up, adding and removing one easy handle. */
#include "xfer.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <openssl/ssl.h>
#include <uv.h>

#include "ca_file.h"
#include "err.h"
#include "log.h"
#include "mem.h"
#include "net_impl.h"
#include "proxy.h"
#include "resume.h"
#include "wipe.h"
#include "xfer_stage.h"

enum { USER_TIMEOUT_MS = 60000 }; /* Sent bytes may go unacknowledged */

/* libcurl sets up TLS: give it the user's authorities, and let what could not
 * be written be tried again from other memory. */
static CURLcode on_ssl_ctx(CURL *easy, void *ssl_ctx, void *data)
{
    struct xfer *x = data;
    SSL_CTX *ctx = ssl_ctx;

    (void)easy;
    x->n_tls++;
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (x->net->trust.ca != NULL) {
        SSL_CTX_set1_cert_store(ctx, ca_file_store(x->net->trust.ca));
    }
    if (x->kind == XFER_TUNNEL && !xfer_is_tls_proxy(x->proxy)) {
        resume_attach(&x->resume, &x->net->sessions, x->shown, ctx);
    }
    return CURLE_OK;
}

/* libcurl has made a socket: keep it from child processes, which would keep the
 * connection alive beyond our end; and have a tunnel's dead peer noticed. */
static int on_curl_sockopt(void *data, curl_socket_t fd, curlsocktype purpose)
{
    const struct xfer *x = data;

    (void)purpose;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (x->kind == XFER_TUNNEL) {
#ifdef TCP_USER_TIMEOUT
        unsigned ms = USER_TIMEOUT_MS;

        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
#endif
    }
#ifdef SO_NOSIGPIPE
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
    return CURL_SOCKOPT_OK;
}

/* libcurl's own remarks, without what may be secret in them. */
static int on_curl_text(CURL *easy, curl_infotype type, char *text, size_t len,
                        void *data)
{
    const struct xfer *x = data;

    (void)easy;
    if (type == CURLINFO_TEXT) {
        size_t n = 0;

        while (n < len && text[n] != '\n' && text[n] != '?') {
            n++;
        }
        log_trace(x->net->log, NET, x->id, "curl: %.*s", (int)n, text);
    }
    return 0;
}

/* Say whom to believe. */
static void set_trust(struct xfer *x)
{
    const struct trust *t = &x->net->trust;
    const char *file = t->file;
    bool hooked = false;

    if (x->net->shares_openssl) {
        hooked = curl_easy_setopt(x->easy, CURLOPT_SSL_CTX_FUNCTION,
                                  on_ssl_ctx) == CURLE_OK;
        curl_easy_setopt(x->easy, CURLOPT_SSL_CTX_DATA, x);
    }
    if (hooked && t->ca != NULL) {
        file = NULL; /* Already read */
    }
    if (t->no_verify) {
        curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYHOST, 0L);
        curl_easy_setopt(x->easy, CURLOPT_PROXY_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(x->easy, CURLOPT_PROXY_SSL_VERIFYHOST, 0L);
    }
    if (t->file != NULL || t->dir != NULL) {
        curl_easy_setopt(x->easy, CURLOPT_CAINFO, file);
        curl_easy_setopt(x->easy, CURLOPT_CAPATH, t->dir);
        curl_easy_setopt(x->easy, CURLOPT_PROXY_CAINFO, file);
        curl_easy_setopt(x->easy, CURLOPT_PROXY_CAPATH, t->dir);
    }
    curl_easy_setopt(x->easy, CURLOPT_SSLVERSION,
                     (long)CURL_SSLVERSION_TLSv1_2);
}

/* The ways of authentication that may be taken up if @proxy offers them.  Most
 * company proxies offer Negotiate beside others, and libcurl prefers it,
 * although without a Kerberos ticket it must fail and a name and password
 * would do.  So it is for those who ask for it by an empty name (http://:@...).
 */
static long proxy_auth(const char *proxy)
{
    const char *host = strstr(proxy, "://");

    host = host != NULL ? host + 3 : proxy;
    return (long)(*host == ':' ? CURLAUTH_ANY
                               : CURLAUTH_ANY & ~CURLAUTH_NEGOTIATE);
}

/* Say through which proxy; the environment is not libcurl's to read. */
static void set_proxy(struct xfer *x)
{
    const char *proxy = x->proxy != NULL ? x->proxy : "";
    unsigned port = proxy_default_port(proxy);

    curl_easy_setopt(x->easy, CURLOPT_PROXY, proxy);
    curl_easy_setopt(x->easy, CURLOPT_NOPROXY, "");
    if (port > 0) {
        curl_easy_setopt(x->easy, CURLOPT_PROXYPORT, (long)port);
    }
    curl_easy_setopt(x->easy, CURLOPT_PROXYAUTH, proxy_auth(proxy));
    curl_easy_setopt(x->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

/* What holds for every transfer. */
static CURLcode set_common(struct xfer *x, const char *url)
{
    CURL *easy = x->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->detail);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Leave a resolver thread behind rather than wait for it: cancelling
     * would else block the loop for as long as the DNS keeps silent. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* As it was signed */
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_curl_sockopt);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, x);
    /* h2 offered by ALPN would not do for an upgrade, nor help one call. */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (log_on(x->net->log, LOG_G_NET, LOG_L_TRACE)) {
        curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
        curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_curl_text);
        curl_easy_setopt(easy, CURLOPT_DEBUGDATA, x);
    }
    set_trust(x);
    set_proxy(x);
    return curl_easy_setopt(easy, CURLOPT_URL, url);
}

/* Part @part of @u as memory of ours, or NULL. */
static char *url_part(CURLU *u, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    char *copy;

    if (curl_url_get(u, part, &text, flags) != CURLUE_OK) {
        return NULL;
    }
    copy = mem_strdup(text);
    curl_free(text);
    return copy;
}

/* Whether libcurl will understand @proxy.  Asked here because libcurl's own
 * complaint would spell out the password. */
static int check_proxy(const char *proxy, struct err *e)
{
    static const char *const schemes[] = {
        "http", "https", "socks4", "socks4a", "socks5", "socks5h", "socks"};
    char shown[512];
    CURLU *u = curl_url();
    char *scheme = NULL;
    bool known = false;
    size_t i;

    if (u == NULL) {
        return err_set_uv(e, UV_ENOMEM, "proxy");
    }
    if (curl_url_set(u, CURLUPART_URL, proxy,
                     CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) ==
        CURLUE_OK) {
        scheme = url_part(u, CURLUPART_SCHEME, 0);
    }
    curl_url_cleanup(u);
    for (i = 0; scheme != NULL && i < sizeof schemes / sizeof schemes[0]; i++) {
        known = known || strcasecmp(scheme, schemes[i]) == 0;
    }
    mem_free(scheme);
    if (known) {
        return 0;
    }
    log_url(shown, sizeof shown, proxy);
    err_set(e, ERR_PROXY, "Failed to connect to proxy URL: \"%s\"", shown);
    err_hint(e, "this is no proxy URL; it should look like "
                "http://[user:password@]host:port, with https, socks5 or "
                "socks5h for other kinds");
    return ERR_PROXY;
}

/* Find the proxy that leads to @port of x->host, if any. */
static int choose_proxy(struct xfer *x, const char *scheme, const char *port,
                        struct err *e)
{
    const char *proxy =
        proxies_pick(&x->net->proxies, scheme, x->host,
                     (unsigned)strtoul(port, NULL, 10), x->kind == XFER_TUNNEL);

    if (proxy == NULL) {
        return 0;
    }
    x->proxy = mem_strdup(proxy);
    return x->proxy != NULL ? check_proxy(proxy, e)
                            : err_set_uv(e, UV_ENOMEM, "proxy");
}

/* Take @url apart: what may be shown of it, its host, and its proxy. */
static int read_url(struct xfer *x, const char *url, bool no_proxy,
                    struct err *e)
{
    char shown[512];
    CURLU *u = curl_url();
    char *scheme = NULL;
    char *port = NULL;
    int rv = UV_ENOMEM;

    if (u == NULL) {
        return err_set_uv(e, UV_ENOMEM, "request");
    }
    if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK) {
        rv = err_set(e, ERR_USAGE, "Invalid endpoint: %s",
                     log_url(shown, sizeof shown, url));
        goto out;
    }
    x->host = url_part(u, CURLUPART_HOST, 0);
    scheme = url_part(u, CURLUPART_SCHEME, 0);
    port = url_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    curl_url_set(u, CURLUPART_QUERY, NULL, 0);
    curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
    curl_url_set(u, CURLUPART_USER, NULL, 0);
    curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
    x->shown = url_part(u, CURLUPART_URL, 0);
    if (x->host == NULL || scheme == NULL || port == NULL || x->shown == NULL) {
        err_set_uv(e, UV_ENOMEM, "request");
        goto out;
    }
    if (strcasecmp(scheme, "https") != 0 && strcasecmp(scheme, "http") != 0) {
        rv = err_set(e, ERR_USAGE, "Invalid endpoint: %s",
                     log_url(shown, sizeof shown, url));
        goto out;
    }
    rv = no_proxy ? 0 : choose_proxy(x, scheme, port, e);

out:
    mem_free(scheme);
    mem_free(port);
    curl_url_cleanup(u);
    return rv;
}

int xfer_open(struct xfer *x, struct net *net, enum xfer_kind kind, unsigned id,
              const char *url, bool no_proxy, struct err *e)
{
    char shown[512];
    int rv;

    *x = (struct xfer){.net = net, .kind = kind, .id = id};
    rv = read_url(x, url, no_proxy, e);
    if (rv != 0) {
        return rv;
    }
    x->easy = curl_easy_init();
    if (x->easy == NULL || set_common(x, url) != CURLE_OK) {
        return err_set_uv(e, UV_ENOMEM, "request");
    }
    if (x->proxy != NULL) {
        log_debug(net->log, NET, id, "going to %s through proxy %s", x->host,
                  log_url(shown, sizeof shown, x->proxy));
    }
    return 0;
}

/* @ms as libcurl wants it: its 0 would be a default of its own. */
static long limit(uint64_t ms)
{
    return ms == 0 || ms > INT_MAX ? (long)INT_MAX : (long)ms;
}

void xfer_set_timeouts(struct xfer *x, uint64_t connect_ms, uint64_t whole_ms)
{
    x->connect_timeout_ms = connect_ms;
    curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, limit(connect_ms));
    curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS,
                     whole_ms == 0 ? 0L : limit(whole_ms));
}

int xfer_start(struct xfer *x, xfer_done_cb cb)
{
    struct net *net = x->net;

    assert(!x->added);
    if (curl_multi_add_handle(net->multi, x->easy) != CURLM_OK) {
        return UV_ENOMEM;
    }
    x->added = true;
    x->done_cb = cb;
    x->next = net->xfers;
    if (x->next != NULL) {
        x->next->prev = x;
    }
    net->xfers = x;
    return 0;
}

void xfer_watching(struct xfer *x, int what)
{
    curl_off_t us = 0;

    /* Before there is an address, it is the resolver that is waited for; a
     * connect that is under way is watched for writing only. */
    if ((what & CURL_POLL_IN) && !x->connected &&
        curl_easy_getinfo(x->easy, CURLINFO_NAMELOOKUP_TIME_T, &us) ==
            CURLE_OK) {
        x->connected = us > 0;
    }
}

void xfer_close(struct xfer *x)
{
    if (x->added) {
        curl_multi_remove_handle(x->net->multi, x->easy);
        if (x->prev != NULL) {
            x->prev->next = x->next;
        } else {
            x->net->xfers = x->next;
        }
        if (x->next != NULL) {
            x->next->prev = x->prev;
        }
    }
    if (x->easy != NULL) {
        curl_easy_cleanup(x->easy);
    }
    mem_free(x->shown);
    mem_free(x->host);
    wipe_free(x->proxy);
    *x = (struct xfer){0};
}
