/* SPDX-License-Identifier: Apache-2.0 */
/* reach.c - how a listener is reached from the machine it runs on. */
#include "reach.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "ip.h"

/* Both loopbacks, or every address of a family. */
static bool is_all(const char *listen)
{
    return listen == NULL || strcmp(listen, "0.0.0.0") == 0 ||
           strcmp(listen, "::") == 0;
}

const char *reach_address(const char *listen)
{
    if (!is_all(listen)) {
        return listen;
    }
    return listen != NULL && strchr(listen, ':') != NULL ? "::1" : "127.0.0.1";
}

void reach_add_url(struct buf *out, const char *scheme, const char *listen,
                   int port)
{
    const char *host = reach_address(listen);

    if (strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0) {
        buf_addf(out, "%s://localhost:%d", scheme, port);
    } else {
        buf_addf(out, strchr(host, ':') != NULL ? "%s://[%s]:%d" : "%s://%s:%d",
                 scheme, host, port);
    }
}

bool reach_is_ours(const char *listen, const char *peer)
{
    struct ip from, here;

    if (!ip_parse(&from, peer)) {
        return false;
    }
    return ip_is_loopback(&from) ||
           (!is_all(listen) && ip_parse(&here, listen) &&
            ip_equal(&from, &here));
}

bool reach_is_own_host(const char *listen, const char *host)
{
    const char *begin = host[0] == '[' ? host + 1 : host;
    size_t n = strcspn(begin, begin == host ? ":" : "]");
    char name[IP_TEXT_SIZE];

    if (n >= sizeof name) {
        return false;
    }
    memcpy(name, begin, n);
    name[n] = '\0';
    return strcasecmp(name, "localhost") == 0 || reach_is_ours(listen, name);
}
