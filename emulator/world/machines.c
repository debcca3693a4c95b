/* SPDX-License-Identifier: Apache-2.0 */
/* machines.c - key pairs, instances, and where their addresses lead. */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "addr.h"
#include "err.h"
#include "impl.h"

#define AT(type, member) offsetof(struct type, member)
#define STR(name, member)                                                      \
    {                                                                          \
        .key = (name), .kind = FIELD_STRING,                                   \
        .offset = AT(world_instance, member)                                   \
    }
#define MANY(name, knd, member)                                                \
    {                                                                          \
        .key = (name), .kind = (knd), .offset = AT(world_instance, member),    \
        .n_offset = AT(world_instance, n_##member)                             \
    }
#define ONE_IP(name, member)                                                   \
    {                                                                          \
        .key = (name), .kind = FIELD_IP, .offset = AT(world_instance, member)  \
    }

static const struct field key_pair_fields[] = {
    {.key = "name",
     .kind = FIELD_STRING,
     .required = true,
     .offset = AT(world_key_pair, name)},
    {.key = "public_key",
     .kind = FIELD_STRING,
     .offset = AT(world_key_pair, public_key)},
    {.key = "public_key_file",
     .kind = FIELD_STRING,
     .offset = AT(world_key_pair, public_key_file)},
};
const struct record key_pair_record = {
    .size = sizeof(struct world_key_pair),
    .fields = key_pair_fields,
    .n_fields = sizeof key_pair_fields / sizeof key_pair_fields[0],
};

/* What an instance runs, as far as the file does not say. */
static void image_defaults(struct world_instance *in)
{
    bool windows = in->platform != NULL;

    if (in->platform_details == NULL) {
        in->platform_details = windows ? "Windows" : "Linux/UNIX";
    }
    if (in->image_id == NULL) {
        in->image_id =
            windows ? "ami-0123456789abcdef1" : "ami-0123456789abcdef0";
        if (in->image_name == NULL) {
            in->image_name =
                windows ? "Windows_Server-2025-English-Full-Base-2026.01.01"
                        : "al2023-ami-2023.10.20260101.0-kernel-6.1-x86_64";
        }
    }
}

/* "name": "web" is short for the tag Name; merged when linking. */
static int instance_name(struct reader *r, json_t *value, void *object)
{
    (void)object;
    return json_is_string(value) ? 0 : reader_fail(r, "must be a string");
}

static void instance_defaults(void *object)
{
    struct world_instance *in = object;

    in->state_name = "running";
    in->type = "t3.micro";
    in->architecture = "x86_64";
    in->tenancy = "default";
    in->serial_console = true;
}

static const struct field instance_fields[] = {
    {.key = "id",
     .kind = FIELD_STRING,
     .required = true,
     .offset = AT(world_instance, id)},
    {.key = "subnet",
     .kind = FIELD_STRING,
     .required = true,
     .offset = AT(world_instance, subnet_id)},
    {.key = "name", .kind = FIELD_CUSTOM, .custom = instance_name},
    {.key = "state",
     .kind = FIELD_STRING,
     .offset = AT(world_instance, state_name),
     .words = "pending|running|shutting-down|terminated|stopping|stopped"},
    STR("type", type),
    STR("image_id", image_id),
    STR("image_name", image_name),
    {.key = "platform",
     .kind = FIELD_STRING,
     .offset = AT(world_instance, platform),
     .words = "linux|windows"},
    STR("platform_details", platform_details),
    {.key = "architecture",
     .kind = FIELD_STRING,
     .offset = AT(world_instance, architecture),
     .words = "x86_64|arm64|i386|x86_64_mac|arm64_mac"},
    STR("key_name", key_name),
    ONE_IP("private_ip", private_ip),
    ONE_IP("public_ip", public_ip),
    MANY("ipv6", FIELD_IPS, ipv6),
    {.key = "security_groups",
     .kind = FIELD_STRINGS,
     .offset = AT(world_instance, group_ids),
     .n_offset = AT(world_instance, n_groups)},
    MANY("tags", FIELD_TAGS, tags),
    {.key = "launched",
     .kind = FIELD_TIME,
     .offset = AT(world_instance, launch_ms)},
    {.key = "tenancy",
     .kind = FIELD_STRING,
     .offset = AT(world_instance, tenancy),
     .words = "default|dedicated|host"},
    STR("host_id", host_id),
    STR("role", role_name),
    MANY("host_keys", FIELD_STRINGS, host_keys),
    MANY("host_key_files", FIELD_STRINGS, host_key_files),
    STR("console_output", console_output),
    STR("password", password),
    {.key = "password_seconds",
     .kind = FIELD_INT,
     .offset = AT(world_instance, password_s),
     .min = 0,
     .max = 86400},
    STR("authorized_keys", authorized_keys),
    {.key = "serial_console",
     .kind = FIELD_BOOL,
     .offset = AT(world_instance, serial_console)},
    {.key = "routes", .kind = FIELD_CUSTOM, .custom = routes_read_instance},
};
const struct record instance_record = {
    .size = sizeof(struct world_instance),
    .fields = instance_fields,
    .n_fields = sizeof instance_fields / sizeof instance_fields[0],
    .defaults = instance_defaults,
};

static int no_memory(struct reader *r)
{
    return err_set_uv(r->e, UV_ENOMEM, r->file);
}

/* --- linking ------------------------------------------------------------ */

/* Instance ids are "i-" and what the API's own pattern allows. */
static int check_id(struct world *w, struct reader *r, size_t i)
{
    const char *id = w->instances[i].id;
    size_t len = strlen(id);

    reader_at(r, "instances", i, "id");
    if (strncmp(id, "i-", 2) != 0 || len < 10 || len > 32 ||
        strspn(id + 2, "0123456789abcdef") != len - 2) {
        return reader_fail(r, "must be i- and 8 to 30 hexadecimal digits");
    }
    if (world_instance(w, id) != &w->instances[i]) {
        return reader_fail(r, "%s is there twice", id);
    }
    return 0;
}

/* Whether @ip lies in one of the subnet's blocks. */
static bool in_subnet(const struct world_subnet *s, const struct ip *ip)
{
    size_t i;

    for (i = 0; i < s->n_cidrs; i++) {
        if (cidr_contains(&s->cidrs[i], ip)) {
            return true;
        }
    }
    return false;
}

/* An address must lie in the subnet and be nobody else's. */
static int check_address(struct world *w, struct reader *r,
                         const struct world_instance *in, const struct ip *ip)
{
    const struct world_instance *other =
        world_instance_by_ip(w, in->subnet->vpc, ip);
    char text[IP_TEXT_SIZE];

    ip_format(text, ip);
    if (!in_subnet(in->subnet, ip)) {
        return reader_fail(r, "%s lies outside %s", text, in->subnet_id);
    }
    if (other != NULL && other != in) {
        return reader_fail(r, "%s is also the address of %s", text, other->id);
    }
    return 0;
}

static int link_addresses(struct world *w, struct reader *r, size_t i)
{
    struct world_instance *in = &w->instances[i];
    size_t k;
    int rv = 0;

    reader_at(r, "instances", i, "private_ip");
    if (in->private_ip == NULL && in->n_ipv6 == 0) {
        return reader_fail(r, "an instance needs private_ip or ipv6");
    }
    if (in->private_ip != NULL) {
        if (in->private_ip->version == 6) {
            return reader_fail(r, "must be an IPv4 address");
        }
        rv = check_address(w, r, in, in->private_ip);
    }
    reader_at(r, "instances", i, "ipv6");
    for (k = 0; k < in->n_ipv6 && rv == 0; k++) {
        rv = in->ipv6[k].version == 6
                 ? check_address(w, r, in, &in->ipv6[k])
                 : reader_fail(r, "must be IPv6 addresses");
    }
    return rv;
}

static int link_groups(struct world *w, struct reader *r, size_t i)
{
    struct world_instance *in = &w->instances[i];
    size_t n = in->n_groups > 0 ? in->n_groups : 1;
    size_t k;

    reader_at(r, "instances", i, "security_groups");
    in->groups = arena_alloc(r->arena, n * sizeof *in->groups);
    if (in->groups == NULL) {
        return no_memory(r);
    }
    if (in->n_groups == 0) {
        in->groups[0] = world_default_group(w, in->subnet->vpc);
        in->n_groups = 1;
        return 0;
    }
    for (k = 0; k < n; k++) {
        in->groups[k] = world_group(w, in->group_ids[k]);
        if (in->groups[k] == NULL) {
            return reader_fail(r, "there is no %s", in->group_ids[k]);
        }
        if (in->groups[k]->vpc != in->subnet->vpc) {
            return reader_fail(r, "%s is of another VPC", in->group_ids[k]);
        }
    }
    return 0;
}

/* Make "name" the tag Name. */
static int link_name(struct world *w, struct reader *r, size_t i)
{
    struct world_instance *in = &w->instances[i];
    json_t *object = json_array_get(json_object_get(w->doc, "instances"), i);
    const char *name = json_string_value(json_object_get(object, "name"));
    struct world_tag *tags;
    size_t k;

    if (name == NULL) {
        return 0;
    }
    reader_at(r, "instances", i, "name");
    for (k = 0; k < in->n_tags; k++) {
        if (strcmp(in->tags[k].key, "Name") == 0) {
            return reader_fail(r, "is also given as the tag Name");
        }
    }
    tags = arena_alloc(r->arena, (in->n_tags + 1) * sizeof *tags);
    if (tags == NULL) {
        return no_memory(r);
    }
    tags[0] = (struct world_tag){.key = "Name", .value = name};
    if (in->n_tags > 0) {
        memcpy(tags + 1, in->tags, in->n_tags * sizeof *tags);
    }
    in->tags = tags;
    in->n_tags++;
    return 0;
}

/* The ids and names AWS would have made up. */
static int derive_names(struct world *w, struct reader *r,
                        struct world_instance *in)
{
    const char *region = in->subnet->vpc->region;
    bool old = strcmp(region, "us-east-1") == 0;
    struct arena *a = r->arena;

    (void)w;
    in->reservation_id = derive_id(a, "r-", DERIVE_HEX, 17, in->id);
    in->eni_id = derive_id(a, "eni-", DERIVE_HEX, 17, in->id);
    in->private_dns = "";
    in->public_dns = "";
    if (in->private_ip != NULL) {
        const unsigned char *b = in->private_ip->bytes;

        in->private_dns =
            arena_printf(a, "ip-%d-%d-%d-%d.%s%s.internal", b[0], b[1], b[2],
                         b[3], old ? "ec2" : region, old ? "" : ".compute");
    }
    if (in->public_ip != NULL) {
        const unsigned char *b = in->public_ip->bytes;

        in->public_dns = arena_printf(
            a, "ec2-%d-%d-%d-%d.%s%s.amazonaws.com", b[0], b[1], b[2], b[3],
            old ? "compute-1" : region, old ? "" : ".compute");
    }
    return in->reservation_id == NULL || in->eni_id == NULL ||
                   in->private_dns == NULL || in->public_dns == NULL
               ? no_memory(r)
               : 0;
}

/* "pending" and so on, in the order of the enum. */
static enum world_instance_state state_of(const char *name)
{
    static const char *const names[] = {"pending",       "running",
                                        "shutting-down", "terminated",
                                        "stopping",      "stopped"};
    size_t i;

    for (i = 0; i < 5 && strcmp(names[i], name) != 0; i++) {
    }
    return (enum world_instance_state)i;
}

static int link_instance(struct world *w, struct reader *r, size_t i)
{
    struct world_instance *in = &w->instances[i];
    size_t k;
    int rv = check_id(w, r, i);

    if (rv != 0) {
        return rv;
    }
    reader_at(r, "instances", i, "subnet");
    in->subnet = world_subnet(w, in->subnet_id);
    if (in->subnet == NULL) {
        return reader_fail(r, "there is no %s", in->subnet_id);
    }
    in->state = state_of(in->state_name);
    if (in->platform != NULL && strcmp(in->platform, "linux") == 0) {
        in->platform = NULL;
    }
    image_defaults(in);
    if (in->key_name != NULL) {
        reader_at(r, "instances", i, "key_name");
        for (k = 0; k < w->n_key_pairs; k++) {
            if (strcmp(w->key_pairs[k].name, in->key_name) == 0) {
                in->key_pair = &w->key_pairs[k];
            }
        }
        if (in->key_pair == NULL) {
            return reader_fail(r, "there is no key pair \"%s\"", in->key_name);
        }
    }
    if (in->role_name != NULL) {
        const struct world_account *a = in->subnet->vpc->account;

        reader_at(r, "instances", i, "role");
        in->role = world_role(w, a->id, in->role_name);
        if (in->role == NULL) {
            return reader_fail(r, "there is no role \"%s\" in account %s",
                               in->role_name, a->id);
        }
    }
    rv = link_addresses(w, r, i);
    rv = rv != 0 ? rv : link_groups(w, r, i);
    rv = rv != 0 ? rv : link_name(w, r, i);
    return rv != 0 ? rv : derive_names(w, r, in);
}

int machines_link(struct world *w, struct reader *r)
{
    size_t i;
    int rv = 0;

    for (i = 0; i < w->n_instances && rv == 0; i++) {
        rv = link_instance(w, r, i);
    }
    return rv;
}

int services_link(struct world *w, struct reader *r)
{
    if (w->imds.instance_id != NULL) {
        strcpy(r->path, "$.imds.instance");
        w->imds.instance = world_instance(w, w->imds.instance_id);
        if (w->imds.instance == NULL) {
            return reader_fail(r, "there is no %s", w->imds.instance_id);
        }
    } else if (w->n_instances > 0) {
        w->imds.instance = &w->instances[0];
        w->imds.instance_id = w->instances[0].id;
    }
    if (w->container.role_name != NULL) {
        const char *account = w->container.account_id != NULL
                                  ? w->container.account_id
                                  : w->accounts[0].id;

        strcpy(r->path, "$.container.role");
        w->container.role = world_role(w, account, w->container.role_name);
        if (w->container.role == NULL) {
            return reader_fail(r, "there is no role \"%s\" in account %s",
                               w->container.role_name, account);
        }
    }
    return 0;
}
