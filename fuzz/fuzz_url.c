/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_url.c - URLs, hosts, addresses and percent-encoding. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "fuzz.h"
#include "ip.h"
#include "percent.h"
#include "url.h"

typedef int (*decoder)(struct buf *, const char *, size_t);
typedef void (*encoder)(struct buf *, const char *, size_t);

/* What was encoded decodes to itself. */
static void round_trip(const char *text, size_t len, encoder encode,
                       decoder decode)
{
    struct buf there;
    struct buf back;

    buf_init(&there, 3 * len + 1);
    buf_init(&back, len + 1);
    encode(&there, text, len);
    FUZZ_ASSERT(buf_error(&there) == 0);
    FUZZ_ASSERT(decode(&back, buf_str(&there), there.len) == 0);
    FUZZ_ASSERT(back.len == len);
    FUZZ_ASSERT(len == 0 || memcmp(back.data, text, len) == 0);
    buf_free(&there);
    buf_free(&back);
}

static void try_url(const char *text)
{
    struct url url;
    struct err e;

    if (url_split(&url, text, &e) != 0) {
        FUZZ_ASSERT(e.code == ERR_USAGE && e.msg[0] != '\0');
        return;
    }
    FUZZ_ASSERT(host_valid(url.host));
    FUZZ_ASSERT(url.scheme[0] != '\0');
    FUZZ_ASSERT(url.port <= 65535);
    FUZZ_ASSERT(url.path >= text && url.path <= text + strlen(text));
    FUZZ_ASSERT(url.path_len == 0 || url.path[0] == '/');
    FUZZ_ASSERT(url.path_len <= strlen(url.path));
}

static void try_address(const char *text)
{
    char written[IP_TEXT_SIZE];
    struct cidr cidr;
    struct ip again;
    struct ip ip;

    if (ip_parse(&ip, text)) {
        ip_format(written, &ip);
        FUZZ_ASSERT(ip_parse(&again, written) && ip_equal(&ip, &again));
        FUZZ_ASSERT(cidr_parse(&cidr, text) && cidr_contains(&cidr, &ip));
        FUZZ_ASSERT(host_valid(text));
        (void)ip_is_loopback(&ip);
    }
    if (cidr_parse(&cidr, text)) {
        FUZZ_ASSERT(cidr_contains(&cidr, &cidr.base));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    char host[URL_HOST_SIZE];
    unsigned port;
    struct buf out;

    round_trip(text, size, percent_encode, percent_decode);
    round_trip(text, size, percent_encode_path, percent_decode);
    round_trip(text, size, percent_encode_form, percent_decode_form);
    buf_init(&out, size + 1);
    (void)percent_decode(&out, text, size);
    (void)percent_decode_form(&out, text, size);
    buf_free(&out);
    try_url(text);
    try_address(text);
    if (host_port_split(host, &port, text)) {
        FUZZ_ASSERT(host_valid(host) && port <= 65535);
    }
    free(text);
    return 0;
}
