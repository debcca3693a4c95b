/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - the loop, the library's context, the signals, the log.
 *
 * The happy path is: start, run, finish.  A signal asks the subcommand to
 * stop; a second one, or a second of waiting, ends the process where it
 * stands.  A signal that was ignored when we were started (nohup, a background
 * job of a script) stays ignored. */
#include "program.h"

#include <assert.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "hold.h"
#include "iso8601.h"
#include "json.h"
#include "say.h"

enum {
    STOP_WITHIN_MS = 1000,
    SIGNAL_EXIT = 128, /* What a shell adds to a signal's number */
    LINE_LIMIT = 4000
};

static const char *const level_names[] = {"none", "error", "warning",
                                          "info", "debug", "trace"};

enum eice_log_level program_log_level(const struct globals *g)
{
    if (g->verbose >= 3) {
        return EICE_LOG_TRACE;
    }
    if (g->debug || g->verbose == 2) {
        return EICE_LOG_DEBUG;
    }
    return g->verbose == 1 ? EICE_LOG_INFO : EICE_LOG_WARN;
}

/* Now, to the millisecond. */
static void time_print(char out[static ISO8601_MILLIS_SIZE])
{
    uv_timeval64_t now = {0};

    uv_gettimeofday(&now);
    iso8601_millis(out, now.tv_sec * 1000 + now.tv_usec / 1000);
}

/* One line of a JSON log. */
static void log_json(enum eice_log_level level, const char *group, unsigned id,
                     const char *line)
{
    char time[ISO8601_MILLIS_SIZE];
    struct buf text;

    time_print(time);
    buf_init(&text, LINE_LIMIT);
    buf_addf(&text, "{\"time\": \"%s\", \"level\": \"%s\", \"group\": \"%s\"",
             time, level_names[level], group);
    if (id != 0) {
        buf_addf(&text, ", \"id\": %u", id);
    }
    buf_adds(&text, ", \"message\": ");
    js_write_str(&text, line, 0);
    buf_addc(&text, '}');
    say(STDERR_FILENO, "%s", buf_str(&text));
    buf_free(&text);
}

/* The sink of every log line.  A warning among normal output is a plain
 * sentence; a log that somebody asked for has times and groups. */
static void on_log(void *data, enum eice_log_level level, const char *group,
                   unsigned id, const char *line)
{
    const struct program *p = data;
    char time[ISO8601_MILLIS_SIZE];
    char object[16] = "";

    if (p->style.json_log) {
        log_json(level, group, id, line);
        return;
    }
    if (program_log_level(p->globals) <= EICE_LOG_WARN &&
        level <= EICE_LOG_WARN) {
        if (id != 0) {
            snprintf(object, sizeof object, "[%u] ", id);
        }
        say(STDERR_FILENO, "eice: [%s]: %s%s",
            level == EICE_LOG_WARN ? "WARNING" : "ERROR", object, line);
        return;
    }
    if (id != 0) {
        snprintf(object, sizeof object, " [%u]", id);
    }
    time_print(time);
    say(STDERR_FILENO, "%s %-7s %s%s: %s", time, level_names[level], group,
        object, line);
}

void program_log(struct program *p, enum eice_log_level level, unsigned id,
                 const char *fmt, ...)
{
    char line[2048];
    va_list ap;

    if (level > program_log_level(p->globals)) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    on_log(p, level, "main", id, line);
}

void program_warn(struct program *p, unsigned id,
                  const struct eice_error *error)
{
    struct buf text;

    buf_init(&text, LINE_LIMIT);
    error_sentence(&text, error);
    program_log(p, EICE_LOG_WARN, id, "%s", buf_str(&text));
    buf_free(&text);
}

/* The time is up. */
static void on_deadline(uv_timer_t *timer)
{
    const struct program *p = timer->data;

    _exit(SIGNAL_EXIT + p->signal);
}

/* SIGINT, SIGTERM or SIGHUP. */
static void on_signal(uv_signal_t *handle, int signum)
{
    struct program *p = handle->data;

    if (p->signal != 0) {
        _exit(SIGNAL_EXIT + signum); /* The user means it. */
    }
    p->signal = signum;
    program_log(p, EICE_LOG_INFO, 0, "signal %d: closing", signum);
    if (p->finishing) {
        return; /* On the way out already. */
    }
    uv_timer_start(&p->deadline, on_deadline, STOP_WITHIN_MS, 0);
    p->stop_cb(p, p->stop_data);
}

/* Wait for the signals that mean "end". */
static void signals_start(struct program *p)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction old;
    uv_signal_t *handle;
    size_t i;

    for (i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (sigaction(wanted[i], NULL, &old) == 0 &&
            old.sa_handler == SIG_IGN) {
            continue;
        }
        handle = &p->signals[p->n_signals];
        if (uv_signal_init(&p->loop, handle) != 0) {
            continue; /* The default action ends us as well. */
        }
        p->n_signals++;
        handle->data = p;
        uv_signal_start(handle, on_signal, wanted[i]);
        uv_unref((uv_handle_t *)handle);
    }
}

/* Zero seconds means "for ever" to the user, and "the default" to eice.h. */
static uint64_t timeout_ms(int64_t seconds)
{
    if (seconds == OPTION_UNSET) {
        return 0;
    }
    return seconds == 0 ? EICE_NO_TIMEOUT : (uint64_t)seconds * 1000;
}

/* What the user said, in the library's words. */
static struct eice_options options_of(struct program *p)
{
    const struct globals *g = p->globals;

    return (struct eice_options){
        .size = sizeof(struct eice_options),
        .profile = g->profile,
        .region = g->region,
        .endpoint_url = g->endpoint_url,
        .ca_bundle = g->ca_bundle,
        .no_verify_ssl = g->no_verify_ssl,
        .no_sign_request = g->no_sign_request,
        .api_connect_timeout_ms = timeout_ms(g->connect_timeout_s),
        .api_read_timeout_ms = timeout_ms(g->read_timeout_s),
        .log = on_log,
        .log_data = p,
        .log_level = program_log_level(g),
        .log_spec = g->log,
        .use_cache = !g->no_cache,
    };
}

/* The configuration's word on how errors are printed, when nobody else has
 * said anything. */
static void take_error_format(struct program *p)
{
    const char *format = eice_error_format(p->eice);

    if (p->style.format == NULL && format != NULL) {
        snprintf(p->error_format, sizeof p->error_format, "%s", format);
        p->style.format = p->error_format;
    }
}

void program_place(const struct program *p, char *out, size_t size)
{
    const char *region = eice_region(p->eice);
    const char *profile = eice_profile(p->eice);

    if (profile == NULL || strcmp(profile, "default") == 0) {
        snprintf(out, size, "%s", region != NULL ? region : "this region");
    } else {
        snprintf(out, size, "%s (profile %s)",
                 region != NULL ? region : "this region", profile);
    }
}

int program_start(struct program *p, program_stop_cb stop_cb, void *stop_data,
                  struct eice_error *error)
{
    struct eice_options options = options_of(p);
    int rv;

    p->stop_cb = stop_cb;
    p->stop_data = stop_data;
    rv = uv_loop_init(&p->loop);
    if (rv != 0) {
        return error_set(error, rv, "cannot make an event loop: %s",
                         uv_strerror(rv));
    }
    rv = eice_new(&p->eice, &p->loop, &options, error);
    if (rv != 0) {
        uv_run(&p->loop, UV_RUN_DEFAULT);
        uv_loop_close(&p->loop);
        return rv;
    }
    take_error_format(p);
    rv = uv_timer_init(&p->loop, &p->deadline);
    assert(rv == 0);
    p->deadline.data = p;
    signals_start(p);
    if (p->hold != NULL) {
        hold_end(p->hold);
    }
    if (p->globals->no_verify_ssl) {
        program_log(p, EICE_LOG_WARN, 0,
                    "certificates are not verified: anybody between you and "
                    "the service can read and change everything");
    }
    return 0;
}

void program_finish(struct program *p, int exit_code)
{
    assert(!p->finishing);
    p->finishing = true;
    p->exit_code = exit_code;
    if (p->signal == 0) {
        uv_close((uv_handle_t *)&p->deadline, NULL);
    } else {
        /* What is left to close has to be closed in time, too. */
        uv_unref((uv_handle_t *)&p->deadline);
    }
    eice_close(p->eice, NULL, NULL);
}

/* Hear what was said until now, and then no more. */
static void signals_stop(struct program *p)
{
    sigset_t mask;
    unsigned i;

    hold_mask(&mask);
    hold_begin();
    /* What the handlers have caught waits in a pipe of libuv's. */
    uv_run(&p->loop, UV_RUN_NOWAIT);
    for (i = 0; i < p->n_signals; i++) {
        uv_close((uv_handle_t *)&p->signals[i], NULL);
    }
    uv_run(&p->loop, UV_RUN_DEFAULT);
    if (p->hold == NULL) {
        hold_end(&mask);
    }
}

int program_run(struct program *p)
{
    uv_run(&p->loop, UV_RUN_DEFAULT);
    assert(p->finishing);
    signals_stop(p);
    if (!uv_is_closing((uv_handle_t *)&p->deadline)) {
        uv_close((uv_handle_t *)&p->deadline, NULL);
        uv_run(&p->loop, UV_RUN_DEFAULT);
    }
    uv_loop_close(&p->loop);
    return p->signal != 0 ? SIGNAL_EXIT + p->signal : p->exit_code;
}
