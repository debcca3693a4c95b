/* SPDX-License-Identifier: Apache-2.0 */
/* url.c - a URL is taken apart from left to right, refusing what is odd. */
#include "url.h"

#include <ctype.h>
#include <string.h>

#include "err.h"
#include "ip.h"

unsigned url_default_port(const char *scheme)
{
    if (strcmp(scheme, "http") == 0 || strcmp(scheme, "ws") == 0) {
        return 80;
    }
    if (strcmp(scheme, "https") == 0 || strcmp(scheme, "wss") == 0) {
        return 443;
    }
    return 0;
}

/* Whether the @len bytes at @label can stand between two dots. */
static bool label_valid(const char *label, size_t len)
{
    size_t i;

    if (len == 0 || len > 63 || label[0] == '-' || label[len - 1] == '-') {
        return false;
    }
    for (i = 0; i < len; i++) {
        if (!isalnum((unsigned char)label[i]) && label[i] != '-' &&
            label[i] != '_') {
            return false;
        }
    }
    return true;
}

bool host_name_valid(const char *text)
{
    size_t total = strlen(text);
    bool digits = true; /* Of the last label */

    if (total > 0 && text[total - 1] == '.') {
        total--;
    }
    if (total == 0 || total > 253) {
        return false;
    }
    for (;;) {
        size_t len = strcspn(text, ".");

        if (!label_valid(text, len)) {
            return false;
        }
        digits = strspn(text, "0123456789") == len;
        if (text[len] == '\0' || text[len + 1] == '\0') {
            return !digits;
        }
        text += len + 1;
    }
}

bool host_valid(const char *text)
{
    struct ip ip;

    return ip_parse(&ip, text) || host_name_valid(text);
}

bool port_parse(unsigned *port, const char *text)
{
    size_t len = strspn(text, "0123456789");
    unsigned value = 0;
    size_t i;

    if (len == 0 || len > 5 || text[len] != '\0') {
        return false;
    }
    for (i = 0; i < len; i++) {
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    if (value == 0 || value > 65535) {
        return false;
    }
    *port = value;
    return true;
}

/* Copy @len bytes in lower case, terminated. */
static void copy_lower(char *out, const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        out[i] = (char)tolower((unsigned char)text[i]);
    }
    out[len] = '\0';
}

bool host_port_split(char host[static URL_HOST_SIZE], unsigned *port,
                     const char *text)
{
    const char *start = text;
    const char *end;
    const char *rest;
    struct ip ip;

    *port = 0;
    if (ip_parse(&ip, text)) { /* "::1:22" is an address, not a port */
        end = text + strlen(text);
        rest = end;
    } else if (*text == '[') {
        start = text + 1;
        end = strchr(start, ']');
        if (end == NULL) {
            return false;
        }
        rest = end + 1;
    } else {
        end = text + strcspn(text, ":");
        rest = end;
    }
    if (end - start >= URL_HOST_SIZE) {
        return false;
    }
    copy_lower(host, start, (size_t)(end - start));
    if (*text == '[' ? !ip_parse(&ip, host) || ip.version != 6
                     : !host_valid(host)) {
        return false;
    }
    return *rest == '\0' || (*rest == ':' && port_parse(port, rest + 1));
}

/* Take the scheme; the rest of the text, or NULL. */
static const char *split_scheme(struct url *url, const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    if (len == 0 || len >= sizeof url->scheme ||
        !isalpha((unsigned char)text[0]) ||
        strncmp(text + len, "://", 3) != 0) {
        return NULL;
    }
    copy_lower(url->scheme, text, len);
    return text + len + 3;
}

int url_split(struct url *url, const char *text, struct err *e)
{
    char authority[URL_HOST_SIZE + 16]; /* Brackets, colon and port */
    const char *p;
    size_t len;

    *url = (struct url){0};
    for (p = text; *p != '\0'; p++) {
        if ((unsigned char)*p <= ' ' || *p == 0x7f) {
            return err_set(e, ERR_USAGE, "URL: a space or control character");
        }
    }
    p = split_scheme(url, text);
    if (p == NULL) {
        return err_set(e, ERR_USAGE, "URL: the scheme is missing");
    }
    len = strcspn(p, "/?#");
    if (memchr(p, '@', len) != NULL) {
        return err_set(e, ERR_USAGE, "URL: user info is not accepted");
    }
    if (strchr(p, '#') != NULL) {
        return err_set(e, ERR_USAGE, "URL: a fragment is not accepted");
    }
    if (len == 0 || len >= sizeof authority) {
        return err_set(e, ERR_USAGE, "URL: the host is %s",
                       len == 0 ? "missing" : "too long");
    }
    memcpy(authority, p, len);
    authority[len] = '\0';
    if (authority[0] != '[' &&
        strchr(authority, ':') != strrchr(authority, ':')) {
        return err_set(e, ERR_USAGE, "URL: an IPv6 address needs brackets");
    }
    if (!host_port_split(url->host, &url->port, authority)) {
        return err_set(e, ERR_USAGE, "URL: the host or port is invalid");
    }
    url->has_port = url->port != 0;
    if (!url->has_port) {
        url->port = url_default_port(url->scheme);
    }
    url->path = p + len;
    url->path_len = strcspn(url->path, "?");
    if (url->path[url->path_len] == '?') {
        url->query = url->path + url->path_len + 1;
    }
    return 0;
}
