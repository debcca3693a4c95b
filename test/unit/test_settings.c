/* SPDX-License-Identifier: Apache-2.0 */
/* test_settings.c - one row per setting: flag, environment, profile, default;
 * and the text of every refusal. */
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

#include "ini.h"
#include "log.h"
#include "mem.h"
#include "paths.h"
#include "profiles.h"
#include "scarce.h"
#include "settings.h"

enum { MAX_ENV = 12 };

/* A home directory with two files in it, and an environment. */
struct home {
    char dir[64];
    char config[96];
    char credentials[96];
    const char *env[MAX_ENV][2]; /* Name and value */
    size_t n_env;
};

/* getenv() of a struct home. */
static const char *home_env(void *data, const char *name)
{
    struct home *h = data;
    size_t i;

    for (i = 0; i < h->n_env; i++) {
        if (strcmp(h->env[i][0], name) == 0) {
            return h->env[i][1];
        }
    }
    return NULL;
}

/* Set a variable. */
static void home_set(struct home *h, const char *name, const char *value)
{
    assert_true(h->n_env < MAX_ENV);
    h->env[h->n_env][0] = name;
    h->env[h->n_env++][1] = value;
}

/* Write @text to @path. */
static void spill(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    fclose(f);
}

/* Make the directory and the files whose text is not NULL. */
static void home_make(struct home *h, const char *config,
                      const char *credentials)
{
    *h = (struct home){0};
    strcpy(h->dir, "/tmp/eice-settings-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    snprintf(h->config, sizeof h->config, "%s/.aws/config", h->dir);
    snprintf(h->credentials, sizeof h->credentials, "%s/.aws/credentials",
             h->dir);
    h->config[strlen(h->config) - strlen("/config")] = '\0';
    assert_int_equal(mkdir(h->config, 0700), 0);
    snprintf(h->config, sizeof h->config, "%s/.aws/config", h->dir);
    if (config != NULL) {
        spill(h->config, config);
    }
    if (credentials != NULL) {
        spill(h->credentials, credentials);
    }
    home_set(h, "HOME", h->dir);
}

/* Remove what home_make() made. */
static void home_drop(struct home *h)
{
    char dir[96];

    unlink(h->config);
    unlink(h->credentials);
    snprintf(dir, sizeof dir, "%s/.aws", h->dir);
    rmdir(dir);
    rmdir(h->dir);
}

/* Nothing given on the command line. */
static struct settings_input no_flags(struct home *h)
{
    return (struct settings_input){.connect_timeout_s = -1,
                                   .read_timeout_s = -1,
                                   .env = home_env,
                                   .env_data = h};
}

/* Load settings that must be good. */
static struct settings *load(struct home *h)
{
    struct settings_input in = no_flags(h);
    struct settings *s = NULL;
    struct err e = {0};

    if (settings_load(&s, &in, NULL, &e) != 0) {
        fail_msg("%s", e.msg);
    }
    return s;
}

/* --- Precedence ------------------------------------------------------- */

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
    s = load(&h);
    assert_null(settings_profile(s));
    assert_string_equal(settings_region(s), "r-default");
    assert_string_equal(settings_region_source(s), "the profile");
    assert_false(settings_profile_is_flag(s));
    settings_free(s);

    home_set(&h, "AWS_DEFAULT_PROFILE", "c");
    s = load(&h);
    assert_string_equal(settings_profile(s), "c");
    assert_string_equal(settings_region(s), "r-c");
    settings_free(s);

    home_set(&h, "AWS_PROFILE", "b");
    s = load(&h);
    assert_string_equal(settings_region(s), "r-b");
    settings_free(s);

    in = no_flags(&h);
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
    s = load(&h);
    assert_string_equal(settings_region(s), "r-default");
    assert_string_equal(settings_region_source(s), "AWS_DEFAULT_REGION");
    settings_free(s);

    home_set(&h, "AWS_REGION", "");
    s = load(&h);
    assert_string_equal(settings_region(s), ""); /* Set but empty wins */
    assert_string_equal(settings_region_source(s), "AWS_REGION");
    settings_free(s);

    in = no_flags(&h);
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
    s = load(&h);
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
    s = load(&h);
    assert_string_equal(settings_region(s), "r-cred");
    assert_string_equal(settings_credentials_path(s), h.credentials);
    assert_non_null(strstr(settings_config_path(s), "/$NOTHING/x"));
    settings_free(s);
    home_drop(&h);
}

/* --- Merging of the files --------------------------------------------- */

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

/* --- Each setting from each place ------------------------------------- */

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
        s = load(&h);
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
    in = no_flags(&h);
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
    s = load(&h);
    assert_int_equal(
        settings_endpoint(s, SERVICE_EC2, "fips-us-east-1", true, &ep, NULL),
        0);
    assert_string_equal(ep.url, "https://ec2-fips.us-east-1.amazonaws.com");
    assert_string_equal(ep.signing_region, "us-east-1");
    assert_false(settings_use_fips(s)); /* The setting itself is untouched */
    settings_free(s);
    home_drop(&h);
}

/* --- Refusals ---------------------------------------------------------- */

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
        in = no_flags(&h);
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
        s = load(&h);
        assert_int_equal(
            settings_endpoint(s, SERVICE_EC2, rows[i].region, true, &ep, &e),
            rows[i].code);
        assert_string_equal(e.msg, rows[i].message);
        settings_free(s);
        home_drop(&h);
    }
    home_make(&h, NULL, NULL);
    in = no_flags(&h);
    in.endpoint_url = "foo";
    assert_int_equal(settings_load(&s, &in, NULL, &e), ERR_USAGE);
    assert_string_equal(e.msg, "Bad value for --endpoint-url \"foo\": scheme "
                               "is missing.  Must be of the form "
                               "http://<hostname>/ or https://<hostname>/");
    home_drop(&h);
}

static void test_an_unreadable_file_is_no_file(void **state)
{
    struct settings *s;
    struct home h;

    (void)state;
    home_make(&h, NULL, "[default]\nregion = r\n");
    assert_int_equal(mkdir(h.config, 0700), 0); /* A directory is no file */
    s = load(&h);
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
    in = no_flags(&h);
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
        cmocka_unit_test(test_each_setting_from_each_place),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_pseudo_region_switches_fips_on),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_endpoint_refusals),
        cmocka_unit_test(test_an_unreadable_file_is_no_file),
        cmocka_unit_test(test_lack_of_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
