/* SPDX-License-Identifier: Apache-2.0 */
/* test_role.c - which role a profile means, the names of cache entries and
 * what is in them, and what STS is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "json.h"
#include "profiles.h"
#include "role_body.h"
#include "role_config.h"
#include "role_entry.h"
#include "urls.h"

/* --- Names of cache entries ------------------------------------------- */

static void test_role_keys(void **state)
{
    static const struct {
        struct role_request request;
        const char *text, *key;
    } rows[] = {
        {{.duration_s = 900,
          .has_duration = true,
          .external_id = "ext/\xc3\xa9",
          .role_arn = "arn:aws:iam::123456789012:role/r"},
         "{\"DurationSeconds\": 900, \"ExternalId\": \"ext/\\u00e9\", "
         "\"RoleArn\": \"arn:aws:iam::123456789012:role/r\"}",
         "e855bdc3832d3c9de2bbe902e653a7e3082e56fc"},
        {{.role_arn = "arn:aws:iam::123456789012:role/r2",
          .session_name = "sess"},
         "{\"RoleArn\": \"arn:aws:iam::123456789012:role/r2\", "
         "\"RoleSessionName\": \"sess\"}",
         "0493e1b5521947d1f6c39baf74e80c3ef5be24e8"},
        {{.role_arn = "arn:aws:iam::123456789012:role/web"},
         "{\"RoleArn\": \"arn:aws:iam::123456789012:role/web\"}",
         "995ef64306d209e21474b69558c0b71b44774efb"},
        {{.role_arn = "arn:aws:iam::123456789012:role/m",
          .mfa_serial = "arn:aws:iam::123456789012:mfa/me"},
         "{\"RoleArn\": \"arn:aws:iam::123456789012:role/m\", "
         "\"SerialNumber\": \"arn:aws:iam::123456789012:mfa/me\"}",
         "e14ede1535587443de79abe89544e908b29f315d"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char key[ROLE_KEY_SIZE];
        struct buf text;

        buf_init(&text, ROLE_ENTRY_MAX);
        assert_int_equal(role_key_text(&text, &rows[i].request), 0);
        assert_string_equal(buf_str(&text), rows[i].text);
        role_key(key, buf_str(&text));
        assert_string_equal(key, rows[i].key);
        buf_free(&text);
    }
}

static void test_sso_keys(void **state)
{
    static const struct {
        const char *session, *url, *text, *key;
    } rows[] = {
        {"my", "https://x.awsapps.com/start",
         "{\"accountId\":\"111122223333\",\"roleName\":\"Admin\","
         "\"sessionName\":\"my\"}",
         "4d09414be2cca3aaa683315b677763c4504def01"},
        {NULL, "https://x.awsapps.com/start",
         "{\"accountId\":\"111122223333\",\"roleName\":\"Admin\","
         "\"startUrl\":\"https://x.awsapps.com/start\"}",
         "96130de6de3a9325997e31bc748f60a8aabf21e4"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char key[ROLE_KEY_SIZE];
        struct buf text;

        buf_init(&text, ROLE_ENTRY_MAX);
        assert_int_equal(role_key_sso_text(&text, "111122223333", "Admin",
                                           rows[i].session, rows[i].url),
                         0);
        assert_string_equal(buf_str(&text), rows[i].text);
        role_key(key, buf_str(&text));
        assert_string_equal(key, rows[i].key);
        buf_free(&text);
    }
}

/* --- Entries ------------------------------------------------------------ */

#define ANSWER(op, expires)                                                    \
    "<" op "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"     \
    "<" op "Result><AssumedRoleUser><AssumedRoleId>AROA:sess</AssumedRoleId>"  \
    "<Arn>arn:aws:sts::111122223333:assumed-role/r/sess</Arn>"                 \
    "</AssumedRoleUser><Credentials><AccessKeyId>ASIA</AccessKeyId>"           \
    "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"       \
    "<Expiration>" expires "</Expiration></Credentials></" op "Result>"        \
    "<ResponseMetadata><RequestId>1111</RequestId></ResponseMetadata></" op    \
    "Response>"

/* What would be written to disk. */
static void assert_written(json_t *entry, const char *want)
{
    struct buf text;

    buf_init(&text, ROLE_ENTRY_MAX);
    js_write(&text, entry, JS_SPACED | JS_ASCII);
    assert_string_equal(buf_str(&text), want);
    buf_free(&text);
}

static void test_an_entry_of_sts(void **state)
{
    static const char text[] = ANSWER("AssumeRole", "2030-01-01T00:00:00Z");
    struct role_entry r;
    struct err e;
    json_t *entry =
        role_entry_from_sts(text, sizeof text - 1, "AssumeRole", false, &e);

    (void)state;
    assert_non_null(entry);
    assert_written(
        entry,
        "{\"Credentials\": {\"AccessKeyId\": \"ASIA\", \"SecretAccessKey\": "
        "\"s\", \"SessionToken\": \"t\", \"Expiration\": "
        "\"2030-01-01T00:00:00+00:00\", \"AccountId\": \"111122223333\"}, "
        "\"AssumedRoleUser\": {\"AssumedRoleId\": \"AROA:sess\", \"Arn\": "
        "\"arn:aws:sts::111122223333:assumed-role/r/sess\"}, "
        "\"ResponseMetadata\": {\"RequestId\": \"1111\", \"HTTPStatusCode\": "
        "200, \"HTTPHeaders\": {}, \"RetryAttempts\": 0}}");
    assert_true(role_entry_read(&r, entry));
    assert_string_equal(r.access_key_id, "ASIA");
    assert_string_equal(r.account_id, "111122223333");
    assert_int_equal(r.expires_at, 1893456000);
    json_decref(entry);
    entry = role_entry_from_sts(text, sizeof text - 1, "AssumeRole", true, &e);
    assert_string_equal(js_str(js_obj(entry, "Credentials"), "Expiration"),
                        "2030-01-01T00:00:00Z");
    json_decref(entry);
}

static void test_answers_that_are_none(void **state)
{
    static const char *const texts[] = {
        "",
        "<x/>",
        "not xml",
        "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>",
        ANSWER("AssumeRoleWithWebIdentity", "2030-01-01T00:00:00Z"),
        ANSWER("AssumeRole", "soon"),
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><Expiration>"
        "2030-01-01T00:00:00Z</Expiration><AccessKeyId>A</AccessKeyId>"
        "</Credentials></AssumeRoleResult></AssumeRoleResponse>",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct err e = {0};

        assert_null(role_entry_from_sts(texts[i], strlen(texts[i]),
                                        "AssumeRole", false, &e));
        assert_int_not_equal(e.code, 0);
    }
}

static void test_an_entry_of_sso(void **state)
{
    static const char text[] =
        "{\"roleCredentials\":{\"accessKeyId\":\"ASIA\",\"secretAccessKey\":"
        "\"s\",\"sessionToken\":\"t\",\"expiration\":1893456000000}}";
    static const char text_date[] =
        "{\"roleCredentials\":{\"accessKeyId\":\"ASIA\",\"secretAccessKey\":"
        "\"s\",\"sessionToken\":\"t\",\"expiration\":\"1\"}}";
    static const char *const bad[] = {
        "{}", "[]", "x", "{\"roleCredentials\":{\"expiration\":1}}", text_date};
    struct err e;
    json_t *entry =
        role_entry_from_sso(text, sizeof text - 1, "111122223333", &e);
    size_t i;

    (void)state;
    assert_non_null(entry);
    assert_written(entry,
                   "{\"ProviderType\": \"sso\", \"Credentials\": "
                   "{\"AccessKeyId\": \"ASIA\", \"SecretAccessKey\": \"s\", "
                   "\"SessionToken\": \"t\", \"Expiration\": "
                   "\"2030-01-01T00:00:00Z\", \"AccountId\": "
                   "\"111122223333\"}}");
    json_decref(entry);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(role_entry_from_sso(bad[i], strlen(bad[i]), "1", &e));
    }
}

static void test_reading_entries_of_others(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"{\"Credentials\": {\"AccessKeyId\": \"a\", \"SecretAccessKey\": "
         "\"b\", \"SessionToken\": \"c\", \"Expiration\": "
         "\"2030-01-01T00:00:00Z\"}}",
         true},
        {"{\"Credentials\": {\"AccessKeyId\": \"a\", \"SecretAccessKey\": "
         "\"b\", \"SessionToken\": \"c\", \"Expiration\": "
         "\"2030-01-01T00:00:00UTC\"}}",
         true},
        {"{\"Credentials\": {\"AccessKeyId\": \"a\", \"SecretAccessKey\": "
         "\"b\", \"SessionToken\": \"c\", \"Expiration\": "
         "\"2030-01-01T02:00:00+02:00\"}}",
         true},
        {"{\"Credentials\": {\"AccessKeyId\": \"a\", \"SecretAccessKey\": "
         "\"b\", \"Expiration\": \"2030-01-01T00:00:00Z\"}}",
         false},
        {"{\"Credentials\": []}", false},
        {"[]", false},
        {"{}", false},
    };
    struct role_entry r;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *entry = js_parse(rows[i].text, strlen(rows[i].text), NULL);

        assert_non_null(entry);
        assert_int_equal(role_entry_read(&r, entry), rows[i].good);
        if (rows[i].good) {
            assert_int_equal(r.expires_at, 1893456000);
        }
        json_decref(entry);
    }
    assert_false(role_entry_read(&r, NULL));
}

/* --- Bodies --------------------------------------------------------------- */

static void test_bodies(void **state)
{
    struct role_request r = {.role_arn = "arn:aws:iam::1:role/r"};
    struct buf b;

    (void)state;
    buf_init(&b, STS_BODY_MAX);
    sts_assume_role(&b, &r, NULL, 1767323045);
    assert_string_equal(
        buf_str(&b),
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1"
        "%3Arole%2Fr&RoleSessionName=botocore-session-1767323045");
    buf_clear(&b);
    r.session_name = "me";
    r.external_id = "x y";
    r.mfa_serial = "m";
    r.has_duration = true;
    r.duration_s = 900;
    sts_assume_role(&b, &r, "123456", 0);
    assert_string_equal(
        buf_str(&b),
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1"
        "%3Arole%2Fr&RoleSessionName=me&ExternalId=x+y&SerialNumber=m&"
        "TokenCode=123456&DurationSeconds=900");
    buf_clear(&b);
    sts_web_identity(&b, &r, "tok\n", 0);
    assert_string_equal(
        buf_str(&b),
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws"
        "%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=me&WebIdentityToken=tok%0A");
    buf_free(&b);
}

/* --- Configuration -------------------------------------------------------- */

static const char config[] =
    "[default]\nrole_arn = R0\nsource_profile = base\n"
    "[profile base]\naws_access_key_id = A\naws_secret_access_key = s\n"
    "[profile chain]\nrole_arn = R1\nsource_profile = default\n"
    "duration_seconds = 1800\nmfa_serial = M\nexternal_id = E\n"
    "role_session_name = S\n"
    "[profile self]\nrole_arn = R2\nsource_profile = self\n"
    "aws_access_key_id = A\n"
    "[profile selfless]\nrole_arn = R2\nsource_profile = selfless\n"
    "[profile A]\nrole_arn = RA\nsource_profile = B\n"
    "[profile B]\nrole_arn = RB\nsource_profile = A\n"
    "[profile both]\nrole_arn = R\nsource_profile = base\n"
    "credential_source = Environment\n"
    "[profile neither]\nrole_arn = R\n"
    "[profile nowhere]\nrole_arn = R\nsource_profile = Z\n"
    "[profile env]\nrole_arn = R\ncredential_source = Environment\n"
    "[profile imds]\nrole_arn = R\ncredential_source = Ec2InstanceMetadata\n"
    "[profile ecs]\nrole_arn = R\ncredential_source = EcsContainer\n"
    "[profile case]\nrole_arn = R\ncredential_source = environment\n"
    "[profile odd]\nrole_arn = R\nsource_profile = base\n"
    "duration_seconds = 1h\n"
    "[profile web]\nrole_arn = R\nweb_identity_token_file = /t\n"
    "[profile onweb]\nrole_arn = R\nsource_profile = web\n"
    "[profile onstatic]\nrole_arn = R\nsource_profile = self\n";

static void test_chains(void **state)
{
    struct role_config links[ROLE_CHAIN_MAX];
    struct profiles *p;
    struct err e;
    size_t n;

    (void)state;
    assert_int_equal(
        profiles_parse(&p, config, sizeof config - 1, "c", NULL, 0, "d", &e),
        0);
    assert_true(role_config_present(p, "default"));
    assert_false(role_config_present(p, "base"));
    assert_false(role_config_present(p, "web"));
    assert_false(role_config_present(p, "nobody"));

    assert_int_equal(role_config_read(p, "chain", links, &n, &e), 0);
    assert_int_equal(n, 2);
    assert_string_equal(links[0].request.role_arn, "R1");
    assert_string_equal(links[0].request.mfa_serial, "M");
    assert_string_equal(links[0].request.external_id, "E");
    assert_string_equal(links[0].request.session_name, "S");
    assert_true(links[0].request.has_duration);
    assert_int_equal(links[0].request.duration_s, 1800);
    assert_int_equal(links[0].source, ROLE_FROM_ROLE);
    assert_string_equal(links[1].profile, "default");
    assert_int_equal(links[1].source, ROLE_FROM_PROFILE);
    assert_string_equal(links[1].source_name, "base");

    assert_int_equal(role_config_read(p, "self", links, &n, &e), 0);
    assert_int_equal(n, 1);
    assert_int_equal(links[0].source, ROLE_FROM_PROFILE);
    assert_int_equal(role_config_read(p, "env", links, &n, &e), 0);
    assert_int_equal(links[0].source, ROLE_FROM_ENVIRONMENT);
    assert_int_equal(role_config_read(p, "imds", links, &n, &e), 0);
    assert_int_equal(links[0].source, ROLE_FROM_IMDS);
    assert_int_equal(role_config_read(p, "ecs", links, &n, &e), 0);
    assert_int_equal(links[0].source, ROLE_FROM_CONTAINER);
    assert_int_equal(role_config_read(p, "odd", links, &n, &e), 0);
    assert_false(links[0].request.has_duration);
    assert_int_equal(role_config_read(p, "onweb", links, &n, &e), 0);
    assert_int_equal(links[0].source, ROLE_FROM_PROFILE);
    assert_int_equal(role_config_read(p, "onstatic", links, &n, &e), 0);
    assert_int_equal(links[0].source, ROLE_FROM_PROFILE);
    profiles_free(p);
}

static void test_faults(void **state)
{
    static const char *const rows[][2] = {
        {"both", "The profile \"both\" contains both source_profile and "
                 "credential_source."},
        {"neither", "Partial credentials found in assume-role, missing: "
                    "source_profile or credential_source"},
        {"nowhere", "The source_profile \"Z\" referenced in the profile "
                    "\"nowhere\" does not exist."},
        {"case", "The credential source \"environment\" referenced in profile "
                 "\"case\" is not valid."},
        {"A", "Infinite loop in credential configuration detected. Attempting "
              "to load from profile A which has already been visited. Visited "
              "profiles: ['A', 'B']"},
        {"selfless",
         "Infinite loop in credential configuration detected. Attempting to "
         "load from profile selfless which has already been visited. Visited "
         "profiles: ['selfless']"},
    };
    struct role_config links[ROLE_CHAIN_MAX];
    struct profiles *p;
    struct err e;
    size_t i, n;

    (void)state;
    assert_int_equal(
        profiles_parse(&p, config, sizeof config - 1, "c", NULL, 0, "d", &e),
        0);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(role_config_read(p, rows[i][0], links, &n, &e),
                         ERR_CREDENTIALS);
        assert_string_equal(e.msg, rows[i][1]);
    }
    profiles_free(p);
}

static void test_hosts_of_containers(void **state)
{
    static const struct {
        const char *url, *host;
        bool allowed;
    } rows[] = {
        {"https://anything.example/x", "anything.example", true},
        {"http://127.0.0.1:80/x", "127.0.0.1", true},
        {"http://127.9.9.9", "127.9.9.9", true},
        {"http://[::1]:8080/", "::1", true},
        {"http://LOCALHOST/x", "localhost", true},
        {"http://169.254.170.2/v2", "169.254.170.2", true},
        {"http://169.254.170.23/v1", "169.254.170.23", true},
        {"http://[fd00:ec2::23]/v1", "fd00:ec2::23", true},
        {"http://10.0.0.1/x", "10.0.0.1", false},
        {"http://127.0.0.1@evil.example/x", "evil.example", false},
        {"http://localhost.evil.example", "localhost.evil.example", false},
        {"nonsense", "None", false},
        {"http:///x", "None", false},
    };
    char host[URL_HOST_TEXT];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(url_container_allowed(rows[i].url, host),
                         rows[i].allowed);
        assert_string_equal(host, rows[i].host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_role_keys),
        cmocka_unit_test(test_sso_keys),
        cmocka_unit_test(test_an_entry_of_sts),
        cmocka_unit_test(test_answers_that_are_none),
        cmocka_unit_test(test_an_entry_of_sso),
        cmocka_unit_test(test_reading_entries_of_others),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_hosts_of_containers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
