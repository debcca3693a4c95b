/* SPDX-License-Identifier: Apache-2.0 */
/* emu_bed.h - a small emulated AWS for fuzz targets, made once. */
#ifndef EMU_BED_H
#define EMU_BED_H

#include "call.h"

/* The services over the built-in world; its clock stands still. */
struct emu_api *emu_bed(void);

/* A call of the world's administrator that need not be signed, answered into
 * @answer; the caller ends it with call_free(). */
void emu_bed_call(struct api_call *c, const struct http_request *req,
                  struct http_answer *answer);

#endif /* EMU_BED_H */
