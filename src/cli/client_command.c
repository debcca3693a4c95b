/* SPDX-License-Identifier: Apache-2.0 */
/* client_command.c - words, options and quoting put together.
 *
 * ssh takes the first value it sees of every setting, so the user's options
 * come before ours, except ProxyCommand's, which only we can know. */
#include "client_command.h"

#include <stdint.h>
#include <string.h>

#include "buf.h"
#include "globals.h"
#include "quote.h"

enum { TEXT_LIMIT = 64 << 10 };

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Append " --name value", quoted, if there is one. */
static void add_flag(struct buf *out, const char *name, const char *value)
{
    if (given(value)) {
        buf_addf(out, " --%s ", name);
        quote_proxy(out, value);
    }
}

static void add_number(struct buf *out, const char *name, int64_t value)
{
    if (value != OPTION_UNSET) {
        buf_addf(out, " --%s %lld", name, (long long)value);
    }
}

void client_globals(struct buf *out, const struct globals *g)
{
    unsigned i;

    add_flag(out, "region", g->region);
    add_flag(out, "profile", g->profile);
    add_flag(out, "endpoint-url", g->endpoint_url);
    add_flag(out, "ca-bundle", g->ca_bundle);
    buf_adds(out, g->no_verify_ssl ? " --no-verify-ssl" : "");
    buf_adds(out, g->no_sign_request ? " --no-sign-request" : "");
    add_number(out, "cli-read-timeout", g->read_timeout_s);
    add_number(out, "cli-connect-timeout", g->connect_timeout_s);
    add_flag(out, "cli-error-format", g->error_format);
    buf_adds(out, g->debug ? " --debug" : "");
    for (i = 0; i < g->verbose; i++) {
        buf_adds(out, " --verbose");
    }
    add_flag(out, "log", g->log);
    add_flag(out, "log-format", g->log_format);
}

void client_proxy(struct buf *out, const struct client_facts *f)
{
    quote_proxy(out, f->program);
    buf_adds(out, " open-tunnel");
    add_flag(out, "instance-id", f->instance_id);
    add_flag(out, "private-ip-address", f->address);
    add_flag(out, "instance-connect-endpoint-id", f->endpoint_id);
    add_flag(out, "instance-connect-endpoint-dns-name", f->endpoint_dns_name);
    buf_adds(out, " --remote-port %p");
    if (f->max_tunnel_duration > 0) {
        buf_addf(out, " --max-tunnel-duration %d", f->max_tunnel_duration);
    }
    if (given(f->public_key)) {
        add_flag(out, "instance-os-user", f->user);
        add_flag(out, "ssh-public-key", f->public_key);
    }
    client_globals(out, f->globals);
}

/* One "-o", "Key=value". */
static void add_setting(struct argv *out, const char *text)
{
    argv_add(out, "-o");
    argv_add(out, text);
}

/* A setting whose value is a file. */
static void add_file(struct argv *out, const char *key, const char *path)
{
    struct buf text;

    buf_init(&text, TEXT_LIMIT);
    buf_addf(&text, "%s=", key);
    quote_file(&text, path);
    add_setting(out, buf_str(&text));
    buf_free(&text);
}

/* How to get there. */
static void add_way(struct argv *out, const struct client_facts *f)
{
    struct buf text;

    buf_init(&text, TEXT_LIMIT);
    if (f->tunnel) {
        buf_adds(&text, "ProxyCommand=");
        client_proxy(&text, f);
        add_setting(out, buf_str(&text));
    } else {
        add_setting(out, "ProxyCommand=none");
        buf_addf(&text, "HostName=%s", f->address);
        add_setting(out, buf_str(&text));
    }
    buf_free(&text);
}

/* Whose keys are believed. */
static void add_host_keys(struct argv *out, const struct client_facts *f)
{
    struct buf text;

    buf_init(&text, TEXT_LIMIT);
    buf_addf(&text, "HostKeyAlias=%s", f->instance_id);
    add_setting(out, buf_str(&text));
    add_file(out, "UserKnownHostsFile", f->known_hosts);
    add_setting(out, "HashKnownHosts=no");
    if (f->strict != NULL) {
        buf_clear(&text);
        buf_addf(&text, "StrictHostKeyChecking=%s", f->strict);
        add_setting(out, buf_str(&text));
    }
    if (f->explain_keys) {
        buf_clear(&text);
        buf_adds(&text, "KnownHostsCommand=");
        quote_proxy(&text, f->program);
        buf_adds(&text, " __host-key %H %t %K");
        add_setting(out, buf_str(&text));
    }
    buf_free(&text);
}

void client_options(struct argv *out, const struct client_facts *f)
{
    size_t i;

    add_way(out, f);
    add_host_keys(out, f);
    if (f->keepalive_s > 0) {
        argv_add(out, "-o");
        argv_addf(out, "ServerAliveInterval=%d", f->keepalive_s);
    }
    if (f->port > 0) {
        argv_add(out, "-o");
        argv_addf(out, "Port=%d", f->port);
    }
    if (given(f->identity)) {
        add_file(out, "IdentityFile", f->identity);
    }
    if (given(f->agent)) {
        add_file(out, "IdentityAgent", f->agent);
        add_setting(out, "IdentitiesOnly=yes");
    }
    if (given(f->forward)) {
        add_file(out, "ForwardAgent", f->forward);
    }
    for (i = 0; i < f->n_forwards; i++) {
        argv_add(out, "-L");
        argv_add(out, f->forwards[i]);
    }
    if (f->verbose) {
        argv_add(out, "-v");
    }
}

/* The word @word, which names the instance. */
static void add_target(struct argv *out, const char *word, bool colon,
                       const struct client_facts *f)
{
    struct client_target t;
    const char *user = f->user;

    (void)client_target_read(&t, word, colon);
    if (t.user[0] != '\0') {
        user = t.user;
    }
    argv_addf(out, "%s%s%s%s", given(user) ? user : "", given(user) ? "@" : "",
              f->instance_id, t.rest);
}

/* ssh: their options, ours, the target, the command. */
static void add_ssh(struct argv *out, const struct client_line *line,
                    const struct client_facts *f)
{
    size_t i;

    for (i = 0; i < line->command; i++) {
        if (i != line->target && strcmp(line->words[i], "--") != 0) {
            argv_add(out, line->words[i]);
        }
    }
    client_options(out, f);
    argv_addf(out, "%s%s%s", given(f->user) ? f->user : "",
              given(f->user) ? "@" : "", f->instance_id);
    for (i = line->command; i < line->n; i++) {
        argv_add(out, line->words[i]);
    }
}

/* rsync's --rsh. */
static void add_rsh(struct argv *out, const struct client_line *line,
                    const struct client_facts *f)
{
    struct argv options = {0};
    struct buf text;
    size_t i;

    buf_init(&text, TEXT_LIMIT);
    buf_adds(&text, line->rsh != NULL ? line->rsh : "ssh");
    client_options(&options, f);
    for (i = 0; i < options.n; i++) {
        buf_addc(&text, ' ');
        quote_rsync(&text, options.list[i]);
    }
    out->failed |= options.failed || buf_error(&text) != 0;
    argv_add(out, "-e");
    argv_add(out, buf_str(&text));
    buf_free(&text);
    argv_free(&options);
}

/* The others: their options as they stand, ours before the first operand,
 * where they are options for certain. */
static void add_copy(struct argv *out, const struct client *c,
                     const struct client_line *line,
                     const struct client_facts *f)
{
    struct client_target t;
    bool done = false;
    size_t i;

    for (i = 0; i < line->n; i++) {
        bool operand = client_is_operand(line, c, i);
        bool colon = c->kind == CLIENT_COPY;

        if (!done && (operand || strcmp(line->words[i], "--") == 0)) {
            if (c->rsh) {
                add_rsh(out, line, f);
            } else {
                client_options(out, f);
            }
            done = true;
        }
        if (operand && (colon || i == line->target) &&
            client_target_read(&t, line->words[i], true) &&
            (t.remote || !colon)) {
            add_target(out, line->words[i], colon || t.remote, f);
        } else {
            argv_add(out, line->words[i]);
        }
    }
    if (!done && !c->rsh) {
        client_options(out, f); /* The target was --instance-id. */
    }
    if (line->target == line->n && c->kind == CLIENT_SFTP) {
        add_target(out, "", false, f);
    }
}

void client_command(struct argv *out, const struct client *c,
                    const struct client_line *line,
                    const struct client_facts *f)
{
    argv_add(out, c->program);
    if (c->kind == CLIENT_SSH) {
        add_ssh(out, line, f);
    } else {
        add_copy(out, c, line, f);
    }
}

void client_question(struct argv *out, const struct client *c,
                     const struct client_line *line,
                     const struct client_facts *f)
{
    size_t i;

    argv_add(out, "ssh");
    argv_add(out, "-G");
    for (i = 0; c->kind == CLIENT_SSH && i < line->command; i++) {
        if (i != line->target && strcmp(line->words[i], "--") != 0) {
            argv_add(out, line->words[i]);
        }
    }
    for (i = 0; c->kind != CLIENT_SSH && !c->rsh && i + 1 < line->n; i++) {
        if (strcmp(line->words[i], "-F") == 0 ||
            strcmp(line->words[i], "-o") == 0) {
            argv_add(out, line->words[i]);
            argv_add(out, line->words[i + 1]);
        }
    }
    add_setting(out, "KnownHostsCommand=none");
    argv_add(out, f->instance_id);
}
