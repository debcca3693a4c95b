/* SPDX-License-Identifier: Apache-2.0 */
/* http_parse.c - the head of an HTTP/1.1 request, taken apart where it lies. */
#include "http_parse.h"

#include <string.h>
#include <strings.h>

/* A character of a token (RFC 9110, 5.6.2). */
static bool is_token(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* A character of a header's value: visible, blank, tab, or beyond ASCII. */
static bool is_value(unsigned char c)
{
    return c == '\t' || (c >= ' ' && c != 0x7f);
}

size_t http_head_length(const char *text, size_t len, size_t from)
{
    size_t i = from > 3 ? from - 3 : 0;
    const char *nl;

    while (i < len && (nl = memchr(text + i, '\n', len - i)) != NULL) {
        i = (size_t)(nl - text) + 1;
        if (i < len && text[i] == '\n') {
            return i + 1;
        }
        if (i + 1 < len && text[i] == '\r' && text[i + 1] == '\n') {
            return i + 2;
        }
    }
    return 0;
}

/* Cut the next line off [*p, end); NULL when it holds what no line may. */
static char *take_line(char **p, char *end)
{
    char *line = *p;
    char *nl = memchr(line, '\n', (size_t)(end - line));
    char *stop;

    if (nl == NULL) {
        return NULL;
    }
    stop = nl > line && nl[-1] == '\r' ? nl - 1 : nl;
    *stop = '\0';
    *p = nl + 1;
    return strlen(line) == (size_t)(stop - line) &&
                   memchr(line, '\r', (size_t)(stop - line)) == NULL
               ? line
               : NULL;
}

/* "/path?query", or "http://host/path?query" as proxies are asked. */
static int parse_target(char *target, struct http_head *head)
{
    char *mark;

    for (const char *c = target; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f) {
            return 400;
        }
    }
    if (target[0] != '/') {
        mark = strstr(target, "://");
        target = mark != NULL ? strchr(mark + 3, '/') : NULL;
        if (target == NULL) {
            return 400;
        }
    }
    mark = strchr(target, '#');
    if (mark != NULL) {
        return 400;
    }
    mark = strchr(target, '?');
    head->path = target;
    head->query = "";
    if (mark != NULL) {
        *mark = '\0';
        head->query = mark + 1;
    }
    return 0;
}

/* "GET /path HTTP/1.1" */
static int parse_request_line(char *line, struct http_head *head)
{
    char *target = strchr(line, ' ');
    char *version = target != NULL ? strchr(target + 1, ' ') : NULL;

    if (version == NULL || target == line || version == target + 1) {
        return 400;
    }
    *target++ = '\0';
    *version++ = '\0';
    for (const char *c = line; *c != '\0'; c++) {
        if (!is_token((unsigned char)*c)) {
            return 400;
        }
    }
    head->method = line;
    if (strcmp(version, "HTTP/1.1") == 0) {
        head->keep_alive = true;
    } else if (strcmp(version, "HTTP/1.0") != 0) {
        return strncmp(version, "HTTP/", 5) == 0 && strlen(version) == 8 ? 505
                                                                         : 400;
    }
    return parse_target(target, head);
}

/* "Name: value" */
static int parse_header(char *line, struct http_head *head)
{
    char *colon = strchr(line, ':');
    char *value, *end;

    if (colon == NULL || colon == line) {
        return 400;
    }
    if (head->n_headers == HTTP_MAX_HEADERS) {
        return 431;
    }
    *colon = '\0';
    for (char *c = line; c < colon; c++) {
        if (!is_token((unsigned char)*c)) {
            return 400; /* Also a folded line: it begins with a blank. */
        }
        if (*c >= 'A' && *c <= 'Z') {
            *c = (char)(*c - 'A' + 'a');
        }
    }
    value = colon + 1;
    value += strspn(value, " \t");
    end = value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    *end = '\0';
    for (const char *c = value; c < end; c++) {
        if (!is_value((unsigned char)*c)) {
            return 400;
        }
    }
    head->headers[head->n_headers++] =
        (struct http_header){.name = line, .value = value};
    return 0;
}

/* Decimal digits only, and not absurdly many. */
static int parse_length(const char *value, uint64_t *out)
{
    size_t n = strspn(value, "0123456789");

    if (n == 0 || value[n] != '\0') {
        return 400;
    }
    if (n > 18) {
        return 413;
    }
    *out = 0;
    for (; *value != '\0'; value++) {
        *out = *out * 10 + (uint64_t)(*value - '0');
    }
    return 0;
}

/* What the server itself must know of the headers. */
static int study_headers(struct http_head *head)
{
    unsigned hosts = 0, lengths = 0;
    int rv = 0;

    for (size_t i = 0; i < head->n_headers && rv == 0; i++) {
        const struct http_header *h = &head->headers[i];

        if (strcmp(h->name, "host") == 0) {
            rv = ++hosts > 1 ? 400 : 0;
        } else if (strcmp(h->name, "content-length") == 0) {
            rv = ++lengths > 1 ? 400
                               : parse_length(h->value, &head->content_length);
        } else if (strcmp(h->name, "transfer-encoding") == 0) {
            rv = 501; /* No AWS client sends one to these services. */
        } else if (strcmp(h->name, "expect") == 0) {
            head->expect_continue = strcasecmp(h->value, "100-continue") == 0;
        } else if (strcmp(h->name, "connection") == 0) {
            if (strcasecmp(h->value, "close") == 0) {
                head->keep_alive = false;
            } else if (strcasecmp(h->value, "keep-alive") == 0) {
                head->keep_alive = true;
            }
        }
    }
    return rv;
}

int http_parse_head(char *text, size_t len, struct http_head *head)
{
    char *p = text, *end = text + len, *line;
    int rv;

    *head = (struct http_head){0};
    line = take_line(&p, end);
    if (line == NULL) {
        return 400;
    }
    rv = parse_request_line(line, head);
    while (rv == 0 && p < end) {
        line = take_line(&p, end);
        if (line == NULL) {
            return 400;
        }
        if (line[0] == '\0') {
            return study_headers(head);
        }
        rv = parse_header(line, head);
    }
    return rv != 0 ? rv : 400;
}
