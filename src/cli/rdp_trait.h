/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_trait.h - what tells one Windows instance from another: its port on this
 * machine, and its certificate.  Pure. */
#ifndef RDP_TRAIT_H
#define RDP_TRAIT_H

#include <stdbool.h>

enum {
    RDP_PORT_FIRST = 20000,  /* Below the ports that systems give out, */
    RDP_PORT_COUNT = 12000,  /* so many of them */
    RDP_THUMBPRINT_SIZE = 60 /* "ab:cd:...", 20 bytes */
};

/* The port that belongs to @instance_id: the same every time, so that saved
 * .rdp files and what clients remember of certificates stay true. */
int rdp_trait_port(const char *instance_id);

/* The SHA-1 thumbprint of the RDP certificate as the console @text shows it
 * ("RDPCERTIFICATE-THUMBPRINT: ..."), the last if there are several; false
 * when it shows none. */
bool rdp_trait_thumbprint(char out[static RDP_THUMBPRINT_SIZE],
                          const char *text);

#endif /* RDP_TRAIT_H */
