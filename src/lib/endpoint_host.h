/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint_host.h - an endpoint's name as it is connected to and signed. */
#ifndef ENDPOINT_HOST_H
#define ENDPOINT_HOST_H

/* Make *@out "name", or "name:port" unless the port is 443, in lower case, of
 * @dns_name: what is connected to, what is signed, and what the Host header
 * says.  0, and the caller mem_free()s it; or UV_ENOMEM or ERR_PARSE. */
int endpoint_host(char **out, const char *dns_name);

#endif /* ENDPOINT_HOST_H */
