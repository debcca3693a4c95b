/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_page.c - moving what one page holds. */
#include "ec2_page.h"

#include <string.h>
#include <uv.h>

#include "err.h"
#include "mem.h"

int ec2_page_items(void **to, size_t *n_to, const void *from, size_t *n,
                   size_t size)
{
    void *items;

    if (*n == 0) {
        return 0;
    }
    items = mem_realloc(*to, (*n_to + *n) * size);
    if (items == NULL) {
        return UV_ENOMEM;
    }
    memcpy((char *)items + *n_to * size, from, *n * size);
    *to = items;
    *n_to += *n;
    *n = 0;
    return 0;
}

int ec2_page_token(char **kept, char **token, const char *operation,
                   struct err *e)
{
    if (*token != NULL && *kept != NULL && strcmp(*token, *kept) == 0) {
        return err_set(e, ERR_PARSE,
                       "%s: the service sent the same page token twice",
                       operation);
    }
    mem_free(*kept);
    *kept = *token;
    *token = NULL;
    return 0;
}
