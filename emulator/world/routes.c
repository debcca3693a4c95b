/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - where the addresses of the emulated network really lead. */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "addr.h"
#include "err.h"
#include "impl.h"
#include "mem.h"

/* Read {"FROM": "TO", ...}; FROM is a port alone when @ports. */
static int read_routes(struct reader *r, json_t *value, bool ports,
                       struct world_route **out, size_t *n)
{
    struct world_route *list;
    const char *from;
    json_t *to;

    if (!json_is_object(value)) {
        return reader_fail(r, "must be an object of addresses");
    }
    list = arena_alloc(r->arena, (json_object_size(value) + 1) * sizeof *list);
    if (list == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    json_object_foreach(value, from, to)
    {
        size_t mark = reader_enter(r, from);
        struct world_route *route = &list[*n];
        char text[32];
        struct ip ip;
        int port;

        snprintf(text, sizeof text, "0.0.0.0:%.6s", from);
        if (!addr_parse(ports ? text : from, &route->from, &route->from_port)) {
            return reader_fail(r, ports ? "the key must be a port"
                                        : "the key must be ADDRESS:PORT");
        }
        route->to = json_string_value(to);
        if (route->to == NULL || !addr_parse(route->to, &ip, &port)) {
            return reader_fail(r, "must be an address and port such as "
                                  "127.0.0.1:2222 or [::1]:2222");
        }
        (*n)++;
        reader_leave(r, mark);
    }
    *out = list;
    return 0;
}

int routes_read_world(struct reader *r, json_t *value, void *object)
{
    struct world *w = object;

    return read_routes(r, value, false, &w->routes, &w->n_routes);
}

int routes_read_instance(struct reader *r, json_t *value, void *object)
{
    struct world_instance *in = object;

    return read_routes(r, value, true, &in->routes, &in->n_routes);
}

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
