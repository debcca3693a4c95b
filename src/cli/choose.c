/* SPDX-License-Identifier: Apache-2.0 */
/* choose.c - a numbered list on stderr, a number from stdin.
 *
 * The happy path is: the list is shown, a line is typed.  What can go wrong:
 * the input ends, which is an answer, too. */
#include "choose.h"

#include <string.h>
#include <unistd.h>

#include <eice/eice.h>

#include "buf.h"
#include "mem.h"
#include "output.h"
#include "say.h"

enum { COLUMNS = 5, NUMBER_SIZE = 12, LINE_SIZE = 64, TEXT_LIMIT = 1 << 20 };

bool choose_can(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

/* Show what there is to choose from. */
static int list_show(const struct eice_found *f)
{
    char(*numbers)[NUMBER_SIZE] =
        mem_zalloc((f->n_instances + 1) * sizeof *numbers);
    const char **cells =
        mem_zalloc((f->n_instances + 1) * COLUMNS * sizeof *cells);
    size_t rows = 0;
    struct buf out;
    size_t i;

    if (numbers == NULL || cells == NULL) {
        mem_free(numbers);
        mem_free(cells);
        return UV_ENOMEM;
    }
    buf_init(&out, TEXT_LIMIT);
    for (i = 0; i < f->n_instances; i++) {
        const struct eice_instance *in = &f->instances[i];
        const char **row = cells + rows * COLUMNS;

        if (in->state == NULL || strcmp(in->state, "running") != 0) {
            continue;
        }
        snprintf(numbers[rows], NUMBER_SIZE, "%4zu.", rows + 1);
        row[0] = numbers[rows];
        row[1] = in->instance_id;
        row[2] = in->private_ip != NULL ? in->private_ip : in->ipv6_address;
        row[3] = in->availability_zone;
        row[4] = in->launch_time;
        rows++;
    }
    output_columns(&out, cells, rows, COLUMNS);
    buf_adds(&out, "Which one? ");
    say_text(STDERR_FILENO, buf_str(&out));
    buf_free(&out);
    mem_free(cells);
    mem_free(numbers);
    return 0;
}

/* A line was typed: a terminal gives whole lines. */
static void on_line(uv_poll_t *poll, int status, int events)
{
    struct choose *c = poll->data;
    char line[LINE_SIZE];
    ssize_t n;

    (void)events;
    n = status == 0 ? read(STDIN_FILENO, line, sizeof line - 1) : 0;
    line[n > 0 ? n : 0] = '\0';
    line[strcspn(line, " \t\r\n")] = '\0';
    choose_close(c);
    c->cb(c->data, line);
}

int choose_start(struct choose *c, uv_loop_t *loop,
                 const struct eice_found *found, choose_cb cb, void *data)
{
    int rv = list_show(found);

    if (rv == 0) {
        rv = uv_poll_init(loop, &c->poll, STDIN_FILENO);
    }
    if (rv != 0) {
        return rv;
    }
    c->open = true;
    c->cb = cb;
    c->data = data;
    c->poll.data = c;
    return uv_poll_start(&c->poll, UV_READABLE, on_line);
}

void choose_close(struct choose *c)
{
    if (c->open) {
        c->open = false;
        uv_close((uv_handle_t *)&c->poll, NULL);
    }
}
