/* SPDX-License-Identifier: Apache-2.0 */
/* test_settings.c - which file, profile and region settings come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "home.h"
#include "imds_settings.h"
#include "ini.h"
#include "mem.h"
#include "paths.h"
#include "profiles.h"
#include "scarce.h"
#include "settings.h"

static void test_profile_precedence(void **state)
{
    static const char text[] = "[default]\nregion = r-default\n"
                               "[profile a]\nregion = r-a\n"
                               "[profile b]\nregion = r-b\n"
                               "[profile c]\nregion = r-c\n";
    struct settings_input in;
    struct settings *s;
    struct home h;

    (void)state;
    home_make(&h, text, NULL);
    s = home_load(&h);
    assert_null(settings_profile(s));
    assert_string_equal(settings_region(s), "r-default");
    assert_string_equal(settings_region_source(s), "the profile");
    assert_false(settings_profile_is_flag(s));
    settings_free(s);

    home_set(&h, "AWS_DEFAULT_PROFILE", "c");
    s = home_load(&h);
    assert_string_equal(settings_profile(s), "c");
    assert_string_equal(settings_region(s), "r-c");
    settings_free(s);

    home_set(&h, "AWS_PROFILE", "b");
    s = home_load(&h);
    assert_string_equal(settings_region(s), "r-b");
    settings_free(s);

    in = home_no_flags(&h);
    in.profile = "a";
    assert_int_equal(settings_load(&s, &in, NULL, NULL), 0);
    assert_string_equal(settings_profile(s), "a");
    assert_string_equal(settings_region(s), "r-a");
    assert_true(settings_profile_is_flag(s));
    settings_free(s);
    home_drop(&h);
}

static void test_region_precedence(void **state)
{
    struct settings_input in;
    struct settings *s;
    struct home h;

    (void)state;
    home_make(&h, "[default]\nregion = r-file\n", NULL);
    home_set(&h, "AWS_DEFAULT_REGION", "r-default");
    s = home_load(&h);
    assert_string_equal(settings_region(s), "r-default");
    assert_string_equal(settings_region_source(s), "AWS_DEFAULT_REGION");
    settings_free(s);

    home_set(&h, "AWS_REGION", "");
    s = home_load(&h);
    assert_string_equal(settings_region(s), ""); /* Set but empty wins */
    assert_string_equal(settings_region_source(s), "AWS_REGION");
    settings_free(s);

    in = home_no_flags(&h);
    in.region = "r-flag";
    assert_int_equal(settings_load(&s, &in, NULL, NULL), 0);
    assert_string_equal(settings_region(s), "r-flag");
    assert_string_equal(settings_region_source(s), "--region");
    settings_free(s);
    home_drop(&h);
}

static void test_no_file_is_no_settings(void **state)
{
    struct settings *s;
    struct home h;

    (void)state;
    home_make(&h, NULL, NULL);
    s = home_load(&h);
    assert_null(settings_profile(s));
    assert_null(settings_region(s));
    assert_null(settings_region_source(s));
    assert_null(settings_ca_bundle(s));
    assert_null(settings_app_id(s));
    assert_false(settings_use_fips(s));
    assert_false(settings_new_retries(s));
    assert_false(settings_wire_timestamps(s));
    assert_int_equal(settings_max_attempts(s), 3);
    assert_int_equal(settings_connect_timeout_ms(s), 10000);
    assert_int_equal(settings_read_timeout_ms(s), 10000);
    assert_string_equal(settings_imds(s)->base_url, "http://169.254.169.254/");
    assert_int_equal(settings_imds(s)->timeout_s, 1);
    assert_int_equal(settings_imds(s)->attempts, 1);
    assert_false(settings_imds(s)->v1_disabled);
    assert_false(settings_imds(s)->disabled);
    settings_free(s);
    home_drop(&h);
}

static void test_paths_are_expanded(void **state)
{
    struct settings *s;
    struct home h;

    (void)state;
    home_make(&h, NULL, "[x]\nregion = r-cred\n");
    home_set(&h, "NAME", "credentials");
    home_set(&h, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/${NAME}");
    home_set(&h, "AWS_CONFIG_FILE", "$HOME/$NOTHING/x");
    home_set(&h, "AWS_PROFILE", "x");
    s = home_load(&h);
    assert_string_equal(settings_region(s), "r-cred");
    assert_string_equal(settings_credentials_path(s), h.credentials);
    assert_non_null(strstr(settings_config_path(s), "/$NOTHING/x"));
    settings_free(s);
    home_drop(&h);
}

static const char merge_config[] = "[default]\nregion = r1\n"
                                   "[profile default]\nregion = r2\n"
                                   "[profile \"a b\"]\nk = quoted\n"
                                   "[profile 'x']\nk = single\n"
                                   "[profile y]\nk = first\nl = lost\n"
                                   "[profile \"y\"]\nk = second\n"
                                   "[profile two words]\nk = dropped\n"
                                   "[profilez]\nk = dropped\n"
                                   "[profile 'open]\nk = dropped\n"
                                   "[ profile q]\nk = dropped\n"
                                   "[foo]\nk = dropped\n"
                                   "[plugins]\nk = dropped\n"
                                   "[profile m]\nk = config\nonly = config\n"
                                   "s3 =\n  a = b\n"
                                   "[sso-session s]\nsso_region = r\n"
                                   "[services v]\nec2 =\n  endpoint_url = u\n";
static const char merge_credentials[] = "[m]\nk = creds\nregion = r-m\n"
                                        "[profile z]\nk = literal\n"
                                        "[only]\nk = creds\n";

static void test_merging(void **state)
{
    static const struct {
        const char *profile, *key, *value;
    } rows[] = {
        {"default", "region", "r2"},
        {"a b", "k", "quoted"},
        {"x", "k", "single"},
        {"y", "k", "second"},
        {"y", "l", NULL},
        {"m", "k", "creds"},
        {"m", "only", "config"},
        {"m", "region", "r-m"},
        {"m", "s3", NULL},
        {"profile z", "k", "literal"},
        {"only", "k", "creds"},
        {"a b", "region", NULL},
    };
    static const char *const absent[] = {"z",       "two",       "foo",
                                         "plugins", "q",         "profilez",
                                         "open",    "profile m", "s"};
    struct profiles *p;
    struct err e;
    size_t i;

    (void)state;
    assert_int_equal(profiles_parse(&p, merge_config, sizeof merge_config - 1,
                                    "c", merge_credentials,
                                    sizeof merge_credentials - 1, "d", &e),
                     0);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *value = profiles_get(p, rows[i].profile, rows[i].key);

        print_message("%s.%s\n", rows[i].profile, rows[i].key);
        assert_true(profiles_has(p, rows[i].profile));
        if (rows[i].value == NULL) {
            assert_null(value);
        } else {
            assert_non_null(value);
            assert_string_equal(value, rows[i].value);
        }
    }
    for (i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        assert_false(profiles_has(p, absent[i]));
    }
    assert_string_equal(ini_value(profiles_in_config(p, "m"), "k"), "config");
    assert_null(profiles_in_config(p, "only"));
    assert_string_equal(ini_value(profiles_in_credentials(p, "m"), "k"),
                        "creds");
    assert_null(profiles_in_credentials(p, "x"));
    assert_string_equal(ini_value(profiles_sso_session(p, "s"), "sso_region"),
                        "r");
    assert_null(profiles_sso_session(p, "m"));
    assert_non_null(profiles_services(p, "v"));
    assert_null(profiles_services(p, "s"));
    profiles_free(p);
}

static void test_an_unreadable_file_is_no_file(void **state)
{
    struct settings *s;
    struct home h;

    (void)state;
    home_make(&h, NULL, "[default]\nregion = r\n");
    assert_int_equal(mkdir(h.config, 0700), 0); /* A directory is no file */
    s = home_load(&h);
    assert_string_equal(settings_region(s), "r");
    settings_free(s);
    assert_int_equal(rmdir(h.config), 0);
    home_drop(&h);
}

static void test_lack_of_memory_at_any_point(void **state)
{
    struct settings_input in;
    int nth, rv = -1;
    struct home h;

    (void)state;
    home_make(&h, "[profile a]\nregion = x\nca_bundle = /y\n",
              "[a]\naws_access_key_id = k\n");
    home_set(&h, "AWS_PROFILE", "a");
    in = home_no_flags(&h);
    in.endpoint_url = "http://h";
    for (nth = 0; rv != 0; nth++) {
        struct settings *s = NULL;
        struct err e = {0};
        struct scarce scarce = {.left = nth};

        assert_true(nth < 200);
        mem_set_hook(scarce_one, &scarce);
        rv = settings_load(&s, &in, NULL, &e);
        mem_set_hook(NULL, NULL);
        if (rv != 0) {
            assert_int_equal(rv, UV_ENOMEM);
            assert_int_equal(e.code, UV_ENOMEM);
        }
        settings_free(s);
    }
    assert_true(nth > 10);
    home_drop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile_precedence),
        cmocka_unit_test(test_region_precedence),
        cmocka_unit_test(test_no_file_is_no_settings),
        cmocka_unit_test(test_paths_are_expanded),
        cmocka_unit_test(test_merging),
        cmocka_unit_test(test_an_unreadable_file_is_no_file),
        cmocka_unit_test(test_lack_of_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
