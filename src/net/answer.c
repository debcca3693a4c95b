/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - the head in one buffer, the body in another, both bounded. */
#include "answer.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "mem.h"

void answer_init(struct answer *a, size_t max_body)
{
    *a = (struct answer){0};
    buf_init(&a->head, ANSWER_MAX_HEAD);
    buf_init(&a->body, max_body > 0 ? max_body : ANSWER_MAX_BODY_DEFAULT);
}

/* Cut blanks and line ends off both ends of a piece of text. */
static const char *trim(const char *text, size_t *len)
{
    while (*len > 0 && isspace((unsigned char)*text)) {
        text++;
        --*len;
    }
    while (*len > 0 && isspace((unsigned char)text[*len - 1])) {
        --*len;
    }
    return text;
}

bool answer_add_line(struct answer *a, const char *line, size_t len)
{
    const char *colon;
    const char *value;
    size_t name_len;
    size_t value_len;
    size_t i;

    line = trim(line, &len);
    if (len >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        buf_clear(&a->head);
        a->n_headers = 0;
        return true;
    }
    colon = memchr(line, ':', len);
    if (colon == NULL || memchr(line, '\0', len) != NULL) {
        return true; /* The empty line, or nothing we could use */
    }
    name_len = (size_t)(colon - line);
    value_len = len - name_len - 1;
    value = trim(colon + 1, &value_len);
    line = trim(line, &name_len);

    for (i = 0; i < name_len; i++) {
        buf_addc(&a->head, (char)tolower((unsigned char)line[i]));
    }
    buf_addc(&a->head, '\0');
    buf_add(&a->head, value, value_len);
    buf_addc(&a->head, '\0');
    a->n_headers++;
    return buf_error(&a->head) == 0;
}

bool answer_add_body(struct answer *a, const void *data, size_t len)
{
    buf_add(&a->body, data, len);
    return buf_error(&a->body) == 0;
}

int answer_error(const struct answer *a)
{
    int rv = buf_error(&a->head);

    return rv != 0 ? rv : buf_error(&a->body);
}

int answer_finish(struct answer *a, int status)
{
    const char *p = buf_str(&a->head);
    size_t i;

    a->headers = mem_zalloc(a->n_headers * sizeof *a->headers);
    if (a->headers == NULL) {
        return UV_ENOMEM;
    }
    for (i = 0; i < a->n_headers; i++) {
        a->headers[i].name = p;
        p += strlen(p) + 1;
        a->headers[i].value = p;
        p += strlen(p) + 1;
    }
    a->resp = (struct response){
        .status = status,
        .body = buf_str(&a->body),
        .body_len = a->body.len,
        .headers = a->headers,
        .n_headers = a->n_headers,
    };
    return 0;
}

void answer_reset(struct answer *a)
{
    size_t max_body = a->body.limit;

    buf_wipe(&a->head);
    buf_wipe(&a->body);
    mem_free(a->headers);
    answer_init(a, max_body);
}

const char *response_header(const struct response *r, const char *name)
{
    size_t i;

    for (i = 0; i < r->n_headers; i++) {
        if (strcmp(r->headers[i].name, name) == 0) {
            return r->headers[i].value;
        }
    }
    return NULL;
}
