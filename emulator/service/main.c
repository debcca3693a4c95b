/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the program eice-emulator. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emulator.h"
#include "err.h"
#include "log.h"
#include "subcommand.h"
#include "tunnel_gate.h"

static void on_log(void *data, enum log_level level, enum log_group group,
                   unsigned id, const char *line)
{
    (void)data;
    fprintf(stderr, "eice-emulator: %s %s[%u]: %s\n", log_level_name(level),
            log_group_name(group), id, line);
}

/* Everybody may go to the loopback port he names. */
static void allow(void *data, const struct http_request *req,
                  const char *request_id, struct tunnel_verdict *out)
{
    const char *port = strstr(req->query, "remotePort=");

    (void)data;
    (void)request_id;
    snprintf(out->to_name, sizeof out->to_name, "127.0.0.1:%d",
             port != NULL ? atoi(port + 11) : 22);
    snprintf(out->endpoint_id, sizeof out->endpoint_id, "eice-any");
    out->duration_s = 3600;
}

static void ended(void *data, const char *endpoint_id)
{
    (void)data;
    (void)endpoint_id;
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct emulator *emu = handle->data;

    (void)signum;
    if (emu == NULL) {
        _exit(130);
    }
    handle->data = NULL;
    emulator_close(emu, NULL, NULL);
    uv_unref((uv_handle_t *)handle);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"ready-fd", required_argument, NULL, 'r'},
        {"json", no_argument, NULL, 'j'},
        {"state-dir", required_argument, NULL, 's'},
        {"port", required_argument, NULL, 'p'},
        {"http-port", required_argument, NULL, 'h'},
        {"listen", required_argument, NULL, 'l'},
        {NULL, 0, NULL, 0}};
    struct tunnel_gate gate = {.decide = allow, .ended = ended};
    struct emulator_config config = {.gate = &gate};
    struct emulator *emu;
    struct log log;
    struct err e = {0};
    uv_signal_t signals[2];
    uv_loop_t loop;
    int opt, ready_fd = -1;
    enum log_level level = LOG_L_WARN;
    const struct subcommand *sub = argc > 1 ? subcommand_find(argv[1]) : NULL;

    if (sub != NULL) {
        return sub->run(argc - 2, (const char *const *)argv + 2);
    }
    while ((opt = getopt_long(argc, argv, "v", options, NULL)) != -1) {
        switch (opt) {
        case 'v':
            level = level == LOG_L_WARN ? LOG_L_DEBUG : LOG_L_TRACE;
            break;
        case 'r':
            ready_fd = atoi(optarg);
            break;
        case 'j':
            ready_fd = 1;
            break;
        case 's':
            config.state_dir = optarg;
            break;
        case 'p':
            config.https_port = atoi(optarg);
            break;
        case 'h':
            config.http_port = atoi(optarg);
            break;
        case 'l':
            config.address = optarg;
            break;
        default:
            return 252;
        }
    }
    log_init(&log, level, on_log, NULL);
    config.log = &log;
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    if (emulator_new(&emu, &loop, &config, &e) != 0) {
        fprintf(stderr, "eice-emulator: %s\n", e.msg);
        return 255;
    }
    if (emulator_start(emu, &e) != 0) {
        fprintf(stderr, "eice-emulator: %s\n", e.msg);
        emulator_close(emu, NULL, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
        return 255;
    }
    dprintf(
        ready_fd >= 0 ? ready_fd : 1,
        "{\"https_port\":%d,\"http_port\":%d,\"ca_file\":\"%s\",\"pid\":%ld}"
        "\n",
        emulator_https_port(emu), emulator_http_port(emu),
        emulator_ca_file(emu), (long)getpid());
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&loop, &signals[i]);
        signals[i].data = emu;
        uv_signal_start(&signals[i], on_signal, i == 0 ? SIGINT : SIGTERM);
        uv_unref((uv_handle_t *)&signals[i]);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&signals[0], NULL);
    uv_close((uv_handle_t *)&signals[1], NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop) == 0 ? 0 : 255;
}
