/* SPDX-License-Identifier: Apache-2.0 */
/* ip.c - addresses as bytes, ranges as leading bits. */
#include "ip.h"

#include <arpa/inet.h>
#include <string.h>

bool ip_parse(struct ip *ip, const char *text)
{
    *ip = (struct ip){.version = 4};
    if (inet_pton(AF_INET, text, ip->bytes) == 1) {
        return true;
    }
    *ip = (struct ip){.version = 6};
    return inet_pton(AF_INET6, text, ip->bytes) == 1;
}

void ip_format(char out[static IP_TEXT_SIZE], const struct ip *ip)
{
    out[0] = '\0';
    (void)inet_ntop(ip->version == 4 ? AF_INET : AF_INET6, ip->bytes, out,
                    IP_TEXT_SIZE);
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
    return a->version == b->version &&
           memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void ip_unmap(struct ip *ip)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0,    0,
                                             0, 0, 0, 0, 0xff, 0xff};
    struct ip four = {.version = 4};

    if (ip->version == 6 && memcmp(ip->bytes, mapped, sizeof mapped) == 0) {
        memcpy(four.bytes, ip->bytes + 12, 4);
        *ip = four;
    }
}

bool ip_is_loopback(const struct ip *ip)
{
    static const unsigned char one[16] = {[15] = 1};
    struct ip plain = *ip;

    ip_unmap(&plain);
    if (plain.version == 4) {
        return plain.bytes[0] == 127;
    }
    return memcmp(plain.bytes, one, sizeof one) == 0;
}

/* Whether the first @n bits are alike; the rest of @b is cleared when
 * @clear. */
static bool bits_equal(const unsigned char *a, const unsigned char *b,
                       unsigned n)
{
    unsigned mask = 0xff00U >> n % 8 & 0xff;

    return memcmp(a, b, n / 8) == 0 &&
           (n % 8 == 0 || ((a[n / 8] ^ b[n / 8]) & mask) == 0);
}

/* Zero everything past the first @n bits. */
static void clear_past(unsigned char bytes[static 16], unsigned n)
{
    unsigned i;

    for (i = 0; i < 16; i++) {
        if (i * 8 >= n) {
            bytes[i] = 0;
        } else if (i * 8 + 8 > n) {
            bytes[i] &= (unsigned char)(0xff00U >> n % 8);
        }
    }
}

/* Read one to three digits up to @most. */
static bool prefix_parse(unsigned *prefix, const char *text, unsigned most)
{
    size_t len = strspn(text, "0123456789");
    size_t i;

    if (len == 0 || len > 3 || text[len] != '\0' ||
        (len > 1 && text[0] == '0')) {
        return false;
    }
    *prefix = 0;
    for (i = 0; i < len; i++) {
        *prefix = *prefix * 10 + (unsigned)(text[i] - '0');
    }
    return *prefix <= most;
}

bool cidr_parse(struct cidr *cidr, const char *text)
{
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    char address[IP_TEXT_SIZE];
    unsigned most;

    if (len >= sizeof address) {
        return false;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    if (!ip_parse(&cidr->base, address)) {
        return false;
    }
    most = cidr->base.version == 4 ? 32 : 128;
    cidr->prefix = most;
    if (slash != NULL && !prefix_parse(&cidr->prefix, slash + 1, most)) {
        return false;
    }
    clear_past(cidr->base.bytes, cidr->prefix);
    return true;
}

bool cidr_contains(const struct cidr *cidr, const struct ip *ip)
{
    return cidr->base.version == ip->version &&
           bits_equal(cidr->base.bytes, ip->bytes, cidr->prefix);
}
