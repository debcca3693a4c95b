/* SPDX-License-Identifier: Apache-2.0 */
/* urls.h - which URLs may be an endpoint, and what requests to one say. */
#ifndef URLS_H
#define URLS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether @url begins with a scheme and a colon. */
bool url_has_scheme(const char *url);

/* Whether @url is http or https with a host the AWS CLI accepts: labels of
 * letters, digits and inner hyphens, or an IPv6 address in brackets; and a
 * port that is a number, if any. */
bool url_valid(const char *url);

enum { URL_HOST_TEXT = 256 };

/* Whether credentials of a container may be asked for at @url: over https, or
 * from a loopback address or one of the hosts that containers have.  @host is
 * set to its host, "None" if it has none. */
bool url_container_allowed(const char *url, char host[static URL_HOST_TEXT]);

/* The path part of the valid @url, or its end. */
const char *url_path(const char *url);

/* Write to @out what the Host header of a request to the valid @url will be: as
 * libcurl makes it, the port only if it is not the usual one, in lower case. */
void url_host_header(char *out, size_t size, const char *url);

#endif /* URLS_H */
