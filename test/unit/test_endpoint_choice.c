/* SPDX-License-Identifier: Apache-2.0 */
/* test_endpoint_choice.c - which of a region's endpoints, and what if none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ec2_model.h"
#include "endpoint_choice.h"
#include "err.h"

/* The model's texts are its own. */
#define T(text) ((char[]){text})

/* One of everything that can be passed over, before what is wanted. */
static struct ec2_endpoint there[] = {
    {.endpoint_id = T("e-gone"),
     .state = T("delete-in-progress"),
     .subnet_id = T("s-1"),
     .vpc_id = T("v-1")},
    {.endpoint_id = T("e-other"),
     .state = T("create-complete"),
     .subnet_id = T("s-9"),
     .vpc_id = T("v-9")},
    {.endpoint_id = T("e-vpc"),
     .state = T("create-complete"),
     .subnet_id = T("s-2"),
     .vpc_id = T("v-1")},
    {.endpoint_id = T("e-subnet"),
     .state = T("create-complete"),
     .subnet_id = T("s-1"),
     .vpc_id = T("v-1")},
    {.endpoint_id = T("e-bare"), .state = T("create-complete")},
    {.state = T("create-complete"), .subnet_id = T("s-5"), .vpc_id = T("v-5")},
};

static void test_the_nearest_is_chosen(void **state)
{
    static const struct {
        const char *id, *subnet, *vpc;
        bool complete;
        const char *chosen; /* NULL: none */
        int code;
    } rows[] = {
        {NULL, "s-1", "v-1", true, "e-subnet", 0},
        {NULL, "s-1", "v-1", false, "e-subnet", 0},
        {NULL, "s-7", "v-1", true, "e-vpc", 0},
        {NULL, "s-7", "v-1", false, NULL, 0}, /* Its own may be to come */
        {NULL, NULL, "v-9", true, "e-other", 0},
        {NULL, "s-7", "v-7", true, NULL, ERR_USAGE},
        {NULL, "s-7", "v-7", false, NULL, 0},
        {NULL, NULL, NULL, true, NULL, ERR_USAGE},
        {NULL, "s-5", "v-5", true, NULL, ERR_USAGE}, /* Without an id */
        {"e-bare", "s-1", "v-1", true, "e-bare", 0},
        {"e-other", "s-1", "v-1", true, "e-other", 0},
        {"e-gone", "s-1", "v-1", true, NULL, ERR_USAGE},
        {"e-gone", "s-1", "v-1", false, NULL, 0},
    };
    struct ec2_endpoints seen = {.items = there,
                                 .n_items = sizeof there / sizeof there[0]};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ec2_instance at = {.subnet_id =
                                      (char *)(uintptr_t)rows[i].subnet,
                                  .vpc_id = (char *)(uintptr_t)rows[i].vpc};
        struct ec2_endpoint *out = there;
        struct err e = {0};

        assert_int_equal(
            endpoint_choose(&seen, rows[i].complete, rows[i].id, &at, &out, &e),
            rows[i].code);
        if (rows[i].chosen == NULL) {
            assert_null(out);
        } else {
            assert_non_null(out);
            assert_string_equal(out->endpoint_id, rows[i].chosen);
        }
    }
}

static void test_what_is_said_when_there_is_none(void **state)
{
    struct ec2_endpoints none = {0};
    struct ec2_instance at = {.vpc_id = T("v-1")};
    struct ec2_endpoint *out;
    struct err e = {0};

    (void)state;
    assert_int_equal(endpoint_choose(&none, true, "e-1", &at, &out, &e),
                     ERR_USAGE);
    assert_string_equal(
        e.msg, "There are no available instance connect endpoints with e-1");
    assert_int_equal(endpoint_choose(&none, true, NULL, &at, &out, &e),
                     ERR_USAGE);
    assert_string_equal(e.msg,
                        "There are no available instance connect endpoints.");
    assert_string_equal(e.hint,
                        "the instance is in v-1: create an endpoint there, or "
                        "check that the one it has is not being created or "
                        "deleted");
}

static void test_the_name_to_connect_to(void **state)
{
    struct ec2_endpoint p = {.endpoint_id = T("e-1"),
                             .dns_name = T("e-1.example"),
                             .fips_dns_name = T("fips.e-1.example")};
    const char *name;
    struct err e = {0};

    (void)state;
    assert_int_equal(endpoint_name(&p, false, &name, &e), 0);
    assert_ptr_equal(name, p.dns_name);
    assert_int_equal(endpoint_name(&p, true, &name, &e), 0);
    assert_ptr_equal(name, p.fips_dns_name);
    p.fips_dns_name = NULL;
    assert_int_equal(endpoint_name(&p, true, &name, &e), ERR_CONFIG);
    assert_string_equal(e.msg, "Unable to find FIPS Endpoint");
    p.dns_name = T("not a name/");
    assert_int_equal(endpoint_name(&p, false, &name, &e), ERR_PARSE);
    p.dns_name = NULL;
    assert_int_equal(endpoint_name(&p, false, &name, &e), ERR_PARSE);
    assert_string_equal(e.msg, "endpoint e-1 has no usable DNS name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_nearest_is_chosen),
        cmocka_unit_test(test_what_is_said_when_there_is_none),
        cmocka_unit_test(test_the_name_to_connect_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
