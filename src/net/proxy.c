/* SPDX-License-Identifier: Apache-2.0 */
/* proxy.c - reading the proxy variables and matching NO_PROXY. */
#include "proxy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "mem.h"
#include "wipe.h"

enum { WORD_MAX = 256 }; /* A longer word is no host name */

/* An IP address in network order. */
struct address {
    unsigned char bytes[16];
    unsigned len; /* 4 or 16; 0: not an address */
};

/* The value of the first of two variables that is set to something. */
static const char *env_first(proxy_env env, void *data, const char *a,
                             const char *b)
{
    const char *value = env(data, a);

    if ((value == NULL || *value == '\0') && b != NULL) {
        value = env(data, b);
    }
    return value != NULL && *value != '\0' ? value : NULL;
}

/* Keep a copy of @value, if there is one; false: no memory. */
static bool keep(char **out, const char *value)
{
    if (value == NULL) {
        return true;
    }
    *out = mem_strdup(value);
    return *out != NULL;
}

int proxies_load(struct proxies *p, proxy_env env, void *data)
{
    /* In a CGI program HTTP_PROXY is a header that the client chose. */
    bool cgi = env_first(env, data, "REQUEST_METHOD", NULL) != NULL;

    *p = (struct proxies){0};
    if (keep(&p->http, env_first(env, data, "http_proxy", NULL)) &&
        keep(&p->https, env_first(env, data, "https_proxy", "HTTPS_PROXY")) &&
        keep(&p->all, env_first(env, data, "all_proxy", "ALL_PROXY")) &&
        keep(&p->tunnel,
             cgi ? NULL : env_first(env, data, "HTTP_PROXY", NULL)) &&
        keep(&p->no_proxy, env_first(env, data, "no_proxy", "NO_PROXY"))) {
        return 0;
    }
    return UV_ENOMEM;
}

void proxies_free(struct proxies *p)
{
    wipe_free(p->http);
    wipe_free(p->https);
    wipe_free(p->all);
    wipe_free(p->tunnel);
    mem_free(p->no_proxy);
    *p = (struct proxies){0};
}

const char *proxies_pick(const struct proxies *p, const char *scheme,
                         const char *host, unsigned port, bool tunnel)
{
    const char *proxy = strcasecmp(scheme, "https") == 0 ? p->https : p->http;

    if (proxy == NULL) {
        proxy = p->all;
    }
    if (proxy == NULL && tunnel) {
        proxy = p->tunnel;
    }
    if (proxy == NULL || proxy_bypassed(p->no_proxy, host, port)) {
        return NULL;
    }
    return proxy;
}

/* Read @text as an address; an IPv6 zone is not part of it. */
static struct address address_of(const char *text)
{
    struct address a = {.len = 0};
    char bare[WORD_MAX];
    size_t n = strcspn(text, "%");

    if (n >= sizeof bare) {
        return a;
    }
    memcpy(bare, text, n);
    bare[n] = '\0';
    if (uv_inet_pton(AF_INET, bare, a.bytes) == 0) {
        a.len = 4;
    } else if (uv_inet_pton(AF_INET6, bare, a.bytes) == 0) {
        a.len = 16;
    }
    return a;
}

/* Whether the first @bits bits of two addresses of one family agree. */
static bool same_block(const struct address *a, const struct address *b,
                       unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    unsigned mask = (0xff00u >> rest) & 0xffu;

    if (a->len != b->len || bits > a->len * 8) {
        return false;
    }
    return memcmp(a->bytes, b->bytes, whole) == 0 &&
           (rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) & mask) == 0);
}

/* Whether the word (an address, or a block with a slash) covers @host. */
static bool address_covered(char *word, const struct address *host)
{
    char *slash = strchr(word, '/');
    struct address a;
    unsigned long bits;

    if (slash == NULL) {
        a = address_of(word);
        return a.len > 0 && same_block(&a, host, a.len * 8);
    }
    *slash = '\0';
    a = address_of(word);
    if (a.len == 0 || slash[1] < '0' || slash[1] > '9') {
        return false;
    }
    bits = strtoul(slash + 1, &slash, 10);
    return *slash == '\0' && bits <= 128 &&
           same_block(&a, host, (unsigned)bits);
}

/* Whether @host is @domain or below it; trailing dots mean nothing. */
static bool domain_covered(const char *domain, const char *host)
{
    size_t d;
    size_t h = strlen(host);

    if (strncmp(domain, "*.", 2) == 0) {
        domain++;
    }
    domain += *domain == '.';
    d = strlen(domain);
    d -= d > 0 && domain[d - 1] == '.';
    h -= h > 0 && host[h - 1] == '.';
    if (d == 0 || h < d || strncasecmp(host + h - d, domain, d) != 0) {
        return false;
    }
    return h == d || host[h - d - 1] == '.';
}

/* Cut a :port off @word and say whether it allows @port.  An IPv6 address
 * loses its brackets; without them its colons are its own. */
static bool port_allowed(char **word, unsigned port)
{
    char *end = **word == '[' ? strchr(*word, ']') : NULL;
    char *colon;

    if (end != NULL) {
        colon = end[1] == ':' ? end + 1 : NULL;
        if (end[1] == '/') { /* [fd00::]/8 */
            memmove(end, end + 1, strlen(end));
        } else {
            *end = '\0';
        }
        ++*word;
    } else {
        colon = strchr(*word, ':');
        if (colon == NULL || strchr(colon + 1, ':') != NULL) {
            return true;
        }
        *colon = '\0';
    }
    return colon == NULL || strtoul(colon + 1, NULL, 10) == port;
}

bool proxy_bypassed(const char *no_proxy, const char *host, unsigned port)
{
    static const char separators[] = ", \t";
    const char *p = no_proxy != NULL ? no_proxy : "";
    struct address address;
    char bare[WORD_MAX];
    size_t n = strlen(host);

    if (n >= sizeof bare) {
        return false;
    }
    memcpy(bare, host, n + 1);
    if (bare[0] == '[' && bare[n - 1] == ']') {
        memmove(bare, bare + 1, n);
        bare[n - 2] = '\0';
    }
    address = address_of(bare);

    for (p += strspn(p, separators); *p != '\0'; p += strspn(p, separators)) {
        char buf[WORD_MAX];
        char *word = buf;
        size_t len = strcspn(p, separators);

        if (len == 1 && *p == '*') {
            return true;
        }
        if (len < sizeof buf) {
            memcpy(buf, p, len);
            buf[len] = '\0';
            if (port_allowed(&word, port) &&
                (address.len > 0 ? address_covered(word, &address)
                                 : domain_covered(word, bare))) {
                return true;
            }
        }
        p += len;
    }
    return false;
}

unsigned proxy_default_port(const char *proxy)
{
    /* libcurl means 1080; everybody else, the AWS CLI too, means 80. */
    return strstr(proxy, "://") == NULL || strncasecmp(proxy, "http://", 7) == 0
               ? 80
               : 0;
}
