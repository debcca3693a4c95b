/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_emu_world.c - any text as a world file: refused with a reason, or a
 * world whose parts hang together. */
#include <string.h>

#include "err.h"
#include "fuzz.h"
#include "world.h"

/* Nothing dangles. */
static void check_world(const struct world *w)
{
    size_t i;

    FUZZ_ASSERT(world_n_accounts(w) > 0);
    for (i = 0; i < world_n_subnets(w); i++) {
        FUZZ_ASSERT(world_subnet_at(w, i)->vpc->account != NULL);
    }
    for (i = 0; i < world_n_instances(w); i++) {
        const struct world_instance *in = world_instance_at(w, i);

        FUZZ_ASSERT(in->subnet != NULL && in->n_groups > 0);
        FUZZ_ASSERT(world_instance(w, in->id) == in);
    }
    for (i = 0; i < world_n_endpoints(w); i++) {
        const struct world_endpoint *ep = world_endpoint_at(w, i);

        FUZZ_ASSERT(ep->dns_name != NULL && ep->now.n_groups > 0);
        FUZZ_ASSERT(world_endpoint(w, ep->id) == ep);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {.code = 0};
    struct world *w;

    if (world_parse(&w, (const char *)data, size, "fuzz", NULL, &e) != 0) {
        FUZZ_ASSERT(w == NULL);
        FUZZ_ASSERT(e.code != 0 && strncmp(e.msg, "fuzz", 4) == 0);
        return 0;
    }
    check_world(w);
    world_settle(w);
    check_world(w);
    world_free(w);
    return 0;
}
