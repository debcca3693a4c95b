/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - being an emulator until a signal ends it.
 *
 * The happy path: emulator_new(), emulator_start(), the announcement, the
 * loop; SIGINT, SIGTERM or SIGHUP closes, and the loop runs empty.  In the
 * background the same happens in a child without a terminal, and the parent
 * waits for its announcement.
 *
 * What can go wrong: the emulator does not start (its reason, 253 or 255), the
 * announcement cannot be written (255: nobody would know), a second signal
 * comes (out at once). */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "announce.h"
#include "buf.h"
#include "emulator.h"
#include "err.h"
#include "log.h"
#include "mem.h"
#include "serve_options.h"
#include "state_dir.h"

enum { READY_LIMIT = 64 * 1024, N_SIGNALS = 3 };

static const char running_file[] = "running.json";
static const char log_file[] = "emulator.log";

static void on_log(void *data, enum log_level level, enum log_group group,
                   unsigned id, const char *line)
{
    (void)data;
    if (id != 0) {
        fprintf(stderr, "eice-emulator: %s: %s %u: %s\n", log_level_name(level),
                log_group_name(group), id, line);
    } else {
        fprintf(stderr, "eice-emulator: %s: %s\n", log_level_name(level), line);
    }
}

/* Print why not; returns the exit code. */
static int complain(const struct err *e)
{
    fprintf(stderr, "eice-emulator: %s\n", e->msg);
    if (e->hint[0] != '\0') {
        fprintf(stderr, "eice-emulator: hint: %s\n", e->hint);
    }
    return err_kind(e->code) == ERR_KIND_CONFIG ? 253 : 255;
}

/* Write all of it. */
static int write_text(int fd, const char *text, size_t len)
{
    ssize_t n;

    while (len > 0) {
        n = write(fd, text, len);
        if (n < 0 && errno != EINTR) {
            return uv_translate_sys_error(errno);
        }
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

/* Say that it is ready, to whoever started us and to later commands. */
static int announce(const struct serve_options *o, struct emulator *emu,
                    struct err *e)
{
    struct buf json, out;
    int rv;

    buf_init(&json, READY_LIMIT);
    buf_init(&out, READY_LIMIT);
    announce_json(&json, emu);
    rv = buf_error(&json);
    if (rv == 0) {
        rv = state_file_write(emulator_state_dir(emu), running_file,
                              buf_str(&json), json.len, true, e);
    }
    if (rv == 0 && o->ready == SERVE_TELL) {
        rv = announce_text(&out, buf_str(&json));
    } else if (rv == 0) {
        buf_addf(&out, "%s\n", buf_str(&json));
        rv = buf_error(&out);
    }
    if (rv == 0) {
        rv = write_text(o->ready_fd, buf_str(&out), out.len);
    }
    if (rv != 0 && e->code == 0) {
        err_set_uv(e, rv, "announcement");
    }
    buf_wipe(&json);
    buf_wipe(&out);
    return rv;
}

/* From now on warnings go to a file: the terminal belongs to others. */
static void log_to_file(const char *dir)
{
    char *path = mem_printf("%s/%s", dir, log_file);
    int fd = path != NULL
                 ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
                 : -1;

    if (fd >= 0) {
        (void)dup2(fd, STDERR_FILENO);
        close(fd);
    }
    mem_free(path);
}

/* ---- signals ---- */

struct ending {
    struct emulator *emu; /* NULL: it is closing already */
    uv_signal_t signals[N_SIGNALS];
};

static void on_signal(uv_signal_t *handle, int signum)
{
    struct ending *end = handle->data;

    if (end->emu == NULL) {
        _exit(128 + signum);
    }
    emulator_close(end->emu, NULL, NULL);
    end->emu = NULL;
}

static void watch_signals(struct ending *end, uv_loop_t *loop)
{
    static const int which[N_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

    for (int i = 0; i < N_SIGNALS; i++) {
        uv_signal_init(loop, &end->signals[i]);
        end->signals[i].data = end;
        uv_signal_start(&end->signals[i], on_signal, which[i]);
        uv_unref((uv_handle_t *)&end->signals[i]);
    }
}

/* ---- in the foreground ---- */

/* The emulator's life on @loop. */
static int live(const struct serve_options *o, uv_loop_t *loop,
                const struct log *log)
{
    struct emulator_config config = o->config;
    struct ending end = {0};
    struct err e = {0};
    int rv;

    config.log = log;
    rv = emulator_new(&end.emu, loop, &config, &e);
    if (rv != 0) {
        return complain(&e);
    }
    watch_signals(&end, loop);
    rv = emulator_start(end.emu, &e);
    if (rv == 0) {
        rv = announce(o, end.emu, &e);
    }
    if (rv != 0) {
        emulator_close(end.emu, NULL, NULL);
        end.emu = NULL;
    } else if (o->background) {
        close(o->ready_fd);
        log_to_file(emulator_state_dir(end.emu));
    }
    uv_run(loop, UV_RUN_DEFAULT);
    for (int i = 0; i < N_SIGNALS; i++) {
        uv_close((uv_handle_t *)&end.signals[i], NULL);
    }
    uv_run(loop, UV_RUN_DEFAULT);
    return rv != 0 ? complain(&e) : 0;
}

int serve(const struct serve_options *o)
{
    struct log log;
    uv_loop_t loop;
    int rv = uv_loop_init(&loop);

    if (rv != 0) {
        fprintf(stderr, "eice-emulator: %s\n", uv_strerror(rv));
        return 255;
    }
    signal(SIGPIPE, SIG_IGN);
    log_init(&log, o->level, on_log, NULL);
    rv = live(o, &loop, &log);
    if (uv_loop_close(&loop) != 0 && rv == 0) {
        fputs("eice-emulator: something was left on the loop\n", stderr);
        rv = 255;
    }
    return rv;
}

/* ---- in the background ---- */

/* Become a process without terminal or parent that listens to it.  stderr
 * stays until the announcement, for what can go wrong before. */
static int run_child(const struct serve_options *o, int fd)
{
    struct serve_options child = *o;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    child.ready = SERVE_JSON;
    child.ready_fd = fd;
    child.background = true;
    (void)setsid();
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        close(null);
    }
    return serve(&child);
}

/* Read the child's announcement to its end. */
static int read_ready(int fd, struct buf *json)
{
    char chunk[4096];
    ssize_t n;

    while (json->len == 0 || json->data[json->len - 1] != '\n') {
        n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return UV_EOF;
        }
        buf_add(json, chunk, (size_t)n);
    }
    return buf_error(json);
}

/* Print the exports for an announcement. */
static int print_env(const char *json, int fd)
{
    struct buf out;
    int rv;

    buf_init(&out, READY_LIMIT);
    rv = announce_env(&out, json);
    if (rv == 0) {
        rv = write_text(fd, buf_str(&out), out.len);
    }
    if (rv != 0) {
        fprintf(stderr, "eice-emulator: %s\n", err_sentence(rv));
    }
    buf_wipe(&out);
    return rv == 0 ? 0 : 255;
}

/* Fork, wait for the announcement, print. */
static int start_child(const struct serve_options *o)
{
    int ends[2], status = 0, rv;
    struct buf json;
    pid_t pid;

    if (pipe(ends) != 0) {
        perror("eice-emulator: pipe");
        return 255;
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        _exit(run_child(o, ends[1]));
    }
    close(ends[1]);
    buf_init(&json, READY_LIMIT);
    rv = pid > 0 ? read_ready(ends[0], &json) : uv_translate_sys_error(errno);
    close(ends[0]);
    if (rv == 0) {
        rv = print_env(buf_str(&json), o->ready_fd);
    } else if (pid > 0 && waitpid(pid, &status, 0) == pid &&
               WIFEXITED(status)) {
        rv = WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 255;
    } else {
        fputs("eice-emulator: it did not start\n", stderr);
        rv = 255;
    }
    buf_wipe(&json);
    return rv;
}

int serve_in_background(const struct serve_options *o)
{
    const char *dir = o->config.state_dir;
    struct err e = {0};
    char *json = NULL;
    int rv;

    if (dir != NULL && state_dir_owner(dir) != 0) {
        json = state_file_read(dir, running_file, READY_LIMIT, &e);
    }
    if (json == NULL) {
        return start_child(o);
    }
    rv = print_env(json, o->ready_fd);
    mem_free(json);
    return rv;
}
