/* SPDX-License-Identifier: Apache-2.0 */
/* partitions.h - regions, the partitions they lie in, and host names. */
#ifndef PARTITIONS_H
#define PARTITIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "endpoint.h"
#include "err.h"

enum { REGION_SIZE = 64, HOST_SIZE = 256 };

/* Whether @region may stand in a host name: up to 63 letters, digits and
 * inner hyphens, not digits alone.  The empty string passes here, as in the
 * CLI, and fails as a host. */
bool region_valid(const char *region);

/* Copy @region to @out without "fips-" or "-fips" in it.  Returns whether
 * there was such a thing. */
bool region_strip_fips(const char *region, char out[static REGION_SIZE]);

/* The name of the partition of @region ("aws", "aws-cn", ...); an unknown
 * region lies in "aws".  Static. */
const char *region_partition(const char *region);

/* Write the host of @service in @region (already without "fips") to @out and
 * the region to sign for to @signing_region.  ERR_SETTING: the partition has
 * no such variant. */
int partition_host(enum service service, const char *region, bool fips,
                   bool dual_stack, char out[static HOST_SIZE],
                   char signing_region[static REGION_SIZE], struct err *e);

#endif /* PARTITIONS_H */
