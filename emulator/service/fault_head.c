/* SPDX-License-Identifier: Apache-2.0 */
/* fault_head.c - the head of a 101, changed as a step of a plan says. */
#include "fault_head.h"

#include <string.h>
#include <strings.h>

#include "buf.h"
#include "fault_plan.h"

/* Take the header @name out of the head. */
static void drop_header(struct buf *head, const char *name)
{
    size_t n = strlen(name);
    char *line = strstr(head->data, "\r\n"), *end;

    while (line != NULL && (end = strstr(line + 2, "\r\n")) != NULL) {
        if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':') {
            memmove(line, end, strlen(end) + 1);
            head->len -= (size_t)(end - line);
            return;
        }
        line = end;
    }
}

/* Put a line before the empty one. */
static void add_header(struct buf *head, const char *name, const char *value)
{
    head->len -= 2;
    buf_addf(head, "%s: %s\r\n\r\n", name, value);
}

bool fault_head_change(struct buf *head, const struct fault_step *step)
{
    switch (step->act) {
    case FAULT_BAD_ACCEPT:
        drop_header(head, "Sec-WebSocket-Accept");
        add_header(head, "Sec-WebSocket-Accept",
                   "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        return true;
    case FAULT_HEADER:
        add_header(head, step->name, step->data);
        return true;
    case FAULT_DROP_HEADER:
        drop_header(head, step->name);
        return true;
    case FAULT_TRUNCATE:
        if ((size_t)step->count < head->len) {
            head->len = (size_t)step->count;
        }
        return true;
    default:
        return false;
    }
}
