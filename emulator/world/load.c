/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - a world from its file: parse, read, link, check. */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "file.h"
#include "impl.h"
#include "mem.h"
#include "policy.h"
#include "wipe.h"

#define AT(type, member) offsetof(struct type, member)
#define LIST(name, member, rec)                                                \
    {                                                                          \
        .key = (name), .kind = FIELD_LIST, .offset = AT(world, member),        \
        .n_offset = AT(world, n_##member), .record = &(rec)                    \
    }
#define SECONDS(name, member, most)                                            \
    FIELD_OF_INT(name, struct world_settings, member, 0, most)

static const struct field settings_fields[] = {
    {.key = "any_port",
     .kind = FIELD_BOOL,
     .offset = AT(world_settings, any_port)},
    {.key = "serial_console_access",
     .kind = FIELD_BOOL,
     .offset = AT(world_settings, serial_console_access)},
    SECONDS("create_seconds", create_s, 86400),
    SECONDS("update_seconds", update_s, 86400),
    SECONDS("delete_seconds", delete_s, 86400),
    SECONDS("deleted_visible_seconds", deleted_visible_s, 86400),
    SECONDS("endpoints_per_vpc", max_per_vpc, 1000),
    SECONDS("endpoints_per_subnet", max_per_subnet, 1000),
    SECONDS("endpoints_per_account", max_per_account, 1000),
    SECONDS("connections_per_endpoint", max_connections, 10000),
    SECONDS("pushed_key_seconds", key_lifetime_s, 86400),
};

static const struct record settings_record = {
    .size = sizeof(struct world_settings),
    .fields = settings_fields,
    .n_fields = sizeof settings_fields / sizeof settings_fields[0],
};

static const struct field imds_fields[] = {
    {.key = "instance",
     .kind = FIELD_STRING,
     .offset = AT(world_imds, instance_id)},
    {.key = "v1", .kind = FIELD_BOOL, .offset = AT(world_imds, v1)},
    {.key = "enabled", .kind = FIELD_BOOL, .offset = AT(world_imds, enabled)},
    {.key = "credentials_seconds",
     .kind = FIELD_INT,
     .offset = AT(world_imds, credentials_s),
     .min = 1,
     .max = 43200},
};

static const struct record imds_record = {
    .size = sizeof(struct world_imds),
    .fields = imds_fields,
    .n_fields = sizeof imds_fields / sizeof imds_fields[0],
};

static const struct field container_fields[] = {
    {.key = "path", .kind = FIELD_STRING, .offset = AT(world_container, path)},
    {.key = "token",
     .kind = FIELD_STRING,
     .offset = AT(world_container, token)},
    {.key = "role",
     .kind = FIELD_STRING,
     .required = true,
     .offset = AT(world_container, role_name)},
    {.key = "account",
     .kind = FIELD_STRING,
     .offset = AT(world_container, account_id)},
    {.key = "credentials_seconds",
     .kind = FIELD_INT,
     .offset = AT(world_container, credentials_s),
     .min = 1,
     .max = 43200},
};

static const struct record container_record = {
    .size = sizeof(struct world_container),
    .fields = container_fields,
    .n_fields = sizeof container_fields / sizeof container_fields[0],
};

/* Endpoints are read last, when everything they refer to is known. */
static int read_later(struct reader *r, json_t *value, void *object)
{
    (void)object;
    return json_is_array(value) ? 0 : reader_fail(r, "must be an array");
}

static const struct field world_fields[] = {
    {.key = "region",
     .kind = FIELD_STRING,
     .offset = AT(world, settings) + AT(world_settings, region)},
    {.key = "settings",
     .kind = FIELD_RECORD,
     .offset = AT(world, settings),
     .record = &settings_record},
    LIST("accounts", accounts, account_record),
    LIST("sso", sso, sso_record),
    LIST("login", logins, login_record),
    LIST("vpcs", vpcs, vpc_record),
    LIST("subnets", subnets, subnet_record),
    LIST("security_groups", groups, group_record),
    LIST("key_pairs", key_pairs, key_pair_record),
    LIST("instances", instances, instance_record),
    {.key = "routes", .kind = FIELD_CUSTOM, .custom = routes_read_world},
    {.key = "endpoints", .kind = FIELD_CUSTOM, .custom = read_later},
    {.key = "imds",
     .kind = FIELD_RECORD,
     .offset = AT(world, imds),
     .record = &imds_record},
    {.key = "container",
     .kind = FIELD_RECORD,
     .offset = AT(world, container),
     .record = &container_record},
    {.key = "faults", .kind = FIELD_ANY, .offset = AT(world, faults)},
};

const struct record world_record = {
    .size = sizeof(struct world),
    .fields = world_fields,
    .n_fields = sizeof world_fields / sizeof world_fields[0],
};

void reader_at(struct reader *r, const char *list, size_t i, const char *key)
{
    snprintf(r->path, sizeof r->path, "$.%s[%zu].%s", list, i, key);
}

enum { SIX_HOURS_S = 6 * 3600 };

/* What holds when the file is silent. */
static void set_defaults(struct world *w)
{
    w->settings = (struct world_settings){
        .region = "eu-central-1",
        .create_s = 2,
        .update_s = 2,
        .delete_s = 2,
        .deleted_visible_s = 60,
        .max_per_vpc = 1,
        .max_per_subnet = 1,
        .max_per_account = 5,
        .max_connections = 20,
        .key_lifetime_s = 60,
        .serial_console_access = true,
    };
    w->imds.enabled = true;
    w->imds.v1 = true;
    w->imds.credentials_s = SIX_HOURS_S;
    w->container.path = "/v2/credentials/container";
    w->container.credentials_s = SIX_HOURS_S;
}

/* Fill @w from its document. */
static int read_all(struct world *w, struct reader *r)
{
    int rv = reader_object(r, w->doc, &world_record, w);
    json_t *endpoints = json_object_get(w->doc, "endpoints");

    if (rv == 0) {
        w->settings.partition = region_partition(w->settings.region);
        w->settings.dns_suffix = region_dns_suffix(w->settings.region);
        rv = people_link(w, r);
    }
    rv = rv != 0 ? rv : networks_link(w, r);
    rv = rv != 0 ? rv : machines_link(w, r);
    rv = rv != 0 ? rv : services_link(w, r);
    if (rv == 0 && endpoints != NULL) {
        strcpy(r->path, "$.endpoints");
        rv = endpoints_read(w, r, endpoints, true);
    }
    return rv;
}

int world_parse(struct world **out, const char *text, size_t len,
                const char *name, const struct world_config *config,
                struct err *e)
{
    struct world *w = mem_zalloc(sizeof *w);
    struct reader r = {.file = name, .e = e, .path = "$"};
    int rv;

    *out = NULL;
    if (w == NULL) {
        return err_set_uv(e, UV_ENOMEM, name);
    }
    if (config != NULL) {
        w->config = *config;
    }
    r.arena = &w->arena;
    set_defaults(w);
    w->doc = reader_document(name, text, len, e);
    rv = w->doc == NULL ? e != NULL ? e->code : ERR_PARSE : read_all(w, &r);
    if (rv == 0 && world_random(w, w->secret, sizeof w->secret) != 0) {
        rv = err_set_uv(e, UV_EIO,
                        "random bytes"); /* UNTESTED: no /dev/urandom */
    }
    if (rv != 0) {
        world_free(w);
        return rv;
    }
    w->generation = 0;
    *out = w;
    return 0;
}

int world_load(struct world **out, const char *path,
               const struct world_config *config, struct err *e)
{
    const char *builtin = world_builtin();
    char *text;
    size_t len;
    int rv;

    *out = NULL;
    if (path == NULL) {
        return world_parse(out, builtin, strlen(builtin), "built-in world",
                           config, e);
    }
    rv = file_read(path, &text, &len, e);
    if (rv != 0) {
        return rv;
    }
    rv = world_parse(out, text, len, path, config, e);
    file_free(text, len);
    return rv;
}

void world_free(struct world *w)
{
    size_t i;

    if (w == NULL) {
        return;
    }
    for (i = 0; i < w->n_endpoints; i++) {
        endpoint_free(w->endpoints[i]);
    }
    mem_free(w->endpoints);
    while (w->sessions != NULL) {
        struct world_session *next = w->sessions->next;

        session_free(w->sessions);
        w->sessions = next;
    }
    while (w->tokens != NULL) {
        struct world_token *next = w->tokens->next;

        token_free(w->tokens);
        w->tokens = next;
    }
    while (w->set_routes != NULL) {
        struct world_set_route *next = w->set_routes->next;

        mem_free(w->set_routes->to);
        mem_free(w->set_routes);
        w->set_routes = next;
    }
    policies_free(w);
    arena_free(&w->arena);
    json_decref(w->doc);
    wipe(w->secret, sizeof w->secret);
    mem_free(w);
}
