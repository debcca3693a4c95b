/* SPDX-License-Identifier: Apache-2.0 */
/* test_settings_places.c - one row per setting: flag, environment, profile,
 * default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "home.h"
#include "imds_settings.h"
#include "profiles.h"
#include "settings.h"

/* What a setting is, as text. */
static void show(const struct settings *s, const char *what, char *out,
                 size_t size)
{
    struct endpoint ep;
    const char *text = NULL;

    if (strcmp(what, "fips") == 0) {
        text = settings_use_fips(s) ? "true" : "false";
    } else if (strcmp(what, "ca_bundle") == 0) {
        text = settings_ca_bundle(s);
    } else if (strcmp(what, "attempts") == 0) {
        snprintf(out, size, "%u", settings_max_attempts(s));
        return;
    } else if (strcmp(what, "new_retries") == 0) {
        text = settings_new_retries(s) ? "true" : "false";
    } else if (strcmp(what, "keepalive") == 0) {
        text = settings_tcp_keepalive(s) ? "true" : "false";
    } else if (strcmp(what, "validates") == 0) {
        text = settings_validates(s) ? "true" : "false";
    } else if (strcmp(what, "app_id") == 0) {
        text = settings_app_id(s);
    } else if (strcmp(what, "wire") == 0) {
        text = settings_wire_timestamps(s) ? "true" : "false";
    } else if (strcmp(what, "imds") == 0) {
        snprintf(out, size, "%s %u %u%s%s", settings_imds(s)->base_url,
                 settings_imds(s)->timeout_s, settings_imds(s)->attempts,
                 settings_imds(s)->v1_disabled ? " v2" : "",
                 settings_imds(s)->disabled ? " off" : "");
        return;
    } else if (strcmp(what, "host") == 0) {
        assert_int_equal(
            settings_endpoint(s, SERVICE_EC2, "us-east-1", true, &ep, NULL), 0);
        snprintf(out, size, "%s", ep.url);
        return;
    } else {
        text = settings_profile_key(s, what);
    }
    snprintf(out, size, "%s", text != NULL ? text : "-");
}

static const struct {
    const char *what;
    const char *env; /* "NAME=value" or NULL */
    const char *profile;
    const char *value;
} setting_rows[] = {
    {"fips", NULL, "use_fips_endpoint = TRUE", "true"},
    {"fips", NULL, "use_fips_endpoint = yes", "false"},
    {"fips", NULL, "use_fips_endpoint = 1", "false"},
    {"fips", "AWS_USE_FIPS_ENDPOINT=True", "", "true"},
    {"fips", "AWS_USE_FIPS_ENDPOINT=false", "use_fips_endpoint=true", "false"},
    {"fips", "AWS_USE_FIPS_ENDPOINT=", "use_fips_endpoint=true", "false"},
    {"host", NULL, "use_dualstack_endpoint = true",
     "https://ec2.us-east-1.api.aws"},
    {"host", "AWS_USE_DUALSTACK_ENDPOINT=true", "",
     "https://ec2.us-east-1.api.aws"},
    {"host", "AWS_USE_FIPS_ENDPOINT=true", "use_dualstack_endpoint = true",
     "https://ec2-fips.us-east-1.api.aws"},
    {"ca_bundle", NULL, "ca_bundle = /p", "/p"},
    {"ca_bundle", "AWS_CA_BUNDLE=/e", "ca_bundle = /p", "/e"},
    {"ca_bundle", "REQUESTS_CA_BUNDLE=/r", "", "/r"},
    {"ca_bundle", "REQUESTS_CA_BUNDLE=/r", "ca_bundle = /p", "/p"},
    {"attempts", NULL, "max_attempts = 7", "7"},
    {"attempts", "AWS_MAX_ATTEMPTS=5", "max_attempts = 7", "5"},
    {"attempts", "AWS_MAX_ATTEMPTS= +1_0 ", "", "10"},
    {"attempts", "AWS_RETRY_MODE=standard", "", "3"},
    {"attempts", NULL, "retry_mode = adaptive", "3"},
    {"new_retries", "AWS_NEW_RETRIES_2026=true", "", "true"},
    {"keepalive", NULL, "", "false"},
    {"keepalive", NULL, "tcp_keepalive = True", "true"},
    {"keepalive", NULL, "tcp_keepalive = 1", "false"},
    {"validates", NULL, "", "true"},
    {"validates", NULL, "parameter_validation = true", "true"},
    {"validates", NULL, "parameter_validation = false", "false"},
    {"validates", NULL, "parameter_validation =", "false"},
    {"app_id", NULL, "sdk_ua_app_id = x", "x"},
    {"app_id", "AWS_SDK_UA_APP_ID=y", "sdk_ua_app_id = x", "y"},
    {"wire", NULL, "cli_timestamp_format = wire", "true"},
    {"wire", NULL, "cli_timestamp_format = iso8601", "false"},
    {"imds", "AWS_METADATA_SERVICE_TIMEOUT=4", "",
     "http://169.254.169.254/ 4 1"},
    {"imds", NULL, "metadata_service_timeout = 5",
     "http://169.254.169.254/ 5 1"},
    {"imds", "AWS_METADATA_SERVICE_NUM_ATTEMPTS=2", "",
     "http://169.254.169.254/ 1 2"},
    {"imds", NULL, "metadata_service_num_attempts = 3",
     "http://169.254.169.254/ 1 3"},
    {"imds", "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://h:1", "",
     "http://h:1/ 1 1"},
    {"imds", NULL, "ec2_metadata_service_endpoint = http://h/",
     "http://h/ 1 1"},
    {"imds", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6", "",
     "http://[fd00:ec2::254]/ 1 1"},
    {"imds", "AWS_IMDS_USE_IPV6=true",
     "ec2_metadata_service_endpoint_mode = ipv4",
     "http://169.254.169.254/ 1 1"},
    {"imds", NULL, "imds_use_ipv6 = true", "http://[fd00:ec2::254]/ 1 1"},
    {"imds", "AWS_EC2_METADATA_V1_DISABLED=true", "",
     "http://169.254.169.254/ 1 1 v2"},
    {"imds", NULL, "ec2_metadata_v1_disabled = true",
     "http://169.254.169.254/ 1 1 v2"},
    {"imds", "AWS_EC2_METADATA_DISABLED=TRUE", "",
     "http://169.254.169.254/ 1 1 off"},
    {"output", NULL, "output = text", "text"},
    {"output", NULL, "", "-"},
    {"host", NULL, "endpoint_url = http://p/x/", "http://p/x"},
    {"host", "AWS_ENDPOINT_URL=http://e", "endpoint_url = http://p",
     "http://e"},
    {"host", "AWS_ENDPOINT_URL=", "endpoint_url = http://p", "http://p"},
    {"host", "AWS_ENDPOINT_URL_EC2=http://s", "", "http://s"},
    {"host", "AWS_ENDPOINT_URL_STS=http://s", "",
     "https://ec2.us-east-1.amazonaws.com"},
    {"host", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true",
     "endpoint_url = http://p", "https://ec2.us-east-1.amazonaws.com"},
    {"host", "AWS_ENDPOINT_URL=http://e",
     "ignore_configured_endpoint_urls = true",
     "https://ec2.us-east-1.amazonaws.com"},
    {"host", NULL, "endpoint_url = http://p\nuse_fips_endpoint = true",
     "http://p"},
    {"host", NULL,
     "services = v\nendpoint_url = http://p\n"
     "[services v]\nec2 =\n  endpoint_url = http://v",
     "http://v"},
    {"host", NULL,
     "services = v\nendpoint_url = http://p\n"
     "[services v]\nsts =\n  endpoint_url = http://v",
     "http://p"},
    {"host", "AWS_ENDPOINT_URL=http://e",
     "services = v\n[services v]\nec2 =\n  endpoint_url = http://v",
     "http://e"},
};

static void test_each_setting_from_each_place(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof setting_rows / sizeof setting_rows[0]; i++) {
        char config[512], name[64] = "", shown[600];
        struct settings *s;
        struct home h;
        const char *eq;

        snprintf(config, sizeof config, "[default]\n%s\n",
                 setting_rows[i].profile != NULL ? setting_rows[i].profile
                                                 : "");
        home_make(&h, config, NULL);
        if (setting_rows[i].env != NULL) {
            eq = strchr(setting_rows[i].env, '=');
            memcpy(name, setting_rows[i].env,
                   (size_t)(eq - setting_rows[i].env));
            home_set(&h, name, eq + 1);
        }
        s = home_load(&h);
        show(s, setting_rows[i].what, shown, sizeof shown);
        print_message("row %zu: %s %s\n", i, setting_rows[i].what, shown);
        assert_string_equal(shown, setting_rows[i].value);
        settings_free(s);
        home_drop(&h);
    }
}

static void test_flags(void **state)
{
    struct settings_input in;
    struct endpoint ep;
    struct settings *s;
    struct home h;

    (void)state;
    home_make(&h, "[default]\nca_bundle = /p\nendpoint_url = http://p\n", NULL);
    in = home_no_flags(&h);
    in.ca_bundle = "/f";
    in.connect_timeout_s = 3;
    in.read_timeout_s = 0;
    in.endpoint_url = "https://flag.example:8443/base/";
    in.no_sign_request = true;
    assert_int_equal(settings_load(&s, &in, NULL, NULL), 0);
    assert_string_equal(settings_ca_bundle(s), "/f");
    assert_int_equal(settings_connect_timeout_ms(s), 3000);
    assert_int_equal(settings_read_timeout_ms(s), 0);
    assert_true(settings_no_sign(s));
    assert_int_equal(
        settings_endpoint(s, SERVICE_STS, "eu-west-1", true, &ep, NULL), 0);
    assert_string_equal(ep.url, "https://flag.example:8443/base");
    assert_string_equal(ep.signing_region, "eu-west-1");
    assert_string_equal(ep.signing_name, "sts");
    assert_int_equal(
        settings_endpoint(s, SERVICE_STS, "eu-west-1", false, &ep, NULL), 0);
    assert_string_equal(ep.url, "http://p");
    settings_free(s);

    in.no_verify_ssl = true;
    assert_int_equal(settings_load(&s, &in, NULL, NULL), 0);
    assert_true(settings_no_verify(s));
    assert_null(settings_ca_bundle(s));
    settings_free(s);
    home_drop(&h);
}

static void test_pseudo_region_switches_fips_on(void **state)
{
    struct endpoint ep;
    struct settings *s;
    struct home h;

    (void)state;
    home_make(&h, NULL, NULL);
    s = home_load(&h);
    assert_int_equal(
        settings_endpoint(s, SERVICE_EC2, "fips-us-east-1", true, &ep, NULL),
        0);
    assert_string_equal(ep.url, "https://ec2-fips.us-east-1.amazonaws.com");
    assert_string_equal(ep.signing_region, "us-east-1");
    assert_false(settings_use_fips(s)); /* The setting itself is untouched */
    settings_free(s);
    home_drop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_setting_from_each_place),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_pseudo_region_switches_fips_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
