/* SPDX-License-Identifier: Apache-2.0 */
/* impl.h - the inside of struct world, for the files of this directory. */
#ifndef EMU_WORLD_IMPL_H
#define EMU_WORLD_IMPL_H

#include "arena.h"
#include "reader.h"
#include "world.h"

/* A token given out at run time: SSO access and refresh, login refresh. */
struct world_token {
    struct world_token *next;
    enum world_token_kind kind;
    const void *owner; /* A struct world_sso_user or world_login */
    char *text;
    int64_t expires_ms; /* INT64_MAX: never */
};

/* A redirection set at run time. */
struct world_set_route {
    struct world_set_route *next;
    struct world_route route;
    char *to; /* Owned; route.to points to it */
};

struct world {
    struct world_config config;
    json_t *doc;        /* Keeps every string of the file alive */
    struct arena arena; /* Everything that is read from it */
    struct world_settings settings;
    const char *endpoint_domain; /* See world_set_endpoint_domain(), or NULL */
    int endpoint_port;
    struct world_imds imds;
    struct world_container container;
    json_t *faults;

    struct world_account *accounts;
    size_t n_accounts;
    struct world_sso *sso;
    size_t n_sso;
    struct world_login *logins;
    size_t n_logins;

    struct world_vpc *vpcs;
    size_t n_vpcs;
    struct world_subnet *subnets;
    size_t n_subnets;
    struct world_group *groups;
    size_t n_groups;
    struct world_key_pair *key_pairs;
    size_t n_key_pairs;
    struct world_instance *instances;
    size_t n_instances;
    struct world_route *routes;
    size_t n_routes;

    struct iam_policy **parsed; /* Every policy iam has read; owned */
    size_t n_parsed;
    size_t cap_parsed;

    /* What changes. */
    struct world_endpoint **endpoints;
    size_t n_endpoints;
    size_t cap_endpoints;
    struct world_session *sessions; /* Newest first */
    size_t n_sessions;
    struct world_token *tokens; /* Newest first */
    size_t n_tokens;
    struct world_set_route *set_routes;
    uint64_t generation;
    unsigned char secret[32];
};

/* The table of the whole file; its object is a struct world. */
extern const struct record world_record;

/* Tables of parts, by file. */
extern const struct record account_record;  /* people.c */
extern const struct record sso_record;      /* people.c */
extern const struct record login_record;    /* people.c */
extern const struct record vpc_record;      /* networks.c */
extern const struct record subnet_record;   /* networks.c */
extern const struct record group_record;    /* networks.c */
extern const struct record key_pair_record; /* machines.c */
extern const struct record instance_record; /* machines.c */

/* An object "10.0.1.5:22": "127.0.0.1:2222", or "22": ... for one instance;
 * into the world or the instance. */
int routes_read_world(struct reader *r, json_t *value, void *object);
int routes_read_instance(struct reader *r, json_t *value, void *object);

/* Turn names into pointers and fill in what the file left out; each refuses
 * what leads nowhere.  In this order. */
int people_link(struct world *w, struct reader *r);
int networks_link(struct world *w, struct reader *r);
int machines_link(struct world *w, struct reader *r);
int services_link(struct world *w, struct reader *r);

/* Put "$.LIST[i].KEY" into r->path. */
void reader_at(struct reader *r, const char *list, size_t i, const char *key);

/* Read endpoints in the file's form and add them; used for the world file and
 * for saved state.  @strict refuses dangling references, else such an
 * endpoint is dropped. */
int endpoints_read(struct world *w, struct reader *r, json_t *list,
                   bool strict);
void endpoint_free(struct world_endpoint *ep);

/* Steps of making one; false when out of memory: copy tags into @ep, fill in
 * the names that were not given, append it to the world's list. */
bool endpoint_copy_tags(struct world_endpoint *ep, const struct world_tag *tags,
                        size_t n);
bool endpoint_make_names(const struct world *w, struct world_endpoint *ep);
bool endpoint_append(struct world *w, struct world_endpoint *ep);

/* What the clock does to them, and when next. */
void endpoints_settle(struct world *w, int64_t now);
int64_t endpoints_next_ms(const struct world *w);

/* The saved form of every endpoint; NULL when out of memory. */
json_t *endpoints_save(const struct world *w);

/* Sessions and tokens: likewise. */
void session_free(struct world_session *s);
void sessions_settle(struct world *w, int64_t now);
int64_t sessions_next_ms(const struct world *w);
json_t *sessions_save(const struct world *w);
int sessions_restore(struct world *w, struct reader *r, json_t *list);
void token_free(struct world_token *t);
json_t *tokens_save(const struct world *w);
int tokens_restore(struct world *w, struct reader *r, json_t *list);

/* A stable made-up id: @prefix and @n characters of @alphabet that depend on
 * @seed only.  Into @out, or from the arena (NULL when out of memory). */
void derive_text(char *out, const char *prefix, const char *alphabet, size_t n,
                 const char *seed);
char *derive_id(struct arena *a, const char *prefix, const char *alphabet,
                size_t n, const char *seed);
#define DERIVE_HEX "0123456789abcdef"
#define DERIVE_UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/* What a region tells about names: its partition and DNS suffix. */
const char *region_partition(const char *region);
const char *region_dns_suffix(const char *region);

#endif /* EMU_WORLD_IMPL_H */
