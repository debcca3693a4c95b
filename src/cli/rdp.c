/* SPDX-License-Identifier: Apache-2.0 */
/* rdp.c - eice rdp: the options, and what is wrong with them.
 *
 * Everything that can be found out without the network is found out here: the
 * words, the key and its passphrase, whether there is a client. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "err.h"
#include "error.h"
#include "options.h"
#include "passphrase.h"
#include "program.h"
#include "rdp_client.h"
#include "rdp_plan.h"
#include "rdp_run.h"
#include "rsa_key.h"

enum { MAX_PORT = 65535 };

#define AT(field) offsetof(struct rdp_args, field)

static const struct option options[] = {
    {"key", OPTION_STRING, AT(key), "FILE",
     "The private key of the launch: decrypts the administrator's password, "
     "which the client is then given",
     NULL, OPTION_OURS, 0},
    {"user", OPTION_STRING, AT(user), "NAME",
     "Who logs in (default Administrator); needed for an instance that is not "
     "Windows",
     NULL, OPTION_OURS, 0},
    {"local-port", OPTION_PORT, AT(local_port), "PORT|auto",
     "Listen on this port of 127.0.0.1 and ::1; auto: on a free one; without "
     "it every instance has a port of its own",
     NULL, OPTION_OURS, 0},
    {"print-file", OPTION_FLAG, AT(print_file), NULL,
     "Write an .rdp file, to the file named after the instance or to stdout, "
     "and start no client",
     NULL, OPTION_OURS, 0},
    {"password-only", OPTION_FLAG, AT(password_only), NULL,
     "Print the password and connect nowhere", NULL, OPTION_OURS, 0},
    {"copy", OPTION_FLAG, AT(copy), NULL,
     "Put the password on the clipboard; with --password-only instead of "
     "printing it",
     NULL, OPTION_OURS, 0},
    {"no-client", OPTION_FLAG, AT(no_client), NULL,
     "Only listen, and say what to type", NULL, OPTION_OURS, 0},
    {"client", OPTION_STRING, AT(client), "NAME",
     "Use this client: xfreerdp3, xfreerdp, wlfreerdp3, wlfreerdp, remmina, "
     "rdesktop; without it the first that is installed",
     NULL, OPTION_OURS, 0},
    {"wait", OPTION_FLAG, AT(wait), NULL,
     "Wait for the password if the instance is so new that it has none yet",
     NULL, OPTION_OURS, 0},
    {"pick", OPTION_STRING, AT(pick), "newest|random|N",
     "Of several instances of that name take this one", NULL, OPTION_OURS, 0},
    {"instance-connect-endpoint-id", OPTION_STRING, AT(endpoint_id), "ID",
     "The endpoint to go through", NULL, OPTION_OURS, 0},
    {"instance-connect-endpoint-dns-name", OPTION_STRING, AT(endpoint_dns_name),
     "HOST[:PORT]", "Where that endpoint is", NULL, OPTION_OURS, 0},
    {"max-tunnel-duration", OPTION_INT, AT(max_tunnel_duration), "SECONDS",
     "End each tunnel after this time, 1 to 3600", NULL, OPTION_OURS, 0},
    {.name = NULL},
};

static void init(void *args)
{
    struct rdp_args *a = args;

    a->local_port = OPTION_UNSET;
    a->max_tunnel_duration = OPTION_UNSET;
}

/* "[USER@]NAME". */
static int target_read(struct rdp_plan *plan, const char *word,
                       struct eice_error *error)
{
    const char *at = strrchr(word, '@');
    const char *name = at != NULL ? at + 1 : word;
    size_t len = at != NULL ? (size_t)(at - word) : 0;
    int n;

    n = plan->a->user != NULL
            ? snprintf(plan->user, sizeof plan->user, "%s", plan->a->user)
            : snprintf(plan->user, sizeof plan->user, "%.*s", (int)len, word);
    if (n >= (int)sizeof plan->user ||
        snprintf(plan->word, sizeof plan->word, "%s", name) >=
            (int)sizeof plan->word) {
        return error_set(error, ERR_USAGE, "'%s' is too long.", word);
    }
    return name[0] != '\0'
               ? 0
               : error_set(error, ERR_USAGE, "'%s' names no instance.", word);
}

/* The words after the options. */
static int words_read(struct rdp_plan *plan, const char *const *words, size_t n,
                      struct eice_error *error)
{
    const struct rdp_args *a = plan->a;
    bool alone = a->print_file || a->password_only || a->no_client;

    if (n == 0) {
        error_set(error, ERR_USAGE,
                  "the following arguments are required: TARGET");
        snprintf(error->hint, sizeof error->hint,
                 "name an instance: eice rdp NAME");
        return ERR_USAGE;
    }
    if (a->print_file && n > 1) {
        plan->file = words[1];
        words++;
        n--;
    }
    if (alone && n > 1) {
        error_set(error, ERR_USAGE, "Nobody reads '%s'.", words[1]);
        snprintf(error->hint, sizeof error->hint,
                 "words after the instance are for the client, and none is "
                 "started");
        return ERR_USAGE;
    }
    plan->words = words + 1;
    plan->n_words = n - 1;
    return 0;
}

/* The options against each other. */
static int options_check(const struct rdp_args *a, struct eice_error *error)
{
    int64_t port = a->local_port;

    if ((a->password_only || a->copy) && a->key == NULL) {
        error_set(error, ERR_USAGE, "%s needs --key.",
                  a->copy ? "--copy" : "--password-only");
        snprintf(error->hint, sizeof error->hint,
                 "the password is encrypted for the key pair of the launch: "
                 "name the file of its private key");
        return ERR_USAGE;
    }
    if (a->password_only && (a->no_client || a->print_file)) {
        return error_set(error, ERR_USAGE,
                         "--password-only cannot be combined with %s.",
                         a->no_client ? "--no-client" : "--print-file");
    }
    if (port != OPTION_UNSET && port != OPTION_AUTO &&
        (port < 1 || port > MAX_PORT)) {
        return error_set(error, ERR_USAGE,
                         "The specified local port %lld is invalid. Give one "
                         "from 1 to %d, or auto.",
                         (long long)port, MAX_PORT);
    }
    if (port == OPTION_AUTO && a->print_file && !a->no_client) {
        return error_set(error, ERR_USAGE,
                         "--print-file needs a port that stays: leave "
                         "--local-port out, or name one.");
    }
    if (a->max_tunnel_duration != OPTION_UNSET) {
        return eice_check_max_tunnel_duration(
            a->max_tunnel_duration > 0 && a->max_tunnel_duration <= 3600
                ? (int)a->max_tunnel_duration
                : -1,
            error);
    }
    return 0;
}

/* Find the client and read the key. */
static int means_find(struct rdp_plan *plan, struct rsa_key **key,
                      struct eice_error *error)
{
    const struct rdp_args *a = plan->a;
    struct rdp_place place = rdp_place_here();
    struct err e = {0};

    if (!a->print_file && !a->password_only && !a->no_client) {
        plan->client = rdp_client_find(&place, a->client, plan->client_path,
                                       sizeof plan->client_path, &e);
    }
    if (e.code == 0 && a->key != NULL) {
        (void)rsa_key_load(key, a->key, passphrase_ask, &e);
        if (e.code == ERR_SETTING) {
            snprintf(e.msg, sizeof e.msg, "--key cannot be read.");
        }
    }
    if (e.code != 0) {
        error_from(error, &e);
        return e.code;
    }
    plan->key = *key;
    plan->listens = plan->client != NULL || a->no_client;
    plan->asks_password = a->password_only || a->copy ||
                          (*key != NULL && plan->client != NULL &&
                           rdp_client_takes_password(plan->client));
    return 0;
}

static int run(struct program *p, void *args, const char *const *words,
               size_t n_words)
{
    struct rdp_plan plan = {.a = args};
    struct eice_error error = {0};
    struct rsa_key *key = NULL;
    int rv;

    rv = words_read(&plan, words, n_words, &error);
    if (rv == 0) {
        rv = target_read(&plan, words[0], &error);
    }
    if (rv == 0) {
        rv = options_check(args, &error);
    }
    if (rv == 0) {
        rv = means_find(&plan, &key, &error);
    }
    rv = rv == 0 ? rdp_run(p, &plan) : error_print(&p->style, &error);
    rsa_key_free(key);
    return rv;
}

const struct command command_rdp = {
    .name = "rdp",
    .summary = "Open the desktop of a Windows instance",
    .synopsis = "eice rdp [USER@]NAME|ID|ADDRESS [options] "
                "[-- client options]",
    .description =
        "Finds the instance, listens on a port of this machine, gets and "
        "decrypts the\n"
        "administrator's password, and starts an RDP client that is given "
        "both; the\n"
        "password is never in an argument or a file. Ends with the client.\n",
    .examples =
        "  eice rdp desk --key ~/keys/windows.pem\n"
        "  eice rdp 'CORP\\me@desk' -- /f /sound\n"
        "  eice rdp desk --print-file desk.rdp; eice rdp desk --no-client\n"
        "  eice rdp desk --key ~/keys/windows.pem --password-only\n",
    .options = options,
    .args_size = sizeof(struct rdp_args),
    .takes_words = true,
    .init = init,
    .run = run,
};
