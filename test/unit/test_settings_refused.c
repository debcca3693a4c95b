/* SPDX-License-Identifier: Apache-2.0 */
/* test_settings_refused.c - what settings must not be, and the text of every
 * refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "home.h"
#include "settings.h"

static const struct {
    const char *config;
    const char *credentials;
    const char *env; /* "NAME=value" or NULL */
    const char *message;
    int code;
} refusals[] = {
    {NULL, NULL, "AWS_PROFILE=nope",
     "The config profile (nope) could not be found", ERR_PROFILE},
    {NULL, NULL, "AWS_PROFILE=", "The config profile () could not be found",
     ERR_PROFILE},
    {"[DEFAULT]\nregion = x\n", NULL, "AWS_DEFAULT_PROFILE=default",
     "The config profile (default) could not be found", ERR_PROFILE},
    {"junk\n", NULL, NULL,
     "Unable to parse config file: H/.aws/config (line 1: not in any section)",
     ERR_PARSE},
    {NULL, "[a]\n[a]\n", NULL,
     "Unable to parse config file: H/.aws/credentials (line 2: section [a] "
     "again)",
     ERR_PARSE},
    {"[default]\nmax_attempts = abc\n", NULL, NULL,
     "invalid literal for int() with base 10: 'abc'", ERR_SETTING},
    {"[default]\nmax_attempts = 0\n", NULL, NULL,
     "Value provided to \"max_attempts\": 0 must be an integer greater than or "
     "equal to one.",
     ERR_SETTING},
    {NULL, NULL, "AWS_MAX_ATTEMPTS=",
     "invalid literal for int() with base 10: ''", ERR_SETTING},
    {NULL, NULL, "AWS_MAX_ATTEMPTS=1__0",
     "invalid literal for int() with base 10: '1__0'", ERR_SETTING},
    {NULL, NULL, "AWS_METADATA_SERVICE_TIMEOUT=1.5",
     "invalid literal for int() with base 10: '1.5'", ERR_SETTING},
    {NULL, NULL, "AWS_METADATA_SERVICE_NUM_ATTEMPTS=x",
     "invalid literal for int() with base 10: 'x'", ERR_SETTING},
    {NULL, NULL, "AWS_RETRY_MODE=foo",
     "Invalid value provided to \"mode\": \"foo\" must be one of: \"standard\" "
     "or \"adaptive\"",
     ERR_SETTING},
    {NULL, NULL, "AWS_RETRY_MODE=legacy",
     "Invalid value provided to \"mode\": \"legacy\" must be one of: "
     "\"standard\" or \"adaptive\"",
     ERR_SETTING},
    {"[default]\nca_bundle =\n", NULL, NULL,
     "Invalid CA bundle: the configured value (ca_bundle, AWS_CA_BUNDLE, "
     "REQUESTS_CA_BUNDLE, or verify) resolved to an empty or whitespace-only "
     "string. Provide a valid path to a CA bundle file.",
     ERR_SETTING},
    {NULL, NULL, "REQUESTS_CA_BUNDLE= ",
     "Invalid CA bundle: the configured value (ca_bundle, AWS_CA_BUNDLE, "
     "REQUESTS_CA_BUNDLE, or verify) resolved to an empty or whitespace-only "
     "string. Provide a valid path to a CA bundle file.",
     ERR_SETTING},
    {NULL, NULL, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv5",
     "Invalid EC2 Instance Metadata endpoint mode: IPv5 Valid endpoint modes "
     "(case-insensitive): ('ipv4', 'ipv6').",
     ERR_SETTING},
    {NULL, NULL, "AWS_EC2_METADATA_SERVICE_ENDPOINT=X",
     "Invalid endpoint EC2 Instance Metadata endpoint: X", ERR_SETTING},
};

static void test_refusals(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        char name[64] = "", want[1024];
        const char *eq, *at;
        struct settings *s = NULL;
        struct settings_input in;
        struct err e = {0};
        struct home h;

        home_make(&h, refusals[i].config, refusals[i].credentials);
        if (refusals[i].env != NULL) {
            eq = strchr(refusals[i].env, '=');
            memcpy(name, refusals[i].env, (size_t)(eq - refusals[i].env));
            home_set(&h, name, eq + 1);
        }
        at = strstr(refusals[i].message, "H/");
        if (at != NULL) {
            snprintf(want, sizeof want, "%.*s%s%s",
                     (int)(at - refusals[i].message), refusals[i].message,
                     h.dir, at + 1);
        } else {
            snprintf(want, sizeof want, "%s", refusals[i].message);
        }
        in = home_no_flags(&h);
        assert_int_equal(settings_load(&s, &in, NULL, &e), refusals[i].code);
        assert_string_equal(e.msg, want);
        assert_null(s);
        home_drop(&h);
    }
}

static void test_endpoint_refusals(void **state)
{
    static const struct {
        const char *config, *region, *message;
        int code;
    } rows[] = {
        {"", NULL,
         "You must specify a region. You can also configure your region by "
         "running \"aws configure\".",
         ERR_NO_REGION},
        {"", "us west",
         "Provided region_name 'us west' doesn't match a supported format.",
         ERR_SETTING},
        {"", "", "Invalid endpoint: https://ec2..amazonaws.com", ERR_SETTING},
        {"endpoint_url = foo", "us-east-1", "Invalid endpoint: foo",
         ERR_SETTING},
        {"endpoint_url = http://a_b", "us-east-1",
         "Invalid endpoint: http://a_b", ERR_SETTING},
        {"services = nope\nendpoint_url = http://p", "us-east-1",
         "The profile is configured to use the services section but the "
         "\"nope\" services configuration does not exist.",
         ERR_SETTING},
        {"use_dualstack_endpoint = true", "eu-isoe-west-1",
         "Unable to construct a modeled endpoint with the following variant(s) "
         "['dualstack']: ",
         ERR_SETTING},
    };
    struct settings_input in;
    struct settings *s;
    struct endpoint ep;
    struct home h;
    struct err e;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char config[256];

        snprintf(config, sizeof config, "[default]\n%s\n", rows[i].config);
        home_make(&h, config, NULL);
        s = home_load(&h);
        assert_int_equal(
            settings_endpoint(s, SERVICE_EC2, rows[i].region, true, &ep, &e),
            rows[i].code);
        assert_string_equal(e.msg, rows[i].message);
        settings_free(s);
        home_drop(&h);
    }
    home_make(&h, NULL, NULL);
    in = home_no_flags(&h);
    in.endpoint_url = "foo";
    assert_int_equal(settings_load(&s, &in, NULL, &e), ERR_USAGE);
    assert_string_equal(e.msg, "Bad value for --endpoint-url \"foo\": scheme "
                               "is missing.  Must be of the form "
                               "http://<hostname>/ or https://<hostname>/");
    home_drop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_endpoint_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
