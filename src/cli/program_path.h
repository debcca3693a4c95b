/* SPDX-License-Identifier: Apache-2.0 */
/* program_path.h - where this program is. */
#ifndef PROGRAM_PATH_H
#define PROGRAM_PATH_H

#include <stddef.h>

/* Write it to @out; "eice" if the system does not say. */
void program_path(char *out, size_t size);

#endif /* PROGRAM_PATH_H */
