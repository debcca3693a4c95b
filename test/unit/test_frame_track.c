/* SPDX-License-Identifier: Apache-2.0 */
/* test_frame_track.c - where frames begin and end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"
#include "frame_track.h"

/* ---- frames ---- */

static void add_frame(struct buf *b, unsigned first, bool masked, size_t len)
{
    size_t bytes = len < 126 ? 0 : len < 65536 ? 2 : 8;

    buf_addc(b, (char)first);
    buf_addc(b, (char)((masked ? 0x80 : 0) | (bytes == 0   ? len
                                              : bytes == 2 ? 126
                                                           : 127)));
    for (size_t i = bytes; i > 0; i--) {
        buf_addc(b, (char)((uint64_t)len >> (8 * (i - 1))));
    }
    for (size_t i = 0; i < len + (masked ? 4 : 0); i++) {
        buf_addc(b, (char)i);
    }
}

static void test_frames_end_where_they_end(void **state)
{
    static const size_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, 70000};
    static const size_t steps[] = {1, 2, 3, 7, 100, 1 << 20};

    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        struct buf b;
        size_t ends[8];

        buf_init(&b, 1 << 20);
        for (size_t i = 0; i < 8; i++) {
            add_frame(&b, 0x82, masked, lengths[i]);
            ends[i] = b.len;
        }
        for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
            struct frame_track t = {0};
            size_t at = 0, seen = 0;

            while (at < b.len) {
                size_t n = b.len - at < steps[s] ? b.len - at : steps[s];

                at += frame_track_advance(&t, (uint8_t *)b.data + at, n);
                if (t.n == 0) {
                    assert_int_equal(at, ends[seen]);
                    seen++;
                }
            }
            assert_int_equal(seen, 8);
            assert_false(t.closed);
        }
        buf_free(&b);
    }
}

static void test_a_close_is_noticed_when_it_is_whole(void **state)
{
    struct frame_track t = {0};
    struct buf b;

    (void)state;
    buf_init(&b, 1024);
    add_frame(&b, 0x82, true, 5);
    add_frame(&b, 0x88, true, 2);
    for (size_t i = 0; i < b.len; i++) {
        assert_false(t.closed);
        assert_int_equal(frame_track_advance(&t, (uint8_t *)b.data + i, 1), 1);
    }
    assert_true(t.closed);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_end_where_they_end),
        cmocka_unit_test(test_a_close_is_noticed_when_it_is_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
