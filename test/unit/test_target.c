/* SPDX-License-Identifier: Apache-2.0 */
/* test_target.c - the public checks, word by word, and structs of stated
 * size. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <eice/eice.h>

#define ID "i-0123456789abcdef0"
#define EP "eice-0123456789abcdef0"

/* One target and the beginning of what is said of it; NULL: it is good. */
struct target_case {
    const char *name;
    struct eice_target target;
    const char *message;
};

static const struct target_case target_cases[] = {
    {"nothing", {0}, "Specify an instance id or private ip."},
    {"empty", {.instance_id = ""}, "Specify an instance id or private ip."},
    {"empty words",
     {.instance_id = ID, .endpoint_id = "", .endpoint_dns_name = ""},
     NULL},
    {"id", {.instance_id = ID}, NULL},
    {"short id", {.instance_id = "i-01234567"}, NULL},
    {"id and endpoint", {.instance_id = ID, .endpoint_id = EP}, NULL},
    {"dns name alone",
     {.instance_id = ID, .endpoint_dns_name = "a.example"},
     "Specify an instance connect endpoint id when providing a DNS name."},
    {"ip alone",
     {.private_ip = "10.0.0.1"},
     "Specify an instance connect endpoint id when providing a private ip."},
    {"ip and endpoint", {.private_ip = "10.0.0.1", .endpoint_id = EP}, NULL},
    {"dns before ip",
     {.private_ip = "10.0.0.1", .endpoint_dns_name = "a.example"},
     "Specify an instance connect endpoint id when providing a DNS name."},
    {"ip, then duration",
     {.private_ip = "10.0.0.1", .max_tunnel_duration_s = 3601},
     "Specify an instance connect endpoint id when providing a private ip."},
    {"duration below",
     {.instance_id = ID, .max_tunnel_duration_s = -1},
     "Invalid max connection timeout specified."},
    {"duration 1", {.instance_id = ID, .max_tunnel_duration_s = 1}, NULL},
    {"duration 3600", {.instance_id = ID, .max_tunnel_duration_s = 3600}, NULL},
    {"duration before words",
     {.instance_id = "x", .max_tunnel_duration_s = 3601},
     "Invalid max connection timeout specified."},
    {"bad id", {.instance_id = "x"}, "The specified instance ID is invalid."},
    {"bad endpoint",
     {.instance_id = ID, .endpoint_id = "eice-"},
     "The specified endpointId is invalid."},
    {"bad dns name",
     {.instance_id = ID, .endpoint_id = EP, .endpoint_dns_name = "a b"},
     "The specified dnsName is invalid."},
    {"bad ip",
     {.private_ip = "10.0.0", .endpoint_id = EP},
     "The specified private IP address is invalid."},
    {"port 22", {.instance_id = ID, .remote_port = 22}, NULL},
    {"port 3389", {.instance_id = ID, .remote_port = 3389}, NULL},
    {"port 5432",
     {.instance_id = ID, .remote_port = 5432},
     "The remote port 5432 would be refused"},
    {"port 5432 forced",
     {.instance_id = ID, .remote_port = 5432, .force_remote_port = true},
     NULL},
    {"port too large",
     {.instance_id = ID, .remote_port = 65536, .force_remote_port = true},
     "The remote port is invalid."},
};

static void test_targets(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof target_cases / sizeof target_cases[0]; i++) {
        const struct target_case *c = &target_cases[i];
        struct eice_target target = c->target;
        struct eice_error error;
        int rv;

        target.size = sizeof target;
        rv = eice_target_check(&target, &error);
        print_message("%s: %s\n", c->name, error.message);
        assert_int_equal(rv, error.code);
        if (c->message == NULL) {
            assert_int_equal(rv, 0);
            assert_int_equal(error.kind, EICE_KIND_NONE);
            assert_int_equal(eice_exit_code(&error), 0);
            continue;
        }
        assert_int_equal(rv, EICE_ERR_USAGE);
        assert_int_equal(eice_exit_code(&error), 252);
        assert_int_equal(strncmp(error.message, c->message, strlen(c->message)),
                         0);
        assert_int_equal(eice_target_check(&target, NULL), EICE_ERR_USAGE);
    }
}

/* A word and whether it is one. */
struct word {
    const char *text;
    bool good;
};

static void check_words(int (*check)(const char *, struct eice_error *),
                        const struct word *words)
{
    for (; words->text != NULL; words++) {
        struct eice_error error;
        int rv = check(words->text, &error);

        print_message("'%s': %s\n", words->text, error.message);
        assert_int_equal(rv, words->good ? 0 : EICE_ERR_USAGE);
        assert_int_equal(error.message[0] == '\0', words->good);
    }
}

static void test_ids(void **state)
{
    static const struct word instance[] = {
        {"i-0", true},
        {"i-AZaz09", true},
        {"i-", false},
        {"", false},
        {"i", false},
        {"I-0", false},
        {"i-0 ", false},
        {" i-0", false},
        {"i-0_1", false},
        {"i-0\n", false},
        {"i-0/../x", false},
        {"i-\xc3\xa9", false},
        {"eice-0", false},
        {"i-0123456789012345678901234567890123456789"
         "01234567890123456789012345",
         false},
        {NULL, false}};
    static const struct word endpoint[] = {
        {"eice-0", true},  {"eice-0_1", true}, {"eice-", false},
        {"i-0", false},    {"eice-0?", false}, {"eice-0&x=y", false},
        {"EICE-0", false}, {NULL, false}};

    (void)state;
    check_words(eice_check_instance_id, instance);
    check_words(eice_check_endpoint_id, endpoint);
}

static void test_dns_names(void **state)
{
    static const struct word names[] = {
        {"localhost", true},
        {"a.b.example", true},
        {"A-1.example", true},
        {"127.0.0.1", true},
        {"127.0.0.1:8443", true},
        {"a.example:1", true},
        {"a.example:65535", true},
        {"[::1]", true},
        {"[::1]:8443", true},
        {"", false},
        {":1", false},
        {"a.example:", false},
        {"a.example:0", false},
        {"a.example:65536", false},
        {"a.example:+1", false},
        {"a.example: 1", false},
        {"a.example:1:2", false},
        {"a.example:000001", false},
        {"a..example", false},
        {".a.example", false},
        {"a.example.", true},
        {"-a.example", false},
        {"a-.example", false},
        {"a.example-", false},
        {"a_b.example", true},
        {"a/b", false},
        {"a@b", false},
        {"a b", false},
        {"https://a.example", false},
        {"::1", false},
        {"[::1", false},
        {"[::1]x", false},
        {"[127.0.0.1]", false},
        {"a.example\r\nX: y", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         false},
        {NULL, false}};
    char longest[256];
    struct eice_error error;
    size_t i;

    (void)state;
    check_words(eice_check_endpoint_dns_name, names);
    for (i = 0; i < sizeof longest - 1; i++) {
        longest[i] = i % 2 == 0 ? 'a' : '.';
    }
    longest[255] = '\0';
    assert_int_not_equal(eice_check_endpoint_dns_name(longest, &error), 0);
    longest[253] = '\0';
    assert_int_equal(eice_check_endpoint_dns_name(longest, &error), 0);
}

static void test_addresses(void **state)
{
    static const struct word addresses[] = {
        {"10.0.0.1", true},    {"2001:db8::5", true},   {"::", true},
        {"10.0.0.256", false}, {"10.0.0", false},       {"10.0.0.1:22", false},
        {"[::1]", false},      {"fe80::1%eth0", false}, {"", false},
        {"host", false},       {"10.0.0.1 ", false},    {NULL, false}};

    (void)state;
    check_words(eice_check_private_ip, addresses);
}

static void test_numbers(void **state)
{
    struct eice_error error;

    (void)state;
    assert_int_equal(eice_check_remote_port(22, false, &error), 0);
    assert_int_equal(eice_check_remote_port(0, true, &error), EICE_ERR_USAGE);
    assert_int_equal(eice_check_remote_port(-1, true, &error), EICE_ERR_USAGE);
    assert_int_equal(eice_check_remote_port(23, true, &error), 0);
    assert_int_equal(eice_check_remote_port(23, false, &error), EICE_ERR_USAGE);
    assert_non_null(strstr(error.hint, "--force-remote-port"));
    assert_int_equal(eice_check_max_tunnel_duration(1, &error), 0);
    assert_int_equal(eice_check_max_tunnel_duration(3600, &error), 0);
    assert_int_equal(eice_check_max_tunnel_duration(0, &error), EICE_ERR_USAGE);
    assert_int_equal(eice_check_max_tunnel_duration(3601, &error),
                     EICE_ERR_USAGE);
    assert_int_equal(eice_check_max_tunnel_duration(INT_MIN, &error),
                     EICE_ERR_USAGE);
}

/* A struct of an older or newer header than the library's. */
static void test_sizes(void **state)
{
    struct {
        struct eice_target target;
        char more[16];
    } newer = {.target = {.size = sizeof newer, .instance_id = ID}};
    struct eice_target older = {
        .size = offsetof(struct eice_target, private_ip),
        .instance_id = ID,
        .private_ip = "not looked at",
    };
    struct eice_target none = {.instance_id = ID};
    struct eice_error error;

    (void)state;
    assert_int_equal(eice_target_check(&newer.target, &error), 0);
    newer.more[15] = 1;
    assert_int_equal(eice_target_check(&newer.target, &error), EICE_ERR_USAGE);
    assert_non_null(strstr(error.message, "does not know"));
    assert_int_equal(eice_target_check(&older, &error), 0);
    assert_int_equal(eice_target_check(&none, &error), EICE_ERR_USAGE);
    assert_string_equal(error.message, "eice_target.size is not set");
    assert_int_equal(eice_target_check(NULL, &error), EICE_ERR_USAGE);
}

static void test_version(void **state)
{
    char numbers[32];
    char text[256];

    (void)state;
    snprintf(numbers, sizeof numbers, "%d.%d.%d", EICE_VERSION_MAJOR,
             EICE_VERSION_MINOR, EICE_VERSION_PATCH);
    assert_string_equal(numbers, EICE_VERSION);
    assert_string_equal(eice_version(), PROJECT_VERSION);
    assert_int_equal(eice_version_number(), EICE_VERSION_NUMBER);
    assert_ptr_equal(eice_library_versions(text, sizeof text), text);
    assert_non_null(strstr(text, "libuv/1."));
    assert_non_null(strstr(text, "libcurl/"));
    assert_non_null(strstr(text, "OpenSSL/3."));
    assert_string_equal(eice_library_versions(text, 6), "libuv");
    assert_string_equal(eice_code_name(EICE_ERR_DNS), "EICE_ERR_DNS");
    assert_string_equal(eice_code_name(UV_ETIMEDOUT), "ETIMEDOUT");
    assert_string_equal(eice_code_name(0), "OK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),   cmocka_unit_test(test_ids),
        cmocka_unit_test(test_dns_names), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_numbers),   cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
