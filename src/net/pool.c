/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - comparing clocks, and telling libcurl. */
#include "pool.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>

#include "log.h"

enum { JUMP_S = 3 }; /* More than rounding and a slow machine make */

/* How far the wall clock is ahead of the loop's, which stands still while the
 * machine sleeps, as libcurl's does. */
static int64_t offset_s(uint64_t now_ms)
{
    return (int64_t)time(NULL) - (int64_t)(now_ms / 1000);
}

void pool_init(struct pool *p, uint64_t now_ms)
{
    *p = (struct pool){.offset_s = offset_s(now_ms)};
}

bool pool_is_doubtful(struct pool *p, uint64_t now_ms, const struct log *log)
{
    int64_t offset = offset_s(now_ms);
    int64_t jump = offset - p->offset_s;

    if (jump > JUMP_S || jump < -JUMP_S) {
        log_debug(log, NET, 0,
                  "the clock has jumped by %lld s: no connection of before is "
                  "used again",
                  (long long)jump);
        p->offset_s = offset;
        /* Until libcurl finds those of before too old by itself. */
        p->fresh_until_ms = now_ms + (POOL_IDLE_S + 2) * 1000;
    }
    return now_ms < p->fresh_until_ms;
}

void pool_guard(CURL *easy, bool fresh)
{
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)POOL_IDLE_S);
    if (fresh) {
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        /* Another network may have other addresses, too. */
        curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    }
}

void pool_watching(CURL *easy, curl_socket_t fd)
{
    long made = 1;

    if (curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &made) != CURLE_OK ||
        made > 0) {
        return;
    }
#if defined(TCP_USER_TIMEOUT)
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){POOL_ACK_MS},
               sizeof(unsigned));
#elif defined(TCP_RXT_CONNDROPTIME)
    setsockopt(fd, IPPROTO_TCP, TCP_RXT_CONNDROPTIME,
               &(int){POOL_ACK_MS / 1000}, sizeof(int));
#endif
}
