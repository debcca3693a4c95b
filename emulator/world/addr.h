/* SPDX-License-Identifier: Apache-2.0 */
/* addr.h - what a world needs of addresses beyond codec's ip.h. */
#ifndef EMU_ADDR_H
#define EMU_ADDR_H

#include <stdbool.h>

#include "ip.h"

/* Split "10.0.1.5:22" or "[2001:db8::5]:22".  False when the address or the
 * port (1-65535) is not one. */
bool addr_parse(const char *text, struct ip *ip, int *port);

/* Whether all of @inner lies in @outer. */
bool addr_covers(const struct cidr *outer, const struct cidr *inner);

#endif /* EMU_ADDR_H */
