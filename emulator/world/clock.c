/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - a world's time, its chance, and what time does to it. */
#include <openssl/rand.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "impl.h"

int64_t world_now_ms(const struct world *w)
{
    struct timespec ts;
    int64_t now;

    if (w->config.clock != NULL) {
        now = w->config.clock(w->config.data);
    } else {
        clock_gettime(CLOCK_REALTIME, &ts);
        now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
    }
    return now + w->config.clock_offset_ms;
}

void world_set_clock_offset(struct world *w, int64_t ms)
{
    w->config.clock_offset_ms = ms;
}

int world_random(struct world *w, void *out, size_t len)
{
    if (w->config.random != NULL) {
        return w->config.random(w->config.data, out, len);
    }
    return RAND_bytes(out, (int)len) == 1 ? 0 : UV_EIO;
}

int world_random_hex(struct world *w, char *out, size_t digits)
{
    unsigned char byte;
    size_t i;
    int rv = 0;

    for (i = 0; i < digits && rv == 0; i++) {
        rv = world_random(w, &byte, 1);
        out[i] = "0123456789abcdef"[byte & 15];
    }
    out[rv == 0 ? digits : 0] = '\0';
    return rv;
}

int world_uuid(struct world *w, char out[static UUID_SIZE])
{
    unsigned char b[16];
    int rv = world_random(w, b, sizeof b);

    if (rv != 0) {
        memset(b, 0, sizeof b);
    }
    uuid_v4(out, b);
    return rv;
}

const unsigned char *world_secret(const struct world *w, size_t *len)
{
    *len = sizeof w->secret;
    return w->secret;
}

void world_settle(struct world *w)
{
    int64_t now = world_now_ms(w);

    endpoints_settle(w, now);
    sessions_settle(w, now);
}

int64_t world_next_event_ms(const struct world *w)
{
    int64_t a = endpoints_next_ms(w);
    int64_t b = sessions_next_ms(w);

    return a < b ? a : b;
}

uint64_t world_generation(const struct world *w)
{
    return w->generation;
}

void derive_text(char *out, const char *prefix, const char *alphabet, size_t n,
                 const char *seed)
{
    size_t letters = strlen(alphabet);
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a, 64 bits */
    size_t i;

    for (; *seed != '\0'; seed++) {
        h = (h ^ (unsigned char)*seed) * 0x100000001b3u;
    }
    while (*prefix != '\0') {
        *out++ = *prefix++;
    }
    for (i = 0; i < n; i++) {
        h = (h ^ (h >> 29) ^ i) * 0x100000001b3u;
        *out++ = alphabet[(h >> 32) % letters];
    }
    *out = '\0';
}

char *derive_id(struct arena *a, const char *prefix, const char *alphabet,
                size_t n, const char *seed)
{
    char *id = arena_alloc(a, strlen(prefix) + n + 1);

    if (id != NULL) {
        derive_text(id, prefix, alphabet, n, seed);
    }
    return id;
}

/* Which regions are whose, by prefix; the first that fits. */
static const struct {
    const char *prefix;
    const char *partition;
    const char *suffix;
} partitions[] = {
    {"cn-", "aws-cn", "amazonaws.com.cn"},
    {"us-gov-", "aws-us-gov", "amazonaws.com"},
    {"us-iso-", "aws-iso", "c2s.ic.gov"},
    {"us-isob-", "aws-iso-b", "sc2s.sgov.gov"},
    {"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"},
    {"us-isof-", "aws-iso-f", "csp.hci.ic.gov"},
    {"eusc-", "aws-eusc", "amazonaws.eu"},
    {"", "aws", "amazonaws.com"},
};

static size_t partition_of(const char *region)
{
    size_t i;

    for (i = 0; strncmp(region, partitions[i].prefix,
                        strlen(partitions[i].prefix)) != 0;
         i++) {
    }
    return i;
}

const char *region_partition(const char *region)
{
    return partitions[partition_of(region)].partition;
}

const char *region_dns_suffix(const char *region)
{
    return partitions[partition_of(region)].suffix;
}
