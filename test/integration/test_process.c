/* SPDX-License-Identifier: Apache-2.0 */
/* test_process.c - credential_process: good ones, bad ones and hostile ones;
 * and the two files of the time before profiles. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "aws_home.h"
#include "chain.h"
#include "process.h"

#define KEYS "\"AccessKeyId\":\"AKPROC\",\"SecretAccessKey\":\"secret-word\""

/* A script (its stdout is what counts) and what comes of it. */
struct row {
    const char *why;
    const char *line;   /* credential_process; or NULL: a script, */
    const char *script; /* this one */
    const char *more;   /* Of the profile */
    const char *token, *account;
    int64_t expires_at;
    const char *message; /* NULL: good */
};

static const struct row rows[] = {
    {.why = "as little as possible",
     .script = "echo '{\"Version\":1," KEYS "}'"},
    {.why = "everything",
     .script = "echo '{\"Version\":1," KEYS ",\"SessionToken\":\"t\","
               "\"Expiration\":\"2040-01-01T00:00:00Z\",\"AccountId\":\"42\"}'",
     .token = "t",
     .account = "42",
     .expires_at = 2208988800},
    {.why = "the profile's account",
     .script = "echo '{\"Version\":1.0," KEYS "}'",
     .more = "aws_account_id = 77\n",
     .account = "77"},
    {.why = "chatter on stderr is nobody's business",
     .script = "echo noise >&2; echo '{\"Version\":1," KEYS "}'"},
    {.why = "no stdin to wait for",
     .script = "cat >/dev/null; echo '{\"Version\":1," KEYS "}'"},
    {.why = "a child that keeps the pipes open",
     .script = "sleep 20 & echo '{\"Version\":1," KEYS "}'"},
    {.why = "no shell",
     .line = "/bin/echo $HOME ~ | cat",
     .message = "Expecting value: line 1 column 1 (char 0)"},
    {.why = "quotes",
     .line = "/bin/sh -c \"echo '{\\\"Version\\\":1,\\\"AccessKeyId\\\":"
             "\\\"AKPROC\\\",\\\"SecretAccessKey\\\":\\\"secret-word\\\"}'\""},
    {.why = "an open quote",
     .line = "/bin/sh -c 'oops",
     .message = "No closing quotation"},
    {.why = "nothing to run",
     .line = "",
     .message = "Error when retrieving credentials from custom-process: "
                "credential_process is empty"},
    {.why = "no such program",
     .line = "/nonexistent/x --flag",
     .message = "[Errno 2] No such file or directory: '/nonexistent/x'"},
    {.why = "no program",
     .line = "/etc/passwd",
     .message = "[Errno 13] Permission denied: '/etc/passwd'"},
    {.why = "a failure in its own words",
     .script = "echo 'log in first' >&2; exit 3",
     .message = "Error when retrieving credentials from custom-process: log in "
                "first"},
    {.why = "a silent failure",
     .script = "exit 3",
     .message = "Error when retrieving credentials from custom-process: it "
                "ended with status 3 and said nothing"},
    {.why = "death by signal",
     .script = "kill -SEGV $$",
     .message = "Error when retrieving credentials from custom-process: it was "
                "ended by signal 11"},
    {.why = "no version",
     .script = "echo '{" KEYS "}'",
     .message = "Error when retrieving credentials from custom-process: "
                "Unsupported version '<Version key not provided>' for "
                "credential process provider, supported versions: 1"},
    {.why = "version 2",
     .script = "echo '{\"Version\":2," KEYS "}'",
     .message = "Error when retrieving credentials from custom-process: "
                "Unsupported version '2' for credential process provider, "
                "supported versions: 1"},
    {.why = "a version that is no number",
     .script = "echo '{\"Version\":\"1\"," KEYS "}'",
     .message = "Error when retrieving credentials from custom-process: "
                "Unsupported version '1' for credential process provider, "
                "supported versions: 1"},
    {.why = "no secret",
     .script = "echo '{\"Version\":1,\"AccessKeyId\":\"AK\"}'",
     .message = "Error when retrieving credentials from custom-process: "
                "Missing required key in response: 'SecretAccessKey'"},
    {.why = "no key id",
     .script = "echo '{\"Version\":1,\"SecretAccessKey\":\"AK\"}'",
     .message = "Error when retrieving credentials from custom-process: "
                "Missing required key in response: 'AccessKeyId'"},
    {.why = "nothing printed",
     .script = "true",
     .message = "Expecting value: line 1 column 1 (char 0)"},
    {.why = "an array",
     .script = "echo '[]'",
     .message = "Error when retrieving credentials from custom-process: it "
                "printed no JSON object"},
    {.why = "a date that is none",
     .script = "echo '{\"Version\":1," KEYS ",\"Expiration\":\"soon\"}'",
     .message = "Unknown string format: soon"},
    {.why = "endless output",
     .script = "exec cat /dev/zero",
     .message = "Error when retrieving credentials from custom-process: it "
                "printed more than 65536 bytes"},
    {.why = "endless output of a child",
     .script = "cat /dev/zero | cat; true",
     .message = "Error when retrieving credentials from custom-process: it "
                "printed more than 65536 bytes"},
    {.why = "much on stderr",
     .script = "head -c 1000000 /dev/zero | tr '\\0' e >&2; echo '{"
               "\"Version\":1," KEYS "}'"},
};

/* A home whose profile runs @row's program. */
static void setup(struct aws_home *h, const struct row *row)
{
    char config[1024];

    aws_home_init(h, NULL, NULL);
    if (row->line != NULL) {
        snprintf(config, sizeof config, "[default]\ncredential_process = %s\n",
                 row->line);
    } else {
        aws_home_write(h, "script", row->script);
        snprintf(config, sizeof config,
                 "[default]\n%scredential_process = /bin/sh %s/script\n",
                 row->more != NULL ? row->more : "", h->dir);
    }
    aws_home_write(h, ".aws/config", config);
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

static void test_what_programs_print(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        uint64_t before = uv_hrtime();
        struct aws_home h;

        print_message("%s\n", row->why);
        setup(&h, row);
        aws_home_once(&h);
        if (row->message != NULL) {
            assert_int_equal(h.err.code, ERR_CREDENTIALS);
            assert_string_equal(h.err.msg, row->message);
            assert_null(h.creds);
        } else {
            assert_int_equal(h.err.code, 0);
            assert_string_equal(h.creds->access_key_id, "AKPROC");
            assert_string_equal(h.creds->secret_access_key, "secret-word");
            assert_same(h.creds->session_token, row->token);
            assert_same(h.creds->account_id, row->account);
            assert_int_equal(h.creds->expires_at, row->expires_at);
            assert_string_equal(h.creds->source, "custom-process");
        }
        assert_false(aws_home_logged(&h, "secret-word"));
        assert_true(uv_hrtime() - before < 15 * UINT64_C(1000000000));
        aws_home_drop(&h);
    }
}

static void test_one_that_never_ends_is_killed(void **state)
{
    static const struct row row = {.script = "echo $$ > \"$HOME/pid\"\n"
                                             "exec sleep 1000"};
    struct aws_home h;
    char *text = NULL;
    int turns;

    (void)state;
    setup(&h, &row);
    setenv("HOME", h.dir, 1); /* The program has the true environment */
    assert_true(aws_home_open(&h));
    assert_non_null(chain_get(h.chain, aws_home_on_never, NULL));
    for (turns = 0; turns < 60000 && (text == NULL || *text == '\0'); turns++) {
        uv_run(&h.loop, UV_RUN_NOWAIT);
        usleep(1000);
        free(text);
        text = aws_home_read(&h, "pid");
    }
    assert_non_null(text);
    assert_int_equal(kill(atoi(text), 0), 0);
    aws_home_shut(&h);
    assert_int_equal(kill(atoi(text), 0), -1); /* Gone, and no zombie */
    free(text);
    aws_home_drop(&h);
}

static void test_expired_ones_are_fetched_again(void **state)
{
    static const struct row row = {
        .script = "n=$(cat \"$0.n\" 2>/dev/null || echo 0); n=$((n+1));"
                  "echo $n > \"$0.n\"\n"
                  "echo \"{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"AK$n\\\","
                  "\\\"SecretAccessKey\\\":\\\"s\\\",\\\"Expiration\\\":"
                  "\\\"2040-01-01T00:00:00Z\\\"}\""};
    struct aws_home h;

    (void)state;
    setup(&h, &row);
    assert_true(aws_home_open(&h));
    assert_int_equal(aws_home_get(&h), 0);
    assert_int_equal(aws_home_get(&h), 0);
    assert_string_equal(h.creds->access_key_id, "AK1");
    h.creds->expires_at = 1; /* The machine slept for years */
    assert_int_equal(aws_home_get(&h), 0);
    assert_string_equal(h.creds->access_key_id, "AK2");
    aws_home_shut(&h);
    aws_home_drop(&h);
}

/* --- Files of old -------------------------------------------------------- */

static void test_files_of_old(void **state)
{
    static const struct {
        const char *file, *text, *key, *message;
    } cases[] = {
        {"AWS_CREDENTIAL_FILE",
         "# c\nAWSAccessKeyId = AKOLD \nAWSSecretKey=a=b\n", "AKOLD", NULL},
        {"AWS_CREDENTIAL_FILE", "AWSAccessKeyId=AKOLD\n", NULL,
         "Partial credentials found in ec2-credentials-file, missing: "
         "AWSSecretKey"},
        {"AWS_CREDENTIAL_FILE", "nothing\n", NULL,
         "Unable to locate credentials. You can configure credentials by "
         "running \"aws login\"."},
        {"AWS_CREDENTIAL_FILE", NULL, NULL,
         "The specified config file (~/old) could not be found."},
        {"BOTO_CONFIG",
         "[Credentials]\naws_access_key_id = AKBOTO\n"
         "aws_secret_access_key = s\n",
         "AKBOTO", NULL},
        {"BOTO_CONFIG", "[Credentials]\naws_access_key_id = AKBOTO\n", NULL,
         "Partial credentials found in boto-config, missing: "
         "aws_secret_access_key"},
        {"BOTO_CONFIG", "junk\n", NULL,
         "Unable to parse config file: ~/old (line 1: not in any section)"},
        {"BOTO_CONFIG", "[Other]\nk = v\n", NULL,
         "Unable to locate credentials. You can configure credentials by "
         "running \"aws login\"."},
    };
    char want[512];
    const char *home;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aws_home h;

        aws_home_init(&h, NULL, NULL);
        if (cases[i].text != NULL) {
            aws_home_write(&h, "old", cases[i].text);
        }
        aws_home_set(&h, cases[i].file, "~/old");
        aws_home_once(&h);
        if (cases[i].message == NULL) {
            assert_string_equal(h.creds->access_key_id, cases[i].key);
        } else {
            home = strstr(cases[i].message, "~/");
            if (home != NULL) {
                snprintf(want, sizeof want, "%.*s%s%s",
                         (int)(home - cases[i].message), cases[i].message,
                         h.dir, home + 1);
            } else {
                snprintf(want, sizeof want, "%s", cases[i].message);
            }
            assert_string_equal(h.err.msg, want);
        }
        aws_home_drop(&h);
    }
}

/* --- Any moment ---------------------------------------------------------- */

static void test_close_after_any_turn(void **state)
{
    static const struct row row = {.script = "echo '{\"Version\":1," KEYS
                                             "}'; sleep 0.05"};
    int turns;

    (void)state;
    for (turns = 0; turns < 30; turns++) {
        struct aws_home h;

        setup(&h, &row);
        aws_home_leave(&h, turns, 3000);
        aws_home_drop(&h);
    }
}

static void test_lack_of_memory_at_any_point(void **state)
{
    static const struct row row = {.script = "echo '{\"Version\":1," KEYS "}'"};
    bool good = false;
    int nth;

    (void)state;
    for (nth = 0; !good; nth++) {
        struct aws_home h;

        assert_true(nth < 200);
        setup(&h, &row);
        good = aws_home_do_with(&h, nth);
        aws_home_drop(&h);
    }
    assert_true(nth > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_programs_print),
        cmocka_unit_test(test_one_that_never_ends_is_killed),
        cmocka_unit_test(test_expired_ones_are_fetched_again),
        cmocka_unit_test(test_files_of_old),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_lack_of_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
