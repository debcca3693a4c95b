/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_tell.c - what a person needs who starts the RDP client alone: a file, or
 * words. */
#include "rdp_tell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>
#include <uv.h>

#include "argv.h"
#include "buf.h"
#include "err.h"
#include "quote.h"
#include "rdp_client.h"
#include "rdp_file.h"
#include "say.h"

enum { TEXT_LIMIT = 64 << 10 };

void rdp_tell_thumbprint(const char *thumbprint)
{
    if (thumbprint[0] != '\0') {
        say(STDERR_FILENO,
            "eice: its certificate must have the SHA-1 thumbprint %s",
            thumbprint);
    }
}

int rdp_tell_file(const char *path, const struct rdp_facts *facts,
                  struct err *e)
{
    struct buf text;
    ssize_t n = 0;
    int fd;

    buf_init(&text, TEXT_LIMIT);
    rdp_file_rdp(&text, facts->port, facts->user);
    if (path == NULL) {
        say_text(STDOUT_FILENO, buf_str(&text));
        buf_free(&text);
        return 0;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd != -1) {
        n = write(fd, text.data, text.len);
    }
    if (fd == -1 || n != (ssize_t)text.len || close(fd) != 0) {
        buf_free(&text);
        return err_set_uv(
            e, uv_translate_sys_error(fd == -1 || n == -1 ? errno : ENOSPC),
            path);
    }
    buf_free(&text);
    return 0;
}

/* Give the command of a client as an example. */
static void example_say(const struct rdp_client *c,
                        const struct rdp_facts *facts)
{
    struct rdp_facts alone = *facts;
    struct argv argv = {0};
    struct buf line;
    size_t i;

    alone.password = false;
    buf_init(&line, TEXT_LIMIT);
    rdp_client_command(&argv, c, "xfreerdp", &alone);
    for (i = 0; i < argv.n; i++) {
        buf_adds(&line, i > 0 ? " " : "");
        quote_shell(&line, argv.list[i]);
    }
    say(STDERR_FILENO, "eice: for example: %s", buf_str(&line));
    buf_free(&line);
    argv_free(&argv);
}

void rdp_tell_advice(const struct rdp_facts *facts)
{
    struct rdp_place place = rdp_place_here();
    char path[RDP_PATH_SIZE];
    const struct rdp_client *c;
    struct err e;

    say(STDOUT_FILENO, "Listening for connections on port %d.", facts->port);
    say(STDERR_FILENO, "eice: connect an RDP client to 127.0.0.1:%d as %s",
        facts->port, facts->user);
    rdp_tell_thumbprint(facts->thumbprint);
    c = rdp_client_find(&place, "xfreerdp", path, sizeof path, &e);
    if (c != NULL) {
        example_say(c, facts);
    }
}
