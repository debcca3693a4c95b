/* SPDX-License-Identifier: Apache-2.0 */
/* forward.c - the smallest useful program on libeice: make a private
 * instance's SSH port a port of this machine, until Ctrl-C.
 *
 *     cc -o forward forward.c $(pkg-config --cflags --libs eice)
 *     ./forward i-0123456789abcdef0 2222 &
 *     ssh -p 2222 ec2-user@localhost
 */
#include <eice/eice.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* What lives as long as the program does. */
struct forward {
    struct eice *eice;
    struct eice_listener *listener;
    uv_signal_t interrupt;
    int exit_code;
};

/* One line for the user: what failed, then what to do about it. */
static void complain(const struct eice_error *error)
{
    fprintf(stderr, "forward: %s%s%s\n", error->message,
            error->hint[0] != '\0' ? "; " : "", error->hint);
}

/* The listener is gone, so the context can go; then the loop has nothing left
 * to do and uv_run() returns. */
static void on_listener_closed(void *data)
{
    struct forward *f = data;

    eice_close(f->eice, NULL, NULL);
    uv_close((uv_handle_t *)&f->interrupt, NULL);
}

/* Ctrl-C: say goodbye on every tunnel. */
static void on_interrupt(uv_signal_t *handle, int signum)
{
    struct forward *f = handle->data;

    (void)signum;
    uv_signal_stop(handle);
    eice_listener_close(f->listener, EICE_BYE_AWAY, on_listener_closed, f);
}

/* Something happened; the listener goes on. */
static void on_event(void *data, const struct eice_event *event)
{
    (void)data;
    switch (event->type) {
    case EICE_EVENT_LISTENING:
        printf("listening on %s port %d\n", event->address, event->port);
        fflush(stdout);
        break;
    case EICE_EVENT_OPENED:
        printf("connection %u is open after %llu ms\n", event->connection,
               (unsigned long long)event->stats->open_ms);
        break;
    case EICE_EVENT_CLOSED:
        printf("connection %u is closed: %llu bytes sent, %llu received\n",
               event->connection, (unsigned long long)event->stats->bytes_up,
               (unsigned long long)event->stats->bytes_down);
        if (event->error != NULL) {
            complain(event->error);
        }
        break;
    default:
        break;
    }
}

/* The listener cannot go on: the target was not found, say. */
static void on_done(void *data, const struct eice_error *error)
{
    struct forward *f = data;

    complain(error);
    f->exit_code = eice_exit_code(error);
    uv_signal_stop(&f->interrupt);
    eice_listener_close(f->listener, EICE_BYE_DONE, on_listener_closed, f);
}

int main(int argc, char **argv)
{
    struct forward f = {.exit_code = 0};
    struct eice_options options = {.size = sizeof options};
    struct eice_target target = {.size = sizeof target};
    struct eice_listen_options listen = {
        .size = sizeof listen,
        .tcp = true,
        .event = on_event,
        .done = on_done,
        .data = &f,
    };
    struct eice_error error;
    uv_loop_t *loop = uv_default_loop();

    if (argc != 3) {
        fprintf(stderr, "usage: forward INSTANCE-ID LOCAL-PORT\n");
        return 252;
    }
    target.instance_id = argv[1];
    listen.port = atoi(argv[2]);
    signal(SIGPIPE, SIG_IGN);

    if (eice_new(&f.eice, loop, &options, &error) != 0) {
        complain(&error);
        return eice_exit_code(&error);
    }
    if (eice_listen(&f.listener, f.eice, &target, &listen, &error) != 0) {
        complain(&error);
        eice_close(f.eice, NULL, NULL);
        uv_run(loop, UV_RUN_DEFAULT);
        return eice_exit_code(&error);
    }
    uv_signal_init(loop, &f.interrupt);
    f.interrupt.data = &f;
    uv_signal_start(&f.interrupt, on_interrupt, SIGINT);

    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    return f.exit_code;
}
