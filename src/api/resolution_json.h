/* SPDX-License-Identifier: Apache-2.0 */
/* resolution_json.h - a resolution as JSON and back, for keeping it.  Pure. */
#ifndef RESOLUTION_JSON_H
#define RESOLUTION_JSON_H

#include <jansson.h>

struct err;
struct resolution;

/* All of @r as an object; NULL when memory is short.  The caller drops it. */
json_t *resolution_to_json(const struct resolution *r);

/* Read what resolution_to_json() wrote.  ERR_PARSE when it is not that, or
 * UV_ENOMEM; @r is empty then. */
int resolution_from_json(struct resolution *r, const json_t *o, struct err *e);

#endif /* RESOLUTION_JSON_H */
