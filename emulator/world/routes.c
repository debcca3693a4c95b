/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - where the addresses of the emulated network really lead. */
#include <string.h>
#include <uv.h>

#include "addr.h"
#include "err.h"
#include "impl.h"
#include "mem.h"

const char *world_route(const struct world *w, const struct world_instance *in,
                        const struct ip *ip, int port)
{
    const struct world_set_route *set;
    size_t i;

    for (set = w->set_routes; set != NULL; set = set->next) {
        if (set->route.from_port == port && ip_equal(&set->route.from, ip)) {
            return set->to;
        }
    }
    for (i = 0; in != NULL && i < in->n_routes; i++) {
        if (in->routes[i].from_port == port) {
            return in->routes[i].to;
        }
    }
    for (i = 0; i < w->n_routes; i++) {
        if (w->routes[i].from_port == port &&
            ip_equal(&w->routes[i].from, ip)) {
            return w->routes[i].to;
        }
    }
    return NULL;
}

int world_set_route(struct world *w, const char *from, const char *to,
                    struct err *e)
{
    struct world_set_route *set;
    struct world_route route = {0};
    struct ip ip;
    int port;

    if (!addr_parse(from, &route.from, &route.from_port)) {
        return err_set(e, ERR_USAGE, "%s is not ADDRESS:PORT", from);
    }
    if (!addr_parse(to, &ip, &port)) {
        return err_set(e, ERR_USAGE, "%s is not ADDRESS:PORT", to);
    }
    set = mem_zalloc(sizeof *set);
    if (set == NULL) {
        return err_set_uv(e, UV_ENOMEM, "set a route");
    }
    set->to = mem_strdup(to);
    if (set->to == NULL) {
        mem_free(set);
        return err_set_uv(e, UV_ENOMEM, "set a route");
    }
    route.to = set->to;
    set->route = route;
    set->next = w->set_routes;
    w->set_routes = set;
    return 0;
}
