/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_emu_faults.c - fault plans: refused with a reason, or followed to their
 * end. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "fault_plan.h"
#include "fuzz.h"
#include "json.h"

/* Live through every stage with everything the plan orders. */
static void follow(struct fault_table *t)
{
    struct fault_run run = {0};
    const struct fault_step *s;
    struct buf bytes;
    unsigned steps = 0;

    fault_run_join(&run, t, "*");
    for (int stage = 0; stage < FAULT_N_STAGES; stage++) {
        while ((s = fault_run_next(&run, (enum fault_stage)stage, UINT64_MAX,
                                   true)) != NULL) {
            FUZZ_ASSERT((int)s->at == stage && s->act < FAULT_N_ACTS);
            buf_init(&bytes, 4 << 20);
            fault_step_bytes(s, &bytes);
            FUZZ_ASSERT(buf_error(&bytes) == 0);
            buf_free(&bytes);
            steps++;
        }
        FUZZ_ASSERT(fault_run_distance(&run, (enum fault_stage)stage, 0) ==
                    UINT64_MAX);
    }
    FUZZ_ASSERT(steps <= FAULT_MAX_STEPS);
    fault_run_leave(&run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    struct fault_table *t = fault_table_new();
    struct err e = {0};
    json_t *list = js_parse(text, size, &e);

    FUZZ_ASSERT(t != NULL);
    if (list != NULL) {
        if (fault_table_set(t, "*", list, "$", &e) == 0) {
            follow(t);
        } else {
            FUZZ_ASSERT(e.code != 0 && e.msg[0] == '$');
        }
    }
    json_decref(list);
    fault_table_free(t);
    free(text);
    return 0;
}
