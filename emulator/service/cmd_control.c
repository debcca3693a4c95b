/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_control.c - eice-emulator control: a command for the running one.
 *
 * Sends the JSON given as the one word, or on standard input, to the plain
 * port that running.json names, and prints the answer. */
#include "cmd_control.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "buf.h"
#include "cmd_stop.h"
#include "err.h"
#include "json.h"
#include "mem.h"
#include "state_dir.h"

enum { CONTROL_LIMIT = 4 * 1024 * 1024, ANSWER_WAIT_S = 10 };

/* Find the plain port of the emulator in @dir.  0 or a code with @e set. */
static int find_port(struct sockaddr_storage *to, const char *dir,
                     struct err *e)
{
    char *text = NULL;
    json_t *doc = NULL;
    const char *address = "";
    int64_t port = 0;
    int rv;

    if (state_dir_owner(dir) == 0) {
        return err_set(e, ERR_CONFIG, "none is running with its state in %s",
                       dir);
    }
    text = state_file_read(dir, "running.json", 65536, e);
    if (text != NULL) {
        doc = js_parse(text, strlen(text), e);
    }
    rv = doc == NULL ? e->code : js_need_str(doc, "address", &address, e);
    if (rv == 0 &&
        (!js_int(doc, "http_port", &port) ||
         (uv_ip4_addr(address, (int)port, (struct sockaddr_in *)to) != 0 &&
          uv_ip6_addr(address, (int)port, (struct sockaddr_in6 *)to) != 0))) {
        rv = err_set(e, ERR_PARSE, "%s/running.json: no address or port", dir);
    }
    json_decref(doc);
    mem_free(text);
    return rv;
}

/* All of standard input. */
static int read_input(struct buf *b)
{
    char chunk[4096];
    size_t n;

    while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0) {
        buf_add(b, chunk, n);
    }
    return ferror(stdin) ? UV_EIO : buf_error(b);
}

/* Read what there is, to the end or for ANSWER_WAIT_S.  A process that was
 * stopped and goes on is told EINTR by a socket with a time limit. */
static ssize_t read_some(int fd, char *out, size_t len)
{
    ssize_t n;

    do {
        n = read(fd, out, len);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* Connect, send, read to the end. */
static int exchange(const struct sockaddr_storage *to,
                    const struct buf *request, struct buf *answer)
{
    socklen_t len = to->ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                             : sizeof(struct sockaddr_in6);
    struct timeval wait = {.tv_sec = ANSWER_WAIT_S};
    int fd = socket(to->ss_family, SOCK_STREAM, 0);
    char chunk[4096];
    size_t sent = 0;
    ssize_t n = -1;

    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        n = connect(fd, (const struct sockaddr *)to, len);
    }
    while (n >= 0 && sent < request->len) {
        n = write(fd, request->data + sent, request->len - sent);
        sent += n > 0 ? (size_t)n : 0;
    }
    while (n >= 0 && (n = read_some(fd, chunk, sizeof chunk)) > 0) {
        buf_add(answer, chunk, (size_t)n);
    }
    if (fd >= 0) {
        close(fd);
    }
    return n < 0 ? UV_ECONNREFUSED : buf_error(answer);
}

/* Send @command; print what comes back.  The exit code. */
static int ask(const struct sockaddr_storage *to, const struct buf *command)
{
    struct buf request, answer;
    const char *body;
    int rv;

    buf_init(&request, CONTROL_LIMIT + 1024);
    buf_init(&answer, CONTROL_LIMIT + 1024);
    buf_addf(&request,
             "POST /_emulator/control HTTP/1.1\r\nHost: localhost\r\n"
             "Content-Type: application/json\r\nConnection: close\r\n"
             "Content-Length: %zu\r\n\r\n",
             command->len);
    buf_add(&request, buf_str(command), command->len);
    rv = buf_error(&request);
    rv = rv != 0 ? rv : exchange(to, &request, &answer);
    body = strstr(buf_str(&answer), "\r\n\r\n");
    if (rv != 0 || body == NULL) {
        fprintf(stderr, "eice-emulator: control: %s\n",
                rv != 0 ? err_sentence(rv) : "no answer");
        rv = 255;
    } else {
        fputs(body + 4, stdout);
        rv = strncmp(buf_str(&answer), "HTTP/1.1 200 ", 13) == 0 ? 0 : 254;
    }
    buf_free(&request);
    buf_free(&answer);
    return fflush(stdout) == 0 ? rv : 255;
}

int cmd_control(int argc, const char *const *argv)
{
    char *dir = cmd_state_dir(&argc, &argv);
    struct buf command;
    struct sockaddr_storage to = {0};
    struct err e = {0};
    int rv = 255;

    buf_init(&command, CONTROL_LIMIT);
    if (argc != 1) {
        fputs("usage: eice-emulator control [--state-dir DIR] JSON|-\n",
              stderr);
        rv = 252;
    } else if (dir != NULL) {
        if (strcmp(argv[0], "-") == 0) {
            (void)read_input(&command);
        } else {
            buf_adds(&command, argv[0]);
        }
        if (find_port(&to, dir, &e) != 0) {
            fprintf(stderr, "eice-emulator: %s\n", e.msg);
        } else {
            rv = ask(&to, &command);
        }
    }
    buf_free(&command);
    mem_free(dir);
    return rv;
}
