/* SPDX-License-Identifier: Apache-2.0 */
/* local_stdio.h - a pair of descriptors as the near side of a tunnel.
 *
 * Each may be a pipe, a socket (one socket for both is fine), a terminal, a
 * regular file or a device such as /dev/null.  What must be waited for is
 * waited for with the loop; files are read and written in libuv's pool.
 *
 * Nobody else notices: a pipe or a terminal is opened anew so that the flags
 * the descriptor shares with other processes stay as they are, and where that
 * cannot be done (a socket) they are put back at the end.
 *
 * The reader of the output is watched.  When it vanishes, lost_cb fires with
 * UV_EPIPE although nothing is being written. */
#ifndef LOCAL_STDIO_H
#define LOCAL_STDIO_H

#include <uv.h>

struct err;
struct local;

/* Make a local that reads @in_fd and writes @out_fd.  On 0 it owns both and
 * closes them; on a code they are still the caller's and @e names the one that
 * cannot be used.  The local frees itself right after the callback of close()
 * has returned. */
int local_stdio_new(struct local **out, uv_loop_t *loop, int in_fd, int out_fd,
                    struct err *e);

#endif /* LOCAL_STDIO_H */
