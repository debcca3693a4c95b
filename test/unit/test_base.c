/* SPDX-License-Identifier: Apache-2.0 */
/* test_base.c - buffers, errors, log thresholds, state machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "mem.h"
#include "scarce.h"
#include "sm.h"
#include "tame.h"
#include "wipe_alloc.h"

static void test_buf_grows_and_keeps_its_bytes(void **state)
{
    struct buf b;
    size_t i;

    (void)state;
    buf_init(&b, 10000);
    for (i = 0; i < 1000; i++) {
        buf_addf(&b, "%03zu,", i);
    }
    assert_int_equal(buf_error(&b), 0);
    assert_int_equal(b.len, 4000);
    assert_memory_equal(b.data + 3996, "999,", 5);
    buf_consume(&b, 3996);
    assert_string_equal(buf_str(&b), "999,");
    buf_free(&b);
}

static void test_buf_over_its_limit_stays_failed(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4);
    buf_adds(&b, "abcd");
    assert_int_equal(buf_error(&b), 0);
    buf_addc(&b, 'e');
    assert_int_equal(buf_error(&b), ERR_TOO_BIG);
    buf_consume(&b, 4);
    buf_addc(&b, 'f');
    assert_int_equal(buf_error(&b), ERR_TOO_BIG);
    assert_null(buf_detach(&b));
    buf_clear(&b);
    buf_addc(&b, 'g');
    assert_string_equal(buf_str(&b), "g");
    buf_free(&b);
}

static void test_buf_survives_lack_of_memory(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    mem_set_hook(scarce_after, NULL);
    buf_adds(&b, "x");
    mem_set_hook(NULL, NULL);
    assert_int_equal(buf_error(&b), UV_ENOMEM);
    assert_string_equal(buf_str(&b), "");
    buf_free(&b);
}

static void test_err_wraps_outward_on_one_line(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(err_set(&e, ERR_UPGRADE, "HTTP %d: a\nb", 403),
                     ERR_UPGRADE);
    err_hint(&e, "ask %s", "IAM");
    err_wrap(&e, "upgrade");
    err_wrap(&e, "open tunnel");
    assert_string_equal(e.msg, "open tunnel: upgrade: HTTP 403: a b");
    assert_string_equal(e.hint, "ask IAM");
    assert_int_equal(e.code, ERR_UPGRADE);
    assert_int_equal(err_kind(ERR_USAGE), ERR_KIND_USAGE);
    assert_int_equal(err_kind(UV_EPIPE), ERR_KIND_OTHER);
    assert_string_equal(err_name(ERR_DNS), "ERR_DNS");
    assert_string_equal(err_name(UV_ETIMEDOUT), "ETIMEDOUT");
    assert_int_equal(err_set(NULL, ERR_DNS, "nobody listens"), ERR_DNS);
}

static void test_tame_leaves_only_what_can_be_shown(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"a\r\nb\tc\x1b[1m\x7f", "a  b c [1m "},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xc2\x9b"
         "31m\xc2\xa0\xc2",
         "  31m\xc2\xa0\xc2"},
    };
    char text[40];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        strcpy(text, rows[i][0]);
        tame(text);
        assert_string_equal(text, rows[i][1]);
    }
}

/* Remember the last line. */
static void keep_line(void *data, enum log_level level, enum log_group group,
                      unsigned id, const char *line)
{
    (void)level;
    (void)group;
    (void)id;
    strcpy(data, line);
}

static void test_log_thresholds_follow_the_spec(void **state)
{
    struct err e;
    struct log log;
    char line[2048] = "";

    (void)state;
    log_init(&log, LOG_L_WARN, keep_line, line);
    assert_int_equal(log_configure(&log, "tls,ws:trace,api:info,net", &e), 0);
    assert_true(log_on(&log, LOG_G_WS, LOG_L_TRACE));
    assert_true(log_on(&log, LOG_G_TLS, LOG_L_TRACE));
    assert_true(log_on(&log, LOG_G_API, LOG_L_INFO));
    assert_false(log_on(&log, LOG_G_API, LOG_L_DEBUG));
    assert_true(log_on(&log, LOG_G_NET, LOG_L_DEBUG));
    assert_false(log_on(&log, LOG_G_MAIN, LOG_L_INFO));
    assert_false(log_on(NULL, LOG_G_MAIN, LOG_L_ERROR));
    log_debug(&log, API, 0, "no");
    assert_string_equal(line, "");
    log_info(&log, API, 0, "took %d ms", 3);
    assert_string_equal(line, "took 3 ms");
    log_info(&log, API, 0, "reason: %s", "x\n\x1b[2J");
    assert_string_equal(line, "reason: x  [2J");
    assert_int_equal(log_configure(&log, "loud", &e), ERR_USAGE);
}

static void test_log_url_hides_user_and_query(void **state)
{
    char out[200];

    (void)state;
    assert_string_equal(
        log_url(out, sizeof out, "wss://h:443/openTunnel?X-Amz-Signature=1"),
        "wss://h:443/openTunnel?...");
    assert_string_equal(log_url(out, sizeof out, "http://me:pw@proxy:3128"),
                        "http://proxy:3128");
    assert_string_equal(log_url(out, sizeof out, "http://h/a@b"),
                        "http://h/a@b");
}

static void test_sm_moves_and_says_so(void **state)
{
    static const char *const names[] = {"idle", "busy"};
    static const unsigned next[] = {SM_BIT(1), SM_BIT(0)};
    static const struct sm_table table = {"thing", LOG_G_MAIN, names, next, 2};
    struct log log;
    struct sm sm;
    char line[2048] = "";

    (void)state;
    log_init(&log, LOG_L_DEBUG, keep_line, line);
    sm_init(&sm, &table, &log, 7);
    sm_move(&sm, 1);
    assert_string_equal(line, "thing: idle -> busy");
    assert_string_equal(sm_name(&sm), "busy");
}

static void test_wiping_allocator(void **state)
{
    volatile size_t huge = SIZE_MAX - 8;
    unsigned char *p, *zeros;
    char *text;
    size_t i;

    (void)state;
    p = wipe_realloc(NULL, 3);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
    memcpy(p, "abc", 3);
    p = wipe_realloc(p, 100000);
    assert_memory_equal(p, "abc", 3);
    p = wipe_mem_realloc(p, 2);
    assert_memory_equal(p, "ab", 2);
    wipe_dealloc(p);
    zeros = wipe_calloc(100, 3);
    for (i = 0; i < 300; i++) {
        assert_int_equal(zeros[i], 0);
    }
    wipe_dealloc(zeros);
    text = wipe_strdup("text");
    assert_string_equal(text, "text");
    wipe_dealloc(text);
    p = wipe_malloc(0);
    assert_non_null(p);
    wipe_dealloc(p);
    wipe_dealloc(NULL);
    /* As an attacker's length would make it */
    assert_null(wipe_malloc(huge));
    assert_null(wipe_mem_alloc(huge));
    assert_null(wipe_calloc(huge, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wiping_allocator),
        cmocka_unit_test(test_buf_grows_and_keeps_its_bytes),
        cmocka_unit_test(test_buf_over_its_limit_stays_failed),
        cmocka_unit_test(test_buf_survives_lack_of_memory),
        cmocka_unit_test(test_err_wraps_outward_on_one_line),
        cmocka_unit_test(test_tame_leaves_only_what_can_be_shown),
        cmocka_unit_test(test_log_thresholds_follow_the_spec),
        cmocka_unit_test(test_log_url_hides_user_and_query),
        cmocka_unit_test(test_sm_moves_and_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
