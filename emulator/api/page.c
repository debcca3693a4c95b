/* SPDX-License-Identifier: Apache-2.0 */
/* page.c - a token is the action, the last item's place and its id, base64:
 * nothing secret, and good for this action only. */
#include "page.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"

/* Read "ACTION/INDEX/ID". */
static bool read_token(struct api_call *c, const char *text, struct page *out)
{
    size_t n = strlen(c->action);
    char *end;
    long index;

    if (strncmp(text, c->action, n) != 0 || text[n] != '/') {
        return false;
    }
    index = strtol(text + n + 1, &end, 10);
    if (end == text + n + 1 || *end != '/' || index < 0 ||
        strlen(end + 1) >= sizeof out->after) {
        return false;
    }
    out->start = (size_t)index + 1;
    snprintf(out->after, sizeof out->after, "%s", end + 1);
    return true;
}

static bool read_max(struct api_call *c, const char *text, size_t least,
                     size_t most, size_t *out)
{
    size_t len = strlen(text);

    if (len == 0 || len > 9 || strspn(text, "0123456789") != len) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "Value ( %s ) for parameter maxResults is invalid. "
                         "Expecting a number.",
                         text);
    }
    *out = (size_t)strtoul(text, NULL, 10);
    if (*out < least) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "Value ( %s ) for parameter maxResults is invalid. "
                         "Expecting a value greater than or equal to %zu.",
                         text, least);
    }
    if (*out > most) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "Value ( %s ) for parameter maxResults is invalid. "
                         "Expecting a value smaller than or equal to %zu.",
                         text, most);
    }
    return true;
}

bool page_read(struct api_call *c, size_t least, size_t most, struct page *out)
{
    const char *max = params_get(&c->params, "MaxResults");
    const char *token = params_get(&c->params, "NextToken");
    struct buf plain;
    bool ok;

    *out = (struct page){.max = SIZE_MAX};
    if (max != NULL && !read_max(c, max, least, most, &out->max)) {
        return false;
    }
    if (token == NULL || token[0] == '\0') {
        return true;
    }
    buf_init(&plain, 256);
    ok = base64url_decode(&plain, token, strlen(token)) == 0 &&
         read_token(c, buf_str(&plain), out);
    buf_free(&plain);
    return ok || call_fail(c, 400, "InvalidPaginationToken",
                           "The pagination token is not valid");
}

void page_next(struct api_call *c, size_t index, const char *id)
{
    char plain[128];
    struct buf token;

    buf_init(&token, 256);
    snprintf(plain, sizeof plain, "%s/%zu/%s", c->action, index, id);
    base64url_encode(&token, plain, strlen(plain));
    call_xml(c, "nextToken", buf_str(&token));
    buf_free(&token);
}
