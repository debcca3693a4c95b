/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - MaxResults and NextToken. */
#ifndef EMU_PAGE_H
#define EMU_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "call.h"

/* Where a page begins and how long it may be. */
struct page {
    size_t max;     /* SIZE_MAX when not asked for */
    size_t start;   /* Index among all items, shown or not */
    char after[40]; /* Id of the item before it, "" at the beginning */
};

/* Read MaxResults (within @least and @most) and NextToken, or refuse. */
bool page_read(struct api_call *c, size_t least, size_t most, struct page *out);

/* Write <nextToken> for a page that goes on after item @index with @id. */
void page_next(struct api_call *c, size_t index, const char *id);

#endif /* EMU_PAGE_H */
