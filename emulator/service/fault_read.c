/* SPDX-License-Identifier: Apache-2.0 */
/* fault_read.c - a fault plan out of its JSON. */
#include "fault_read.h"

#include <string.h>
#include <uv.h>

#include "err.h"
#include "fault_fields.h"
#include "fault_plan.h"
#include "json.h"
#include "mem.h"

static const char *const stage_names[FAULT_N_STAGES] = {
#define X(symbol, name) name,
    FAULT_STAGES(X)
#undef X
};

#define AT(stage) (1u << FAULT_AT_##stage)
enum {
    AT_ANY = (1u << FAULT_N_STAGES) - 1,
    AT_STREAM = AT(OPEN) | AT(DOWN) | AT(UP)
};

/* What may happen when, and what it needs to be told. */
static const struct act {
    const char *name;
    enum fault_act act;
    unsigned stages;
    unsigned has;
} acts[] = {
    {"delay", FAULT_DELAY, AT_ANY, FAULT_HAS_MS},
    {"stall", FAULT_STALL, AT_ANY, 0},
    {"reset", FAULT_RESET, AT_ANY, 0},
    {"end", FAULT_END, AT_ANY, FAULT_HAS_ABRUPT},
    {"certificate", FAULT_CERTIFICATE, AT(HELLO), FAULT_HAS_FLAW},
    {"refuse", FAULT_REFUSE, AT(REQUEST), FAULT_HAS_REFUSAL},
    {"send", FAULT_SEND, AT_ANY & ~AT(HELLO), FAULT_HAS_BYTES},
    {"bad-accept", FAULT_BAD_ACCEPT, AT(ANSWER), 0},
    {"header", FAULT_HEADER, AT(ANSWER), FAULT_HAS_NAME | FAULT_HAS_VALUE},
    {"drop-header", FAULT_DROP_HEADER, AT(ANSWER), FAULT_HAS_NAME},
    {"truncate", FAULT_TRUNCATE, AT(ANSWER), FAULT_HAS_COUNT},
    {"fragments", FAULT_FRAGMENTS, AT(OPEN), 0},
    {"throttle", FAULT_THROTTLE, AT_STREAM, FAULT_HAS_RATES},
    {"text", FAULT_TEXT, AT_STREAM, FAULT_HAS_TEXT},
    {"ping", FAULT_PING, AT_STREAM, FAULT_HAS_COUNT},
    {"masked", FAULT_MASKED, AT_STREAM, 0},
    {"reserved-bit", FAULT_RESERVED_BIT, AT_STREAM, 0},
    {"reserved-opcode", FAULT_RESERVED_OPCODE, AT_STREAM, 0},
    {"orphan", FAULT_ORPHAN, AT_STREAM, 0},
    {"long-ping", FAULT_LONG_PING, AT_STREAM, 0},
    {"huge", FAULT_HUGE, AT_STREAM, 0},
    {"close", FAULT_CLOSE, AT_STREAM, FAULT_HAS_CLOSE},
};

/* The action of this name. */
static const struct act *find_act(const char *name)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (name != NULL && strcmp(acts[i].name, name) == 0) {
            return &acts[i];
        }
    }
    return NULL;
}

/* One step of a plan. */
static int read_step(struct fault_step *s, json_t *in, bool any, struct err *e)
{
    const char *at = js_str(in, "at");
    const struct act *act = find_act(js_str(in, "do"));
    unsigned stage = 0;

    while (stage < FAULT_N_STAGES &&
           (at == NULL || strcmp(stage_names[stage], at) != 0)) {
        stage++;
    }
    if (stage == FAULT_N_STAGES) {
        return fault_wrong(e, "at",
                           "must be accept, hello, request, answer, open, "
                           "down or up");
    }
    if (act == NULL) {
        return fault_wrong(e, "do", "is no known fault");
    }
    if ((act->stages & (1u << stage)) == 0) {
        return fault_wrong(e, "at", "this fault is not for this stage");
    }
    if (stage == FAULT_AT_ACCEPT && !any) {
        return fault_wrong(e, "at", "nobody knows the endpoint yet; use hello");
    }
    if (json_object_get(in, "after") != NULL && stage != FAULT_AT_DOWN &&
        stage != FAULT_AT_UP) {
        return fault_wrong(e, "after", "is for down and up only");
    }
    s->at = (enum fault_stage)stage;
    s->act = act->act;
    return fault_fields_read(s, in, act->has, e);
}

/* Put where it was before what is wrong. */
static void name_step(struct err *e, const char *path, bool many, size_t i)
{
    char why[600];

    snprintf(why, sizeof why, "%.599s", e->msg);
    if (many) {
        err_set(e, e->code, "%s[%zu]%s", path, i, why);
    } else {
        err_set(e, e->code, "%s%s", path, why);
    }
}

int fault_read_plan(struct fault_plan **out, json_t *list, bool any,
                    const char *path, struct err *e)
{
    bool many = json_is_array(list);
    size_t n = many ? json_array_size(list) : list != NULL ? 1 : 0;
    struct fault_plan *plan;
    int rv = 0;

    *out = NULL;
    if (n == 0) {
        return 0;
    }
    if (n > FAULT_MAX_STEPS) {
        return err_set(e, ERR_CONFIG, "%s: more than %d steps", path,
                       FAULT_MAX_STEPS);
    }
    plan = mem_zalloc(sizeof *plan);
    if (plan == NULL) {
        return err_set_uv(e, UV_ENOMEM, path);
    }
    plan->refs = 1;
    for (size_t i = 0; i < n && rv == 0; i++) {
        json_t *in = many ? json_array_get(list, i) : list;

        plan->n++;
        rv = json_is_object(in) ? read_step(&plan->steps[i], in, any, e)
                                : err_set(e, ERR_CONFIG, ": must be an object");
        if (rv != 0) {
            name_step(e, path, many, i);
        }
    }
    if (rv != 0) {
        fault_plan_free(plan);
        return rv;
    }
    *out = plan;
    return 0;
}
