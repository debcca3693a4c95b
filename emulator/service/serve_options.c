/* SPDX-License-Identifier: Apache-2.0 */
/* serve_options.c - what the command line of eice-emulator asks for. */
#include "serve_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"
#include "state_dir.h"

enum { EXIT_USAGE = 252 };

/* Beyond the letters of short options. */
enum {
    OPT_ANY_PORT = 256,
    OPT_CLOCK_OFFSET,
    OPT_CLOUDTRAIL,
    OPT_ENDPOINT_DOMAIN,
    OPT_ENV,
    OPT_EPHEMERAL,
    OPT_HTTP_PORT,
    OPT_JSON,
    OPT_LISTEN,
    OPT_PORT,
    OPT_READY_FD,
    OPT_ROUTE,
    OPT_STATE_DIR,
    OPT_VERSION,
    OPT_WORLD
};

static const struct option long_options[] = {
    {"any-port", no_argument, NULL, OPT_ANY_PORT},
    {"clock-offset", required_argument, NULL, OPT_CLOCK_OFFSET},
    {"cloudtrail", required_argument, NULL, OPT_CLOUDTRAIL},
    {"endpoint-domain", required_argument, NULL, OPT_ENDPOINT_DOMAIN},
    {"env", no_argument, NULL, OPT_ENV},
    {"ephemeral", no_argument, NULL, OPT_EPHEMERAL},
    {"help", no_argument, NULL, 'h'},
    {"http-port", required_argument, NULL, OPT_HTTP_PORT},
    {"json", no_argument, NULL, OPT_JSON},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"port", required_argument, NULL, OPT_PORT},
    {"ready-fd", required_argument, NULL, OPT_READY_FD},
    {"route", required_argument, NULL, OPT_ROUTE},
    {"state-dir", required_argument, NULL, OPT_STATE_DIR},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, OPT_VERSION},
    {"world", required_argument, NULL, OPT_WORLD},
    {NULL, 0, NULL, 0}};

static const char help[] =
    "usage: eice-emulator [options]\n"
    "       eice-emulator stop | control | policy-check ...\n"
    "\n"
    "Plays EC2 Instance Connect Endpoints and the AWS APIs around them.\n"
    "\n"
    "  --env                run in the background, print shell exports:\n"
    "                       eval \"$(eice-emulator --env)\"\n"
    "  --json               say where it listens in one line of JSON\n"
    "  --ready-fd N         say it there instead of on standard output\n"
    "  --world FILE         the world to play (JSON) instead of the built-in\n"
    "  --route FROM=TO      10.0.1.5:22=127.0.0.1:2222: where an address of\n"
    "                       the world really leads; may be repeated\n"
    "  --state-dir DIR      certificates and changes of the world are kept "
    "there\n"
    "                       (~/.local/state/eice-emulator)\n"
    "  --ephemeral          keep nothing\n"
    "  --listen ADDR        listen there instead of on 127.0.0.1 and ::1\n"
    "  --port N             HTTPS: the APIs and the tunnels (any free port)\n"
    "  --http-port N        HTTP: instance metadata, container credentials\n"
    "  --endpoint-domain D  endpoints are called ID.D (localhost); \"aws\" "
    "leaves\n"
    "                       them their names in AWS\n"
    "  --clock-offset SEC   how far the emulated clock is ahead\n"
    "  --any-port           tunnels to other ports than 22 and 3389\n"
    "  --cloudtrail FILE    append an event per call\n"
    "  -v, --verbose        say more; twice: everything\n"
    "\n"
    "eice-emulator(1) and docs/emulator.md say the rest.\n";

const char *serve_options_help(void)
{
    return help;
}

/* A whole number within limits. */
static bool read_number(const char *text, long long min, long long max,
                        long long *out)
{
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *out >= min &&
           *out <= max;
}

/* An option whose value is a number. */
static int take_number(struct serve_options *o, int opt, const char *name,
                       struct buf *err)
{
    bool clock = opt == OPT_CLOCK_OFFSET;
    long long most = clock ? 10 * 365 * 86400ll : 65535; /* Ports and fds */
    long long n;

    if (!read_number(optarg, clock ? -most : 0, most, &n)) {
        buf_addf(err, "--%s: not a number of the right size: %s\n", name,
                 optarg);
        return EXIT_USAGE;
    }
    switch (opt) {
    case OPT_CLOCK_OFFSET:
        o->config.clock_offset_ms = n * 1000;
        break;
    case OPT_PORT:
        o->config.https_port = (int)n;
        break;
    case OPT_HTTP_PORT:
        o->config.http_port = (int)n;
        break;
    default:
        o->ready_fd = (int)n;
        break;
    }
    return 0;
}

static int take_route(struct serve_options *o, struct buf *err)
{
    if (o->config.n_routes == SERVE_MAX_ROUTES) {
        buf_addf(err, "more than %d routes\n", SERVE_MAX_ROUTES);
        return EXIT_USAGE;
    }
    o->routes[o->config.n_routes++] = optarg;
    return 0;
}

/* One option. */
static int take(struct serve_options *o, int opt, const char *name,
                struct buf *err)
{
    switch (opt) {
    case OPT_ANY_PORT:
        o->config.any_port = true;
        return 0;
    case OPT_CLOUDTRAIL:
        o->config.cloudtrail = optarg;
        return 0;
    case OPT_ENDPOINT_DOMAIN:
        o->config.endpoint_domain = strcmp(optarg, "aws") == 0 ? "" : optarg;
        return 0;
    case OPT_ENV:
        o->ready = SERVE_ENV;
        return 0;
    case OPT_EPHEMERAL:
        o->config.ephemeral = true;
        return 0;
    case OPT_JSON:
        o->ready = SERVE_JSON;
        return 0;
    case OPT_LISTEN:
        o->config.address = optarg;
        return 0;
    case OPT_ROUTE:
        return take_route(o, err);
    case OPT_STATE_DIR:
        o->config.state_dir = optarg;
        return 0;
    case OPT_WORLD:
        o->config.world_path = optarg;
        return 0;
    case OPT_VERSION:
        o->version = true;
        return 0;
    case 'h':
        o->help = true;
        return 0;
    case 'v':
        o->level = o->level < LOG_L_INFO    ? LOG_L_INFO
                   : o->level < LOG_L_DEBUG ? LOG_L_DEBUG
                                            : LOG_L_TRACE;
        return 0;
    default:
        return take_number(o, opt, name, err);
    }
}

/* What follows from what was said and what was not. */
static int finish(struct serve_options *o, struct buf *err)
{
    if (o->ready_fd >= 0 && o->ready == SERVE_TELL) {
        o->ready = SERVE_JSON;
    }
    if (o->ready_fd < 0) {
        o->ready_fd = STDOUT_FILENO;
    }
    if (o->config.state_dir == NULL && !o->config.ephemeral) {
        o->state_dir = state_dir_default();
        o->config.state_dir = o->state_dir;
    }
    if (o->config.state_dir != NULL && o->config.state_dir[0] != '/' &&
        o->ready == SERVE_ENV) {
        buf_adds(err, "--env needs an absolute --state-dir\n");
        return EXIT_USAGE;
    }
    return 0;
}

int serve_options_read(struct serve_options *o, int argc, char *const *argv,
                       struct buf *err)
{
    int opt, which = 0, rv = 0;

    *o = (struct serve_options){.ready_fd = -1, .level = LOG_L_WARN};
    o->config.routes = o->routes;
    opterr = 0;
    optind = 1;
    while (rv == 0 &&
           (opt = getopt_long(argc, argv, "hv", long_options, &which)) != -1) {
        if (opt == '?' || opt == ':') {
            buf_addf(err, "unknown option, or one without its value: %s\n",
                     argv[optind - 1]);
            return EXIT_USAGE;
        }
        rv = take(o, opt, long_options[which].name, err);
    }
    if (rv == 0 && optind < argc) {
        buf_addf(err, "unexpected word: %s\n", argv[optind]);
        rv = EXIT_USAGE;
    }
    return rv != 0 ? rv : finish(o, err);
}

void serve_options_free(struct serve_options *o)
{
    mem_free(o->state_dir);
}
