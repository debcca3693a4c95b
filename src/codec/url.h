/* SPDX-License-Identifier: Apache-2.0 */
/* url.h - strict reading of URLs, host names and ports from a user. */
#ifndef URL_H
#define URL_H

#include <stdbool.h>
#include <stddef.h>

struct err;

enum { URL_SCHEME_SIZE = 16, URL_HOST_SIZE = 256 };

/* The parts of an absolute URL. */
struct url {
    char scheme[URL_SCHEME_SIZE]; /* Lower-case, without "://" */
    char host[URL_HOST_SIZE];     /* Lower-case; IPv6 without brackets */
    unsigned port;                /* Given, or the scheme's default, or 0 */
    bool has_port;                /* It was given */
    const char *path;             /* Into the text: "" or begins with '/'; */
    size_t path_len;              /* ends before '?' */
    const char *query;            /* Into the text, after '?'; or NULL */
};

/* Split @text, which must outlive @url.  The host must be a valid name or
 * address; user info, a fragment, spaces and control characters are refused.
 * Returns 0, or ERR_USAGE with @e saying what is wrong (it never repeats
 * @text, which may hold a secret). */
int url_split(struct url *url, const char *text, struct err *e);

/* The port a scheme stands for (http, ws: 80; https, wss: 443), or 0. */
unsigned url_default_port(const char *scheme);

/* Whether @text is a host name: dot-separated labels of 1 to 63 letters,
 * digits, '-' and '_', not beginning or ending with '-', at most 253 in all, a
 * final dot allowed, the last label not all digits. */
bool host_name_valid(const char *text);

/* Whether @text is a host name or an address (IPv6 without brackets). */
bool host_valid(const char *text);

/* Read a port, 1 to 65535, decimal digits only. */
bool port_parse(unsigned *port, const char *text);

/* Split "host", "host:port", "[v6]", "[v6]:port" or a bare IPv6 address into
 * @host and @port (0 when not given).  False when either part is invalid. */
bool host_port_split(char host[static URL_HOST_SIZE], unsigned *port,
                     const char *text);

#endif /* URL_H */
