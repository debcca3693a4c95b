/* SPDX-License-Identifier: Apache-2.0 */
/* test_fault_head.c - a 101's head, changed by a step of a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "fault_head.h"
#include "fault_plan.h"

#define FIRST "HTTP/1.1 101 Switching Protocols\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define UPGRADE "upgrade: websocket\r\n"
#define HEAD FIRST ACCEPT UPGRADE "\r\n"

static const struct {
    struct fault_step step;
    const char *head; /* Expected; NULL: the step is none for a head */
} cases[] = {
    {{.act = FAULT_BAD_ACCEPT},
     FIRST UPGRADE "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"
                   "\r\n"},
    {{.act = FAULT_HEADER, .name = (char[]){"x-more"}, .data = (char[]){"1"}},
     FIRST ACCEPT UPGRADE "x-more: 1\r\n\r\n"},
    {{.act = FAULT_DROP_HEADER, .name = (char[]){"Upgrade"}},
     FIRST ACCEPT "\r\n"},
    {{.act = FAULT_DROP_HEADER, .name = (char[]){"Up"}},
     HEAD}, /* No such header */
    {{.act = FAULT_DROP_HEADER, .name = (char[]){"HTTP/1.1 101 Sw"}}, HEAD},
    {{.act = FAULT_TRUNCATE, .count = 8}, "HTTP/1.1"},
    {{.act = FAULT_TRUNCATE, .count = 0}, ""},
    {{.act = FAULT_TRUNCATE, .count = 1000}, HEAD},
    {{.act = FAULT_DELAY}, NULL},
    {{.act = FAULT_TEXT}, NULL},
};

static void test_a_step_changes_the_head(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *expect = cases[i].head != NULL ? cases[i].head : HEAD;
        struct buf head;

        buf_init(&head, 4096);
        buf_adds(&head, HEAD);
        assert_int_equal(fault_head_change(&head, &cases[i].step),
                         cases[i].head != NULL);
        assert_int_equal(head.len, strlen(expect));
        assert_memory_equal(head.data, expect, head.len);
        assert_int_equal(buf_error(&head), 0);
        buf_free(&head);
    }
}

/* A limit stands for short memory. */
static void test_short_memory_is_told(void **state)
{
    const struct fault_step step = {
        .act = FAULT_HEADER, .name = (char[]){"x-more"}, .data = (char[]){"1"}};
    struct buf head;

    (void)state;
    buf_init(&head, sizeof HEAD + 2);
    buf_adds(&head, HEAD);
    assert_true(fault_head_change(&head, &step));
    assert_int_not_equal(buf_error(&head), 0);
    buf_free(&head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_step_changes_the_head),
        cmocka_unit_test(test_short_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
