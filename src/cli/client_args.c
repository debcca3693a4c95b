/* SPDX-License-Identifier: Apache-2.0 */
/* client_args.c - one table for four programs. */
#include "client_args.h"

#include <stddef.h>
#include <string.h>

#include <eice/eice.h>

#include "err.h"
#include "error.h"
#include "pick.h"

#define AT(field) offsetof(struct client_args, field)

static const char *const types[] = {"direct", "eice", "auto", NULL};
static const char *const host_keys[] = {"console", "tofu", "off", NULL};

#define OPTIONS_FIRST                                                          \
    {"instance-id",                                                            \
     OPTION_STRING,                                                            \
     AT(instance_id),                                                          \
     "ID",                                                                     \
     "The instance, as the AWS CLI wants it said",                             \
     NULL,                                                                     \
     OPTION_FILES,                                                             \
     0},                                                                       \
        {"instance-ip",                                                        \
         OPTION_STRING,                                                        \
         AT(instance_ip),                                                      \
         "IP",                                                                 \
         "Connect to this address of it",                                      \
         NULL,                                                                 \
         OPTION_FILES,                                                         \
         0},                                                                   \
        {"private-key-file",                                                   \
         OPTION_STRING,                                                        \
         AT(private_key_file),                                                 \
         "FILE",                                                               \
         "Log in with this key, which the instance knows; nothing is pushed",  \
         NULL,                                                                 \
         OPTION_FILES,                                                         \
         0},                                                                   \
        {"os-user",                                                            \
         OPTION_STRING,                                                        \
         AT(os_user),                                                          \
         "NAME",                                                               \
         "Who to log in as; without it the instance's tag eice:user or its "   \
         "image decides",                                                      \
         NULL,                                                                 \
         OPTION_FILES,                                                         \
         0},                                                                   \
    {                                                                          \
        "ssh-port", OPTION_INT, AT(ssh_port), "PORT",                          \
            "The port of the instance's sshd (default 22)", NULL,              \
            OPTION_FILES, 0                                                    \
    }

#define OPTIONS_LAST                                                           \
    {"connection-type",                                                        \
     OPTION_CHOICE,                                                            \
     AT(connection_type),                                                      \
     "HOW",                                                                    \
     "Through an endpoint, directly, or what the addresses suggest; auto "     \
     "with --instance-id, else eice",                                          \
     types,                                                                    \
     OPTION_FILES,                                                             \
     0},                                                                       \
        {"eice-options",                                                       \
         OPTION_STRING,                                                        \
         AT(eice_options),                                                     \
         "KEY=VALUE[,...]",                                                    \
         "endpointId, dnsName, maxTunnelDuration; or the same as JSON",        \
         NULL,                                                                 \
         OPTION_FILES,                                                         \
         0},                                                                   \
        {"key",                                                                \
         OPTION_STRING,                                                        \
         AT(key),                                                              \
         "FILE",                                                               \
         "Push the public half of this key and log in with it",                \
         NULL,                                                                 \
         OPTION_OURS,                                                          \
         0},                                                                   \
        {"no-push",                                                            \
         OPTION_FLAG,                                                          \
         AT(no_push),                                                          \
         NULL,                                                                 \
         "Make no key and push none: ssh uses its own",                        \
         NULL,                                                                 \
         OPTION_OURS,                                                          \
         0},                                                                   \
        {"pick",                                                               \
         OPTION_STRING,                                                        \
         AT(pick),                                                             \
         "newest|random|N",                                                    \
         "Which of several running instances",                                 \
         NULL,                                                                 \
         OPTION_OURS,                                                          \
         0},                                                                   \
        {"host-keys",                                                          \
         OPTION_CHOICE,                                                        \
         AT(host_keys),                                                        \
         "HOW",                                                                \
         "Trust the keys the instance's console shows (default), whatever "    \
         "comes first, or anything",                                           \
         host_keys,                                                            \
         OPTION_OURS,                                                          \
         0},                                                                   \
        {"print",                                                              \
         OPTION_FLAG,                                                          \
         AT(print),                                                            \
         NULL,                                                                 \
         "Print the command instead of running it",                            \
         NULL,                                                                 \
         OPTION_OURS,                                                          \
         0},                                                                   \
        {"json", OPTION_FLAG, AT(json), NULL, "Print it as JSON",              \
         NULL,   OPTION_OURS, 0},                                              \
    {                                                                          \
        .name = NULL                                                           \
    }

const struct option client_ssh_options[] = {
    OPTIONS_FIRST,
    {"local-forwarding", OPTION_LIST, AT(local_forwarding), "SPEC",
     "Forward a local port, as ssh -L; may be given several times", NULL,
     OPTION_FILES, 0},
    OPTIONS_LAST};
const struct option client_copy_options[] = {OPTIONS_FIRST, OPTIONS_LAST};

void client_args_init(void *args)
{
    struct client_args *a = args;

    a->ssh_port = OPTION_UNSET;
}

static bool is_type(const struct client_args *a, const char *type)
{
    return a->connection_type != NULL && strcmp(a->connection_type, type) == 0;
}

/* --eice-options. */
static int check_choices(const struct client_args *a, struct eice_choices *c,
                         struct eice_error *error)
{
    struct err e;
    int rv;

    if (is_type(a, "direct")) {
        return error_set(error, ERR_USAGE,
                         "eice-options can't be specified when connection "
                         "type is direct.");
    }
    rv = eice_choices_read(c, a->eice_options, &e);
    if (rv != 0) {
        error_from(error, &e);
        return rv;
    }
    if (c->dns_name[0] != '\0' && c->endpoint_id[0] == '\0') {
        return error_set(error, ERR_USAGE,
                         "When specifying dnsName, you must specify "
                         "endpointId.");
    }
    if (c->max_tunnel_duration != -1 &&
        (c->max_tunnel_duration < 1 ||
         c->max_tunnel_duration > EICE_MAX_TUNNEL_DURATION_S)) {
        return error_set(error, ERR_USAGE,
                         "Invalid value specified for maxTunnelDuration. "
                         "Value must be greater than 1 and less than 3600.");
    }
    if (c->endpoint_id[0] != '\0' &&
        eice_check_endpoint_id(c->endpoint_id, error) != 0) {
        return error->code;
    }
    if (c->dns_name[0] != '\0' &&
        eice_check_endpoint_dns_name(c->dns_name, error) != 0) {
        return error_set(error, ERR_USAGE, "The specified dnsName is invalid.");
    }
    return 0;
}

int client_args_check(const struct client_args *a, struct eice_choices *choices,
                      struct eice_error *error)
{
    int rv = 0;

    *choices = (struct eice_choices){.max_tunnel_duration = -1};
    if (a->instance_id != NULL) {
        rv = eice_check_instance_id(a->instance_id, error);
    }
    if (rv == 0 && a->eice_options != NULL) {
        rv = check_choices(a, choices, error);
    }
    if (rv != 0) {
        return rv;
    }
    if (a->instance_ip != NULL &&
        (is_type(a, "auto") ||
         (a->connection_type == NULL && a->instance_id != NULL))) {
        return error_set(error, ERR_USAGE,
                         "When specifying instance-ip, you must specify "
                         "connection-type.");
    }
    if (a->instance_ip != NULL &&
        eice_check_private_ip(a->instance_ip, error) != 0) {
        return error->code;
    }
    if (a->pick != NULL && !pick_check(a->pick)) {
        return error_set(error, ERR_USAGE,
                         "The value of --pick is invalid. It must be newest, "
                         "random or a number.");
    }
    if (a->ssh_port != OPTION_UNSET &&
        (a->ssh_port < 1 || a->ssh_port > 65535)) {
        return error_set(error, ERR_USAGE,
                         "The port %lld is invalid. A port is a number from 1 "
                         "to 65535.",
                         (long long)a->ssh_port);
    }
    return 0;
}

/* The first of three that is there, or NULL. */
static const char *first(const char *a, const char *b, const char *c)
{
    const char *const all[] = {a, b, c};
    size_t i;

    for (i = 0; i < 3; i++) {
        if (all[i] != NULL && all[i][0] != '\0') {
            return all[i];
        }
    }
    return NULL;
}

const char *client_route(const struct client_args *a,
                         const struct client_addresses *i, bool *tunnel)
{
    bool aws = a->instance_id != NULL;
    bool eice = is_type(a, "eice") || a->eice_options != NULL ||
                (a->connection_type == NULL && !aws);

    *tunnel = eice;
    if (a->instance_ip != NULL) {
        return a->instance_ip;
    }
    if (eice) {
        return first(i->private_ip, i->ipv6, NULL);
    }
    if (is_type(a, "direct")) {
        return first(i->public_ip, i->ipv6, i->private_ip);
    }
    if (first(i->public_ip, NULL, NULL) == NULL &&
        first(i->private_ip, NULL, NULL) != NULL) {
        *tunnel = true;
    }
    return first(i->public_ip, i->private_ip, i->ipv6);
}
