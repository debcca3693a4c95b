/* SPDX-License-Identifier: Apache-2.0 */
/* test_fault_plan.c - plans of what shall go wrong: read, followed, worded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "fault_plan.h"
#include "json.h"
#include "mem.h"
#include "scarce.h"

/* A table with one plan, written with ' for ". */
static struct fault_table *table(const char *endpoint, const char *text)
{
    struct fault_table *t = fault_table_new();
    char json[1024];
    struct err e = {0};
    json_t *list;

    snprintf(json, sizeof json, "%s", text);
    for (char *p = json; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    list = js_parse(json, strlen(json), &e);
    assert_non_null(list);
    if (fault_table_set(t, endpoint, list, "$", &e) != 0) {
        fail_msg("%s", e.msg);
    }
    json_decref(list);
    return t;
}

static void test_steps_come_in_their_order_and_once(void **state)
{
    struct fault_table *t = table("e", "[{'at':'request','do':'delay','ms':7},"
                                       "{'at':'open','do':'stall'},"
                                       "{'at':'request','do':'reset'}]");
    struct fault_run run = {0};
    const struct fault_step *s;

    (void)state;
    fault_run_join(&run, t, "other");
    assert_null(run.plans[0]);
    fault_run_join(&run, t, "e");
    fault_run_join(&run, t, "e"); /* Once is enough. */
    assert_null(run.plans[1]);
    s = fault_run_next(&run, FAULT_AT_REQUEST, 0, true);
    assert_int_equal(s->act, FAULT_DELAY);
    assert_int_equal(s->ms, 7);
    s = fault_run_next(&run, FAULT_AT_REQUEST, 0, true);
    assert_int_equal(s->act, FAULT_RESET);
    assert_null(fault_run_next(&run, FAULT_AT_REQUEST, 0, true));
    s = fault_run_next(&run, FAULT_AT_OPEN, 0, true);
    assert_int_equal(s->act, FAULT_STALL);
    fault_run_leave(&run);
    fault_table_free(t);
}

static void test_a_step_ends_after_its_times(void **state)
{
    struct fault_table *t =
        table("e", "{'at':'request','do':'reset','times':2}");

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct fault_run run = {0};

        fault_run_join(&run, t, "e");
        assert_int_equal(
            fault_run_next(&run, FAULT_AT_REQUEST, 0, true) != NULL, i < 2);
        fault_run_leave(&run);
    }
    fault_table_free(t);
}

static void test_bytes_decide_in_the_stream(void **state)
{
    struct fault_table *t =
        table("*", "[{'at':'down','after':10,'do':'text','text':'x'},"
                   "{'at':'down','after':20,'do':'reset'}]");
    struct fault_run run = {0};

    (void)state;
    fault_run_join(&run, t, "*");
    assert_int_equal(fault_run_distance(&run, FAULT_AT_DOWN, 0), 10);
    assert_int_equal(fault_run_distance(&run, FAULT_AT_UP, 0), UINT64_MAX);
    assert_null(fault_run_next(&run, FAULT_AT_DOWN, 9, true));
    /* A frame of our own waits for the end of another. */
    assert_null(fault_run_next(&run, FAULT_AT_DOWN, 10, false));
    assert_int_equal(fault_run_distance(&run, FAULT_AT_DOWN, 10), 10);
    assert_int_equal(fault_run_next(&run, FAULT_AT_DOWN, 12, true)->act,
                     FAULT_TEXT);
    assert_int_equal(fault_run_next(&run, FAULT_AT_DOWN, 20, false)->act,
                     FAULT_RESET);
    assert_int_equal(fault_run_distance(&run, FAULT_AT_DOWN, 20), UINT64_MAX);
    fault_run_leave(&run);
    fault_table_free(t);
}

/* A connection goes on with the plan it began with. */
static void test_a_plan_outlives_the_table(void **state)
{
    struct fault_table *t = table("e", "{'at':'open','do':'reset'}");
    struct fault_run run = {0};

    (void)state;
    fault_run_join(&run, t, "e");
    fault_table_clear(t);
    assert_true(fault_table_empty(t));
    assert_non_null(fault_run_next(&run, FAULT_AT_OPEN, 0, true));
    fault_run_leave(&run);
    fault_table_free(t);
}

static void test_what_is_no_plan_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *json, *want;
    } cases[] = {
        {"{}", "$.at: must be"},
        {"[1]", "$[0]: must be an object"},
        {"[{\"at\":\"open\"}]", "$[0].do: is no known"},
        {"{\"at\":\"open\",\"do\":\"refuse\"}", "$.at: this fault is not"},
        {"{\"at\":\"accept\",\"do\":\"reset\"}", "$.at: nobody knows"},
        {"{\"at\":\"open\",\"do\":\"reset\",\"after\":1}", "$.after: is for"},
        {"{\"at\":\"down\",\"do\":\"reset\",\"after\":-1}", "$.after: must be"},
        {"{\"at\":\"down\",\"do\":\"reset\",\"ms\":1}", "$.ms: is unknown"},
        {"{\"at\":\"hello\",\"do\":\"certificate\",\"flaw\":\"ugly\"}",
         "$.flaw: must be"},
        {"{\"at\":\"open\",\"do\":\"send\"}", "$.text: must be"},
        {"{\"at\":\"open\",\"do\":\"send\",\"hex\":\"0\"}", "$.hex: must be"},
        {"{\"at\":\"open\",\"do\":\"close\",\"code\":70000}",
         "$.code: must be a number"},
        {"{\"at\":\"open\",\"do\":\"close\",\"payload\":1}",
         "$.payload: must be"},
        {"{\"at\":\"answer\",\"do\":\"header\",\"value\":\"x\"}",
         "$.name: must be"},
        {"{\"at\":\"request\",\"do\":\"refuse\",\"headers\":[]}",
         "$.headers: must be"},
        {"{\"at\":\"request\",\"do\":\"refuse\",\"headers\":{\"a\":1}}",
         "$.headers: must hold"},
        {"{\"at\":\"request\",\"do\":\"refuse\",\"status\":7}",
         "$.status: must be"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault_table *t = fault_table_new();
        struct err e = {0};
        json_t *list = js_parse(cases[i].json, strlen(cases[i].json), &e);

        assert_non_null(list);
        assert_int_not_equal(fault_table_set(t, "e", list, "$", &e), 0);
        if (strncmp(e.msg, cases[i].want, strlen(cases[i].want)) != 0) {
            fail_msg("%s: %s", cases[i].json, e.msg);
        }
        assert_true(fault_table_empty(t));
        json_decref(list);
        fault_table_free(t);
    }
}

static void test_reading_survives_short_memory(void **state)
{
    static const char json[] =
        "[{\"at\":\"request\",\"do\":\"refuse\",\"body\":\"b\","
        "\"headers\":{\"a\":\"b\"}},"
        "{\"at\":\"answer\",\"do\":\"header\",\"name\":\"n\",\"value\":\"v\"},"
        "{\"at\":\"open\",\"do\":\"close\",\"payload\":\"03\"}]";
    struct err e = {0};
    json_t *list = js_parse(json, sizeof json - 1, &e);
    int rv = -1;

    (void)state;
    for (int n = 1; rv != 0; n++) {
        struct fault_table *t = fault_table_new();
        struct scarce scarce = {.left = n - 1};

        assert_true(n < 100);
        mem_set_hook(scarce_one, &scarce);
        rv = fault_table_set(t, "e", list, "$", &e);
        mem_set_hook(NULL, NULL);
        assert_int_equal(fault_table_empty(t), rv != 0);
        fault_table_free(t);
    }
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_come_in_their_order_and_once),
        cmocka_unit_test(test_a_step_ends_after_its_times),
        cmocka_unit_test(test_bytes_decide_in_the_stream),
        cmocka_unit_test(test_a_plan_outlives_the_table),
        cmocka_unit_test(test_what_is_no_plan_is_refused_with_its_place),
        cmocka_unit_test(test_reading_survives_short_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
