/* SPDX-License-Identifier: Apache-2.0 */
/* trail.h - CloudTrail: one line of JSON per call, allowed or refused. */
#ifndef EMU_TRAIL_H
#define EMU_TRAIL_H

#include <stdio.h>

struct api_call;
struct err;
struct trail;

/* Gets each finished line, without a newline.  Called from inside the call
 * that is being logged. */
typedef void (*trail_sink)(void *data, const char *line);

/* A trail into @sink.  NULL when out of memory. */
struct trail *trail_new(trail_sink sink, void *data);

/* A trail that appends to the file @path (made with mode 0600).  0 or a code
 * with @e filled. */
int trail_open(struct trail **out, const char *path, struct err *e);

void trail_free(struct trail *t);

/* Write the line for a finished call; @t may be NULL. */
void trail_call(struct trail *t, struct api_call *c);

#endif /* EMU_TRAIL_H */
