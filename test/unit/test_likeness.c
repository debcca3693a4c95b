/* SPDX-License-Identifier: Apache-2.0 */
/* test_likeness.c - which mistyped names are recognized. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "likeness.h"

/* How many changes apart; LIKENESS_LIMIT if not alike. */
static size_t apart(const char *typed, const char *name)
{
    size_t best = LIKENESS_LIMIT;
    const bool better = likeness_better(typed, strlen(typed), name, &best);

    assert_int_equal(better, best < LIKENESS_LIMIT);
    return best;
}

static void test_changes_are_counted(void **state)
{
    (void)state;
    assert_int_equal(apart("region", "region"), 0);
    assert_int_equal(apart("regoin", "region"), 1); /* Swapped */
    assert_int_equal(apart("regin", "region"), 1);  /* Left out */
    assert_int_equal(apart("reegion", "region"), 1);
    assert_int_equal(apart("ragian", "region"), 2);
    assert_int_equal(apart("raxian", "region"), LIKENESS_LIMIT);
    assert_int_equal(apart("", "region"), LIKENESS_LIMIT);
    assert_int_equal(apart("region", ""), LIKENESS_LIMIT);
}

static void test_short_names_are_not_all_alike(void **state)
{
    (void)state;
    assert_int_equal(apart("ls", "cp"), LIKENESS_LIMIT);
    assert_int_equal(apart("kye", "key"), 1);
    assert_int_equal(apart("kez", "rdp"), LIKENESS_LIMIT);
}

static void test_only_the_nearer_counts(void **state)
{
    size_t best = 1;

    (void)state;
    assert_false(likeness_better("lits", 4, "list", &best));
    assert_true(likeness_better("list=x", 4, "list", &best));
    assert_int_equal(best, 0);
}

static void test_long_names(void **state)
{
    char long_name[200];
    size_t best = LIKENESS_LIMIT;

    (void)state;
    memset(long_name, 'a', sizeof long_name);
    long_name[199] = '\0';
    assert_false(likeness_better(long_name, 199, long_name, &best));
    assert_false(likeness_better(long_name, 199, "a", &best));
    assert_false(likeness_better("a", 1, long_name, &best));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_are_counted),
        cmocka_unit_test(test_short_names_are_not_all_alike),
        cmocka_unit_test(test_only_the_nearer_counts),
        cmocka_unit_test(test_long_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
