/* SPDX-License-Identifier: Apache-2.0 */
/* test_ws_frame.c - masking, sealing, and decoding every way input can be cut.
 *
 * The decoder is run over each case whole, one byte at a time, and at every
 * single cut; what it found is written down as text and must be the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ws_frame.h"
#include "ws_keys.h"

/* Masked the slow way. */
static void mask_slowly(uint8_t *p, size_t len, const uint8_t key[4],
                        size_t offset)
{
    size_t i;

    for (i = 0; i < len; i++) {
        p[i] = (uint8_t)(p[i] ^ key[(offset + i) % 4]);
    }
}

static void test_mask_any_length_offset_and_alignment(void **state)
{
    static const uint8_t key[4] = {0x12, 0x00, 0xff, 0xa5};
    uint8_t fast[400];
    uint8_t slow[400];
    size_t align;
    size_t len;
    size_t i;

    (void)state;
    for (len = 0; len < 300; len++) {
        for (align = 0; align < 9; align++) {
            for (i = 0; i < sizeof fast; i++) {
                fast[i] = slow[i] = (uint8_t)(i * 7);
            }
            ws_mask(fast + align, len, key, len + align);
            mask_slowly(slow + align, len, key, len + align);
            assert_memory_equal(fast, slow, sizeof fast);
        }
    }
}

static void test_mask_in_pieces_is_mask_whole(void **state)
{
    static const uint8_t key[4] = {1, 2, 3, 4};
    uint8_t whole[200] = {0};
    uint8_t pieces[200] = {0};
    size_t cut;

    (void)state;
    ws_mask(whole, sizeof whole, key, 0);
    for (cut = 0; cut <= sizeof pieces; cut++) {
        memset(pieces, 0, sizeof pieces);
        ws_mask(pieces, cut, key, 0);
        ws_mask(pieces + cut, sizeof pieces - cut, key, cut);
        assert_memory_equal(pieces, whole, sizeof whole);
    }
}

/* The example of RFC 6455 section 5.7: a masked "Hello". */
static void test_seal_as_the_rfc_shows(void **state)
{
    static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
    static const uint8_t expect[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d,
                                     0x7f, 0x9f, 0x4d, 0x51, 0x58};
    uint8_t room[WS_HEAD_MAX + 5];
    uint8_t *frame;

    (void)state;
    memcpy(room + WS_HEAD_MAX, "Hello", 5);
    frame = ws_seal(room + WS_HEAD_MAX, 5, WS_TEXT, key);
    assert_ptr_equal(frame + sizeof expect, room + sizeof room);
    assert_memory_equal(frame, expect, sizeof expect);
}

static void test_seal_takes_the_shortest_length(void **state)
{
    static const struct {
        size_t len;
        size_t head;
        uint8_t bytes[10];
    } rows[] = {
        {0, 6, {0x82, 0x80}},
        {1, 6, {0x82, 0x81}},
        {125, 6, {0x82, 0xfd}},
        {126, 8, {0x82, 0xfe, 0, 126}},
        {65535, 8, {0x82, 0xfe, 0xff, 0xff}},
        {65536, 14, {0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0}},
        {70000, 14, {0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70}},
    };
    static const uint8_t key[4] = {9, 8, 7, 6};
    uint8_t *room = calloc(1, WS_HEAD_MAX + 70000);
    size_t i;

    (void)state;
    assert_non_null(room);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *payload = room + WS_HEAD_MAX;
        uint8_t *frame = ws_seal(payload, rows[i].len, WS_BINARY, key);

        assert_int_equal(ws_head_len(rows[i].len), rows[i].head);
        assert_int_equal(payload - frame, rows[i].head);
        assert_memory_equal(frame, rows[i].bytes, rows[i].head - 4);
        assert_memory_equal(payload - 4, key, 4);
        ws_mask(payload, rows[i].len, key, 0);
    }
    free(room);
}

static void test_keys_are_fresh_and_forgotten(void **state)
{
    enum { DRAWS = 3 * WS_KEYS_BATCH };
    static const uint8_t zero[4];
    struct ws_keys keys = {0};
    uint8_t seen[DRAWS][4];
    int same = 0;
    int i;
    int j;

    (void)state;
    for (i = 0; i < DRAWS; i++) {
        assert_int_equal(ws_keys_next(&keys, seen[i]), 0);
        assert_memory_equal(keys.pool[keys.left], zero, 4);
        for (j = 0; j < i; j++) {
            same += memcmp(seen[i], seen[j], 4) == 0;
        }
    }
    /* By chance one pair in a million runs; never more. */
    assert_true(same <= 1);
    ws_keys_wipe(&keys);
    assert_int_equal(keys.left, 0);
}

/* Append one line about @item to @out; slices of one message are joined. */
static void note(char *out, size_t size, const struct ws_item *item)
{
    size_t n = strlen(out);
    size_t i;

    if (item->type == WS_ITEM_BAD) {
        snprintf(out + n, size - n, "BAD %u %s|", item->code, item->why);
        return;
    }
    if (item->type == WS_ITEM_CLOSE) {
        n += (size_t)snprintf(out + n, size - n, "CLOSE %u ", item->code);
    } else if (item->type == WS_ITEM_PING || item->type == WS_ITEM_PONG) {
        n += (size_t)snprintf(out + n, size - n, "%s ",
                              item->type == WS_ITEM_PING ? "PING" : "PONG");
    }
    for (i = 0; i < item->len && n + 2 < size; i++) {
        out[n++] = (char)item->data[i];
    }
    if (item->type != WS_ITEM_DATA || item->end) {
        out[n++] = '|';
    }
    out[n] = '\0';
}

/* Decode @len bytes handed over in pieces of @step, the first one @first. */
static void decode(const uint8_t *data, size_t len, size_t first, size_t step,
                   char *out, size_t size)
{
    struct ws_decoder d;
    struct ws_item item;
    size_t pos = 0;
    size_t n = first;

    out[0] = '\0';
    ws_decoder_init(&d);
    while (pos < len) {
        size_t end = pos + n < len ? pos + n : len;

        do {
            pos += ws_decode(&d, data + pos, end - pos, &item);
            assert_true(pos <= end);
            if (item.type != WS_ITEM_NONE) {
                note(out, size, &item);
            }
            if (item.type == WS_ITEM_BAD) {
                /* It stays so. */
                assert_int_equal(ws_decode(&d, data, len, &item), 0);
                assert_int_equal(item.type, WS_ITEM_BAD);
                return;
            }
        } while (item.type != WS_ITEM_NONE);
        assert_int_equal(pos, end);
        n = step;
    }
    if (ws_decoder_midway(&d)) {
        strcat(out, "...");
    }
}

/* Decode @data in every way and compare with @expect. */
static void check(const void *data, size_t len, const char *expect)
{
    char out[4096];
    size_t cut;

    decode(data, len, len, len, out, sizeof out);
    assert_string_equal(out, expect);
    decode(data, len, 1, 1, out, sizeof out);
    assert_string_equal(out, expect);
    for (cut = 1; cut < len && cut < 300; cut++) {
        decode(data, len, cut, len, out, sizeof out);
        assert_string_equal(out, expect);
    }
}

struct row {
    const char *bytes;
    size_t len;
    const char *expect;
};

#define ROW(bytes, expect)                                                     \
    {                                                                          \
        bytes, sizeof(bytes) - 1, expect                                       \
    }

static void check_rows(const struct row *rows, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        check(rows[i].bytes, rows[i].len, rows[i].expect);
    }
}

static void test_decode_what_is_allowed(void **state)
{
    static const struct row rows[] = {
        ROW("\x82\x03"
            "abc",
            "abc|"),
        ROW("\x82\x00", "|"),
        ROW("\x82\x00\x82\x00\x82\x01x", "||x|"),
        /* Fragments, empty ones among them. */
        ROW("\x02\x01"
            "a"
            "\x00\x01"
            "b"
            "\x80\x01"
            "c",
            "abc|"),
        ROW("\x02\x00\x00\x00\x80\x00", "|"),
        ROW("\x02\x01"
            "a"
            "\x80\x00",
            "a|"),
        ROW("\x02\x01"
            "a"
            "\x80\x00"
            "\x82\x01"
            "b",
            "a|b|"),
        /* Control frames between fragments. */
        ROW("\x02\x01"
            "a"
            "\x89\x02"
            "hi"
            "\x80\x01"
            "b",
            "aPING hi|b|"),
        ROW("\x02\x01"
            "a"
            "\x8a\x00"
            "\x80\x01"
            "b",
            "aPONG |b|"),
        ROW("\x89\x00\x8a\x01x", "PING |PONG x|"),
        /* CLOSE, with and without a code; nothing after it matters. */
        ROW("\x88\x00", "CLOSE 1005 |"),
        ROW("\x88\x02\x03\xe8", "CLOSE 1000 |"),
        ROW("\x88\x04\x03\xf3no", "CLOSE 1011 no|"),
        ROW("\x88\x06\x0f\xa0gr\xc3\xbc", "CLOSE 4000 gr\xc3\xbc|"),
        ROW("\x88\x00\xff\xff\xff\x82\x01x", "CLOSE 1005 |"),
        ROW("\x82\x01x\x88\x02\x03\xe9", "x|CLOSE 1001 |"),
        /* Cut off inside a header, a payload, a message. */
        ROW("\x82", "..."),
        ROW("\x82\x7e\x01", "..."),
        ROW("\x82\x03"
            "ab",
            "ab..."),
        ROW("\x02\x02"
            "ab",
            "ab..."),
        ROW("\x89\x05"
            "ab",
            "..."),
    };

    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void test_decode_names_every_violation(void **state)
{
    static const struct row rows[] = {
        ROW("\xc2\x00", "BAD 1002 a reserved bit is set|"),
        ROW("\xa2\x00", "BAD 1002 a reserved bit is set|"),
        ROW("\x92\x00", "BAD 1002 a reserved bit is set|"),
        ROW("\x83\x00", "BAD 1002 an unknown opcode|"),
        ROW("\x87\x00", "BAD 1002 an unknown opcode|"),
        ROW("\x8b\x00", "BAD 1002 an unknown opcode|"),
        ROW("\x8f\x00", "BAD 1002 an unknown opcode|"),
        ROW("\x81\x01x", "BAD 1003 a text message|"),
        ROW("\x01\x01x", "BAD 1003 a text message|"),
        ROW("\x80\x01x", "BAD 1002 a continuation of nothing|"),
        ROW("\x82\x01x\x80\x01x", "x|BAD 1002 a continuation of nothing|"),
        ROW("\x02\x01x\x82\x01y",
            "xBAD 1002 a new message inside a fragmented one|"),
        ROW("\x02\x01x\x81\x01y",
            "xBAD 1002 a new message inside a fragmented one|"),
        ROW("\x09\x00", "BAD 1002 a fragmented control frame|"),
        ROW("\x08\x00", "BAD 1002 a fragmented control frame|"),
        ROW("\x0a\x00", "BAD 1002 a fragmented control frame|"),
        ROW("\x89\x7e\x00\x7e", "BAD 1002 a control frame over 125 bytes|"),
        ROW("\x88\x7f", "BAD 1002 a control frame over 125 bytes|"),
        ROW("\x82\x81\x01\x02\x03\x04x",
            "BAD 1002 a masked frame from the server|"),
        ROW("\x89\x80", "BAD 1002 a masked frame from the server|"),
        ROW("\x82\x7e\x00\x7d", "BAD 1002 a length in more bytes than needed|"),
        ROW("\x82\x7f\0\0\0\0\0\0\xff\xff",
            "BAD 1002 a length in more bytes than needed|"),
        ROW("\x82\x7f\x80\0\0\0\0\0\0\0", "BAD 1002 a length of 2^63 or more|"),
        ROW("\x88\x01x", "BAD 1002 half a close code|"),
        ROW("\x88\x02\x00\x00", "BAD 1002 a close code nobody may send|"),
        ROW("\x88\x02\x03\xe7", "BAD 1002 a close code nobody may send|"),
        ROW("\x88\x02\x03\xec", "BAD 1002 a close code nobody may send|"),
        ROW("\x88\x02\x03\xed", "BAD 1002 a close code nobody may send|"),
        ROW("\x88\x02\x03\xee", "BAD 1002 a close code nobody may send|"),
        ROW("\x88\x02\x03\xf7", "BAD 1002 a close code nobody may send|"),
        ROW("\x88\x02\x0b\xb7", "BAD 1002 a close code nobody may send|"),
        ROW("\x88\x02\x13\x88", "BAD 1002 a close code nobody may send|"),
        ROW("\x88\x02\xff\xff", "BAD 1002 a close code nobody may send|"),
        ROW("\x88\x04\x03\xe8\xc3(", "BAD 1007 a close reason that is not "
                                     "UTF-8|"),
    };

    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void test_decode_long_lengths(void **state)
{
    char expect[4000];
    uint8_t frame[4 + 3000];

    (void)state;
    memset(frame, 'z', sizeof frame);
    memcpy(frame, "\x82\x7e\x0b\xb8", 4);
    memset(expect, 'z', 3000);
    strcpy(expect + 3000, "|");
    check(frame, sizeof frame, expect);
    check("\x82\x7e\x00\x7e", 4, "...");
    check("\x82\x7f\0\0\0\0\0\1\0\0hello", 15, "hello...");
    check("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffhello", 15, "hello...");
}

/* The largest length allowed counts down without being stored. */
static void test_decode_streams_the_largest_frame(void **state)
{
    static const uint8_t head[] = {0x82, 0x7f, 0x7f, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xff};
    uint8_t data[1000] = {0};
    struct ws_decoder d;
    struct ws_item item;
    int i;

    (void)state;
    ws_decoder_init(&d);
    assert_int_equal(ws_decode(&d, head, sizeof head, &item), sizeof head);
    assert_int_equal(item.type, WS_ITEM_NONE);
    for (i = 1; i <= 1000; i++) {
        assert_int_equal(ws_decode(&d, data, sizeof data, &item), sizeof data);
        assert_int_equal(item.type, WS_ITEM_DATA);
        assert_ptr_equal(item.data, data);
        assert_int_equal(item.len, sizeof data);
        assert_false(item.end);
        assert_true(d.left == (uint64_t)INT64_MAX - (uint64_t)i * 1000);
    }
}

static void test_utf8_table(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"", true},
        {"plain", true},
        {"\xc3\xbc", true},
        {"\xe2\x82\xac", true},
        {"\xf0\x9f\x98\x80", true},
        {"\xf4\x8f\xbf\xbf", true},  /* U+10FFFF */
        {"\xed\x9f\xbf", true},      /* U+D7FF */
        {"\xee\x80\x80", true},      /* U+E000 */
        {"\x80", false},             /* A tail alone */
        {"\xc3", false},             /* Cut off */
        {"\xe2\x82", false},         /* Cut off */
        {"\xc3(", false},            /* No tail */
        {"\xc0\xaf", false},         /* Overlong '/' */
        {"\xe0\x80\xaf", false},     /* Overlong '/' */
        {"\xf0\x80\x80\xaf", false}, /* Overlong '/' */
        {"\xed\xa0\x80", false},     /* A surrogate */
        {"\xf4\x90\x80\x80", false}, /* Above U+10FFFF */
        {"\xf5\x80\x80\x80", false}, /* No such lead */
        {"\xff", false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(
            ws_utf8_valid((const uint8_t *)rows[i].text, strlen(rows[i].text)),
            rows[i].valid);
    }
}

static void test_close_codes_table(void **state)
{
    unsigned code;

    (void)state;
    for (code = 0; code < 70000; code++) {
        bool listed = (code >= 1000 && code <= 1014 && code != 1004 &&
                       code != 1005 && code != 1006) ||
                      (code >= 3000 && code < 5000);

        assert_int_equal(ws_code_valid(code), listed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mask_any_length_offset_and_alignment),
        cmocka_unit_test(test_mask_in_pieces_is_mask_whole),
        cmocka_unit_test(test_seal_as_the_rfc_shows),
        cmocka_unit_test(test_seal_takes_the_shortest_length),
        cmocka_unit_test(test_keys_are_fresh_and_forgotten),
        cmocka_unit_test(test_decode_what_is_allowed),
        cmocka_unit_test(test_decode_names_every_violation),
        cmocka_unit_test(test_decode_long_lengths),
        cmocka_unit_test(test_decode_streams_the_largest_frame),
        cmocka_unit_test(test_utf8_table),
        cmocka_unit_test(test_close_codes_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
