/* SPDX-License-Identifier: Apache-2.0 */
/* client_gather.c - all that the command of eice ssh, scp, sftp or rsync is
 * made of.
 *
 * The happy path is: an address and a way to it are chosen, a key is made or
 * read, ssh is asked what its configuration says.  What can go wrong: there is
 * no address or no endpoint, the key cannot be read or made.  That ssh says
 * nothing is no failure; it will say it itself when it runs. */
#include "client_gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aim.h"
#include "argv.h"
#include "child.h"
#include "client_asked.h"
#include "err.h"
#include "globals.h"
#include "host_keys.h"
#include "key_file.h"
#include "program_path.h"

enum { KEY_LIMIT = 16 << 10, TEXT_LIMIT = 1 << 20, KEEPALIVE_S = 15 };

void client_gather_init(struct client_gathered *g)
{
    *g = (struct client_gathered){.has_key = false};
    buf_init(&g->public_key, KEY_LIMIT);
    buf_init(&g->known_hosts, CLIENT_PATH_SIZE);
}

/* The key: the user's, a lasting one of ours for --print, or one for this run
 * that is only in our memory. */
static int key_prepare(struct client_gathered *g, const struct client_asked *q,
                       struct err *e)
{
    struct client_facts *f = &g->facts;
    int rv;

    if (client_asked_own_key(q)) {
        f->identity = q->a->private_key_file;
        return 0;
    }
    if (q->a->key != NULL || client_asked_print(q)) {
        rv = key_file_public(&g->public_key, g->identity, sizeof g->identity,
                             q->a->key, e);
        f->identity = g->identity;
        f->public_key = buf_str(&g->public_key);
        return rv;
    }
    rv = ssh_key_make(&g->key, e);
    if (rv == 0) {
        g->has_key = true;
        rv = run_dir_make(&g->dir, e);
    }
    if (rv != 0) {
        return rv;
    }
    ssh_key_line(&g->public_key, &g->key);
    snprintf(g->identity, sizeof g->identity, "%s/key.pub", g->dir.path);
    snprintf(g->agent, sizeof g->agent, "%s/agent", g->dir.path);
    f->identity = g->identity;
    f->agent = g->agent;
    f->public_key = buf_str(&g->public_key);
    return run_dir_write(&g->dir, "key.pub", f->public_key, e);
}

/* What the user's own configuration of ssh says. */
static void config_ask(struct client_gathered *g, const struct client_asked *q,
                       const sigset_t *mask)
{
    struct client_facts *f = &g->facts;
    const char *agent = getenv("SSH_AUTH_SOCK");
    struct argv question = {0};
    struct buf answer;

    buf_init(&answer, TEXT_LIMIT);
    client_question(&question, q->c, &q->line, f);
    if (!question.failed && child_capture(question.list, &answer, mask) == 0) {
        f->explain_keys = !client_asked_host_keys(q, "off");
        if (strstr(buf_str(&answer), "\nserveraliveinterval 0\n") != NULL) {
            f->keepalive_s = KEEPALIVE_S;
        }
        if (f->agent != NULL && agent != NULL &&
            (q->line.forwards_agent ||
             strstr(buf_str(&answer), "\nforwardagent yes\n") != NULL)) {
            f->forward = agent;
        }
    }
    buf_free(&answer);
    argv_free(&question);
}

/* The address and the way to it. */
static int way_find(struct client_facts *f, const struct client_asked *q,
                    const struct aim_result *i, struct err *e)
{
    const struct client_addresses addresses = {i->private_ip, i->ipv6,
                                               i->public_ip};

    f->address = client_route(q->a, &addresses, &f->tunnel);
    if (f->address == NULL) {
        return err_set(e, ERR_USAGE,
                       "Unable to find any IP address on the instance to "
                       "connect to.");
    }
    if (f->tunnel && i->endpoint_nameless) {
        err_set(e, ERR_CONFIG, "Unable to find FIPS Endpoint");
        err_hint(e,
                 "%s has no FIPS name; without use_fips_endpoint its other "
                 "one is used",
                 i->endpoint_id);
        return ERR_CONFIG;
    }
    if (f->tunnel && i->endpoint_dns_name[0] == '\0') {
        if (i->endpoint_id[0] != '\0') {
            return err_set(e, ERR_USAGE,
                           "There are no available instance connect endpoints "
                           "with %s",
                           i->endpoint_id);
        }
        err_set(e, ERR_USAGE,
                "There are no available instance connect endpoints.");
        err_hint(e,
                 "the instance is in %s: create an endpoint there, or check "
                 "that the one it has is not being created or deleted",
                 i->vpc_id[0] != '\0' ? i->vpc_id : "no VPC");
        return ERR_USAGE;
    }
    f->endpoint_id = i->endpoint_id;
    f->endpoint_dns_name = i->endpoint_dns_name;
    return 0;
}

/* Our known_hosts cannot be written, as in a container without a home: the keys
 * that the console shows hold for this run. */
static int host_keys_here(struct client_gathered *g, const char *lines,
                          struct err *e)
{
    int rv = g->dir.path[0] == '\0' ? run_dir_make(&g->dir, e) : 0;

    if (rv == 0) {
        rv = run_dir_write(&g->dir, "known_hosts", lines, e);
    }
    snprintf(g->known_here, sizeof g->known_here, "%s/known_hosts",
             g->dir.path);
    g->facts.known_hosts = g->known_here;
    g->facts.strict = "yes";
    return rv;
}

int client_gather(struct client_gathered *g, const struct client_asked *q,
                  const struct aim_result *i, const struct globals *globals,
                  const sigset_t *mask, struct err *e)
{
    struct client_facts *f = &g->facts;
    int rv;

    program_path(g->program, sizeof g->program);
    f->program = g->program;
    f->globals = globals;
    f->instance_id = i->instance_id;
    f->user = i->os_user;
    f->max_tunnel_duration = q->choices.max_tunnel_duration > 0
                                 ? (int)q->choices.max_tunnel_duration
                                 : 0;
    f->port = q->a->ssh_port != OPTION_UNSET ? (int)q->a->ssh_port : 0;
    f->verbose = globals->debug && !q->c->rsh;
    f->forwards = q->a->local_forwarding.items;
    f->n_forwards = q->a->local_forwarding.n;
    host_keys_path(&g->known_hosts);
    host_keys_prepare();
    f->known_hosts = client_asked_host_keys(q, "off")
                         ? "/dev/null"
                         : buf_str(&g->known_hosts);
    f->strict = client_asked_host_keys(q, "off")    ? "no"
                : client_asked_host_keys(q, "tofu") ? "accept-new"
                : i->host_known                     ? "yes"
                                                    : NULL;
    rv = way_find(f, q, i, e);
    if (rv == 0) {
        rv = key_prepare(g, q, e);
    }
    if (rv == 0 && i->host_lines[0] != '\0' && !client_asked_print(q)) {
        rv = host_keys_here(g, i->host_lines, e);
    }
    if (rv == 0) {
        config_ask(g, q, mask);
    }
    return rv;
}

void client_gather_clear(struct client_gathered *g)
{
    run_dir_remove(&g->dir);
    ssh_key_wipe(&g->key);
    buf_free(&g->public_key);
    buf_free(&g->known_hosts);
}
