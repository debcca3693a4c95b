/* SPDX-License-Identifier: Apache-2.0 */
/* test_endpoints.c - partitions, host names, regions, endpoint URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "partitions.h"
#include "urls.h"

/* The variants a host name comes in. */
enum { PLAIN = 0, FIPS = 1, DUAL = 2, BOTH = 3 };

static const struct {
    enum service service;
    const char *region;
    int variant;
    const char *host; /* NULL: there is no such host */
} hosts[] = {
    {SERVICE_EC2, "eu-central-1", PLAIN, "ec2.eu-central-1.amazonaws.com"},
    {SERVICE_EC2, "us-east-1", FIPS, "ec2-fips.us-east-1.amazonaws.com"},
    {SERVICE_EC2, "us-east-1", DUAL, "ec2.us-east-1.api.aws"},
    {SERVICE_EC2, "us-east-1", BOTH, "ec2-fips.us-east-1.api.aws"},
    {SERVICE_EC2_INSTANCE_CONNECT, "us-east-1", PLAIN,
     "ec2-instance-connect.us-east-1.amazonaws.com"},
    {SERVICE_EC2_INSTANCE_CONNECT, "us-east-1", BOTH,
     "ec2-instance-connect-fips.us-east-1.api.aws"},
    {SERVICE_STS, "mx-central-1", PLAIN, "sts.mx-central-1.amazonaws.com"},
    {SERVICE_SSO, "eu-west-1", PLAIN, "portal.sso.eu-west-1.amazonaws.com"},
    {SERVICE_SSO_OIDC, "eu-west-1", PLAIN, "oidc.eu-west-1.amazonaws.com"},
    {SERVICE_SIGNIN, "eu-west-1", PLAIN, "eu-west-1.signin.aws.amazon.com"},
    {SERVICE_SIGNIN, "eu-west-1", FIPS, "signin-fips.eu-west-1.amazonaws.com"},
    {SERVICE_SIGNIN, "eu-west-1", DUAL, "signin.eu-west-1.api.aws"},
    {SERVICE_EC2, "cn-north-1", PLAIN, "ec2.cn-north-1.amazonaws.com.cn"},
    {SERVICE_EC2, "cn-north-1", FIPS, "ec2-fips.cn-north-1.amazonaws.com.cn"},
    {SERVICE_EC2, "cn-north-1", DUAL,
     "ec2.cn-north-1.api.amazonwebservices.com.cn"},
    {SERVICE_SIGNIN, "cn-north-1", PLAIN, "cn-north-1.signin.amazonaws.cn"},
    {SERVICE_EC2, "us-gov-west-1", PLAIN, "ec2.us-gov-west-1.amazonaws.com"},
    {SERVICE_EC2, "us-gov-west-1", FIPS, "ec2.us-gov-west-1.amazonaws.com"},
    {SERVICE_EC2, "us-gov-west-1", BOTH, "ec2-fips.us-gov-west-1.api.aws"},
    {SERVICE_STS, "us-gov-west-1", FIPS, "sts.us-gov-west-1.amazonaws.com"},
    {SERVICE_SSO, "us-gov-west-1", FIPS,
     "portal.sso.us-gov-west-1.amazonaws.com"},
    {SERVICE_SSO_OIDC, "us-gov-west-1", FIPS,
     "oidc.us-gov-west-1.amazonaws.com"},
    {SERVICE_EC2_INSTANCE_CONNECT, "us-gov-west-1", FIPS,
     "ec2-instance-connect-fips.us-gov-west-1.amazonaws.com"},
    {SERVICE_SIGNIN, "us-gov-west-1", PLAIN,
     "us-gov-west-1.signin.amazonaws-us-gov.com"},
    {SERVICE_SIGNIN, "us-gov-west-1", FIPS, "signin-fips.amazonaws-us-gov.com"},
    {SERVICE_EC2, "us-iso-east-1", PLAIN, "ec2.us-iso-east-1.c2s.ic.gov"},
    {SERVICE_EC2, "us-iso-east-1", DUAL, "ec2.us-iso-east-1.api.aws.ic.gov"},
    {SERVICE_SIGNIN, "us-iso-east-1", PLAIN,
     "us-iso-east-1.signin.c2shome.ic.gov"},
    {SERVICE_EC2, "us-isob-east-1", PLAIN, "ec2.us-isob-east-1.sc2s.sgov.gov"},
    {SERVICE_EC2, "us-isob-east-1", DUAL, "ec2.us-isob-east-1.api.aws.scloud"},
    {SERVICE_SIGNIN, "us-isob-east-1", PLAIN,
     "us-isob-east-1.signin.sc2shome.sgov.gov"},
    {SERVICE_EC2, "eu-isoe-west-1", PLAIN, "ec2.eu-isoe-west-1.cloud.adc-e.uk"},
    {SERVICE_EC2, "eu-isoe-west-1", DUAL, NULL},
    {SERVICE_SIGNIN, "eu-isoe-west-1", PLAIN,
     "eu-isoe-west-1.signin.csphome.adc-e.uk"},
    {SERVICE_EC2, "us-isof-south-1", PLAIN,
     "ec2.us-isof-south-1.csp.hci.ic.gov"},
    {SERVICE_EC2, "us-isof-south-1", BOTH, NULL},
    {SERVICE_SIGNIN, "us-isof-south-1", PLAIN,
     "us-isof-south-1.signin.csphome.hci.ic.gov"},
    {SERVICE_EC2, "eusc-de-east-1", PLAIN, "ec2.eusc-de-east-1.amazonaws.eu"},
    {SERVICE_EC2, "eusc-de-east-1", DUAL,
     "ec2.eusc-de-east-1.api.amazonwebservices.eu"},
    {SERVICE_SIGNIN, "eusc-de-east-1", PLAIN,
     "eusc-de-east-1.signin.amazonaws-eusc.eu"},
    {SERVICE_EC2, "mars-north-1", PLAIN, "ec2.mars-north-1.amazonaws.com"},
    {SERVICE_EC2, "cn-north", PLAIN, "ec2.cn-north.amazonaws.com"},
    {SERVICE_STS, "aws-global", PLAIN, "sts.amazonaws.com"},
};

static void test_hosts_of_every_partition(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char host[HOST_SIZE] = "";
        char region[REGION_SIZE];
        struct err e;
        int rv = partition_host(hosts[i].service, hosts[i].region,
                                hosts[i].variant & FIPS,
                                hosts[i].variant & DUAL, host, region, &e);

        if (hosts[i].host == NULL) {
            assert_int_equal(rv, ERR_SETTING);
            assert_string_equal(e.msg,
                                "Unable to construct a modeled endpoint with "
                                "the following variant(s) ['dualstack']: ");
            continue;
        }
        assert_int_equal(rv, 0);
        assert_string_equal(host, hosts[i].host);
        assert_string_equal(region, strcmp(hosts[i].region, "aws-global") == 0
                                        ? "us-east-1"
                                        : hosts[i].region);
    }
}

static void test_partition_names(void **state)
{
    static const char *const rows[][2] = {
        {"us-east-1", "aws"},
        {"il-central-1", "aws"},
        {"cn-north-1", "aws-cn"},
        {"us-gov-east-1", "aws-us-gov"},
        {"us-iso-west-1", "aws-iso"},
        {"us-isob-east-1", "aws-iso-b"},
        {"eu-isoe-west-1", "aws-iso-e"},
        {"us-isof-east-1", "aws-iso-f"},
        {"eusc-de-east-1", "aws-eusc"},
        {"nowhere", "aws"},
        {"cn-north-1x", "aws"},
        {"", "aws"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(region_partition(rows[i][0]), rows[i][1]);
    }
}

static void test_region_names(void **state)
{
    char long_name[66];

    (void)state;
    memset(long_name, 'a', sizeof long_name);
    long_name[63] = '\0';
    assert_true(region_valid(long_name));
    long_name[63] = 'a';
    long_name[64] = '\0';
    assert_false(region_valid(long_name));
    assert_true(region_valid(""));
    assert_true(region_valid("us-east-1"));
    assert_true(region_valid("1a"));
    assert_false(region_valid("123"));
    assert_false(region_valid("-a"));
    assert_false(region_valid("a-"));
    assert_false(region_valid("us west"));
    assert_false(region_valid("us_west"));
    assert_false(region_valid("a.b"));
}

static void test_pseudo_regions(void **state)
{
    char out[REGION_SIZE];

    (void)state;
    assert_true(region_strip_fips("fips-us-east-1", out));
    assert_string_equal(out, "us-east-1");
    assert_true(region_strip_fips("us-east-1-fips", out));
    assert_string_equal(out, "us-east-1");
    assert_true(region_strip_fips("us-fips-gov-west-1", out));
    assert_string_equal(out, "us-gov-west-1");
    assert_false(region_strip_fips("us-east-1", out));
    assert_string_equal(out, "us-east-1");
}

static void test_urls(void **state)
{
    static const char *const good[] = {
        "http://localhost",
        "https://h.example/",
        "https://h.example:443/",
        "http://127.0.0.1:8080/prefix",
        "http://[::1]:80/",
        "https://[fd00:ec2::254]",
        "HTTPS://H.Example.",
        "http://u:p@host/x",
        "http://h:/",
    };
    static const char *const bad[] = {
        "",
        "foo",
        "localhost:80",
        "ftp://h",
        "https://",
        "https:///x",
        "https://a..b",
        "https://-a.b",
        "https://a_b",
        "https://a-.b",
        "http://h:99999",
        "http://h:8x",
        "http://[::1",
        "http://[zz]",
        "http://a b",
        "http://[::1]x",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        print_message("%s\n", good[i]);
        assert_true(url_valid(good[i]));
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        print_message("%s\n", bad[i]);
        assert_false(url_valid(bad[i]));
    }
    assert_true(url_has_scheme("foo:"));
    assert_true(url_has_scheme("https://h"));
    assert_false(url_has_scheme("foo"));
    assert_false(url_has_scheme("foo/b:c"));
    assert_false(url_has_scheme(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts_of_every_partition),
        cmocka_unit_test(test_partition_names),
        cmocka_unit_test(test_region_names),
        cmocka_unit_test(test_pseudo_regions),
        cmocka_unit_test(test_urls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
