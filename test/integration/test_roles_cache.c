/* SPDX-License-Identifier: Apache-2.0 */
/* test_roles_cache.c - the credentials of roles are kept where the AWS CLI and
 * other processes keep theirs, and one call serves all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws_home.h"
#include "fake_http.h"
#include "iso8601.h"
#include "json.h"
#include "sts_rig.h"

/* The one entry of the cache as JSON, or NULL. */
static json_t *cached_entry(struct sts *s, char *path, size_t size)
{
    char command[256];
    char line[256] = "";
    json_t *entry = NULL;
    char *text;
    FILE *f;

    snprintf(command, sizeof command,
             "cd %s && ls .aws/cli/cache/*.json 2>/dev/null", s->home.dir);
    f = popen(command, "r");
    assert_non_null(f);
    if (fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        text = aws_home_read(&s->home, line);
        assert_non_null(text);
        entry = js_parse(text, strlen(text), NULL);
        free(text);
    }
    pclose(f);
    if (path != NULL) {
        snprintf(path, size, "%s", line);
    }
    return entry;
}

static void test_a_role_is_assumed_and_kept(void **state)
{
    struct stat st;
    struct sts s;
    char path[256], full[512];
    json_t *entry;

    (void)state;
    sts_setup(&s, ROLE);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_string_equal(s.home.creds->access_key_id, "ASIA1");
    assert_string_equal(s.home.creds->secret_access_key, "role-secret");
    assert_string_equal(s.home.creds->session_token, "role-token");
    assert_string_equal(s.home.creds->account_id, "111122223333");
    assert_string_equal(s.home.creds->source, "assume-role");
    assert_int_equal(s.http.n, 1);
    assert_non_null(strstr(s.http.kept[0].body,
                           "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3A"
                           "aws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName="
                           "botocore-session-"));
    assert_non_null(strstr(fake_http_header(&s.http, 0, "authorization"),
                           "Credential=AKBASE/"));
    assert_non_null(strstr(fake_http_header(&s.http, 0, "authorization"),
                           "/eu-central-1/sts/aws4_request"));
    entry = cached_entry(&s, path, sizeof path);
    assert_string_equal(js_str(js_obj(entry, "Credentials"), "AccountId"),
                        "111122223333");
    json_decref(entry);
    snprintf(full, sizeof full, "%s/%s", s.home.dir, path);
    assert_int_equal(stat(full, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    assert_int_equal(aws_home_once(&s.home), 0); /* As another process */
    assert_string_equal(s.home.creds->access_key_id, "ASIA1");
    assert_int_equal(s.http.n, 1);
    sts_teardown(&s);
}

static void test_a_broken_entry_is_rewritten(void **state)
{
    static const char *const broken[] = {"", "{", "[]", "{\"Credentials\":1}",
                                         "\xff\xfe"};
    struct sts s;
    char path[256];
    json_t *entry;
    size_t i;

    (void)state;
    sts_setup(&s, ROLE);
    assert_int_equal(aws_home_once(&s.home), 0);
    json_decref(cached_entry(&s, path, sizeof path));
    for (i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        aws_home_write(&s.home, path, broken[i]);
        assert_int_equal(aws_home_once(&s.home), 0);
        assert_int_equal(s.http.n, i + 2);
        entry = cached_entry(&s, NULL, 0);
        assert_non_null(js_obj(entry, "Credentials"));
        json_decref(entry);
    }
    sts_teardown(&s);
}

static void test_an_entry_with_little_time_is_not_used(void **state)
{
    struct sts s;

    (void)state;
    sts_setup(&s, ROLE);
    s.lifetime_s = 899;
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 2);
    s.lifetime_s = 3600;
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 3);
    sts_teardown(&s);
}

static void test_a_cache_that_cannot_be_written(void **state)
{
    struct sts s;

    (void)state;
    sts_setup(&s, ROLE);
    aws_home_write(&s.home, ".aws/cli", "a file in the way");
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_string_equal(s.home.creds->access_key_id, "ASIA1");
    assert_true(aws_home_logged(&s.home, "cannot write"));
    sts_teardown(&s);
}

static void test_a_home_that_is_not_there_is_not_made(void **state)
{
    char path[512];
    struct sts s;

    (void)state;
    sts_setup(&s, ROLE);
    aws_home_set(&s.home, "AWS_CONFIG_FILE", "%s/.aws/config", s.home.dir);
    aws_home_set(&s.home, "HOME", "%s/gone", s.home.dir);
    assert_int_equal(aws_home_once(&s.home), 0);
    snprintf(path, sizeof path, "%s/gone", s.home.dir);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(aws_home_logged(&s.home, "cannot write"));
    sts_teardown(&s);
}

/* --- Many at once ------------------------------------------------------- */

/* Many chains of one process count as many processes: each has its own lock. */
static void test_many_at_once_make_one_call(void **state)
{
    struct sts s;

    (void)state;
    sts_setup(&s, ROLE);
    assert_true(aws_home_open(&s.home));
    aws_home_ask_many(&s.home, 2, "ASIA1");
    assert_int_equal(s.http.n, 1);
    aws_home_shut(&s.home);
    sts_teardown(&s);
}

static void test_another_process_holds_the_lock(void **state)
{
    char path[256], lock[512], ready = 0;
    json_t *entry;
    struct sts s;
    int pipefd[2], back[2];
    char *text;
    int status;
    pid_t pid;

    (void)state;
    sts_setup(&s, ROLE);
    assert_int_equal(aws_home_once(&s.home), 0); /* To learn the name */
    entry = cached_entry(&s, path, sizeof path);
    json_decref(entry);
    text = aws_home_read(&s.home, path);
    aws_home_write(&s.home, path, "{}");
    snprintf(lock, sizeof lock, "%s/%s.lock", s.home.dir, path);
    assert_int_equal(pipe(pipefd), 0);
    assert_int_equal(pipe(back), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        /* The other process: lock, be waited for, write, end. */
        int fd = open(lock, O_RDWR | O_CREAT, 0600);

        close(back[1]);

        if (flock(fd, LOCK_EX) != 0 || write(pipefd[1], "x", 1) != 1) {
            _exit(1);
        }
        if (read(back[0], &ready, 1) != 1) {
            _exit(2);
        }
        snprintf(lock, sizeof lock, "%s/%s", s.home.dir, path);
        fd = open(lock, O_WRONLY | O_TRUNC);
        _exit(write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : 1);
    }
    assert_int_equal(read(pipefd[0], &ready, 1), 1);
    s.home.heed = "waiting for another process";
    s.home.heed_fd = back[1];
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_string_equal(s.home.creds->access_key_id, "ASIA1");
    assert_int_equal(s.http.n, 1); /* Only the first, for the name */
    assert_true(aws_home_logged(&s.home, "waiting for another process"));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(pipefd[0]);
    close(pipefd[1]);
    close(back[0]);
    close(back[1]);
    free(text);
    sts_teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_role_is_assumed_and_kept),
        cmocka_unit_test(test_a_broken_entry_is_rewritten),
        cmocka_unit_test(test_an_entry_with_little_time_is_not_used),
        cmocka_unit_test(test_a_cache_that_cannot_be_written),
        cmocka_unit_test(test_a_home_that_is_not_there_is_not_made),
        cmocka_unit_test(test_many_at_once_make_one_call),
        cmocka_unit_test(test_another_process_holds_the_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
