/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - the emulated AWS: loaded from a file, asked, changed, saved.
 *
 * One struct world holds everything the emulator pretends: accounts with
 * users, roles and policies, networks, instances, endpoints, and the clock by
 * which all of it happens.  It does no network I/O and knows no event loop;
 * what happens with time (an endpoint becoming usable, credentials expiring)
 * is worked out from the clock whenever somebody asks.  The file's format is
 * docs/world-format.md. */
#ifndef EMU_WORLD_H
#define EMU_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"
#include "uuid.h"

struct err;
struct world;

/* --- life --------------------------------------------------------------- */

/* The time in ms since 1970, and @len random bytes.  Both are asked whenever
 * the world needs one; neither may call into the world. */
typedef int64_t (*world_clock_cb)(void *data);
typedef int (*world_random_cb)(void *data, void *out, size_t len);

/* Where time and chance come from; zeroed for the real ones. */
struct world_config {
    world_clock_cb clock;
    world_random_cb random;
    void *data;              /* For both */
    int64_t clock_offset_ms; /* Added to the clock: the emulator's own time */
};

/* Read the world in the file @path, or the built-in one when it is NULL.
 * Returns 0 and a world to be freed with world_free(), or a code with @e
 * saying "file: $.json.path: reason" and *@out NULL.  Reads files; blocks. */
int world_load(struct world **out, const char *path,
               const struct world_config *config, struct err *e);

/* The same from text; @name stands for the file in messages. */
int world_parse(struct world **out, const char *text, size_t len,
                const char *name, const struct world_config *config,
                struct err *e);

/* The text of the built-in world; a static string. */
const char *world_builtin(void);

/* Free it with everything in it; NULL is fine. */
void world_free(struct world *w);

/* --- time and chance ---------------------------------------------------- */

/* The world's present, in ms since 1970. */
int64_t world_now_ms(const struct world *w);

/* Move the world's clock against the real one. */
void world_set_clock_offset(struct world *w, int64_t ms);

/* @len random bytes, or a code.  world_random_hex() writes @digits lower-case
 * hex digits and a NUL; world_uuid() a random UUID. */
int world_random(struct world *w, void *out, size_t len);
int world_random_hex(struct world *w, char *out, size_t digits);
int world_uuid(struct world *w, char out[static UUID_SIZE]);

/* Some random bytes made when the world was loaded, to sign things with that
 * come back soon. */
const unsigned char *world_secret(const struct world *w, size_t *len);

/* Bring the world up to the present: finish state changes that are due,
 * forget sessions that have expired and endpoints long deleted.  Every API
 * handler begins with it; pointers to endpoints and sessions do not outlive
 * it. */
void world_settle(struct world *w);

/* When world_settle() next has something to do, in ms since 1970 of the
 * world's clock; INT64_MAX when nothing is pending. */
int64_t world_next_event_ms(const struct world *w);

/* --- the whole ---------------------------------------------------------- */

/* What is true of the world as a whole; borrowed, lives as long as it. */
struct world_settings {
    const char *region;     /* "eu-central-1" */
    const char *partition;  /* "aws", from the region */
    const char *dns_suffix; /* "amazonaws.com", from the region */
    bool any_port;          /* Lift the 22/3389 rule */
    int64_t create_s;       /* How long each transition takes */
    int64_t update_s;
    int64_t delete_s;
    int64_t deleted_visible_s; /* How long delete-complete is still shown */
    int64_t max_per_vpc;       /* Quotas for endpoints */
    int64_t max_per_subnet;
    int64_t max_per_account;
    int64_t max_connections;    /* Of one endpoint */
    int64_t key_lifetime_s;     /* Of a pushed key: 60 */
    bool serial_console_access; /* Whether the account allows it */
};

/* How the instance metadata service behaves. */
struct world_imds {
    const char *instance_id;
    const struct world_instance *instance; /* Whom it serves, or NULL */
    bool v1;               /* Whether requests without a token are served */
    bool enabled;          /* Else every path answers 403 */
    int64_t credentials_s; /* Lifetime of the role's credentials */
};

/* The container credentials endpoint. */
struct world_container {
    const char *path;  /* "/v2/credentials/demo" */
    const char *token; /* What Authorization must hold, or NULL */
    const char *role_name;
    const char *account_id;
    const struct world_role *role; /* Or NULL: not served */
    int64_t credentials_s;
};

const struct world_settings *world_settings(const struct world *w);
struct world_settings *world_settings_mut(struct world *w);
const struct world_imds *world_imds(const struct world *w);
const struct world_container *world_container(const struct world *w);

/* The world's "faults" object (see api/faults.h), or NULL. */
json_t *world_faults(const struct world *w);

/* --- people ------------------------------------------------------------- */

/* Who signed a request. */
struct world_principal {
    const struct world_account *account;
    const struct world_user *user; /* One of user and role is set */
    const struct world_role *role;
    const struct world_session *session; /* NULL for a long-term key */
    const char *key_id;
    const char *secret;
    bool inactive; /* The key exists but is switched off */
};

enum { WORLD_ARN_SIZE = 256, WORLD_USERID_SIZE = 160 };

/* Whose access key @key_id is.  False when nobody's. */
bool world_find_key(const struct world *w, const char *key_id,
                    struct world_principal *out);

/* "arn:aws:iam::...:user/demo", "arn:aws:sts::...:assumed-role/ops/me", and
 * the unique id that goes with it ("AIDA...", "AROA...:me"). */
const char *world_principal_arn(const struct world *w,
                                const struct world_principal *p,
                                char out[static WORLD_ARN_SIZE]);
const char *world_principal_userid(const struct world_principal *p,
                                   char out[static WORLD_USERID_SIZE]);

const struct world_account *world_account(const struct world *w,
                                          const char *id);
size_t world_n_accounts(const struct world *w);
const struct world_account *world_account_at(const struct world *w, size_t i);

/* The user or role with this ARN (of the principal itself, not a session). */
const struct world_user *world_user_by_arn(const struct world *w,
                                           const char *arn);
const struct world_role *world_role_by_arn(const struct world *w,
                                           const char *arn);
const struct world_role *world_role(const struct world *w,
                                    const char *account_id, const char *name);

/* What a new session shall be. */
struct world_session_config {
    const struct world_user *user; /* One of the two */
    const struct world_role *role;
    const char *name; /* Role session name */
    int64_t duration_s;
    bool mfa;
    const char *source_identity;
    const struct world_tag *tags;
    size_t n_tags;
    const char *const *policies; /* Documents as text */
    size_t n_policies;
};

/* Give out temporary credentials.  0 and the session, which the world owns
 * and forgets when it has expired (or, beyond some thousand, when it is the
 * oldest); or a code, ERR_PARSE for a bad session policy. */
int world_session_new(struct world *w,
                      const struct world_session_config *config,
                      const struct world_session **out, struct err *e);

/* The newest session of @role named @name that has @left_s seconds left, or
 * NULL. */
const struct world_session *world_session_find(const struct world *w,
                                               const struct world_role *role,
                                               const char *name,
                                               int64_t left_s);

/* SSO: the portal with this access token, client or refresh token. */
struct world_sso_hit {
    const struct world_sso *sso;
    const struct world_sso_user *user;
};
bool world_sso_by_access_token(const struct world *w, const char *token,
                               struct world_sso_hit *out);
bool world_sso_by_refresh_token(const struct world *w, const char *token,
                                struct world_sso_hit *out);

/* A new token of @kind for @owner (a world_sso_user or world_login), which
 * the world owns and remembers for @lifetime_s (0: for good).  NULL when out
 * of memory. */
enum world_token_kind { WORLD_TOKEN_ACCESS, WORLD_TOKEN_REFRESH };
const char *world_token_new(struct world *w, enum world_token_kind kind,
                            const void *owner, int64_t lifetime_s);

/* The login session that @refresh_token belongs to, or NULL. */
const struct world_login *world_login_by_token(const struct world *w,
                                               const char *refresh_token);

/* The provider and the token behind a web identity token, which account
 * @account_id trusts.  NULL when it is nobody's. */
const struct world_web_token *
world_web_token(const struct world *w, const char *account_id,
                const char *token, const struct world_oidc_provider **provider);

/* --- networks and machines ---------------------------------------------- */

size_t world_n_vpcs(const struct world *w);
const struct world_vpc *world_vpc_at(const struct world *w, size_t i);
const struct world_vpc *world_vpc(const struct world *w, const char *id);

size_t world_n_subnets(const struct world *w);
const struct world_subnet *world_subnet_at(const struct world *w, size_t i);
const struct world_subnet *world_subnet(const struct world *w, const char *id);

size_t world_n_groups(const struct world *w);
const struct world_group *world_group_at(const struct world *w, size_t i);
const struct world_group *world_group(const struct world *w, const char *id);

/* The group named "default" of @vpc, or NULL. */
const struct world_group *world_default_group(const struct world *w,
                                              const struct world_vpc *vpc);

size_t world_n_instances(const struct world *w);
const struct world_instance *world_instance_at(const struct world *w, size_t i);
const struct world_instance *world_instance(const struct world *w,
                                            const char *id);

/* The instance of @vpc that has the address @ip, or NULL. */
const struct world_instance *world_instance_by_ip(const struct world *w,
                                                  const struct world_vpc *vpc,
                                                  const struct ip *ip);

/* Where @ip:@port really leads: "127.0.0.1:2222", or NULL when nothing is
 * there.  @in is the instance with that address, or NULL. */
const char *world_route(const struct world *w, const struct world_instance *in,
                        const struct ip *ip, int port);

/* Make "10.0.1.5:22" lead to "127.0.0.1:2222", over what the file says.
 * ERR_USAGE when either is not an address and port. */
int world_set_route(struct world *w, const char *from, const char *to,
                    struct err *e);

/* Whether rules let TCP to @port through.  For egress @peer is where the
 * traffic goes and @peer_groups whose; for ingress where it comes from. */
bool world_rules_allow(const struct world_rule *rules, size_t n_rules,
                       const struct ip *peer,
                       const struct world_group *const *peer_groups,
                       size_t n_peer_groups, int port);

/* --- endpoints ---------------------------------------------------------- */

size_t world_n_endpoints(const struct world *w);
struct world_endpoint *world_endpoint_at(const struct world *w, size_t i);
struct world_endpoint *world_endpoint(const struct world *w, const char *id);

/* By either of its DNS names or those given out, any case, without port. */
struct world_endpoint *world_endpoint_by_dns(const struct world *w,
                                             const char *name);

/* Names below AWS's domain lead nowhere on a test machine.  From now on they
 * are given out as "ID.DOMAIN:PORT" ("ID.fips.DOMAIN:PORT"); NULL: as they
 * are.  Without the port when it is 443, where clients look by themselves.
 * Names that the world file chose otherwise are never changed.  @domain is
 * not copied. */
void world_set_endpoint_domain(struct world *w, const char *domain, int port);

/* The name under which clients reach @ep.  Returns @out. */
enum { WORLD_DNS_SIZE = 264 };
const char *world_endpoint_dns(const struct world *w,
                               const struct world_endpoint *ep, bool fips,
                               char out[static WORLD_DNS_SIZE]);

/* "create-complete"; static strings.  And back: -1 when it is none. */
const char *world_endpoint_state_name(enum world_endpoint_state state);
const char *world_ip_type_name(enum world_ip_type type);
int world_ip_type_parse(const char *name);

/* Whether tunnels may be opened through an endpoint in this state. */
bool world_endpoint_usable(const struct world_endpoint *ep);

/* "arn:aws:ec2:REGION:ACCOUNT:instance-connect-endpoint/ID". */
const char *world_endpoint_arn(const struct world *w,
                               const struct world_endpoint *ep,
                               char out[static WORLD_ARN_SIZE]);

/* Begin creating an endpoint in @subnet: create-in-progress, then complete
 * after settings.create_s.  Strings are copied.  0 or UV_ENOMEM.  Quotas and
 * permissions are the caller's affair. */
int world_endpoint_create(struct world *w, const struct world_subnet *subnet,
                          const struct world_endpoint_settings *settings,
                          const struct world_tag *tags, size_t n_tags,
                          const char *client_token,
                          struct world_endpoint **out);

/* Begin changing it to @settings; the old ones serve until it is done. */
void world_endpoint_modify(struct world *w, struct world_endpoint *ep,
                           const struct world_endpoint_settings *settings);

/* Begin deleting it. */
void world_endpoint_delete(struct world *w, struct world_endpoint *ep);

/* Let the transition it is in end in failure, with @message as its state
 * message.  0 or UV_ENOMEM. */
int world_endpoint_fail(struct world *w, struct world_endpoint *ep,
                        const char *message);

/* The address type an endpoint in @subnet has when none is asked for. */
enum world_ip_type world_subnet_ip_type(const struct world_subnet *subnet);

/* --- persistence -------------------------------------------------------- */

/* Counts changes that are worth saving; compare with what it was at the last
 * world_save(). */
uint64_t world_generation(const struct world *w);

/* What has changed since the world file (endpoints, temporary credentials,
 * tokens) as text of *@len bytes, to be wiped and mem_free()d (file_free()).
 * NULL when out of memory. */
char *world_state(struct world *w, size_t *len);

/* Write that to @path, mode 0600, replacing it atomically.  Blocks. */
int world_save(struct world *w, const char *path, struct err *e);

/* Bring what world_save() wrote back into a freshly loaded world.  A missing
 * file is no error.  What no longer fits the world file (a subnet that is
 * gone) is dropped. */
int world_restore(struct world *w, const char *path, struct err *e);

#endif /* EMU_WORLD_H */
