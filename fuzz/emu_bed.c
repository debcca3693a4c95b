/* SPDX-License-Identifier: Apache-2.0 */
/* emu_bed.c - the built-in world, kept from run to run. */
#include "emu_bed.h"

#include <string.h>

#include "fuzz.h"
#include "keys.h"

static struct emu_api api;

/* Every look is a second later, so that state changes happen, too. */
static int64_t ticking(void *data)
{
    int64_t *now = data;

    *now += 10;
    return *now;
}

/* Chance without chance. */
static int count_up(void *data, void *out, size_t len)
{
    static unsigned char next;
    unsigned char *at = out;

    (void)data;
    while (len-- > 0) {
        *at++ = next++;
    }
    return 0;
}

struct emu_api *emu_bed(void)
{
    static int64_t now = 1767323045000;
    struct world_config config = {
        .clock = ticking, .random = count_up, .data = &now};

    if (api.world == NULL) {
        FUZZ_ASSERT(world_load(&api.world, NULL, &config, NULL) == 0);
        api.keys = keys_new(api.world, NULL);
        FUZZ_ASSERT(api.keys != NULL);
    }
    return &api;
}

void emu_bed_call(struct api_call *c, const struct http_request *req,
                  struct http_answer *answer)
{
    struct emu_api *bed = emu_bed();

    world_settle(bed->world);
    http_answer_init(answer);
    call_init(c, bed, req, answer);
    FUZZ_ASSERT(world_find_key(c->w, "AKIAIOSFODNN7EXAMPLE", &c->who));
    strcpy(c->region, "eu-central-1");
    c->verified = true;
}
