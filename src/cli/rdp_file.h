/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_file.h - files that tell a client where to connect.  Pure; no secret is
 * in them. */
#ifndef RDP_FILE_H
#define RDP_FILE_H

struct buf;

/* Append an .rdp file, as mstsc, Windows App, FreeRDP and others read it: the
 * address on this machine, the user, and that the password is asked for. */
void rdp_file_rdp(struct buf *out, int port, const char *user);

/* Append a profile of Remmina's; @name is what it calls the connection. */
void rdp_file_remmina(struct buf *out, int port, const char *user,
                      const char *name);

#endif /* RDP_FILE_H */
