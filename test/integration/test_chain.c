/* SPDX-License-Identifier: Apache-2.0 */
/* test_chain.c - the order of the providers, static keys, and the rules by
 * which credentials are handed out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "aws_home.h"
#include "chain.h"
#include "mem.h"

/* A configuration and what the chain must make of it. */
struct row {
    const char *why;
    const char *config;
    const char *credentials;
    const char *env[5]; /* "NAME=value" */
    const char *profile_flag;
    const char *key; /* The access key id, or NULL for an error */
    const char *token;
    const char *account;
    const char *source; /* or the message */
    int code;
};

#define CONFIG_KEYS                                                            \
    "[default]\naws_access_key_id = AKCONF\naws_secret_access_key = s\n"
#define SHARED_KEYS                                                            \
    "[default]\naws_access_key_id = AKSHARED\naws_secret_access_key = s\n"

static const struct row rows[] = {
    {.why = "env",
     .env = {"AWS_ACCESS_KEY_ID=AKENV", "AWS_SECRET_ACCESS_KEY=s"},
     .key = "AKENV",
     .source = "env"},
    {.why = "env beats the files",
     .config = CONFIG_KEYS,
     .credentials = SHARED_KEYS,
     .env = {"AWS_ACCESS_KEY_ID=AKENV", "AWS_SECRET_ACCESS_KEY=s"},
     .key = "AKENV",
     .source = "env"},
    {.why = "AWS_SECURITY_TOKEN before AWS_SESSION_TOKEN",
     .env = {"AWS_ACCESS_KEY_ID=AKENV", "AWS_SECRET_ACCESS_KEY=s",
             "AWS_SESSION_TOKEN=two", "AWS_SECURITY_TOKEN=one"},
     .key = "AKENV",
     .token = "one",
     .source = "env"},
    {.why = "AWS_SESSION_TOKEN and AWS_ACCOUNT_ID",
     .env = {"AWS_ACCESS_KEY_ID=AKENV", "AWS_SECRET_ACCESS_KEY=s",
             "AWS_SESSION_TOKEN=two", "AWS_ACCOUNT_ID=111122223333"},
     .key = "AKENV",
     .token = "two",
     .account = "111122223333",
     .source = "env"},
    {.why = "an empty key id is none",
     .credentials = SHARED_KEYS,
     .env = {"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=s"},
     .key = "AKSHARED",
     .source = "shared-credentials-file"},
    {.why = "half of the keys in env",
     .credentials = SHARED_KEYS,
     .env = {"AWS_ACCESS_KEY_ID=AKENV"},
     .source =
         "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY",
     .code = ERR_CREDENTIALS},
    {.why = "an expiry in env",
     .env = {"AWS_ACCESS_KEY_ID=AKENV", "AWS_SECRET_ACCESS_KEY=s",
             "AWS_CREDENTIAL_EXPIRATION=2090-01-01T00:00:00Z"},
     .key = "AKENV",
     .source = "env"},
    {.why = "expired keys in env",
     .env = {"AWS_ACCESS_KEY_ID=AKENV", "AWS_SECRET_ACCESS_KEY=s",
             "AWS_CREDENTIAL_EXPIRATION=2020-01-01T00:00:00Z"},
     .source = "Credentials were refreshed, but the refreshed credentials are "
               "still expired.",
     .code = ERR_EXPIRED},
    {.why = "no date at all",
     .env = {"AWS_ACCESS_KEY_ID=AKENV", "AWS_SECRET_ACCESS_KEY=s",
             "AWS_CREDENTIAL_EXPIRATION=soon"},
     .source = "Unknown string format: soon",
     .code = ERR_CREDENTIALS},
    {.why = "AWS_PROFILE does not beat env",
     .credentials = "[p]\naws_access_key_id = AKP\naws_secret_access_key = s\n",
     .env = {"AWS_PROFILE=p", "AWS_ACCESS_KEY_ID=AKENV",
             "AWS_SECRET_ACCESS_KEY=s"},
     .key = "AKENV",
     .source = "env"},
    {.why = "--profile does",
     .credentials = "[p]\naws_access_key_id = AKP\naws_secret_access_key = s\n",
     .env = {"AWS_ACCESS_KEY_ID=AKENV", "AWS_SECRET_ACCESS_KEY=s"},
     .profile_flag = "p",
     .key = "AKP",
     .source = "shared-credentials-file"},
    {.why = "the credentials file before the config file",
     .config = CONFIG_KEYS,
     .credentials = SHARED_KEYS,
     .key = "AKSHARED",
     .source = "shared-credentials-file"},
    {.why = "the config file alone",
     .config = CONFIG_KEYS "aws_session_token = t\naws_account_id = 1\n",
     .key = "AKCONF",
     .token = "t",
     .account = "1",
     .source = "config-file"},
    {.why = "aws_security_token first",
     .credentials =
         SHARED_KEYS "aws_session_token = two\naws_security_token = one\n",
     .key = "AKSHARED",
     .token = "one",
     .source = "shared-credentials-file"},
    {.why = "half of the keys in the credentials file",
     .config = CONFIG_KEYS,
     .credentials = "[default]\naws_access_key_id = AK\n",
     .source = "Partial credentials found in shared-credentials-file, "
               "missing: aws_secret_access_key",
     .code = ERR_CREDENTIALS},
    {.why = "half of the keys in the config file",
     .config = "[default]\naws_access_key_id = AK\n",
     .source = "Partial credentials found in config-file, missing: "
               "aws_secret_access_key",
     .code = ERR_CREDENTIALS},
    {.why = "a secret alone is passed over",
     .credentials = "[default]\naws_secret_access_key = s\n",
     .source = "Unable to locate credentials. You can configure credentials "
               "by running \"aws login\".",
     .code = ERR_NO_CREDENTIALS},
    {.why = "nothing",
     .source = "Unable to locate credentials. You can configure credentials "
               "by running \"aws login\".",
     .code = ERR_NO_CREDENTIALS},
    {.why = "another profile's keys",
     .config = "[profile p]\nregion = x\n",
     .credentials = SHARED_KEYS,
     .profile_flag = "p",
     .source = "Unable to locate credentials. You can configure credentials "
               "by running \"aws login\".",
     .code = ERR_NO_CREDENTIALS},
};

/* Set "NAME=value". */
static void set_pair(struct aws_home *h, const char *pair)
{
    char name[64] = "";
    const char *eq = strchr(pair, '=');

    memcpy(name, pair, (size_t)(eq - pair));
    aws_home_set(h, name, "%s", eq + 1);
}

/* NULL-safe equality. */
static void assert_same(const char *got, const char *want)
{
    if (want == NULL) {
        assert_null(got);
    } else {
        assert_non_null(got);
        assert_string_equal(got, want);
    }
}

static void test_who_wins(void **state)
{
    size_t i, k;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct aws_home h;

        print_message("%s\n", row->why);
        aws_home_init(&h, row->config, row->credentials);
        h.profile_flag = row->profile_flag;
        for (k = 0; k < 5 && row->env[k] != NULL; k++) {
            set_pair(&h, row->env[k]);
        }
        assert_int_equal(aws_home_once(&h), row->code);
        if (row->key == NULL) {
            assert_null(h.creds);
            assert_string_equal(h.err.msg, row->source);
        } else {
            assert_string_equal(h.creds->access_key_id, row->key);
            assert_same(h.creds->session_token, row->token);
            assert_same(h.creds->account_id, row->account);
            assert_string_equal(h.creds->source, row->source);
        }
        aws_home_drop(&h);
    }
}

static void test_the_log_says_who_was_passed_over(void **state)
{
    struct aws_home h;

    (void)state;
    aws_home_init(&h, CONFIG_KEYS, NULL);
    assert_int_equal(aws_home_once(&h), 0);
    assert_true(aws_home_logged(&h, "looking for credentials via: env\n"));
    assert_true(
        aws_home_logged(&h, "env: passed over: AWS_ACCESS_KEY_ID is not set"));
    assert_true(aws_home_logged(&h, "config-file: found credentials"));
    assert_false(aws_home_logged(&h, "AKCONF"));
    aws_home_drop(&h);
}

static void test_cancel_and_close_answer_nobody(void **state)
{
    struct chain_wait *wait;
    struct aws_home h;

    (void)state;
    aws_home_init(&h, CONFIG_KEYS, NULL);
    assert_true(aws_home_open(&h));
    wait = chain_get(h.chain, aws_home_on_never, NULL);
    assert_non_null(wait);
    chain_cancel(wait);
    assert_int_equal(aws_home_get(&h), 0);
    assert_non_null(chain_get(h.chain, aws_home_on_never, NULL));
    aws_home_shut(&h);
    aws_home_drop(&h);
}

/* Close the chain from inside its callback. */
static void on_creds_close(void *data, struct creds *creds,
                           const struct err *err);

static void on_closed(void *data)
{
    ((struct aws_home *)data)->chain = NULL;
}

static void on_creds_close(void *data, struct creds *creds,
                           const struct err *err)
{
    struct aws_home *h = data;

    assert_non_null(creds);
    assert_null(err);
    chain_close(h->chain, on_closed, h);
}

static void test_close_from_the_callback(void **state)
{
    struct aws_home h;

    (void)state;
    aws_home_init(&h, CONFIG_KEYS, NULL);
    assert_true(aws_home_open(&h));
    assert_non_null(chain_get(h.chain, on_creds_close, &h));
    assert_non_null(chain_get(h.chain, aws_home_on_never, &h));
    while (h.chain != NULL) {
        uv_run(&h.loop, UV_RUN_ONCE);
    }
    h.chain = chain_new(&h.loop, h.net, NULL, h.settings); /* For shut */
    aws_home_shut(&h);
    aws_home_drop(&h);
}

static void test_refused_credentials_are_looked_for_again(void **state)
{
    struct aws_home h;
    struct creds *first;

    (void)state;
    aws_home_init(&h, NULL, NULL);
    aws_home_set(&h, "AWS_ACCESS_KEY_ID", "AK1");
    aws_home_set(&h, "AWS_SECRET_ACCESS_KEY", "s");
    assert_true(aws_home_open(&h));
    assert_int_equal(aws_home_get(&h), 0);
    first = creds_ref(h.creds);
    aws_home_set(&h, "AWS_ACCESS_KEY_ID", "AK2");
    assert_int_equal(aws_home_get(&h), 0);
    assert_ptr_equal(h.creds, first); /* Kept until somebody complains */
    chain_reject(h.chain, first);
    assert_int_equal(aws_home_get(&h), 0);
    assert_string_equal(h.creds->access_key_id, "AK2");
    chain_reject(h.chain, first); /* Old news */
    creds_unref(first);
    first = creds_ref(h.creds);
    assert_int_equal(aws_home_get(&h), 0);
    assert_ptr_equal(h.creds, first);
    creds_unref(first);
    aws_home_shut(&h);
    aws_home_drop(&h);
}

static void test_files_are_read_again_for_new_keys(void **state)
{
    static const char *const files[] = {".aws/credentials", ".aws/config"};
    struct creds *first;
    struct aws_home h;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        aws_home_init(&h, NULL, NULL);
        aws_home_write(&h, files[i],
                       "[default]\naws_access_key_id = AK1\n"
                       "aws_secret_access_key = s\n");
        assert_true(aws_home_open(&h));
        assert_int_equal(aws_home_get(&h), 0);
        first = creds_ref(h.creds);
        aws_home_write(&h, files[i],
                       "[default]\naws_access_key_id = AK2\n"
                       "aws_secret_access_key = s\naws_session_token = t\n");
        chain_reject(h.chain, first);
        assert_int_equal(aws_home_get(&h), 0);
        assert_string_equal(h.creds->access_key_id, "AK2");
        assert_string_equal(h.creds->session_token, "t");
        creds_unref(first);
        first = creds_ref(h.creds);
        aws_home_write(&h, files[i], "junk"); /* Being edited, perhaps */
        chain_reject(h.chain, first);
        assert_int_equal(aws_home_get(&h), 0);
        assert_string_equal(h.creds->access_key_id, "AK1");
        assert_true(aws_home_logged(&h, "Unable to parse config file"));
        creds_unref(first);
        aws_home_shut(&h);
        aws_home_drop(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_wins),
        cmocka_unit_test(test_the_log_says_who_was_passed_over),
        cmocka_unit_test(test_cancel_and_close_answer_nobody),
        cmocka_unit_test(test_close_from_the_callback),
        cmocka_unit_test(test_refused_credentials_are_looked_for_again),
        cmocka_unit_test(test_files_are_read_again_for_new_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
