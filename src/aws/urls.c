/* SPDX-License-Identifier: Apache-2.0 */
/* urls.c - scheme, host and port of an endpoint. */
#include "urls.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

enum { HOST_MAX = 255, LABEL_MAX = 63 };

bool url_has_scheme(const char *url)
{
    const char *p = url;

    if (!isalpha((unsigned char)*p)) {
        return false;
    }
    while (isalnum((unsigned char)*p) || *p == '+' || *p == '-' || *p == '.') {
        p++;
    }
    return *p == ':';
}

/* Whether the @len characters at @p are dot-separated labels. */
static bool host_valid(const char *p, size_t len)
{
    const char *end = p + len;
    const char *label;

    if (len == 0 || len > HOST_MAX) {
        return false;
    }
    end -= end[-1] == '.'; /* One dot at the end is fine */
    do {
        label = p;
        while (p < end && *p != '.') {
            if (!isalnum((unsigned char)*p) && *p != '-') {
                return false;
            }
            p++;
        }
        if (p == label || p - label > LABEL_MAX || *label == '-' ||
            p[-1] == '-') {
            return false;
        }
    } while (p++ < end);
    return true;
}

/* Whether the @len characters at @p are an IPv6 address, maybe with a zone. */
static bool v6_valid(const char *p, size_t len)
{
    struct sockaddr_in6 addr;
    char text[64];

    if (len >= sizeof text) {
        return false;
    }
    memcpy(text, p, len);
    text[len] = '\0';
    text[strcspn(text, "%")] = '\0';
    return uv_ip6_addr(text, 0, &addr) == 0;
}

/* Whether @p up to @end is nothing, or a colon and a port. */
static bool port_valid(const char *p, const char *end)
{
    long port = 0;

    if (p == end) {
        return true;
    }
    if (*p++ != ':') {
        return false;
    }
    for (; p < end; p++) {
        if (!isdigit((unsigned char)*p) || port > 65535) {
            return false;
        }
        port = port * 10 + (*p - '0');
    }
    return port <= 65535;
}

bool url_valid(const char *url)
{
    const char *host, *end, *close;

    if (strncasecmp(url, "http://", 7) == 0) {
        host = url + 7;
    } else if (strncasecmp(url, "https://", 8) == 0) {
        host = url + 8;
    } else {
        return false;
    }
    end = host + strcspn(host, "/?#");
    for (close = host; close < end; close++) {
        if (*close == '@') { /* User info is not part of the host */
            host = close + 1;
        }
    }
    if (*host == '[') {
        close = memchr(host, ']', (size_t)(end - host));
        return close != NULL &&
               v6_valid(host + 1, (size_t)(close - host - 1)) &&
               port_valid(close + 1, end);
    }
    close = memchr(host, ':', (size_t)(end - host));
    close = close != NULL ? close : end;
    return host_valid(host, (size_t)(close - host)) && port_valid(close, end);
}

/* Copy the host of @url, lower case, without brackets, to @host. */
static void copy_host(const char *url, char host[static URL_HOST_TEXT])
{
    const char *from = strstr(url, "://");
    const char *end, *p;
    size_t n, i;

    strcpy(host, "None");
    if (from == NULL) {
        return;
    }
    from += 3;
    end = from + strcspn(from, "/?#");
    for (p = from; p < end; p++) {
        if (*p == '@') {
            from = p + 1;
        }
    }
    if (*from == '[') {
        from++;
        n = strcspn(from, "]");
    } else {
        n = strcspn(from, ":/?#");
    }
    if (n == 0 || n >= URL_HOST_TEXT || from + n > end) {
        return;
    }
    for (i = 0; i < n; i++) {
        host[i] = (char)tolower((unsigned char)from[i]);
    }
    host[n] = '\0';
}

/* Whether @host is an address of this machine's loopback. */
static bool is_loopback(const char *host)
{
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;

    if (uv_ip4_addr(host, 0, &v4) == 0) {
        return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
    }
    return uv_ip6_addr(host, 0, &v6) == 0 &&
           IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

bool url_container_allowed(const char *url, char host[static URL_HOST_TEXT])
{
    static const char *const allowed[] = {"169.254.170.2", "169.254.170.23",
                                          "fd00:ec2::23", "localhost"};
    size_t i;

    copy_host(url, host);
    if (strncasecmp(url, "https://", 8) == 0 || is_loopback(host)) {
        return true;
    }
    for (i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        if (strcmp(allowed[i], host) == 0) {
            return true;
        }
    }
    return false;
}

const char *url_path(const char *url)
{
    const char *p = strstr(url, "://");

    p = p != NULL ? p + 3 : url;
    return p + strcspn(p, "/?#");
}

void url_host_header(char *out, size_t size, const char *url)
{
    const char *from = strstr(url, "://") + 3;
    const char *to = url_path(url);
    const char *at;
    const char *port;
    size_t i;

    at = memchr(from, '@', (size_t)(to - from));
    from = at != NULL ? at + 1 : from;
    port = strncasecmp(url, "https", 5) == 0 ? ":443" : ":80";
    i = strlen(port);
    if ((size_t)(to - from) > i && strncmp(to - i, port, i) == 0) {
        to -= i;
    } else if (to > from && to[-1] == ':') {
        to--;
    }
    snprintf(out, size, "%.*s", (int)(to - from), from);
    for (i = 0; out[i] != '\0'; i++) {
        if (out[i] >= 'A' && out[i] <= 'Z') {
            out[i] = (char)(out[i] - 'A' + 'a');
        }
    }
}
