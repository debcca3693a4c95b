/* SPDX-License-Identifier: Apache-2.0 */
/* test_find_words.c - what a word for an instance may be taken for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "find_words.h"

/* One word and the filters it should be looked for with. */
struct row {
    const char *word;
    const char *filters; /* With a space after each */
    const char *value;   /* NULL: the word */
};

static const struct row rows[] = {
    {"i-0123456789abcdef0", "instance-id ", NULL},
    {"i-01234567", "instance-id ", NULL},
    {"i-love", "tag:Name ", NULL},
    {"i-0123456789ABCDEF0", "tag:Name ", NULL},
    {"i-", "tag:Name ", NULL},
    {"10.0.1.5", "private-ip-address ip-address ", NULL},
    {"10.0.1.256", "private-dns-name dns-name tag:Name ", NULL},
    {"2001:db8::5",
     "ipv6-address network-interface.ipv6-addresses.ipv6-address ", NULL},
    {"2001:DB8:0:0::5",
     "ipv6-address network-interface.ipv6-addresses.ipv6-address ",
     "2001:db8::5"},
    {"[2001:db8::5]",
     "ipv6-address network-interface.ipv6-addresses.ipv6-address ",
     "2001:db8::5"},
    {"[10.0.1.5]", "private-dns-name dns-name tag:Name ", NULL},
    {"[::1", "tag:Name ", NULL},
    {"ip-10-0-1-5.eu-central-1.compute.internal",
     "private-dns-name dns-name tag:Name ", NULL},
    {"EC2-203-0-113-5.eu-central-1.Compute.amazonaws.COM",
     "private-dns-name dns-name tag:Name ",
     "ec2-203-0-113-5.eu-central-1.compute.amazonaws.com"},
    {"Web.Example.com", "private-dns-name dns-name tag:Name ", NULL},
    {".internal", "private-dns-name dns-name tag:Name ", NULL},
    {"web", "tag:Name ", NULL},
    {"my web server", "tag:Name ", NULL},
    {"web*", "tag:Name ", NULL},
};

static void test_words(void **state)
{
    struct find_plan plan;
    char all[200];
    size_t i;
    size_t k;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(find_plan(&plan, rows[i].word));
        all[0] = '\0';
        for (k = 0; k < plan.n; k++) {
            strcat(all, plan.filters[k]);
            strcat(all, " ");
        }
        assert_string_equal(all, rows[i].filters);
        assert_string_equal(plan.value, rows[i].value != NULL ? rows[i].value
                                                              : rows[i].word);
        assert_int_equal(plan.is_id, strcmp(all, "instance-id ") == 0);
    }
}

static void test_no_word(void **state)
{
    char longest[FIND_VALUE_SIZE + 1];
    struct find_plan plan;

    (void)state;
    assert_false(find_plan(&plan, ""));
    memset(longest, 'x', sizeof longest);
    longest[FIND_VALUE_SIZE] = '\0';
    assert_false(find_plan(&plan, longest));
    longest[FIND_VALUE_SIZE - 1] = '\0';
    assert_true(find_plan(&plan, longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_no_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
