/* SPDX-License-Identifier: Apache-2.0 */
/* eice.h - tunnels through an EC2 Instance Connect Endpoint, on your loop.
 *
 * A program makes one `struct eice` on its own uv_loop_t, and from it as many
 * handles as it likes: operations (resolve a target, push a key, ask who I
 * am), tunnels over streams it already has, and listeners that make a tunnel
 * of every connection they accept.
 *
 *     struct eice_options options = {.size = sizeof options};
 *     struct eice_target target = {.size = sizeof target,
 *                                  .instance_id = "i-0123456789abcdef0"};
 *
 *     eice_new(&eice, loop, &options, &error);
 *     eice_tunnel_open_fds(&tunnel, eice, &target, &tunnel_options, 0, 1,
 *                          &error);
 *     uv_run(loop, UV_RUN_DEFAULT);
 *
 * Rules that hold everywhere:
 *
 * - Everything is called on the loop's thread, and every callback comes from
 *   the loop: never from inside the function that began the work.
 * - A function that begins something returns 0 and a handle, or a code, a
 *   filled error and no handle; after a code nothing will call back.
 * - Every handle has one way out, its eice_*_close(), which may be called in
 *   any state and from any callback, once.  It cancels what runs.  After it
 *   nothing fires but the close callback (which may be NULL), always, from the
 *   loop.  The end of something is a report, not a teardown: answer a done
 *   callback with the close function.
 * - Strings and structs given to a function are copied before it returns.
 *   What a callback receives lives until the callback returns.
 * - Every struct a caller fills begins with its size.  A field that is 0 or
 *   NULL means the default, so that zeroed structs are right and a program
 *   built against an older header keeps working.
 * - Nothing is written to stdout or stderr, no signal handler is installed, no
 *   process-wide setting is changed.  A program ignores SIGPIPE itself.
 */
#ifndef EICE_EICE_H
#define EICE_EICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EICE_VERSION "0.1.0"
#define EICE_VERSION_MAJOR 0
#define EICE_VERSION_MINOR 1
#define EICE_VERSION_PATCH 0
#define EICE_VERSION_NUMBER                                                    \
    (EICE_VERSION_MAJOR * 10000 + EICE_VERSION_MINOR * 100 + EICE_VERSION_PATCH)

#if defined(__GNUC__)
#define EICE_API __attribute__((visibility("default")))
#else
#define EICE_API
#endif

/* The version of the library that is running: "0.1.0", and as a number to
 * compare with EICE_VERSION_NUMBER. */
EICE_API const char *eice_version(void);
EICE_API int eice_version_number(void);

/* The version of every library that is in use, "libuv/1.44.2 libcurl/7.88.1
 * ...", written to @buf as snprintf() would.  Returns @buf. */
EICE_API char *eice_library_versions(char *buf, size_t size);

/* ---- Errors ----------------------------------------------------------- */

/* What kind of failure it was, and so whose move it is. */
enum eice_kind {
    EICE_KIND_NONE,    /* No error */
    EICE_KIND_USAGE,   /* The request itself is wrong */
    EICE_KIND_CONFIG,  /* The request is fine, the configuration is not */
    EICE_KIND_SERVICE, /* AWS answered, with an error */
    EICE_KIND_OTHER    /* Everything else: network, files, peers */
};

/* Codes of ours.  Other negative values are libuv's UV_E*. */
enum eice_code {
    EICE_ERR_USAGE = -5001,          /* Bad argument */
    EICE_ERR_CONFIG = -5002,         /* Bad configuration */
    EICE_ERR_NO_REGION = -5003,      /* No region is configured */
    EICE_ERR_NO_CREDENTIALS = -5004, /* No credentials were found */
    EICE_ERR_CREDENTIALS = -5005,    /* A credential source failed */
    EICE_ERR_PROFILE = -5006,        /* The profile cannot be used */
    EICE_ERR_PARSE = -5007,          /* Unreadable text */
    EICE_ERR_SERVICE = -5008,        /* The service refused the request */
    EICE_ERR_THROTTLED = -5009,      /* The service is throttling requests */
    EICE_ERR_DNS = -5010,            /* Name not found */
    EICE_ERR_CONNECT = -5011,        /* Cannot connect */
    EICE_ERR_PROXY = -5012,          /* The proxy refused or failed */
    EICE_ERR_TLS = -5013,            /* TLS failed */
    EICE_ERR_CERTIFICATE = -5014,    /* The certificate is not trusted */
    EICE_ERR_HTTP = -5015,           /* The HTTP exchange failed */
    EICE_ERR_TOO_BIG = -5016,        /* Larger than the limit */
    EICE_ERR_UPGRADE = -5017,        /* The WebSocket upgrade was refused */
    EICE_ERR_PROTOCOL = -5018,       /* The peer broke the protocol */
    EICE_ERR_PEER_CLOSED = -5019,    /* The peer closed the tunnel */
    EICE_ERR_PEER_LOST = -5020,      /* The peer stopped answering */
    EICE_ERR_LOCAL_LOST = -5021,     /* The local side went away */
    EICE_ERR_EXPIRED = -5022,        /* The credentials have expired */
    EICE_ERR_FULL = -5023,           /* The connection limit is reached */
    EICE_ERR_SETTING = -5024,        /* A setting has a bad value */
    EICE_ERR_NOT_FOUND = -5025       /* The service knows no such thing */
};

/* One failure, as a user will read it.  No secret is ever in it.  May be
 * copied like any struct. */
struct eice_error {
    int code;              /* 0, enum eice_code or UV_E* */
    enum eice_kind kind;   /* What kind of failure @code is */
    int http_status;       /* 0 when no HTTP answer was involved */
    char message[1024];    /* What failed and why; one line, cause first */
    char hint[512];        /* What to do about it, or "" */
    char service_code[96]; /* The service's error code, or "" */
    char operation[96];    /* "DescribeInstances", "OpenTunnel", or "" */
    char request_id[96];   /* The service's request id, or "" */
};

/* The name of @code ("EICE_ERR_DNS", "ETIMEDOUT"); a static string. */
EICE_API const char *eice_code_name(int code);

/* The exit code the AWS CLI uses for such a failure: 0, 252 usage, 253
 * configuration, 254 service, 255 other. */
EICE_API int eice_exit_code(const struct eice_error *error);

/* ---- The context ------------------------------------------------------ */

struct eice;

enum eice_log_level {
    EICE_LOG_NONE,
    EICE_LOG_ERROR,
    EICE_LOG_WARN,
    EICE_LOG_INFO,
    EICE_LOG_DEBUG,
    EICE_LOG_TRACE
};

/* One finished line (no newline, no secret) about object @id of @group ("ws",
 * "net", ...); @id is 0 when there is only one.  May come from inside any
 * function of this library and must not call back into it. */
typedef void (*eice_log_cb)(void *data, enum eice_log_level level,
                            const char *group, unsigned id, const char *line);

/* The value of an environment variable, or NULL; as getenv().  Asked as long
 * as the context lives. */
typedef const char *(*eice_env_cb)(void *data, const char *name);

/* A handle is gone: its memory is freed, its sockets are closed, nothing else
 * will fire.  Once, from the loop. */
typedef void (*eice_close_cb)(void *data);

#define EICE_NO_TIMEOUT UINT64_MAX

/* What the user said; what is left out comes from environment and profile as
 * in the AWS CLI v2. */
struct eice_options {
    size_t size;              /* sizeof(struct eice_options) */
    const char *profile;      /* --profile */
    const char *region;       /* --region */
    const char *endpoint_url; /* --endpoint-url: for the EC2 API, and for STS
                                 when eice_whoami() asks it */
    const char *ca_bundle;    /* --ca-bundle: API calls and tunnels */
    bool no_verify_ssl;       /* --no-verify-ssl: API calls and tunnels */
    bool no_sign_request;     /* --no-sign-request */
    /* One try of an API call: until connected, and until answered.  Rounded
     * up to seconds; 0: 10 s; EICE_NO_TIMEOUT: none. */
    uint64_t api_connect_timeout_ms;
    uint64_t api_read_timeout_ms;
    const char *user_agent; /* Words to add after "eice/<version>" */
    eice_env_cb env;        /* NULL: getenv() */
    void *env_data;
    eice_log_cb log; /* NULL: silence */
    void *log_data;
    enum eice_log_level log_level; /* Lines up to this level */
    const char *log_spec;          /* Changes to it by group, such as
                                      "tls,ws:debug"; NULL: none */
    bool use_cache; /* Keep what is learnt about targets in files, and begin
                       with what is kept there */
};

/* Make a context: reads the configuration files, and nothing else happens
 * until it is needed.  Errors name the file and the line. */
EICE_API int eice_new(struct eice **out, uv_loop_t *loop,
                      const struct eice_options *options,
                      struct eice_error *error);

/* End the context.  Every handle made from it must have been given to its
 * close function; those still closing are waited for. */
EICE_API void eice_close(struct eice *eice, eice_close_cb cb, void *data);

/* The region and the profile as configured; NULL when there is none.  They
 * live as long as the context. */
EICE_API const char *eice_region(const struct eice *eice);
EICE_API const char *eice_profile(const struct eice *eice);

/* How the configuration wants answers printed ("json", "text", ...); NULL when
 * it does not say. */
EICE_API const char *eice_output(const struct eice *eice);

/* How the configuration wants errors printed (cli_error_format: "enhanced",
 * "legacy", "json", ...); NULL when it does not say. */
EICE_API const char *eice_error_format(const struct eice *eice);

/* ---- What is kept ------------------------------------------------------ */

/* One target as it was learnt; NULL where nothing is known. */
struct eice_cache_entry {
    const char *region;
    const char *instance_id;
    const char *address;
    const char *vpc_id;
    const char *subnet_id;
    const char *endpoint_id;
    const char *endpoint_dns_name;
    const char *endpoint_state;
    int64_t age_s; /* Seconds since then */
    bool fresh;    /* Would be used without asking */
};

/* One entry; its strings live until the callback returns. */
typedef void (*eice_cache_cb)(void *data, const struct eice_cache_entry *entry);

/* Show every entry of this user's cache to @cb; with @cb NULL remove them all
 * instead.  Returns how many there were.  Reads a directory, and so blocks for
 * a moment. */
EICE_API unsigned eice_cache_visit(struct eice *eice, eice_cache_cb cb,
                                   void *data);

/* ---- Targets ---------------------------------------------------------- */

enum {
    EICE_PORT_SSH = 22,
    EICE_PORT_RDP = 3389,
    EICE_MAX_TUNNEL_DURATION_S = 3600
};

/* Where a tunnel should lead.  Either an instance id, or an address together
 * with an endpoint id; more facts save API calls: endpoint id, endpoint DNS
 * name and address together need none. */
struct eice_target {
    size_t size;                   /* sizeof(struct eice_target) */
    const char *instance_id;       /* "i-..." */
    const char *private_ip;        /* IPv4 or IPv6; wins over the id */
    const char *endpoint_id;       /* "eice-..."; NULL: one is chosen */
    const char *endpoint_dns_name; /* "host" or "host:port" */
    int remote_port;               /* 0: 22 */
    bool force_remote_port;        /* Ask for ports the service refuses */
    int max_tunnel_duration_s;     /* 1 ... 3600; 0: not sent.  (A caller
                                      that was told 0 passes -1.) */
};

/* Whether @target makes sense: 0, or EICE_ERR_USAGE and the sentence for the
 * user.  Touches nothing but its arguments; everything that takes a target
 * checks it so first. */
EICE_API int eice_target_check(const struct eice_target *target,
                               struct eice_error *error);

/* The same for single words: an instance id, an endpoint id, an endpoint's
 * "host[:port]", an address, a remote port, a maximum duration. */
EICE_API int eice_check_instance_id(const char *text, struct eice_error *error);
EICE_API int eice_check_endpoint_id(const char *text, struct eice_error *error);
EICE_API int eice_check_endpoint_dns_name(const char *text,
                                          struct eice_error *error);
EICE_API int eice_check_private_ip(const char *text, struct eice_error *error);
EICE_API int eice_check_remote_port(int port, bool force,
                                    struct eice_error *error);
EICE_API int eice_check_max_tunnel_duration(int seconds,
                                            struct eice_error *error);

/* ---- Operations: one question, one answer ----------------------------- */

/* A question under way.  Its callback fires once; then, or before, the caller
 * closes it. */
struct eice_op;

/* Cancel if it still runs, free it, then call @cb. */
EICE_API void eice_op_close(struct eice_op *op, eice_close_cb cb, void *data);

/* What is known of a target.  Strings that are unknown are NULL: nothing is
 * asked that the caller already said. */
struct eice_resolved {
    const char *address;           /* What the tunnel will lead to */
    const char *endpoint_id;       /* Which endpoint */
    const char *endpoint_dns_name; /* And where it is; maybe with a port */
    const char *endpoint_state;
    const char *endpoint_vpc_id;
    const char *endpoint_subnet_id;
    bool endpoint_preserve_client_ip;
    const char *instance_id;
    const char *instance_name; /* Its Name tag */
    const char *instance_state;
    const char *instance_type;
    const char *image_id;
    const char *key_name;
    const char *platform;         /* "windows", or NULL */
    const char *platform_details; /* "Linux/UNIX", ... */
    const char *vpc_id;
    const char *subnet_id;
    const char *availability_zone;
    const char *private_ip;
    const char *ipv6_address;
    const char *public_ip;
    const char *private_dns_name;
    const char *public_dns_name;
};

/* The answer, or @error with @result NULL. */
typedef void (*eice_resolve_cb)(void *data, const struct eice_resolved *result,
                                const struct eice_error *error);

/* Find the address, the endpoint and its name for @target. */
EICE_API int eice_resolve(struct eice_op **out, struct eice *eice,
                          const struct eice_target *target, eice_resolve_cb cb,
                          void *data, struct eice_error *error);

/* Whose credentials are in use. */
struct eice_identity {
    const char *account;
    const char *arn;
    const char *user_id;
    const char *source;        /* Where the credentials came from: "env",
                                  "sso", ...; NULL: there are none */
    int64_t expires_at;        /* Seconds since 1970; 0: never */
    const char *region;        /* In which we work, */
    const char *region_source; /* and why: "--region", "AWS_REGION", "IMDS" */
};
typedef void (*eice_whoami_cb)(void *data, const struct eice_identity *result,
                               const struct eice_error *error);
EICE_API int eice_whoami(struct eice_op **out, struct eice *eice,
                         eice_whoami_cb cb, void *data,
                         struct eice_error *error);

/* Push a public key to an instance for the next 60 seconds. */
struct eice_ssh_key {
    size_t size;                   /* sizeof(struct eice_ssh_key) */
    const char *instance_id;       /* "i-..." */
    const char *os_user;           /* Who may log in with it */
    const char *public_key;        /* "ssh-ed25519 AAAA..." */
    const char *availability_zone; /* Or NULL */
    bool use_endpoint_url;         /* Push to the context's endpoint_url */
};

/* @request_id names the push in the account's audit log. */
typedef void (*eice_send_ssh_key_cb)(void *data, const char *request_id,
                                     bool success,
                                     const struct eice_error *error);
EICE_API int eice_send_ssh_key(struct eice_op **out, struct eice *eice,
                               const struct eice_ssh_key *key,
                               eice_send_ssh_key_cb cb, void *data,
                               struct eice_error *error);

/* ---- Finding instances ------------------------------------------------- */

struct eice_tag {
    const char *key;
    const char *value;
};

/* One instance; what it does not have is NULL. */
struct eice_instance {
    const char *instance_id;
    const char *name; /* Its Name tag */
    const char *state;
    const char *instance_type;
    const char *image_id;
    const char *key_name;
    const char *launch_time; /* "2026-01-02T03:04:05.000Z" */
    const char *architecture;
    const char *platform;         /* "windows", or NULL */
    const char *platform_details; /* "Linux/UNIX", ... */
    const char *vpc_id;
    const char *subnet_id;
    const char *availability_zone;
    const char *private_ip;
    const char *ipv6_address;
    const char *public_ip;
    const char *private_dns_name;
    const char *public_dns_name;
    const struct eice_tag *tags;
    size_t n_tags;
    /* Which of the endpoints a tunnel would go through, if they were asked
     * for: an index, or -1 for none. */
    int endpoint;
};

/* One Instance Connect Endpoint. */
struct eice_endpoint {
    const char *endpoint_id;
    const char *state;
    const char *dns_name;      /* The service's, FIPS if configured */
    const char *state_message; /* Why it is in that state */
    const char *vpc_id;
    const char *subnet_id;
    const char *availability_zone;
    const char *ip_address_type;
    bool preserve_client_ip;
    bool usable; /* Tunnels may go through it in this state */
};

/* Instances must have, for each filter, one of its values; names and wildcards
 * are those of EC2's DescribeInstances. */
struct eice_filter {
    const char *name;
    const char *const *values;
    size_t n_values;
};

/* What to look for. */
struct eice_query {
    size_t size;      /* sizeof(struct eice_query) */
    const char *word; /* An instance id, IPv4 or IPv6 address, DNS name, or a
                         Name tag (with * and ?); NULL: all instances */
    const struct eice_filter *filters;
    size_t n_filters;
    bool endpoints; /* Also tell the region's endpoints */
    bool is_id;     /* The word is an instance id whatever it looks like */
};

/* What was found; may be nothing. */
struct eice_found {
    const struct eice_instance *instances;
    size_t n_instances;
    const struct eice_endpoint *endpoints;
    size_t n_endpoints;
};

/* The answer, or @error with @found NULL. */
typedef void (*eice_find_cb)(void *data, const struct eice_found *found,
                             const struct eice_error *error);
EICE_API int eice_find(struct eice_op **out, struct eice *eice,
                       const struct eice_query *query, eice_find_cb cb,
                       void *data, struct eice_error *error);

/* A text that was asked for, with a NUL behind its @len bytes; @text is NULL
 * if there is none, and with @error. */
typedef void (*eice_text_cb)(void *data, const char *text, size_t len,
                             const struct eice_error *error);

/* What an instance has printed on its console. */
EICE_API int eice_console_output(struct eice_op **out, struct eice *eice,
                                 const char *instance_id, eice_text_cb cb,
                                 void *data, struct eice_error *error);

/* The administrator's first password of a Windows instance. */
struct eice_password {
    const char *instance_id;
    const char *timestamp; /* "2026-01-02T03:04:05.000Z", or NULL */
    const char *data;      /* Encrypted (RSA, PKCS#1 v1.5) for the key pair of
                              the launch, in base64, with white space as it was
                              sent; nothing else while there is none yet, which
                              takes up to 15 minutes after the launch */
};

/* The answer, or @error with @result NULL. */
typedef void (*eice_password_cb)(void *data, const struct eice_password *result,
                                 const struct eice_error *error);
EICE_API int eice_password_data(struct eice_op **out, struct eice *eice,
                                const char *instance_id, eice_password_cb cb,
                                void *data, struct eice_error *error);

/* The name of an image, "al2023-ami-2023.5.20240805.0-kernel-6.1-x86_64". */
EICE_API int eice_image_name(struct eice_op **out, struct eice *eice,
                             const char *image_id, eice_text_cb cb, void *data,
                             struct eice_error *error);

/* ---- Events ----------------------------------------------------------- */

/* What can happen to a tunnel or a listener.  Those marked L come from
 * listeners only, and those marked C are about one connection. */
enum eice_event_type {
    EICE_EVENT_RESOLVED,    /* @resolved: the target is known */
    EICE_EVENT_LISTENING,   /* L: @address, @port (0: unix path); one event an
                               address, after the target is resolved */
    EICE_EVENT_ACCEPTED,    /* L C: a local connection; its tunnel begins */
    EICE_EVENT_OPENED,      /* C: the tunnel stands; @request_id */
    EICE_EVENT_ENDING_SOON, /* C: one minute of the maximum duration left */
    EICE_EVENT_CLOSED,      /* L C: the connection is over; @error or NULL,
                               @stats, @request_id */
    EICE_EVENT_FULL,        /* L: the limit is reached: a connection was closed
                               or waits, as when_full says */
    EICE_EVENT_REFUSED,     /* L: a connection of another user was refused;
                               @error */
    EICE_EVENT_ACCEPT_FAILED, /* L: accepting failed for the moment; @error */
    EICE_EVENT_WARNING /* Something the user should know; @error holds the
                          sentence */
};

/* What was carried. */
struct eice_stats {
    uint64_t bytes_up;   /* To the instance */
    uint64_t bytes_down; /* From it */
    uint64_t open_ms;    /* From accepted to opened */
    uint64_t total_ms;   /* From accepted to now */
};

/* One event; fields that do not belong to its type are 0 or NULL. */
struct eice_event {
    enum eice_event_type type;
    unsigned connection; /* 1, 2, ... */
    const char *address;
    int port;
    unsigned max_connections;
    const char *request_id;
    const struct eice_error *error;
    const struct eice_resolved *resolved;
    const struct eice_stats *stats;
};

/* Something worth telling; the handle goes on.  Any number of times until the
 * done callback.  The receiver may close any handle. */
typedef void (*eice_event_cb)(void *data, const struct eice_event *event);

/* The handle is over: @error is NULL for a normal end.  Once.  The receiver
 * answers with the handle's close function. */
typedef void (*eice_done_cb)(void *data, const struct eice_error *error);

/* How a tunnel is closed towards the service. */
enum eice_bye {
    EICE_BYE_DONE, /* The work is done (CLOSE 1000) */
    EICE_BYE_AWAY  /* The program is going away (CLOSE 1001) */
};

/* ---- Tunnels ---------------------------------------------------------- */

struct eice_tunnel;

struct eice_tunnel_options {
    size_t size;                 /* sizeof(struct eice_tunnel_options) */
    uint64_t connect_timeout_ms; /* Name, TCP, proxy, TLS; 0: 10 s */
    uint64_t upgrade_timeout_ms; /* Until the service says 101; 0: 10 s */
    uint64_t linger_ms;          /* Quiet time allowed after the local end of
                                    input; 0: 10 s */
    uint64_t ping_interval_ms;   /* 0: 30 s; EICE_NO_TIMEOUT: never */
    /* For eice_tunnel_open_*(); a listener has its own three. */
    eice_event_cb event; /* May be NULL */
    eice_done_cb done;
    void *data;
    /* Send nothing that is read locally before eice_tunnel_release(): for what
     * must be seen to first, such as a key that the far side has to know.  The
     * tunnel is opened meanwhile, and what comes from it is written out. */
    bool hold_input;
};

/* Open a tunnel to @target and carry what is read from @in_fd to it and what
 * comes from it to @out_fd: two ends of pipes, sockets (the same one twice is
 * fine) or regular files; 0 and 1 make a ProxyCommand.  On 0 the descriptors
 * belong to the tunnel, which closes them; on a code they are still the
 * caller's. */
EICE_API int eice_tunnel_open_fds(struct eice_tunnel **out, struct eice *eice,
                                  const struct eice_target *target,
                                  const struct eice_tunnel_options *options,
                                  int in_fd, int out_fd,
                                  struct eice_error *error);

/* The same over a connected stream of the caller's: a uv_tcp_t or uv_pipe_t
 * on the context's loop, with no read or write under way.  On 0 the tunnel
 * uses it (its data field too) and closes it with uv_close(); its memory is
 * the caller's again in the tunnel's close callback. */
EICE_API int eice_tunnel_open_stream(struct eice_tunnel **out,
                                     struct eice *eice,
                                     const struct eice_target *target,
                                     const struct eice_tunnel_options *options,
                                     uv_stream_t *stream,
                                     struct eice_error *error);

/* End what hold_input began; without it, or again, this does nothing. */
EICE_API void eice_tunnel_release(struct eice_tunnel *tunnel);

/* What was carried so far. */
EICE_API void eice_tunnel_stats(const struct eice_tunnel *tunnel,
                                struct eice_stats *stats);

/* The service's request id of the tunnel, or "" while there is none. */
EICE_API const char *eice_tunnel_request_id(const struct eice_tunnel *tunnel);

/* Say goodbye to the service if the tunnel is open (that waits a second at
 * most), close both sides, free @tunnel, then call @cb. */
EICE_API void eice_tunnel_close(struct eice_tunnel *tunnel, enum eice_bye bye,
                                eice_close_cb cb, void *data);

/* ---- Listeners -------------------------------------------------------- */

struct eice_listener;

enum eice_when_full {
    EICE_FULL_CLOSE, /* Close the connection at once */
    EICE_FULL_WAIT   /* Leave it in the queue until another ends */
};

enum { EICE_MAX_PRECONNECT = 20 };

/* Where to listen, at least one of: tcp, unix_path, fds. */
struct eice_listen_options {
    size_t size;                       /* sizeof(struct eice_listen_options) */
    bool tcp;                          /* Listen on a TCP port */
    int port;                          /* Which; 0: any free one, the same on
                                          every address */
    const char *const *bind_addresses; /* NULL: 127.0.0.1 and, where there is
                                          IPv6, ::1 */
    size_t n_bind_addresses;
    const char *unix_path; /* A unix socket, mode 0600; a stale one is
                              replaced; removed at the end */
    const int *fds;        /* Listening sockets that were inherited; on 0
                              they belong to the listener */
    size_t n_fds;
    unsigned max_connections; /* At a time; 0: 10 */
    enum eice_when_full when_full;
    bool allow_other_users; /* Serve processes of other users too */
    const struct eice_tunnel_options *tunnel; /* NULL: defaults */
    eice_event_cb event;                      /* May be NULL */
    eice_done_cb done; /* The listener failed and is over.  One
                          connection's failure never does that */
    void *data;
    /* Connections to the endpoint that are made ahead of those that will be
     * accepted, so that a tunnel stands after one round trip: at most
     * EICE_MAX_PRECONNECT, and with the tunnels at most max_connections.
     * Nothing is signed and no tunnel counts before one is used.  They are
     * renewed as they get old, which costs a TLS handshake each half minute. */
    unsigned preconnect;
};

/* Listen, then resolve @target, then serve: a fresh signed URL and tunnel for
 * each connection.  A port in use is reported by this call.  Connections that
 * come before the target is resolved wait for it; when it cannot be resolved
 * the listener is done with that error. */
EICE_API int eice_listen(struct eice_listener **out, struct eice *eice,
                         const struct eice_target *target,
                         const struct eice_listen_options *options,
                         struct eice_error *error);

/* The TCP port in use, or 0. */
EICE_API int eice_listener_port(const struct eice_listener *listener);

/* How many connections are being served now. */
EICE_API unsigned
eice_listener_connections(const struct eice_listener *listener);

/* Stop accepting, close every tunnel with @bye (a second at most), free
 * @listener, then call @cb. */
EICE_API void eice_listener_close(struct eice_listener *listener,
                                  enum eice_bye bye, eice_close_cb cb,
                                  void *data);

#ifdef __cplusplus
}
#endif

#endif /* EICE_EICE_H */
