/* SPDX-License-Identifier: Apache-2.0 */
/* test_codec.c - hex, base64, percent, times, UUIDs: text and bytes, both
 * ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base64.h"
#include "buf.h"
#include "columns.h"
#include "err.h"
#include "hex.h"
#include "iso8601.h"
#include "percent.h"
#include "uuid.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void test_hex_both_ways(void **state)
{
    unsigned char bytes[256];
    unsigned char back[256];
    char text[513];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)i;
    }
    hex_encode(text, bytes, sizeof bytes);
    assert_int_equal(strlen(text), 512);
    assert_memory_equal(text, "000102", 6);
    assert_string_equal(text + 506, "fdfeff");
    assert_true(hex_decode(back, text, 512));
    assert_memory_equal(bytes, back, sizeof bytes);
    assert_true(hex_decode(back, "AbFf", 4));
    assert_memory_equal(back, "\xab\xff", 2);
    assert_true(hex_decode(back, "", 0));
    assert_false(hex_decode(back, "abc", 3));
    assert_false(hex_decode(back, "ag", 2));
    assert_false(hex_decode(back, "0x", 2));
    assert_int_equal(hex_digit('/'), -1);
    assert_int_equal(hex_digit(':'), -1);
    assert_int_equal(hex_digit('@'), -1);
    assert_int_equal(hex_digit('`'), -1);
}

static void test_base64_rfc4648_vectors(void **state)
{
    static const struct {
        const char *plain;
        const char *coded;
        const char *url;
    } rows[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+", "-__-"},
    };
    struct buf b;
    size_t i;

    (void)state;
    buf_init(&b, 100);
    for (i = 0; i < COUNT(rows); i++) {
        buf_clear(&b);
        base64_encode(&b, rows[i].plain, strlen(rows[i].plain));
        assert_string_equal(buf_str(&b), rows[i].coded);
        buf_clear(&b);
        base64url_encode(&b, rows[i].plain, strlen(rows[i].plain));
        assert_string_equal(buf_str(&b), rows[i].url);
        buf_clear(&b);
        assert_int_equal(
            base64_decode(&b, rows[i].coded, strlen(rows[i].coded)), 0);
        assert_string_equal(buf_str(&b), rows[i].plain);
        buf_clear(&b);
        assert_int_equal(base64url_decode(&b, rows[i].url, strlen(rows[i].url)),
                         0);
        assert_string_equal(buf_str(&b), rows[i].plain);
    }
    buf_free(&b);
}

static void test_base64_is_strict(void **state)
{
    static const char *const bad[] = {
        "Z",    "Zg",       "Zg=",   "Zg===",      "=",     "====",
        "Zm=v", "Zh==",     "Zm9=",  "Zm9v=",      "Zm 9v", "Zm9v\n",
        "-__-", "Zg==Zg==", "Zm9v!", "\xc3\xa9==",
    };
    static const char *const bad_url[] = {"Zg==", "+//+", "Z", "Zh", "Zm9v "};
    struct buf b;
    size_t i;

    (void)state;
    buf_init(&b, 100);
    buf_adds(&b, "kept");
    for (i = 0; i < COUNT(bad); i++) {
        assert_int_equal(base64_decode(&b, bad[i], strlen(bad[i])), ERR_PARSE);
        assert_string_equal(buf_str(&b), "kept");
    }
    for (i = 0; i < COUNT(bad_url); i++) {
        assert_int_equal(base64url_decode(&b, bad_url[i], strlen(bad_url[i])),
                         ERR_PARSE);
        assert_string_equal(buf_str(&b), "kept");
    }
    assert_int_equal(base64_decode_spaced(&b, "\r\n Zm\t9\nvYg = =\n", 16), 0);
    assert_string_equal(buf_str(&b), "keptfoob");
    assert_int_equal(base64_decode_spaced(&b, "Zg==\vx", 6), ERR_PARSE);
    buf_free(&b);
}

static void test_base64_over_the_limit(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 2);
    assert_int_equal(base64_decode(&b, "Zm9v", 4), ERR_TOO_BIG);
    buf_free(&b);
}

static void test_percent_encodes_all_but_unreserved(void **state)
{
    struct buf b;
    char byte;
    int i;

    (void)state;
    buf_init(&b, 1000);
    percent_encode(&b, "Az09-._~", 8);
    assert_string_equal(buf_str(&b), "Az09-._~");
    for (i = 0; i < 256; i++) {
        char want[4];

        byte = (char)i;
        if (i != 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                             "uvwxyz0123456789-._~",
                             i) != NULL) {
            continue;
        }
        buf_clear(&b);
        percent_encode(&b, &byte, 1);
        snprintf(want, sizeof want, "%%%02X", i);
        assert_string_equal(buf_str(&b), want);
    }
    buf_clear(&b);
    percent_encode_path(&b, "/a b/\xc3\xa9", 7);
    assert_string_equal(buf_str(&b), "/a%20b/%C3%A9");
    buf_clear(&b);
    percent_form_pair(&b, "Action", "a b");
    percent_form_pair(&b, "Filter.1.Name", "tag:x/y");
    assert_string_equal(buf_str(&b), "Action=a+b&Filter.1.Name=tag%3Ax%2Fy");
    buf_clear(&b);
    percent_query_pair(&b, "a b", "2001:db8::5");
    percent_query_pair(&b, "c", "");
    assert_string_equal(buf_str(&b), "a%20b=2001%3Adb8%3A%3A5&c=");
    buf_free(&b);
}

static void test_percent_decodes_strictly(void **state)
{
    static const char *const bad[] = {"%", "%4", "a%4", "%4g", "%g4", "%%41"};
    struct buf b;
    size_t i;

    (void)state;
    buf_init(&b, 100);
    assert_int_equal(percent_decode(&b, "a%2Fb%2fc+d", 11), 0);
    assert_string_equal(buf_str(&b), "a/b/c+d");
    buf_clear(&b);
    assert_int_equal(percent_decode_form(&b, "a+b%2B%00", 9), 0);
    assert_int_equal(b.len, 5);
    assert_memory_equal(b.data, "a b+", 5);
    buf_clear(&b);
    for (i = 0; i < COUNT(bad); i++) {
        assert_int_equal(percent_decode(&b, bad[i], strlen(bad[i])), ERR_PARSE);
        assert_int_equal(b.len, 0);
    }
    buf_free(&b);
}

static void test_times_are_written_in_every_form(void **state)
{
    char text[32];

    (void)state;
    iso8601_basic(text, 1767323045);
    assert_string_equal(text, "20260102T030405Z");
    iso8601_extended(text, 1767323045);
    assert_string_equal(text, "2026-01-02T03:04:05Z");
    iso8601_offset(text, 1767323045);
    assert_string_equal(text, "2026-01-02T03:04:05+00:00");
    iso8601_millis(text, INT64_C(1767323045006));
    assert_string_equal(text, "2026-01-02T03:04:05.006Z");
    iso8601_millis(text, -1);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    http_date(text, 1767323045);
    assert_string_equal(text, "Fri, 02 Jan 2026 03:04:05 GMT");
    http_date(text, 0);
    assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
    iso8601_extended(text, INT64_MIN);
    assert_string_equal(text, "0001-01-01T00:00:00Z");
    iso8601_extended(text, INT64_MAX);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
}

/* Every day of 800 years, and the second before each, survives the trip. */
static void test_times_survive_the_round_trip(void **state)
{
    int64_t day;

    (void)state;
    for (day = -200000; day < 92500; day++) {
        char text[32];
        int64_t back;

        iso8601_extended(text, day * 86400);
        assert_int_equal(iso8601_parse(text, &back, NULL), 0);
        assert_int_equal(back, day * 86400);
        http_date(text, day * 86400 - 1);
        assert_int_equal(http_date_parse(text, &back), 0);
        assert_int_equal(back, day * 86400 - 1);
    }
}

static void test_times_are_read_in_every_form(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
        int millis;
    } rows[] = {
        {"20260102T030405Z", 1767323045, 0},
        {"2026-01-02T03:04:05Z", 1767323045, 0},
        {"2026-01-02T03:04:05UTC", 1767323045, 0},
        {"2026-01-02T03:04:05+00:00", 1767323045, 0},
        {"2026-01-02T03:04:05.006Z", 1767323045, 6},
        {"2026-01-02T03:04:05.9Z", 1767323045, 900},
        {"2026-01-02T03:04:05.123456789Z", 1767323045, 123},
        {"2026-01-02T05:34:05+02:30", 1767323045, 0},
        {"2026-01-01T22:04:05-0500", 1767323045, 0},
        {"2026-01-02 03:04:05Z", 1767323045, 0},
        {"2026-01-02", 1767312000, 0},
        {"1970-01-01T00:00:00Z", 0, 0},
        {"2000-02-29T00:00:00Z", 951782400, 0},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800), 0},
    };
    static const char *const bad[] = {
        "",
        "2026",
        "2026-1-02T03:04:05Z",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04:05ZZ",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04Z",
        "2026-01-02T24:00:00Z",
        "2026-01-02T03:60:05Z",
        "2026-01-02T03:04:60Z",
        "2026-13-02T03:04:05Z",
        "2026-00-02T03:04:05Z",
        "2026-02-29T03:04:05Z",
        "1900-02-29T03:04:05Z",
        "2026-01-00T03:04:05Z",
        "0000-01-01T00:00:00Z",
        "20260102T03:04:05Z",
        "2026-01-02T030405Z",
        "2026-01-02T03:04:05+2",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05 UTC",
        " 2026-01-02T03:04:05Z",
    };
    int64_t seconds;
    int millis;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_int_equal(iso8601_parse(rows[i].text, &seconds, &millis), 0);
        assert_int_equal(seconds, rows[i].seconds);
        assert_int_equal(millis, rows[i].millis);
    }
    for (i = 0; i < COUNT(bad); i++) {
        assert_int_equal(iso8601_parse(bad[i], &seconds, &millis), ERR_PARSE);
    }
    assert_int_equal(http_date_parse("Fri, 02 Jan 2026 03:04:05 GMT", &seconds),
                     0);
    assert_int_equal(seconds, 1767323045);
    assert_int_equal(http_date_parse("Fri, 02 Jxn 2026 03:04:05 GMT", &seconds),
                     ERR_PARSE);
    assert_int_equal(http_date_parse("Fri, 02 Jan 2026 03:04:05 UTC", &seconds),
                     ERR_PARSE);
    assert_int_equal(http_date_parse("Fri, 02 Jan", &seconds), ERR_PARSE);
}

static void test_columns_of_text(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
    } rows[] = {
        {"", 0},
        {"web-1", 5},
        {"Caf\xc3\xa9", 4},
        {"Cafe\xcc\x81", 4},                     /* The accent on its own */
        {"\xe6\x9d\xb1\xe4\xba\xac", 4},         /* Tokyo */
        {"\xef\xbd\xb6\xef\xbc\xb0", 3},         /* Half and full width */
        {"\xed\x95\x9c", 2},                     /* Hangul */
        {"\xf0\x9f\x9a\x80!", 3},                /* A rocket */
        {"\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", 2}, /* A thumb, and its skin */
        {"\xf0\xa0\x80\x80", 2},                 /* Beyond the BMP */
        {"\xf4\x8f\xbf\xbf", 1},                 /* The last one */
        {"\xff\x80\xc3", 3},                     /* Not UTF-8 */
        {"\xe6\x9d", 2},                         /* Cut short */
        {"\xe6"
         "a\xb1",
         3},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(columns(rows[i].text), rows[i].columns);
    }
}

/* Version and variant are set, every other bit is the given one. */
static void test_uuids(void **state)
{
    static const unsigned char zeros[16],
        counted[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                       0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe};
    unsigned char ones[16];
    char text[UUID_SIZE];

    (void)state;
    memset(ones, 0xff, sizeof ones);
    uuid_v4(text, zeros);
    assert_string_equal(text, "00000000-0000-4000-8000-000000000000");
    uuid_v4(text, ones);
    assert_string_equal(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    uuid_v4(text, counted);
    assert_string_equal(text, "01234567-89ab-4def-9032-547698badcfe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex_both_ways),
        cmocka_unit_test(test_base64_rfc4648_vectors),
        cmocka_unit_test(test_base64_is_strict),
        cmocka_unit_test(test_base64_over_the_limit),
        cmocka_unit_test(test_percent_encodes_all_but_unreserved),
        cmocka_unit_test(test_percent_decodes_strictly),
        cmocka_unit_test(test_times_are_written_in_every_form),
        cmocka_unit_test(test_times_survive_the_round_trip),
        cmocka_unit_test(test_times_are_read_in_every_form),
        cmocka_unit_test(test_columns_of_text),
        cmocka_unit_test(test_uuids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
