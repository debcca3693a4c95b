/* SPDX-License-Identifier: Apache-2.0 */
/* control.h - changing and inspecting a running emulator.
 *
 * The same commands come as JSON by POST /_emulator/control on the plain port,
 * from this machine only, and through emulator_control(). */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>

#include "http.h"

struct emulator;

/* Whether @req is for us. */
bool control_wanted(const struct http_request *req);

/* Obey it, or say why not. */
void control_handle(struct emulator *emu, const struct http_request *req,
                    struct http_answer *a);

#endif /* CONTROL_H */
