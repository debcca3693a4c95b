/* SPDX-License-Identifier: Apache-2.0 */
/* dial.h - the dialer of tunnels that knows AWS: route, credentials, signed
 * URL, connection. */
#ifndef DIAL_H
#define DIAL_H

struct dialer_ops;

/* For the dialer inside a struct route. */
extern const struct dialer_ops dial_ops;

#endif /* DIAL_H */
