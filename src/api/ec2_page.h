/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_page.h - the pages of a Describe call put together. */
#ifndef EC2_PAGE_H
#define EC2_PAGE_H

#include <stddef.h>

struct err;

/* Move all *@n items of @size from @from behind the *@n_to at *@to; *@n is 0
 * then, and what the items own belongs to *@to.  UV_ENOMEM: nothing is
 * moved. */
int ec2_page_items(void **to, size_t *n_to, const void *from, size_t *n,
                   size_t size);

/* Replace the token *@kept by *@token, which is NULL then: the next page's, or
 * NULL after the last one.  ERR_PARSE with @e: it is the same one again, and
 * would lead nowhere. */
int ec2_page_token(char **kept, char **token, const char *operation,
                   struct err *e);

#endif /* EC2_PAGE_H */
