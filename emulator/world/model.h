/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - what an emulated AWS is made of: people, networks, machines.
 *
 * The objects of a world file, read and cross-checked.  All but endpoints and
 * sessions are fixed once the world is loaded and live as long as it does;
 * strings and lists belong to the world.  Optional strings are NULL when the
 * file does not give them. */
#ifndef EMU_MODEL_H
#define EMU_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip.h"

struct iam_policy;

struct world_tag {
    const char *key;
    const char *value;
};

/* A policy document as it stands in the file, and as iam read it. */
struct world_policy {
    const char *name;          /* "inline-1" when it has none */
    json_t *doc;               /* Borrowed from the world's document */
    struct iam_policy *parsed; /* Owned by the world */
};

/* --- people ------------------------------------------------------------- */

/* A long-term access key. */
struct world_key {
    const char *id;
    const char *secret;
    bool inactive;
};

/* An MFA device: a fixed code for tests, or a TOTP seed. */
struct world_mfa {
    const char *serial; /* An ARN or a hardware serial number */
    const char *code;   /* Six digits that always pass, or NULL */
    const char *seed;   /* Base32, 30 s steps, or NULL */
};

struct world_account;

/* An IAM user, or the account's root user. */
struct world_user {
    const struct world_account *account;
    bool root;
    const char *name; /* "root" for the root user */
    const char *path; /* "/" or "/team/" */
    const char *id;   /* "AIDA..." */
    const char *arn;
    struct world_tag *tags;
    size_t n_tags;
    struct world_key *keys;
    size_t n_keys;
    struct world_mfa *mfa;
    size_t n_mfa;
    struct world_policy *policies; /* Attached and inline alike */
    size_t n_policies;
    struct world_policy *boundary; /* Or NULL */
};

struct world_role {
    const struct world_account *account;
    const char *name;
    const char *path;
    const char *id; /* "AROA..." */
    const char *arn;
    int64_t max_session_s; /* 3600 unless given */
    int64_t credentials_s; /* Life of what is given out; 0: as asked */
    struct world_tag *tags;
    size_t n_tags;
    struct world_policy *trust; /* Or NULL: nobody can assume it */
    struct world_policy *policies;
    size_t n_policies;
    struct world_policy *boundary; /* Or NULL */
};

/* A token an identity provider has given out, opaque to us. */
struct world_web_token {
    const char *token;
    const char *subject;
    const char *audience;
    int64_t expires_ms; /* 0: never */
};

/* An OpenID Connect provider the account trusts. */
struct world_oidc_provider {
    const char *url; /* Without "https://" */
    const char *arn;
    struct world_web_token *tokens;
    size_t n_tokens;
};

struct world_account {
    const char *id;          /* Twelve digits */
    struct world_user *root; /* Or NULL */
    struct world_user *users;
    size_t n_users;
    struct world_role *roles;
    size_t n_roles;
    struct world_policy *policies; /* Managed: others refer to them by name */
    size_t n_policies;
    struct world_oidc_provider *oidc;
    size_t n_oidc;
};

/* One role a person may use through SSO. */
struct world_sso_access {
    const struct world_role *role;
    const char *account_id; /* As written; load resolves it */
    const char *role_name;
};

/* One signed-in person of an SSO portal. */
struct world_sso_user {
    const char *name;
    const char *client_id; /* The registered client, or NULL */
    const char *client_secret;
    const char *access_token;  /* Valid from the start, or NULL */
    const char *refresh_token; /* Or NULL */
    int64_t expires_ms;        /* When access_token ends; 0: never */
    int64_t lifetime_s;        /* Of tokens that refreshing yields */
    struct world_sso_access *access;
    size_t n_access;
};

struct world_sso {
    const char *start_url;
    const char *region;
    struct world_sso_user *users;
    size_t n_users;
};

/* A session of `aws login`. */
struct world_login {
    const char *arn; /* Of a user or role */
    const char *client_id;
    const char *refresh_token;
    const char *error;  /* Refuse with it (TOKEN_EXPIRED ...), or NULL */
    int64_t lifetime_s; /* Of the credentials, at most 900 */
    const struct world_user *user; /* One of the two is set */
    const struct world_role *role;
};

/* --- networks ----------------------------------------------------------- */

struct world_vpc {
    const char *id;
    const char *account_id;
    const struct world_account *account;
    const char *region;
    struct cidr *cidrs; /* Both families */
    size_t n_cidrs;
    bool is_default;
    struct world_tag *tags;
    size_t n_tags;
};

struct world_subnet {
    const char *id;
    const char *vpc_id;
    const struct world_vpc *vpc;
    const char *zone;    /* "eu-central-1a" */
    const char *zone_id; /* "euc1-az2" */
    struct cidr *cidrs;  /* At most one of each family */
    size_t n_cidrs;
    struct world_tag *tags;
    size_t n_tags;
};

/* One permission of a security group. */
struct world_rule {
    const char *protocol; /* "tcp", "udp", "icmp" or "-1" for all */
    int64_t from;         /* First port; -1 for all */
    int64_t to;
    struct cidr *cidrs;
    size_t n_cidrs;
    const char **group_ids;
    size_t n_groups;
    const char *description;
};

struct world_group {
    const char *id;
    const char *name;
    const char *description;
    const char *vpc_id;
    const struct world_vpc *vpc;
    struct world_rule *ingress;
    size_t n_ingress;
    struct world_rule *egress; /* All traffic when the file gives none */
    size_t n_egress;
    struct world_tag *tags;
    size_t n_tags;
};

/* --- machines ----------------------------------------------------------- */

struct world_key_pair {
    const char *name;
    const char *public_key;      /* "ssh-rsa ..." or PEM, or NULL */
    const char *public_key_file; /* Or a file holding it */
};

enum world_instance_state {
    WORLD_PENDING,
    WORLD_RUNNING,
    WORLD_SHUTTING_DOWN,
    WORLD_TERMINATED,
    WORLD_STOPPING,
    WORLD_STOPPED
};

/* Where one address and port of the emulated network really lead. */
struct world_route {
    struct ip from;
    int from_port;
    const char *to; /* "127.0.0.1:2222" */
};

struct world_instance {
    const char *id;
    const char *subnet_id;
    const struct world_subnet *subnet;
    const char *state_name;
    enum world_instance_state state;
    const char *type;       /* "t3.micro" */
    const char *image_id;   /* "ami-..." */
    const char *image_name; /* Or NULL */
    const char *platform;   /* "windows", or NULL for Linux */
    const char *platform_details;
    const char *architecture;
    const char *key_name;
    const struct world_key_pair *key_pair;
    struct ip *private_ip; /* Each address: or NULL */
    struct ip *public_ip;
    struct ip *ipv6; /* The first is the primary */
    size_t n_ipv6;
    const char **group_ids;
    const struct world_group **groups;
    size_t n_groups;
    struct world_tag *tags; /* "name" in the file becomes the tag Name */
    size_t n_tags;
    int64_t launch_ms;
    const char *tenancy; /* "default", "dedicated", "host" */
    const char *host_id; /* Of a dedicated host */
    const char *role_name;
    const struct world_role *role; /* Its instance profile, or NULL */
    const char **host_keys;        /* Public key lines, for the console */
    size_t n_host_keys;
    const char **host_key_files; /* Files with such a line, read when asked */
    size_t n_host_key_files;
    const char *console_output;  /* Instead of the above */
    const char *password;        /* Windows: of the Administrator, */
    int64_t password_s;          /* there so long after the launch */
    const char *authorized_keys; /* File of live pushed keys; %u is the user */
    bool serial_console;
    struct world_route *routes; /* By port, of all its addresses */
    size_t n_routes;
    const char *reservation_id;
    const char *eni_id;
    const char *private_dns;
    const char *public_dns;
};

/* --- endpoints ---------------------------------------------------------- */

enum world_endpoint_state {
    WORLD_CREATE_IN_PROGRESS,
    WORLD_CREATE_COMPLETE,
    WORLD_CREATE_FAILED,
    WORLD_UPDATE_IN_PROGRESS,
    WORLD_UPDATE_COMPLETE,
    WORLD_UPDATE_FAILED,
    WORLD_DELETE_IN_PROGRESS,
    WORLD_DELETE_COMPLETE,
    WORLD_DELETE_FAILED,
    WORLD_N_ENDPOINT_STATES
};

enum world_ip_type {
    WORLD_IPV4,
    WORLD_DUALSTACK,
    WORLD_IPV6,
    WORLD_N_IP_TYPES
};

enum { WORLD_MAX_ENDPOINT_GROUPS = 16, WORLD_MAX_TAGS = 50 };

/* What ModifyInstanceConnectEndpoint may change. */
struct world_endpoint_settings {
    enum world_ip_type ip_type;
    bool preserve_client_ip;
    const struct world_group *groups[WORLD_MAX_ENDPOINT_GROUPS];
    size_t n_groups;
};

/* An Instance Connect Endpoint.  Allocated one by one; its address is stable
 * until it has been deleted and forgotten, so whoever needs it across loop
 * turns keeps its id. */
struct world_endpoint {
    char id[32];
    const struct world_subnet *subnet;
    char *dns_name;
    char *fips_dns_name;
    char *eni_id;
    char *client_token; /* Of the create call, or NULL */
    int64_t created_ms;
    enum world_endpoint_state state;
    int64_t due_ms;  /* When an in-progress state ends; 0: it has ended */
    char *fail_with; /* Then it ends in failure with this message, or NULL */
    char *state_message;                   /* Or NULL */
    struct world_endpoint_settings now;    /* What serves */
    struct world_endpoint_settings next;   /* What update-in-progress makes */
    struct world_tag tags[WORLD_MAX_TAGS]; /* Owned strings */
    size_t n_tags;
    int64_t throttle_bps;   /* Bytes a second each way; 0: as fast as it goes */
    int64_t idle_timeout_s; /* 0: none */
    int64_t max_connections; /* 20 */
    json_t *faults;          /* Owned reference; NULL when there are none */
    unsigned n_open;         /* Tunnels alive */
};

/* --- temporary credentials ---------------------------------------------- */

/* One set of temporary credentials that was given out. */
struct world_session {
    struct world_session *next;
    char key_id[21];
    char secret[41];
    char *token;
    const struct world_account *account;
    const struct world_user *user; /* Whose it is: one of the two */
    const struct world_role *role;
    char *name; /* The role session's name; NULL for a user's */
    int64_t issued_ms;
    int64_t expires_ms;
    bool mfa;
    char *source_identity;  /* Or NULL */
    struct world_tag *tags; /* Session tags, owned */
    size_t n_tags;
    struct world_policy *policies; /* Session policies, owned */
    size_t n_policies;
};

#endif /* EMU_MODEL_H */
