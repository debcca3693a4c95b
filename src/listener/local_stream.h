/* SPDX-License-Identifier: Apache-2.0 */
/* local_stream.h - a connected socket as the near side of a tunnel. */
#ifndef LOCAL_STREAM_H
#define LOCAL_STREAM_H

#include <uv.h>

struct local;

/* The functions of local.h over one libuv stream.
 *
 * The local frees itself right after the callback of close() has returned, so
 * that @l->data may still be read inside it. */

/* Make a local of the connected stream socket @fd (TCP or unix).  On 0 it owns
 * @fd; on a code @fd is still the caller's. */
int local_stream_new(struct local **out, uv_loop_t *loop, int fd);

/* Make a local of @stream, a connected uv_tcp_t or uv_pipe_t with no read or
 * write under way.  The local uses its data field and closes it with
 * uv_close(); the memory of @stream is the caller's again when the callback of
 * close() fires.  On a code nothing has changed. */
int local_stream_wrap(struct local **out, uv_stream_t *stream);

#endif /* LOCAL_STREAM_H */
