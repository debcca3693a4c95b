/* SPDX-License-Identifier: Apache-2.0 */
/* ip.h - IPv4 and IPv6 addresses and address ranges. */
#ifndef IP_H
#define IP_H

#include <stdbool.h>

enum { IP_TEXT_SIZE = 46 }; /* Longest address as text, with NUL */

/* One address. */
struct ip {
    int version;             /* 4 or 6 */
    unsigned char bytes[16]; /* Network order; 4 used for IPv4, rest zero */
};

/* Addresses that share their first @prefix bits with @base. */
struct cidr {
    struct ip base;  /* Bits past the prefix are zero */
    unsigned prefix; /* 0 to 32, or to 128 */
};

/* Read "10.0.1.5" or "2001:db8::5": no brackets, no zone, no leading zeros in
 * IPv4, nothing around it. */
bool ip_parse(struct ip *ip, const char *text);

/* Write @ip in its usual short form (RFC 5952). */
void ip_format(char out[static IP_TEXT_SIZE], const struct ip *ip);

bool ip_equal(const struct ip *a, const struct ip *b);

/* 127.0.0.0/8, ::1 and their IPv4-mapped forms. */
bool ip_is_loopback(const struct ip *ip);

/* Make ::ffff:a.b.c.d into a.b.c.d; other addresses stay. */
void ip_unmap(struct ip *ip);

/* Read "10.0.0.0/8", "2001:db8::/32", or a bare address, which is a range of
 * one.  Bits past the prefix are cleared, not refused. */
bool cidr_parse(struct cidr *cidr, const char *text);

/* Whether @ip lies in @cidr; never across versions. */
bool cidr_contains(const struct cidr *cidr, const struct ip *ip);

#endif /* IP_H */
