/* SPDX-License-Identifier: Apache-2.0 */
/* imds.h - instance metadata and container credentials, beyond api.h. */
#ifndef EMU_IMDS_H
#define EMU_IMDS_H

#include <stdbool.h>

struct world;

/* Whether the path is one of the metadata service's: "/latest/...". */
bool imds_is_path(const char *path);

/* Whether it is where the world serves container credentials. */
bool container_is_path(const struct world *w, const char *path);

#endif /* EMU_IMDS_H */
