/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_tell.h - what a person needs who starts the RDP client alone. */
#ifndef RDP_TELL_H
#define RDP_TELL_H

struct err;
struct rdp_facts;

/* Say on stderr what the client's question can be compared with; nothing when
 * @thumbprint is "". */
void rdp_tell_thumbprint(const char *thumbprint);

/* Write the .rdp file to @path, or to stdout when that is NULL.  0, or a code
 * with @e. */
int rdp_tell_file(const char *path, const struct rdp_facts *facts,
                  struct err *e);

/* Say that we listen, and what to type. */
void rdp_tell_advice(const struct rdp_facts *facts);

#endif /* RDP_TELL_H */
