/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_run.h - one run of eice rdp: find, ask, listen, connect. */
#ifndef RDP_RUN_H
#define RDP_RUN_H

struct program;
struct rdp_plan;

/* Do it; returns the exit code. */
int rdp_run(struct program *p, const struct rdp_plan *plan);

#endif /* RDP_RUN_H */
