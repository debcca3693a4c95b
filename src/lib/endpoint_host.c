/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint_host.c - an endpoint's name, without the port everybody expects. */
#include "endpoint_host.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "mem.h"
#include "url.h"

int endpoint_host(char **out, const char *dns_name)
{
    char host[URL_HOST_SIZE];
    unsigned port;
    bool v6, own_port;
    char *p;

    if (!host_port_split(host, &port, dns_name)) {
        return ERR_PARSE; /* UNTESTED: target and resolve checked it. */
    }
    for (p = host; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    v6 = strchr(host, ':') != NULL;
    own_port = port != 0 && port != url_default_port("https");
    *out = own_port ? mem_printf(v6 ? "[%s]:%u" : "%s:%u", host, port)
                    : mem_printf(v6 ? "[%s]" : "%s", host);
    return *out != NULL ? 0 : UV_ENOMEM;
}
