/* SPDX-License-Identifier: Apache-2.0 */
/* addr.c - address and port in one text; blocks in blocks. */
#include "addr.h"

#include <string.h>

#include "url.h"

bool addr_parse(const char *text, struct ip *ip, int *port)
{
    char host[URL_HOST_SIZE];
    unsigned number;

    if (!host_port_split(host, &number, text) || number == 0) {
        return false;
    }
    *port = (int)number;
    return ip_parse(ip, host) && (ip->version == 6) == (text[0] == '[');
}

bool addr_covers(const struct cidr *outer, const struct cidr *inner)
{
    return outer->prefix <= inner->prefix && cidr_contains(outer, &inner->base);
}
