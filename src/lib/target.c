/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - the checks of a target, each with its sentence.
 *
 * The order and the texts of the first four are the AWS CLI's, since scripts
 * match them; the rest stops early what the CLI sends to the service. */
#include "target.h"

#include <string.h>

#include <eice/eice.h>

#include "fault.h"
#include "ip.h"
#include "mem.h"
#include "url.h"

static const char alnum[] = "0123456789"
                            "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

enum { ID_MAX = 64 }; /* Longer than any id AWS makes */

/* Whether @text is @prefix and then one or more of letters, digits, @more. */
static bool is_id(const char *text, const char *prefix, char more)
{
    size_t n = strlen(prefix);

    if (strncmp(text, prefix, n) != 0 || text[n] == '\0' ||
        strlen(text) > ID_MAX) {
        return false;
    }
    for (text += n; *text != '\0'; text++) {
        if (strchr(alnum, *text) == NULL && *text != more) {
            return false;
        }
    }
    return true;
}

/* Refuse @text with @sentence, which is the CLI's; show what was given. */
static int refuse(struct err *e, const char *text, const char *sentence)
{
    err_set(e, ERR_USAGE, "%s", sentence);
    err_hint(e, "this was given: \"%.80s\"", text);
    return ERR_USAGE;
}

static int check_instance_id(const char *text, struct err *e)
{
    if (is_id(text, "i-", '\0')) {
        return 0;
    }
    return refuse(e, text,
                  "The specified instance ID is invalid. Provide the full "
                  "instance ID in the form i-xxxxxxxxxxxxxxxxx.");
}

static int check_endpoint_id(const char *text, struct err *e)
{
    if (is_id(text, "eice-", '_')) {
        return 0;
    }
    return refuse(e, text,
                  "The specified endpointId is invalid. Provide the full EC2 "
                  "Instance Connect Endpoint ID in the form "
                  "eice-xxxxxxxxxxxxxxxxx.");
}

/* "host", "host:port", "[v6]" or "[v6]:port". */
static int check_dns_name(const char *text, struct err *e)
{
    char host[URL_HOST_SIZE];
    unsigned port;
    bool bare_v6 = text[0] != '[' && strchr(text, ':') != strrchr(text, ':');

    if (!bare_v6 && host_port_split(host, &port, text)) {
        return 0;
    }
    return refuse(e, text,
                  "The specified dnsName is invalid. Provide a host name, or "
                  "a host name, a colon and a port.");
}

static int check_private_ip(const char *text, struct err *e)
{
    struct ip ip;

    if (ip_parse(&ip, text)) {
        return 0;
    }
    return refuse(e, text,
                  "The specified private IP address is invalid. Provide an "
                  "IPv4 or IPv6 address, without brackets or port.");
}

static int check_remote_port(int port, bool force, struct err *e)
{
    if (port < 1 || port > 65535) {
        return err_set(e, ERR_USAGE,
                       "The remote port is invalid. A port is a number from "
                       "1 to 65535.");
    }
    if (port == EICE_PORT_SSH || port == EICE_PORT_RDP || force) {
        return 0;
    }
    err_set(e, ERR_USAGE,
            "The remote port %d would be refused: the service opens tunnels "
            "to 22 and 3389 only.",
            port);
    err_hint(e, "open a tunnel to port 22 and forward the port with ssh -L, or "
                "pass --force-remote-port to ask the service anyway");
    return ERR_USAGE;
}

static int check_duration(int seconds, struct err *e)
{
    if (seconds >= 1 && seconds <= EICE_MAX_TUNNEL_DURATION_S) {
        return 0;
    }
    return err_set(e, ERR_USAGE,
                   "Invalid max connection timeout specified. Value must be "
                   "greater than 1 and less than 3600.");
}

/* What must be given together, in the AWS CLI's order and words. */
static int check_together(const struct eice_target *t, struct err *e)
{
    if (t->instance_id == NULL && t->private_ip == NULL) {
        return err_set(e, ERR_USAGE, "Specify an instance id or private ip.");
    }
    if (t->endpoint_dns_name != NULL && t->endpoint_id == NULL) {
        return err_set(e, ERR_USAGE,
                       "Specify an instance connect endpoint id when "
                       "providing a DNS name.");
    }
    if (t->private_ip != NULL && t->endpoint_id == NULL) {
        return err_set(e, ERR_USAGE,
                       "Specify an instance connect endpoint id when "
                       "providing a private ip.");
    }
    if (t->max_tunnel_duration_s != 0) {
        return check_duration(t->max_tunnel_duration_s, e);
    }
    return 0;
}

/* Each word for itself. */
static int check_words(const struct eice_target *t, struct err *e)
{
    int rv = 0;

    if (t->instance_id != NULL) {
        rv = check_instance_id(t->instance_id, e);
    }
    if (rv == 0 && t->endpoint_id != NULL) {
        rv = check_endpoint_id(t->endpoint_id, e);
    }
    if (rv == 0 && t->endpoint_dns_name != NULL) {
        rv = check_dns_name(t->endpoint_dns_name, e);
    }
    if (rv == 0 && t->private_ip != NULL) {
        rv = check_private_ip(t->private_ip, e);
    }
    if (rv == 0 && t->remote_port != 0) {
        rv = check_remote_port(t->remote_port, t->force_remote_port, e);
    }
    return rv;
}

/* An empty string is one that was not given, as in the AWS CLI. */
static void drop_empty(const char **text)
{
    if (*text != NULL && **text == '\0') {
        *text = NULL;
    }
}

/* Read @in as its caller knows it, and check it whole. */
static int target_read(struct eice_target *full, const struct eice_target *in,
                       struct err *e)
{
    int rv;

    rv = fault_sized(full, sizeof *full, in, "eice_target", e);
    if (rv == 0) {
        drop_empty(&full->instance_id);
        drop_empty(&full->private_ip);
        drop_empty(&full->endpoint_id);
        drop_empty(&full->endpoint_dns_name);
        rv = check_together(full, e);
    }
    if (rv == 0) {
        rv = check_words(full, e);
    }
    return rv;
}

/* Copy @from to *@to if there is something to copy. */
static bool copy_string(char **to, const char *from)
{
    if (from == NULL) {
        return true;
    }
    *to = mem_strdup(from);
    return *to != NULL;
}

int target_init(struct target *t, const struct eice_target *in, struct err *e)
{
    struct eice_target full;
    int rv;

    *t = (struct target){0};
    rv = target_read(&full, in, e);
    if (rv != 0) {
        return rv;
    }
    t->remote_port = full.remote_port != 0 ? full.remote_port : EICE_PORT_SSH;
    t->max_tunnel_duration_s = full.max_tunnel_duration_s;
    if (!copy_string(&t->instance_id, full.instance_id) ||
        !copy_string(&t->private_ip, full.private_ip) ||
        !copy_string(&t->endpoint_id, full.endpoint_id) ||
        !copy_string(&t->endpoint_dns_name, full.endpoint_dns_name)) {
        target_clear(t);
        return err_set(e, UV_ENOMEM, "%s", err_sentence(UV_ENOMEM));
    }
    return 0;
}

void target_clear(struct target *t)
{
    mem_free(t->instance_id);
    mem_free(t->private_ip);
    mem_free(t->endpoint_id);
    mem_free(t->endpoint_dns_name);
    *t = (struct target){0};
}

int eice_target_check(const struct eice_target *target,
                      struct eice_error *error)
{
    struct eice_target full;
    struct err e = {0};

    target_read(&full, target, &e);
    return fault_export(error, &e);
}

int eice_check_instance_id(const char *text, struct eice_error *error)
{
    struct err e = {0};

    check_instance_id(text, &e);
    return fault_export(error, &e);
}

int eice_check_endpoint_id(const char *text, struct eice_error *error)
{
    struct err e = {0};

    check_endpoint_id(text, &e);
    return fault_export(error, &e);
}

int eice_check_endpoint_dns_name(const char *text, struct eice_error *error)
{
    struct err e = {0};

    check_dns_name(text, &e);
    return fault_export(error, &e);
}

int eice_check_private_ip(const char *text, struct eice_error *error)
{
    struct err e = {0};

    check_private_ip(text, &e);
    return fault_export(error, &e);
}

int eice_check_remote_port(int port, bool force, struct eice_error *error)
{
    struct err e = {0};

    check_remote_port(port, force, &e);
    return fault_export(error, &e);
}

int eice_check_max_tunnel_duration(int seconds, struct eice_error *error)
{
    struct err e = {0};

    check_duration(seconds, &e);
    return fault_export(error, &e);
}
