/* SPDX-License-Identifier: Apache-2.0 */
/* outgoing.c - turning an attempt into libcurl's options. */
#include "outgoing.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <uv.h>

#include "err.h"
#include "mem.h"
#include "request.h"
#include "wipe.h"

/* Whether @text would end its line early: a smuggled header. */
static bool breaks_line(const char *text)
{
    return strpbrk(text, "\r\n") != NULL;
}

/* Append "name: value" to the try's headers. */
static int add_header(struct outgoing *o, const char *name, const char *value)
{
    /* libcurl sends a header without value only if written with ";" */
    bool empty = *value == '\0';
    char *line = mem_printf("%s%s%s", name, empty ? ";" : ": ", value);
    struct curl_slist *list;

    if (line == NULL) {
        return UV_ENOMEM;
    }
    list = curl_slist_append(o->headers, line);
    wipe_free(line);
    if (list == NULL) {
        return UV_ENOMEM;
    }
    o->headers = list;
    return 0;
}

/* Tell libcurl not to add header @name by itself. */
static int drop_header(struct outgoing *o, const char *name)
{
    struct curl_slist *list = curl_slist_append(o->headers, name);

    if (list == NULL) {
        return UV_ENOMEM;
    }
    o->headers = list;
    return 0;
}

/* The headers of @a, and silence about those libcurl likes to add. */
static int set_headers(struct outgoing *o, CURL *easy, const struct attempt *a,
                       const char *user_agent, struct err *e)
{
    bool has_type = false;
    bool has_agent = false;
    bool has_accept = false;
    size_t i;
    int rv = 0;

    for (i = 0; rv == 0 && i < a->n_headers; i++) {
        const struct header *h = &a->headers[i];

        if (breaks_line(h->name) || breaks_line(h->value)) {
            return err_set(e, ERR_USAGE,
                           "the value of header %s holds a line break",
                           breaks_line(h->name) ? "?" : h->name);
        }
        has_type = has_type || strcasecmp(h->name, "content-type") == 0;
        has_agent = has_agent || strcasecmp(h->name, "user-agent") == 0;
        has_accept = has_accept || strcasecmp(h->name, "accept") == 0;
        rv = add_header(o, h->name, h->value);
    }
    if (rv == 0 && !has_type) {
        rv = drop_header(o, "Content-Type:");
    }
    if (rv == 0 && !has_accept) {
        rv = drop_header(o, "Accept:");
    }
    if (rv == 0) {
        rv = drop_header(o, "Expect:");
    }
    if (rv != 0) {
        return err_set_uv(e, rv, "request");
    }
    if (!has_agent && user_agent != NULL) {
        curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, o->headers);
    return 0;
}

/* Method and body of @a. */
static int set_body(struct outgoing *o, CURL *easy, const struct attempt *a,
                    struct err *e)
{
    const char *method = a->method != NULL ? a->method : "GET";

    if (a->body_len > 0) {
        o->body = mem_alloc(a->body_len);
        if (o->body == NULL) {
            return err_set_uv(e, UV_ENOMEM, "request");
        }
        memcpy(o->body, a->body, a->body_len);
        o->body_len = a->body_len;
    }
    if (strcmp(method, "GET") == 0 && o->body == NULL) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return 0;
    }
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)o->body_len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, o->body != NULL ? o->body : "");
    if (strcmp(method, "POST") != 0 &&
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method) != CURLE_OK) {
        return err_set_uv(e, UV_ENOMEM, "request");
    }
    return 0;
}

int outgoing_set(struct outgoing *o, CURL *easy, const struct attempt *a,
                 const char *user_agent, struct err *e)
{
    int rv = set_headers(o, easy, a, user_agent, e);

    return rv == 0 ? set_body(o, easy, a, e) : rv;
}

void outgoing_drop(struct outgoing *o)
{
    const struct curl_slist *item;

    for (item = o->headers; item != NULL; item = item->next) {
        wipe(item->data, strlen(item->data));
    }
    curl_slist_free_all(o->headers);
    if (o->body != NULL) {
        wipe(o->body, o->body_len);
        mem_free(o->body);
    }
    *o = (struct outgoing){0};
}
