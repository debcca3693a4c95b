/* SPDX-License-Identifier: Apache-2.0 */
/* xfer_explain.c - why a transfer failed, in words a person can act on.
 *
 * Requests get the AWS CLI's sentences, which scripts know, and the reason in
 * the hint; tunnels get the reason at once. */
#include "xfer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/x509_vfy.h>
#include <uv.h>

#include "err.h"
#include "log.h"
#include "net_impl.h"
#include "xfer_stage.h"

/* What is known about a failure. */
struct failure {
    const struct xfer *x;
    int code;              /* Ours */
    enum xfer_stage stage; /* Where it happened */
    bool closed;           /* The other side hung up */
    char proxy[256];       /* As it may be shown, or "" */
    char reason[512];
    char advice[384];
};

/* A number that libcurl knows about the transfer. */
static long info(const struct xfer *x, CURLINFO what)
{
    long value = 0;

    curl_easy_getinfo(x->easy, what, &value);
    return value;
}

/* Why it failed. */
__attribute__((format(printf, 2, 3))) static void reason(struct failure *f,
                                                         const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(f->reason, sizeof f->reason, fmt, ap);
    va_end(ap);
}

/* What can be done about it. */
__attribute__((format(printf, 2, 3))) static void advice(struct failure *f,
                                                         const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(f->advice, sizeof f->advice, fmt, ap);
    va_end(ap);
}

static const char proxy_advice[] =
    "check the proxy settings (HTTPS_PROXY, ALL_PROXY, NO_PROXY)";

/* No address for a name. */
static void no_name(struct failure *f)
{
    if (f->proxy[0] != '\0') {
        f->code = ERR_PROXY;
        reason(f, "the name of the proxy %s was not found", f->proxy);
        advice(f, "%s", proxy_advice);
        return;
    }
    f->code = ERR_DNS;
    reason(f, "the name %s was not found", f->x->host);
    advice(f, "check the name, the region and this machine's DNS");
}

/* No TCP connection. */
static void no_connection(struct failure *f)
{
    int os = (int)info(f->x, CURLINFO_OS_ERRNO);
    const char *why =
        os != 0 ? uv_strerror(uv_translate_sys_error(os)) : f->x->detail;

    if (f->proxy[0] != '\0') {
        f->code = ERR_PROXY;
        reason(f, "the proxy %s cannot be reached: %s", f->proxy, why);
        advice(f, "%s", proxy_advice);
        return;
    }
    f->code = ERR_CONNECT;
    reason(f, "%s cannot be reached: %s", f->x->host, why);
    advice(f, "check the network, and whether a proxy is needed (HTTPS_PROXY)");
}

/* What a SOCKS proxy's answer means, or NULL. */
static const char *socks_words(const struct xfer *x)
{
    switch (info(x, CURLINFO_PROXY_ERROR)) {
    case CURLPX_NO_AUTH:
        return "wants a user name and password";
    case CURLPX_USER_REJECTED:
    case CURLPX_IDENTD:
    case CURLPX_IDENTD_DIFFER:
        return "did not accept the user name and password";
    case CURLPX_REPLY_NOT_ALLOWED:
        return "does not allow this connection";
    case CURLPX_REPLY_NETWORK_UNREACHABLE:
        return "says that the network is unreachable";
    case CURLPX_REPLY_HOST_UNREACHABLE:
        return "says that the host is unreachable";
    case CURLPX_REPLY_CONNECTION_REFUSED:
        return "says that the connection was refused";
    case CURLPX_REPLY_TTL_EXPIRED:
        return "says that the host is too far away";
    case CURLPX_RESOLVE_HOST:
        return "cannot be asked for a name that is not found";
    case CURLPX_BAD_VERSION:
    case CURLPX_BAD_ADDRESS_TYPE:
        return "does not speak SOCKS";
    case CURLPX_CLOSED:
        return "closed the connection";
    default:
        return NULL;
    }
}

/* The proxy said no, or something strange. */
static void proxy_refused(struct failure *f)
{
    long status = info(f->x, CURLINFO_HTTP_CONNECTCODE);

    f->code = ERR_PROXY;
    advice(f, "%s", proxy_advice);
    if (status == 407 || status == 401) { /* tinyproxy says 401 */
        bool has_user = strchr(f->x->proxy, '@') != NULL;

        reason(f, "the proxy %s %s (status %ld)", f->proxy,
               has_user ? "did not accept the user name and password"
                        : "wants a user name and password",
               status);
        advice(f, "put them into the proxy's URL, percent-encoded: "
                  "http://user:password@host:port");
    } else if (status == 403) {
        reason(f, "the proxy %s does not allow connections to %s (status 403)",
               f->proxy, f->x->host);
    } else if (status != 0 && status / 100 != 2) {
        reason(f, "the proxy %s answered with status %ld", f->proxy, status);
    } else if (socks_words(f->x) != NULL) {
        reason(f, "the proxy %s %s", f->proxy, socks_words(f->x));
    } else if (f->x->detail[0] != '\0') {
        reason(f, "the proxy %s failed: %s", f->proxy, f->x->detail);
    } else {
        reason(f, "the proxy %s failed", f->proxy);
    }
}

/* The certificate does not convince. */
static void bad_certificate(struct failure *f)
{
    long at_proxy = info(f->x, CURLINFO_PROXY_SSL_VERIFYRESULT);
    long result = info(f->x, CURLINFO_SSL_VERIFYRESULT);
    bool proxy = xfer_is_tls_proxy(f->x->proxy) && f->x->n_tls < 2;
    const char *whose = proxy ? f->proxy : f->x->host;
    char now[32] = "";
    time_t t = time(NULL);
    struct tm tm;

    result = proxy ? at_proxy : result;
    f->code = ERR_CERTIFICATE;
    /* libcurl says "unspecified" of a name that does not match. */
    if (result == X509_V_OK || result == X509_V_ERR_UNSPECIFIED) {
        reason(f, "certificate verify failed: the certificate is not for %s",
               whose);
        advice(f, "check the name; something else may answer in its place");
        return;
    }
    reason(f, "certificate verify failed: %s%s%s",
           X509_verify_cert_error_string(result), proxy ? ": proxy " : "",
           proxy ? whose : "");
    switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        if (gmtime_r(&t, &tm) != NULL) {
            strftime(now, sizeof now, "%Y-%m-%d %H:%M UTC", &tm);
        }
        advice(f,
               "check this machine's clock, which says %s; if it is right, "
               "the certificate must be renewed",
               now);
        break;
    default:
        advice(f, "if a proxy or a private authority issues certificates "
                  "here, name its certificate with --ca-bundle or "
                  "AWS_CA_BUNDLE");
        break;
    }
}

/* TLS went wrong for another reason. */
static void bad_tls(struct failure *f)
{
    const char *detail = f->x->detail;

    f->code = f->stage == STAGE_PROXY ? ERR_PROXY : ERR_TLS;
    reason(f, "%s", detail[0] != '\0' ? detail : "the TLS handshake failed");
    if (strstr(detail, "wrong version number") != NULL ||
        strstr(detail, "packet length too long") != NULL) {
        reason(f, "%s does not speak TLS",
               f->stage == STAGE_PROXY ? f->proxy : f->x->host);
        advice(f, "check the port, and whether http:// is meant");
    } else if (strstr(detail, "SSL_ERROR_SYSCALL") != NULL ||
               strstr(detail, "eset by peer") != NULL ||
               strstr(detail, "unexpected eof") != NULL) {
        f->closed = true;
        reason(f, "%s closed the connection during the TLS handshake",
               f->stage == STAGE_PROXY ? f->proxy : f->x->host);
        advice(f, "a firewall or a proxy in between may forbid it");
    }
}

/* Nobody answered in time. */
static void timed_out(struct failure *f)
{
    static const char *const waiting_for[] = {
        "the address of", "a connection to", "the proxy that leads to",
        "the TLS handshake with", "an answer from"};

    f->code = UV_ETIMEDOUT;
    reason(f, "timed out waiting for %s %s", waiting_for[f->stage],
           f->stage <= STAGE_TCP && f->proxy[0] != '\0' ? f->proxy
                                                        : f->x->host);
    if (f->stage == STAGE_NAME) {
        advice(f, "check this machine's DNS");
    } else if (f->proxy[0] != '\0') {
        advice(f, "%s", proxy_advice);
    } else if (f->stage == STAGE_ANSWER) {
        advice(f, "the service may be slow; try again");
    } else {
        advice(f, "check the network and firewalls, and whether a proxy is "
                  "needed (HTTPS_PROXY)");
    }
}

/* The connection ended where an answer was due. */
static void hung_up(struct failure *f)
{
    f->closed = true;
    f->code = ERR_HTTP;
    reason(f, "%s closed the connection before it answered", f->x->host);
    advice(f, "try again; a proxy or firewall in between may have cut it");
}

/* Turn libcurl's @code into @f. */
static void classify(struct failure *f, CURLcode code)
{
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        f->code = UV_ENOMEM;
        reason(f, "%s", uv_strerror(UV_ENOMEM));
        break;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        no_name(f);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        timed_out(f);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        bad_certificate(f);
        break;
    case CURLE_SSL_CACERT_BADFILE:
        f->code = ERR_SETTING;
        reason(f, "the CA file %s cannot be used",
               f->x->net->trust.file != NULL ? f->x->net->trust.file : "");
        advice(f, "check SSL_CERT_FILE and CURL_CA_BUNDLE");
        break;
    case CURLE_PROXY:
        proxy_refused(f);
        break;
    case CURLE_COULDNT_CONNECT:
        if (f->stage == STAGE_PROXY) {
            proxy_refused(f);
        } else {
            no_connection(f);
        }
        break;
    case CURLE_SSL_CONNECT_ERROR:
        bad_tls(f);
        break;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        if (f->stage == STAGE_PROXY) {
            proxy_refused(f);
        } else {
            hung_up(f);
        }
        break;
    case CURLE_UNSUPPORTED_PROTOCOL: /* "HTTP/0.9" */
    case CURLE_WEIRD_SERVER_REPLY:
        f->code = ERR_HTTP;
        reason(f, "%s does not answer in HTTP", f->x->host);
        advice(f, "check the host and the port");
        break;
    default:
        f->code = ERR_HTTP;
        reason(f, "%s",
               f->x->detail[0] != '\0' ? f->x->detail
                                       : curl_easy_strerror(code));
        break;
    }
}

/* The AWS CLI's sentence for what happened to a request. */
static void say_request(const struct failure *f, struct err *e)
{
    const char *url = f->x->shown;
    bool connecting = f->stage < STAGE_ANSWER;

    switch (f->code) {
    case ERR_DNS:
    case ERR_CONNECT:
        err_set(e, f->code, "Could not connect to the endpoint URL: \"%s\"",
                url);
        break;
    case ERR_PROXY:
        err_set(e, f->code, "Failed to connect to proxy URL: \"%s\"", f->proxy);
        break;
    case UV_ETIMEDOUT:
        err_set(e, f->code, "%s timeout on endpoint URL: \"%s\"",
                connecting ? "Connect" : "Read", url);
        break;
    case ERR_TLS:
    case ERR_CERTIFICATE:
        err_set(e, f->code, "SSL validation failed for %s %s", url, f->reason);
        break;
    default:
        if (f->closed) {
            err_set(e, f->code,
                    "Connection was closed before we received a valid "
                    "response from endpoint URL: \"%s\".",
                    url);
        } else {
            err_set(e, f->code, "%s: %s", url, f->reason);
        }
        break;
    }
    if (strstr(e->msg, f->reason) != NULL) {
        err_hint(e, "%s", f->advice);
    } else {
        err_hint(e, "%s%s%s", f->reason, f->advice[0] != '\0' ? "; " : "",
                 f->advice);
    }
}

int xfer_explain(const struct xfer *x, CURLcode code, struct err *e)
{
    struct failure f = {.x = x};

    assert(code != CURLE_OK);
    if (x->proxy != NULL) {
        log_url(f.proxy, sizeof f.proxy, x->proxy);
    }
    f.stage = xfer_stage(x, code);
    classify(&f, code);
    if (x->kind == XFER_REQUEST) {
        say_request(&f, e);
    } else {
        err_set(e, f.code, "%s", f.reason);
        err_hint(e, "%s", f.advice);
    }
    log_debug(x->net->log, NET, x->id, "%s (curl %d: %s)", f.reason, (int)code,
              x->detail[0] != '\0' ? x->detail : curl_easy_strerror(code));
    return f.code;
}
