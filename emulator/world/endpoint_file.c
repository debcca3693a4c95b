/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint_file.c - endpoints as a world file and saved state have them. */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "impl.h"
#include "iso8601.h"
#include "mem.h"

/* Settings as the file has them. */
struct file_settings {
    const char *ip_type;
    bool preserve;
    const char **group_ids;
    size_t n_groups;
};

/* An endpoint as the file has it. */
struct file_endpoint {
    const char *id;
    const char *subnet_id;
    const char *state;
    const char *dns_name;
    const char *fips_dns_name;
    const char *eni_id;
    const char *client_token;
    const char *state_message;
    const char *fail_with;
    int64_t created_ms;
    int64_t due_ms;
    struct file_settings now;
    struct file_settings next;
    bool has_next;
    struct world_tag *tags;
    size_t n_tags;
    int64_t throttle_bps;
    int64_t idle_timeout_s;
    int64_t max_connections;
    json_t *faults;
};

#define AT(member) offsetof(struct file_endpoint, member)
#define STR(name, member) FIELD_OF_STRING(name, struct file_endpoint, member)
#define NUM(name, member, least, most)                                         \
    FIELD_OF_INT(name, struct file_endpoint, member, least, most)
#define TYPES "ipv4|dualstack|ipv6"

static int read_next(struct reader *r, json_t *value, void *object);

static const struct field next_fields[] = {
    {.key = "ip_address_type",
     .kind = FIELD_STRING,
     .offset = offsetof(struct file_settings, ip_type),
     .words = TYPES},
    {.key = "preserve_client_ip",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct file_settings, preserve)},
    {.key = "security_groups",
     .kind = FIELD_STRINGS,
     .offset = offsetof(struct file_settings, group_ids),
     .n_offset = offsetof(struct file_settings, n_groups)},
};
static const struct record next_record = {
    .size = sizeof(struct file_settings),
    .fields = next_fields,
    .n_fields = sizeof next_fields / sizeof next_fields[0],
};

static const struct field endpoint_fields[] = {
    {.key = "id", .kind = FIELD_STRING, .required = true, .offset = AT(id)},
    {.key = "subnet",
     .kind = FIELD_STRING,
     .required = true,
     .offset = AT(subnet_id)},
    {.key = "state",
     .kind = FIELD_STRING,
     .offset = AT(state),
     .words = "create-in-progress|create-complete|create-failed|"
              "update-in-progress|update-complete|update-failed|"
              "delete-in-progress|delete-complete|delete-failed"},
    STR("state_message", state_message),
    STR("dns_name", dns_name),
    STR("fips_dns_name", fips_dns_name),
    STR("network_interface", eni_id),
    {.key = "created", .kind = FIELD_TIME, .offset = AT(created_ms)},
    {.key = "security_groups",
     .kind = FIELD_STRINGS,
     .offset = AT(now.group_ids),
     .n_offset = AT(now.n_groups)},
    {.key = "preserve_client_ip",
     .kind = FIELD_BOOL,
     .offset = AT(now.preserve)},
    {.key = "ip_address_type",
     .kind = FIELD_STRING,
     .offset = AT(now.ip_type),
     .words = TYPES},
    {.key = "tags",
     .kind = FIELD_TAGS,
     .offset = AT(tags),
     .n_offset = AT(n_tags)},
    NUM("throttle_bytes_per_second", throttle_bps, 0, INT64_MAX),
    NUM("idle_timeout_seconds", idle_timeout_s, 0, 86400),
    NUM("max_connections", max_connections, 0, 100000),
    {.key = "faults", .kind = FIELD_ANY, .offset = AT(faults)},
    /* Only in saved state: */
    {.key = "due", .kind = FIELD_INT, .offset = AT(due_ms)},
    STR("client_token", client_token),
    STR("fail_with", fail_with),
    {.key = "next", .kind = FIELD_CUSTOM, .custom = read_next},
};
static const struct record endpoint_record = {
    .size = sizeof(struct file_endpoint),
    .fields = endpoint_fields,
    .n_fields = sizeof endpoint_fields / sizeof endpoint_fields[0],
};

static int read_next(struct reader *r, json_t *value, void *object)
{
    struct file_endpoint *f = object;

    f->has_next = true;
    return reader_object(r, value, &next_record, &f->next);
}

enum world_ip_type world_subnet_ip_type(const struct world_subnet *s)
{
    bool v4 = false;
    bool v6 = false;
    size_t i;

    for (i = 0; i < s->n_cidrs; i++) {
        v4 = v4 || s->cidrs[i].base.version == 4;
        v6 = v6 || s->cidrs[i].base.version == 6;
    }
    return v4 && v6 ? WORLD_DUALSTACK : v6 ? WORLD_IPV6 : WORLD_IPV4;
}

/* Names into pointers. */
static int link_settings(struct world *w, struct reader *r,
                         const struct world_subnet *subnet,
                         const struct file_settings *f,
                         struct world_endpoint_settings *out)
{
    size_t i;

    *out = (struct world_endpoint_settings){.preserve_client_ip = f->preserve};
    out->ip_type = f->ip_type != NULL
                       ? (enum world_ip_type)world_ip_type_parse(f->ip_type)
                   : f->preserve ? WORLD_IPV4
                                 : world_subnet_ip_type(subnet);
    if (out->preserve_client_ip && out->ip_type != WORLD_IPV4) {
        return reader_fail(r, "preserve_client_ip needs ip_address_type ipv4");
    }
    if (f->n_groups > WORLD_MAX_ENDPOINT_GROUPS) {
        return reader_fail(r, "more than 16 security_groups");
    }
    for (i = 0; i < f->n_groups; i++) {
        out->groups[i] = world_group(w, f->group_ids[i]);
        if (out->groups[i] == NULL) {
            return reader_fail(r, "there is no %s", f->group_ids[i]);
        }
        if (out->groups[i]->vpc != subnet->vpc) {
            return reader_fail(r, "%s is of another VPC", f->group_ids[i]);
        }
    }
    out->n_groups = f->n_groups;
    if (out->n_groups == 0) {
        out->groups[0] = world_default_group(w, subnet->vpc);
        out->n_groups = 1;
    }
    return 0;
}

/* A copy of @text into *@out; true when there was none or it worked. */
static bool copy_text(char **out, const char *text)
{
    *out = text != NULL ? mem_strdup(text) : NULL;
    return text == NULL || *out != NULL;
}

static enum world_endpoint_state state_of(const char *name)
{
    int i;

    for (i = 0; i < WORLD_N_ENDPOINT_STATES; i++) {
        if (name != NULL &&
            strcmp(world_endpoint_state_name((enum world_endpoint_state)i),
                   name) == 0) {
            return (enum world_endpoint_state)i;
        }
    }
    return WORLD_CREATE_COMPLETE;
}

/* An in-progress state of a world file ends as if it had just begun. */
static int64_t due_of(const struct world *w, const struct world_endpoint *ep,
                      int64_t given)
{
    int64_t now = world_now_ms(w);

    if (given != 0) {
        return given;
    }
    switch (ep->state) {
    case WORLD_CREATE_IN_PROGRESS:
        return now + w->settings.create_s * 1000;
    case WORLD_UPDATE_IN_PROGRESS:
        return now + w->settings.update_s * 1000;
    case WORLD_DELETE_IN_PROGRESS:
        return now + w->settings.delete_s * 1000;
    case WORLD_DELETE_COMPLETE:
        return now + w->settings.deleted_visible_s * 1000;
    default:
        return 0;
    }
}

/* From the file's form to an endpoint of the world. */
static int link_endpoint(struct world *w, struct reader *r,
                         const struct file_endpoint *f,
                         struct world_endpoint *ep)
{
    int rv;

    if (strncmp(f->id, "eice-", 5) != 0 || strlen(f->id) < 6 ||
        strlen(f->id) >= sizeof ep->id ||
        strspn(f->id + 5, "0123456789abcdefghijklmnopqrstuvwxyz") !=
            strlen(f->id) - 5) {
        return reader_fail(r, "id must be eice- and letters or digits");
    }
    if (world_endpoint(w, f->id) != NULL) {
        return reader_fail(r, "%s is there twice", f->id);
    }
    ep->subnet = world_subnet(w, f->subnet_id);
    if (ep->subnet == NULL) {
        return reader_fail(r, "there is no %s", f->subnet_id);
    }
    if (f->n_tags > WORLD_MAX_TAGS) {
        return reader_fail(r, "more than %d tags", WORLD_MAX_TAGS);
    }
    snprintf(ep->id, sizeof ep->id, "%s", f->id);
    ep->state = state_of(f->state);
    ep->due_ms = due_of(w, ep, f->due_ms);
    ep->created_ms = f->created_ms != 0 ? f->created_ms : world_now_ms(w);
    ep->throttle_bps = f->throttle_bps;
    ep->idle_timeout_s = f->idle_timeout_s;
    ep->max_connections = f->max_connections > 0 ? f->max_connections
                                                 : w->settings.max_connections;
    ep->faults = json_incref(f->faults);
    rv = link_settings(w, r, ep->subnet, &f->now, &ep->now);
    ep->next = ep->now;
    if (rv == 0 && f->has_next) {
        rv = link_settings(w, r, ep->subnet, &f->next, &ep->next);
    }
    if (rv != 0) {
        return rv;
    }
    if (!copy_text(&ep->dns_name, f->dns_name) ||
        !copy_text(&ep->fips_dns_name, f->fips_dns_name) ||
        !copy_text(&ep->eni_id, f->eni_id) ||
        !copy_text(&ep->client_token, f->client_token) ||
        !copy_text(&ep->state_message, f->state_message) ||
        !copy_text(&ep->fail_with, f->fail_with) ||
        !endpoint_copy_tags(ep, f->tags, f->n_tags) ||
        !endpoint_make_names(w, ep)) {
        return err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    return 0;
}

/* Read one endpoint and append it. */
static int read_one(struct world *w, struct reader *r, json_t *value)
{
    struct file_endpoint f = {0};
    struct world_endpoint *ep;
    int rv = reader_object(r, value, &endpoint_record, &f);

    if (rv != 0) {
        return rv;
    }
    ep = mem_zalloc(sizeof *ep);
    if (ep == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    rv = link_endpoint(w, r, &f, ep);
    if (rv == 0 && !endpoint_append(w, ep)) {
        rv = err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    if (rv != 0) {
        endpoint_free(ep);
    }
    return rv;
}

int endpoints_read(struct world *w, struct reader *r, json_t *list, bool strict)
{
    size_t i;

    for (i = 0; i < json_array_size(list); i++) {
        size_t mark = reader_enter_at(r, i);
        int rv = read_one(w, r, json_array_get(list, i));

        if (rv != 0 && (strict || rv == UV_ENOMEM)) {
            return rv;
        }
        reader_leave(r, mark);
    }
    return 0;
}

/* Settings in file form, into @out. */
static int save_settings(json_t *out, const struct world_endpoint_settings *s)
{
    json_t *groups = json_array();
    size_t i;
    int rv = 0;

    for (i = 0; i < s->n_groups; i++) {
        rv |= json_array_append_new(groups, json_string(s->groups[i]->id));
    }
    rv |= json_object_set_new(out, "security_groups", groups);
    rv |= json_object_set_new(out, "preserve_client_ip",
                              json_boolean(s->preserve_client_ip));
    rv |= json_object_set_new(out, "ip_address_type",
                              json_string(world_ip_type_name(s->ip_type)));
    return rv;
}

/* Set a string member when there is one. */
static int save_text(json_t *out, const char *key, const char *text)
{
    return text == NULL ? 0 : json_object_set_new(out, key, json_string(text));
}

static json_t *save_one(const struct world_endpoint *ep)
{
    json_t *out =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "id", ep->id, "subnet",
                  ep->subnet->id, "state", world_endpoint_state_name(ep->state),
                  "due", (json_int_t)ep->due_ms, "throttle_bytes_per_second",
                  (json_int_t)ep->throttle_bps, "idle_timeout_seconds",
                  (json_int_t)ep->idle_timeout_s, "max_connections",
                  (json_int_t)ep->max_connections);
    json_t *next = json_object();
    json_t *tags = json_object();
    char created[ISO8601_MILLIS_SIZE];
    size_t i;
    int rv = 0;

    iso8601_millis(created, ep->created_ms);
    rv |= save_text(out, "created", created);
    rv |= save_text(out, "dns_name", ep->dns_name);
    rv |= save_text(out, "fips_dns_name", ep->fips_dns_name);
    rv |= save_text(out, "network_interface", ep->eni_id);
    rv |= save_text(out, "client_token", ep->client_token);
    rv |= save_text(out, "state_message", ep->state_message);
    rv |= save_text(out, "fail_with", ep->fail_with);
    rv |= save_settings(out, &ep->now);
    rv |= save_settings(next, &ep->next);
    for (i = 0; i < ep->n_tags; i++) {
        rv |= json_object_set_new(tags, ep->tags[i].key,
                                  json_string(ep->tags[i].value));
    }
    rv |= json_object_set_new(out, "next", next);
    rv |= json_object_set_new(out, "tags", tags);
    if (ep->faults != NULL) {
        rv |= json_object_set(out, "faults", ep->faults);
    }
    if (rv != 0) {
        json_decref(out);
        return NULL;
    }
    return out;
}

json_t *endpoints_save(const struct world *w)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < w->n_endpoints; i++) {
        if (json_array_append_new(list, save_one(w->endpoints[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}
