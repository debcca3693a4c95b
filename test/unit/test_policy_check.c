/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy_check.c - words in, text and exit code out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "mem.h"
#include "policy_check.h"

enum { MAX_WORDS = 24 };

static const char tunnel_policy[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":["
    "{\"Sid\":\"Tunnel\",\"Effect\":\"Allow\","
    "\"Action\":\"ec2-instance-connect:OpenTunnel\","
    "\"Resource\":\"arn:aws:ec2:*:*:instance-connect-endpoint/eice-0a\","
    "\"Condition\":{\"NumericLessThanEquals\":{"
    "\"ec2-instance-connect:maxTunnelDuration\":\"600\"},"
    "\"NumericEquals\":{\"ec2-instance-connect:remotePort\":[22,3389]}}},"
    "{\"Effect\":\"Deny\",\"NotAction\":\"ec2-instance-connect:*\","
    "\"Resource\":\"*\"}]}";
static const char dated_policy[] =
    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\","
    "\"Condition\":{\"DateGreaterThan\":{\"aws:CurrentTime\":"
    "\"2026-01-01T00:00:00Z\"}}}}";
static const char bad_policy[] = "{\"Statement\":{\"Effect\":\"Maybe\","
                                 "\"Action\":\"*\",\"Resource\":\"*\"}}";

/* Files of the test, and what a run left. */
struct fixture {
    char dir[64];
    struct buf out;
    struct buf err;
    int code;
};

static void file_write(struct fixture *f, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    strcpy(f->dir, "/tmp/eice-policy-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    file_write(f, "tunnel.json", tunnel_policy);
    file_write(f, "dated.json", dated_policy);
    file_write(f, "bad.json", bad_policy);
    assert_int_equal(chdir(f->dir), 0);
    buf_init(&f->out, 100000);
    buf_init(&f->err, 100000);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    unlink("tunnel.json");
    unlink("dated.json");
    unlink("bad.json");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(f->dir), 0);
    buf_free(&f->out);
    buf_free(&f->err);
    free(f);
    return 0;
}

/* Run with the words of @line, separated by single spaces. */
static void run(struct fixture *f, const char *line)
{
    const char *words[MAX_WORDS];
    char *copy = mem_strdup(line);
    char *save = NULL;
    char *word;
    int n = 0;

    for (word = strtok_r(copy, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        assert_true(n < MAX_WORDS);
        words[n++] = word;
    }
    buf_clear(&f->out);
    buf_clear(&f->err);
    f->code = policy_check(n, words, 1767323045, &f->out, &f->err);
    mem_free(copy);
}

#define OPEN                                                                   \
    "--policy tunnel.json --action ec2-instance-connect:OpenTunnel "           \
    "--resource arn:aws:ec2:eu-west-1:1:instance-connect-endpoint/eice-0a "

static void test_allowed(void **state)
{
    struct fixture *f = *state;

    run(f, OPEN "--context=ec2-instance-connect:remotePort=22 "
                "--context ec2-instance-connect:maxTunnelDuration=60");
    assert_int_equal(f->code, 0);
    assert_string_equal(
        buf_str(&f->out),
        "allowed by statement 0 (Sid \"Tunnel\") of policy \"tunnel.json\"\n");
    assert_string_equal(buf_str(&f->err), "");
}

static void test_denied_for_want_of_a_duration(void **state)
{
    struct fixture *f = *state;

    run(f, OPEN "--context ec2-instance-connect:remotePort=22 "
                "--principal arn:aws:iam::1:user/me");
    assert_int_equal(f->code, 1);
    assert_string_equal(
        buf_str(&f->out),
        "denied: no statement of any identity-based policy allows it\n"
        "User: arn:aws:iam::1:user/me is not authorized to perform: "
        "ec2-instance-connect:OpenTunnel on resource: "
        "arn:aws:ec2:eu-west-1:1:instance-connect-endpoint/eice-0a because no "
        "identity-based policy allows the ec2-instance-connect:OpenTunnel "
        "action\n"
        "  statement 0 (Sid \"Tunnel\") of policy \"tunnel.json\": "
        "NumericLessThanEquals wants ec2-instance-connect:maxTunnelDuration "
        "to match 600, but it is 3600\n"
        "  statement 1 of policy \"tunnel.json\": the action is an "
        "exception\n");
}

static void test_denied_for_other_reasons(void **state)
{
    struct fixture *f = *state;

    run(f, OPEN "--context ec2-instance-connect:maxTunnelDuration=60");
    assert_int_equal(f->code, 1);
    assert_non_null(strstr(
        buf_str(&f->out), "NumericEquals wants ec2-instance-connect:remotePort "
                          "to match [22, 3389], but the request has no such "
                          "key\n"));
    run(f, OPEN "--resource arn:aws:ec2:eu-west-1:1:vpc/v");
    assert_int_equal(f->code, 1);
    assert_non_null(strstr(buf_str(&f->out), "the resource is not named\n"));
    run(f,
        "--policy tunnel.json --action ec2-instance-connect:SendSSHPublicKey");
    assert_int_equal(f->code, 1);
    assert_non_null(strstr(buf_str(&f->out), "the action is not named\n"));
}

static void test_an_explicit_deny(void **state)
{
    struct fixture *f = *state;

    run(f, "--policy tunnel.json --action ec2:DescribeInstances");
    assert_int_equal(f->code, 1);
    assert_string_equal(buf_str(&f->out),
                        "denied by statement 1 of policy \"tunnel.json\"\n");
}

static void test_json(void **state)
{
    struct fixture *f = *state;

    run(f, "--json --policy dated.json --action ec2:A");
    assert_int_equal(f->code, 0);
    assert_string_equal(buf_str(&f->out), "{\n"
                                          "    \"verdict\": \"allowed\",\n"
                                          "    \"source\": \"identity\",\n"
                                          "    \"policy\": \"dated.json\",\n"
                                          "    \"statement\": 0\n"
                                          "}\n");
}

static void test_limits_and_time(void **state)
{
    struct fixture *f = *state;

    run(f, "--policy dated.json --action ec2:A");
    assert_int_equal(f->code, 0);
    run(f, "--policy dated.json --action ec2:A "
           "--context aws:currenttime=2025-12-31T23:59:59Z");
    assert_int_equal(f->code, 1);
    run(f, "--policy dated.json --boundary tunnel.json --action sns:Publish");
    assert_int_equal(f->code, 1);
    assert_string_equal(buf_str(&f->out),
                        "denied by statement 1 of policy \"tunnel.json\"\n");
    run(f, "--policy dated.json --session-policy tunnel.json --action "
           "ec2-instance-connect:OpenTunnel");
    assert_int_equal(f->code, 1);
    assert_non_null(strstr(buf_str(&f->out),
                           "no statement of any session policy allows it"));
}

static void test_bad_words(void **state)
{
    static const char *const lines[] = {
        "",
        "--policy dated.json",
        "--action ec2:A",
        "--policy dated.json --action",
        "--policy dated.json --action ec2:A --context novalue",
        "--policy dated.json --action ec2:A --context =x",
        "--policy dated.json --action ec2:A --bogus",
        "--policy dated.json --action ec2:A stray",
        "--policy dated.json --boundary dated.json --boundary dated.json",
        "--averyveryveryverylongoptionthatisnone=1",
    };
    struct fixture *f = *state;
    size_t i;

    for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        run(f, lines[i]);
        assert_int_equal(f->code, 252);
        assert_string_equal(buf_str(&f->out), "");
        assert_non_null(strstr(buf_str(&f->err), "policy-check: "));
    }
    run(f, "--help");
    assert_int_equal(f->code, 0);
    assert_string_equal(buf_str(&f->out), policy_check_usage);
}

static void test_bad_files(void **state)
{
    struct fixture *f = *state;

    run(f, "--policy none.json --action ec2:A");
    assert_int_equal(f->code, 255);
    assert_non_null(
        strstr(buf_str(&f->err), "none.json: No such file or directory"));
    run(f, "--policy bad.json --action ec2:A");
    assert_int_equal(f->code, 255);
    assert_string_equal(buf_str(&f->err),
                        "eice-emulator: policy-check: bad.json: "
                        "$.Statement.Effect: must be \"Allow\" or \"Deny\"\n");
    run(f, "--policy /dev/zero --action ec2:A");
    assert_int_equal(f->code, 255);
    assert_non_null(strstr(buf_str(&f->err), "larger than the limit"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_denied_for_want_of_a_duration),
        cmocka_unit_test(test_denied_for_other_reasons),
        cmocka_unit_test(test_an_explicit_deny),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_limits_and_time),
        cmocka_unit_test(test_bad_words),
        cmocka_unit_test(test_bad_files),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
