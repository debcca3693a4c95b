/* SPDX-License-Identifier: Apache-2.0 */
/* networks.c - VPCs, subnets and security groups of a world. */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "addr.h"
#include "err.h"
#include "impl.h"

#define AT(type, member) offsetof(struct type, member)
#define STR(type, name, member, req)                                           \
    {                                                                          \
        .key = (name), .kind = FIELD_STRING, .offset = AT(type, member),       \
        .required = (req)                                                      \
    }
#define LIST(type, name, knd, member, rec)                                     \
    {                                                                          \
        .key = (name), .kind = (knd), .offset = AT(type, member),              \
        .n_offset = AT(type, n_##member), .record = (rec)                      \
    }

static const struct field vpc_fields[] = {
    STR(world_vpc, "id", id, true),
    STR(world_vpc, "account", account_id, false),
    STR(world_vpc, "region", region, false),
    {.key = "cidrs",
     .kind = FIELD_CIDRS,
     .required = true,
     .offset = AT(world_vpc, cidrs),
     .n_offset = AT(world_vpc, n_cidrs)},
    {.key = "default", .kind = FIELD_BOOL, .offset = AT(world_vpc, is_default)},
    LIST(world_vpc, "tags", FIELD_TAGS, tags, NULL),
};
const struct record vpc_record = {
    .size = sizeof(struct world_vpc),
    .fields = vpc_fields,
    .n_fields = sizeof vpc_fields / sizeof vpc_fields[0],
};

static const struct field subnet_fields[] = {
    STR(world_subnet, "id", id, true),
    STR(world_subnet, "vpc", vpc_id, true),
    STR(world_subnet, "zone", zone, true),
    STR(world_subnet, "zone_id", zone_id, false),
    {.key = "cidrs",
     .kind = FIELD_CIDRS,
     .required = true,
     .offset = AT(world_subnet, cidrs),
     .n_offset = AT(world_subnet, n_cidrs)},
    LIST(world_subnet, "tags", FIELD_TAGS, tags, NULL),
};
const struct record subnet_record = {
    .size = sizeof(struct world_subnet),
    .fields = subnet_fields,
    .n_fields = sizeof subnet_fields / sizeof subnet_fields[0],
};

/* "port": 22 is short for "from": 22, "to": 22. */
static int rule_port(struct reader *r, json_t *value, void *object)
{
    struct world_rule *rule = object;
    json_int_t port = json_integer_value(value);

    if (!json_is_integer(value) || port < 0 || port > 65535) {
        return reader_fail(r, "must be a port");
    }
    rule->from = (int64_t)port;
    rule->to = (int64_t)port;
    return 0;
}

static void rule_defaults(void *object)
{
    struct world_rule *rule = object;

    rule->protocol = "tcp";
    rule->from = -1;
    rule->to = -1;
}

static const struct field rule_fields[] = {
    {.key = "protocol",
     .kind = FIELD_STRING,
     .offset = AT(world_rule, protocol),
     .words = "tcp|udp|icmp|icmpv6|-1"},
    {.key = "port", .kind = FIELD_CUSTOM, .custom = rule_port},
    {.key = "from",
     .kind = FIELD_INT,
     .offset = AT(world_rule, from),
     .min = -1,
     .max = 65535},
    {.key = "to",
     .kind = FIELD_INT,
     .offset = AT(world_rule, to),
     .min = -1,
     .max = 65535},
    LIST(world_rule, "cidrs", FIELD_CIDRS, cidrs, NULL),
    {.key = "groups",
     .kind = FIELD_STRINGS,
     .offset = AT(world_rule, group_ids),
     .n_offset = AT(world_rule, n_groups)},
    STR(world_rule, "description", description, false),
};
static const struct record rule_record = {
    .size = sizeof(struct world_rule),
    .fields = rule_fields,
    .n_fields = sizeof rule_fields / sizeof rule_fields[0],
    .defaults = rule_defaults,
};

static const struct field group_fields[] = {
    STR(world_group, "id", id, true),
    STR(world_group, "name", name, true),
    STR(world_group, "description", description, false),
    STR(world_group, "vpc", vpc_id, true),
    LIST(world_group, "ingress", FIELD_LIST, ingress, &rule_record),
    LIST(world_group, "egress", FIELD_LIST, egress, &rule_record),
    LIST(world_group, "tags", FIELD_TAGS, tags, NULL),
};
const struct record group_record = {
    .size = sizeof(struct world_group),
    .fields = group_fields,
    .n_fields = sizeof group_fields / sizeof group_fields[0],
};

static int no_memory(struct reader *r)
{
    return err_set_uv(r->e, UV_ENOMEM, r->file);
}

/* Ids look like "vpc-0aa": the prefix and letters or digits. */
static int check_id(struct reader *r, const char *id, const char *prefix)
{
    size_t n = strlen(prefix);
    const char *rest = id + n;

    if (strncmp(id, prefix, n) != 0 || rest[0] == '\0' || strlen(rest) > 20 ||
        strspn(rest, "0123456789abcdefghijklmnopqrstuvwxyz"
                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(rest)) {
        return reader_fail(r, "must be %s and letters or digits", prefix);
    }
    return 0;
}

/* There is one default VPC of an account in a region, or none. */
static int check_default(const struct world *w, struct reader *r, size_t i)
{
    const struct world_vpc *vpc = &w->vpcs[i];

    for (size_t k = 0; k < i && vpc->is_default; k++) {
        if (w->vpcs[k].is_default && w->vpcs[k].account == vpc->account &&
            strcmp(w->vpcs[k].region, vpc->region) == 0) {
            reader_at(r, "vpcs", i, "default");
            return reader_fail(r, "%s is the default VPC already",
                               w->vpcs[k].id);
        }
    }
    return 0;
}

static int link_vpc(struct world *w, struct reader *r, size_t i)
{
    struct world_vpc *vpc = &w->vpcs[i];
    int rv;

    reader_at(r, "vpcs", i, "id");
    rv = check_id(r, vpc->id, "vpc-");
    if (rv != 0) {
        return rv;
    }
    if (world_vpc(w, vpc->id) != vpc) {
        return reader_fail(r, "%s is there twice", vpc->id);
    }
    reader_at(r, "vpcs", i, "account");
    vpc->account = vpc->account_id == NULL ? &w->accounts[0]
                                           : world_account(w, vpc->account_id);
    if (vpc->account == NULL) {
        return reader_fail(r, "there is no account %s", vpc->account_id);
    }
    if (vpc->region == NULL) {
        vpc->region = w->settings.region;
    }
    reader_at(r, "vpcs", i, "cidrs");
    if (vpc->n_cidrs == 0) {
        return reader_fail(r, "must name a block");
    }
    return check_default(w, r, i);
}

/* "euc1-az2" of "eu-central-1b": the way AWS numbers zones, except that AWS
 * shuffles them per account. */
static const char *zone_id(struct arena *a, const char *zone)
{
    static const char *const words[][2] = {
        {"central", "c"},    {"east", "e"},       {"west", "w"},
        {"north", "n"},      {"south", "s"},      {"northeast", "ne"},
        {"northwest", "nw"}, {"southeast", "se"}, {"southwest", "sw"},
    };
    char place[16];
    char where[16];
    char letter;
    int number;
    size_t i;

    if (sscanf(zone, "%15[a-z]-%15[a-z]-%d%c", place, where, &number,
               &letter) != 4 ||
        letter < 'a' || letter > 'z') {
        return arena_printf(a, "%s-id", zone);
    }
    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], where) == 0) {
            return arena_printf(a, "%s%s%d-az%d", place, words[i][1], number,
                                letter - 'a' + 1);
        }
    }
    return arena_printf(a, "%s%s%d-az%d", place, where, number,
                        letter - 'a' + 1);
}

static bool vpc_covers(const struct world_vpc *vpc, const struct cidr *block)
{
    size_t i;

    for (i = 0; i < vpc->n_cidrs; i++) {
        if (addr_covers(&vpc->cidrs[i], block)) {
            return true;
        }
    }
    return false;
}

static int link_subnet(struct world *w, struct reader *r, size_t i)
{
    struct world_subnet *s = &w->subnets[i];
    size_t k;
    int rv;

    reader_at(r, "subnets", i, "id");
    rv = check_id(r, s->id, "subnet-");
    if (rv != 0) {
        return rv;
    }
    if (world_subnet(w, s->id) != s) {
        return reader_fail(r, "%s is there twice", s->id);
    }
    reader_at(r, "subnets", i, "vpc");
    s->vpc = world_vpc(w, s->vpc_id);
    if (s->vpc == NULL) {
        return reader_fail(r, "there is no %s", s->vpc_id);
    }
    reader_at(r, "subnets", i, "zone");
    if (strncmp(s->zone, s->vpc->region, strlen(s->vpc->region)) != 0) {
        return reader_fail(r, "%s is not a zone of region %s", s->zone,
                           s->vpc->region);
    }
    if (s->zone_id == NULL) {
        s->zone_id = zone_id(r->arena, s->zone);
    }
    reader_at(r, "subnets", i, "cidrs");
    if (s->n_cidrs == 0) {
        return reader_fail(r, "must name a block");
    }
    for (k = 0; k < s->n_cidrs; k++) {
        if (!vpc_covers(s->vpc, &s->cidrs[k])) {
            return reader_fail(r, "block %zu lies outside %s", k + 1,
                               s->vpc_id);
        }
    }
    return s->zone_id != NULL ? 0 : no_memory(r);
}

/* What a group has when the file says nothing of its egress: everything. */
static int fill_egress(struct reader *r, struct world_group *g)
{
    struct world_rule *rule = arena_alloc(r->arena, sizeof *rule);
    struct cidr *any = arena_alloc(r->arena, 2 * sizeof *any);

    if (rule == NULL || any == NULL) {
        return no_memory(r);
    }
    any[0].base.version = 4;
    any[1].base.version = 6;
    *rule = (struct world_rule){
        .protocol = "-1", .from = -1, .to = -1, .cidrs = any, .n_cidrs = 2};
    g->egress = rule;
    g->n_egress = 1;
    return 0;
}

/* A rule may only name groups that exist, and ports in order. */
static int check_rules(struct world *w, struct reader *r, size_t index,
                       const char *list, struct world_rule *rules, size_t n)
{
    char key[64];
    size_t i;
    size_t k;

    for (i = 0; i < n; i++) {
        snprintf(key, sizeof key, "%s[%zu]", list, i);
        reader_at(r, "security_groups", index, key);
        if (rules[i].from > rules[i].to) {
            return reader_fail(r, "\"from\" is larger than \"to\"");
        }
        for (k = 0; k < rules[i].n_groups; k++) {
            if (world_group(w, rules[i].group_ids[k]) == NULL) {
                return reader_fail(r, "there is no %s", rules[i].group_ids[k]);
            }
        }
    }
    return 0;
}

/* In a VPC each group has a name of its own. */
static int check_name(const struct world *w, struct reader *r, size_t i)
{
    const struct world_group *g = &w->groups[i];

    for (size_t k = 0; k < i; k++) {
        if (w->groups[k].vpc == g->vpc &&
            strcmp(w->groups[k].name, g->name) == 0) {
            reader_at(r, "security_groups", i, "name");
            return reader_fail(r, "%s of the same VPC is called so",
                               w->groups[k].id);
        }
    }
    return 0;
}

static int link_group(struct world *w, struct reader *r, size_t i)
{
    struct world_group *g = &w->groups[i];
    int rv;

    reader_at(r, "security_groups", i, "id");
    rv = check_id(r, g->id, "sg-");
    if (rv != 0) {
        return rv;
    }
    if (world_group(w, g->id) != g) {
        return reader_fail(r, "%s is there twice", g->id);
    }
    reader_at(r, "security_groups", i, "vpc");
    g->vpc = world_vpc(w, g->vpc_id);
    if (g->vpc == NULL) {
        return reader_fail(r, "there is no %s", g->vpc_id);
    }
    rv = check_name(w, r, i);
    if (rv != 0) {
        return rv;
    }
    if (g->description == NULL) {
        g->description = g->name;
    }
    if (g->egress == NULL) {
        rv = fill_egress(r, g);
    }
    rv = rv != 0 ? rv
                 : check_rules(w, r, i, "ingress", g->ingress, g->n_ingress);
    return rv != 0 ? rv
                   : check_rules(w, r, i, "egress", g->egress, g->n_egress);
}

/* The default group of a VPC: everything from itself, everything out. */
static int make_default_group(struct reader *r, struct world_group *g,
                              const struct world_vpc *vpc)
{
    struct world_rule *rule = arena_alloc(r->arena, sizeof *rule);
    const char **ids = arena_alloc(r->arena, sizeof *ids);

    *g = (struct world_group){.name = "default",
                              .description = "default VPC security group",
                              .vpc_id = vpc->id,
                              .vpc = vpc,
                              .ingress = rule,
                              .n_ingress = 1};
    g->id = derive_id(r->arena, "sg-", DERIVE_HEX, 17, vpc->id);
    if (rule == NULL || ids == NULL || g->id == NULL) {
        return no_memory(r);
    }
    ids[0] = g->id;
    *rule = (struct world_rule){.protocol = "-1",
                                .from = -1,
                                .to = -1,
                                .group_ids = ids,
                                .n_groups = 1};
    return fill_egress(r, g);
}

/* Every VPC has a default group; make those the file left out. */
static int add_default_groups(struct world *w, struct reader *r)
{
    struct world_group *all =
        arena_alloc(r->arena, (w->n_groups + w->n_vpcs + 1) * sizeof *all);
    size_t n = w->n_groups;
    size_t i;
    int rv = 0;

    if (all == NULL) {
        return no_memory(r);
    }
    if (n > 0) {
        memcpy(all, w->groups, n * sizeof *all);
    }
    for (i = 0; i < w->n_vpcs && rv == 0; i++) {
        if (world_default_group(w, &w->vpcs[i]) == NULL) {
            rv = make_default_group(r, &all[n++], &w->vpcs[i]);
        }
    }
    w->groups = all;
    w->n_groups = n;
    return rv;
}

int networks_link(struct world *w, struct reader *r)
{
    size_t i;
    int rv = 0;

    for (i = 0; i < w->n_vpcs && rv == 0; i++) {
        rv = link_vpc(w, r, i);
    }
    for (i = 0; i < w->n_subnets && rv == 0; i++) {
        rv = link_subnet(w, r, i);
    }
    for (i = 0; i < w->n_groups && rv == 0; i++) {
        rv = link_group(w, r, i);
    }
    return rv != 0 ? rv : add_default_groups(w, r);
}
