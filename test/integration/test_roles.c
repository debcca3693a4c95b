/* SPDX-License-Identifier: Apache-2.0 */
/* test_roles.c - roles and web identities against an STS that says what it is
 * told to: the cache shared with the AWS CLI and with other processes, chains,
 * the MFA prompt on a terminal, and every way it can go wrong. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __APPLE__
#include <util.h>
#else
#include <pty.h>
#endif

#include <cmocka.h>
#include <uv.h>

#include "aws_home.h"
#include "chain.h"
#include "fake_http.h"
#include "iso8601.h"
#include "json.h"

enum { N_MANY = 10 };

#define BASE                                                                   \
    "[profile base]\naws_access_key_id = AKBASE\n"                             \
    "aws_secret_access_key = base-secret\n"
#define ROLE                                                                   \
    "[default]\nregion = eu-central-1\nrole_arn = arn:aws:iam::1:role/r\n"     \
    "source_profile = base\n" BASE

/* An STS and what it says. */
struct sts {
    struct aws_home home;
    struct fake_http http;
    int64_t lifetime_s;
    const char *refuse; /* A code, */
    unsigned refuse_n;  /* this many times */
    bool garbage;
    bool stall;
};

static void on_sts(struct fake_http *http, const struct fake_request *q,
                   struct fake_reply *reply)
{
    struct sts *s = http->data;
    bool web = strstr(q->body, "WithWebIdentity") != NULL;
    const char *op = web ? "AssumeRoleWithWebIdentity" : "AssumeRole";
    char expires[ISO8601_EXTENDED_SIZE];

    if (s->stall) {
        reply->stall = true;
        return;
    }
    if (s->garbage) {
        strcpy(reply->body, "<AssumeRoleResponse/>");
        return;
    }
    if (s->refuse != NULL && s->refuse_n > 0) {
        s->refuse_n--;
        reply->status = 403;
        snprintf(reply->body, sizeof reply->body,
                 "<ErrorResponse><Error><Code>%s</Code><Message>no</Message>"
                 "</Error><RequestId>rid</RequestId></ErrorResponse>",
                 s->refuse);
        return;
    }
    iso8601_extended(expires, (int64_t)time(NULL) + s->lifetime_s);
    snprintf(reply->body, sizeof reply->body,
             "<%sResponse><%sResult><AssumedRoleUser><Arn>arn:aws:sts::"
             "111122223333:assumed-role/r/s</Arn></AssumedRoleUser>"
             "<Credentials><AccessKeyId>ASIA%u</AccessKeyId><SecretAccessKey>"
             "role-secret</SecretAccessKey><SessionToken>role-token"
             "</SessionToken><Expiration>%s</Expiration></Credentials>"
             "</%sResult></%sResponse>",
             op, op, http->n, expires, op, op);
}

static void setup(struct sts *s, const char *config)
{
    *s = (struct sts){.lifetime_s = 3600};
    aws_home_init(&s->home, config, NULL);
    fake_http_start(&s->http, &s->home.loop, on_sts, s);
    aws_home_set(&s->home, "AWS_ENDPOINT_URL_STS", "http://127.0.0.1:%u",
                 s->http.port);
    aws_home_set(&s->home, "AWS_MAX_ATTEMPTS", "1");
    s->home.read_timeout_s = 2;
}

static void teardown(struct sts *s)
{
    fake_http_stop(&s->http);
    assert_false(aws_home_logged(&s->home, "secret"));
    assert_false(aws_home_logged(&s->home, "role-token"));
    aws_home_drop(&s->home);
}

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
    setup(&s, ROLE);
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
    teardown(&s);
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
    setup(&s, ROLE);
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
    teardown(&s);
}

static void test_an_entry_with_little_time_is_not_used(void **state)
{
    struct sts s;

    (void)state;
    setup(&s, ROLE);
    s.lifetime_s = 899;
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 2);
    s.lifetime_s = 3600;
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 3);
    teardown(&s);
}

static void test_a_cache_that_cannot_be_written(void **state)
{
    struct sts s;

    (void)state;
    setup(&s, ROLE);
    aws_home_write(&s.home, ".aws/cli", "a file in the way");
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_string_equal(s.home.creds->access_key_id, "ASIA1");
    assert_true(aws_home_logged(&s.home, "cannot write"));
    teardown(&s);
}

static void test_a_home_that_is_not_there_is_not_made(void **state)
{
    char path[512];
    struct sts s;

    (void)state;
    setup(&s, ROLE);
    aws_home_set(&s.home, "AWS_CONFIG_FILE", "%s/.aws/config", s.home.dir);
    aws_home_set(&s.home, "HOME", "%s/gone", s.home.dir);
    assert_int_equal(aws_home_once(&s.home), 0);
    snprintf(path, sizeof path, "%s/gone", s.home.dir);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(aws_home_logged(&s.home, "cannot write"));
    teardown(&s);
}

static void test_a_chain_of_roles(void **state)
{
    struct sts s;

    (void)state;
    setup(&s, "[default]\nrole_arn = arn:aws:iam::1:role/two\n"
              "region = eu-central-1\nsource_profile = one\n"
              "[profile one]\nrole_arn = arn:aws:iam::1:role/one\n"
              "source_profile = base\nregion = us-east-1\n" BASE);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 2);
    assert_non_null(strstr(s.http.kept[0].body, "role%2Fone"));
    assert_non_null(strstr(s.http.kept[1].body, "role%2Ftwo"));
    assert_non_null(strstr(fake_http_header(&s.http, 0, "authorization"),
                           "Credential=AKBASE/"));
    assert_non_null(strstr(fake_http_header(&s.http, 0, "authorization"),
                           "/eu-central-1/sts/"));
    assert_non_null(strstr(fake_http_header(&s.http, 1, "authorization"),
                           "Credential=ASIA1/"));
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 2);
    teardown(&s);
}

static void test_faults_of_sources(void **state)
{
    static const struct {
        const char *config, *message;
    } rows[] = {
        {"[default]\nregion = x\nrole_arn = R\nsource_profile = e\n"
         "[profile e]\nregion = x\n",
         "The source profile \"e\" must have credentials."},
        {"[default]\nregion = x\nrole_arn = R\n"
         "credential_source = Environment\n",
         "Error when retrieving credentials from Environment: No credentials "
         "found in credential_source referenced in profile default"},
        {"[default]\nregion = x\nrole_arn = R\n"
         "credential_source = Ec2InstanceMetadata\n",
         "Error when retrieving credentials from Ec2InstanceMetadata: No "
         "credentials found in credential_source referenced in profile "
         "default"},
        {"[default]\nregion = x\nrole_arn = R\n"
         "credential_source = EcsContainer\n",
         "Error when retrieving credentials from EcsContainer: No credentials "
         "found in credential_source referenced in profile default"},
        {"[default]\nrole_arn = R\n",
         "Partial credentials found in assume-role, missing: source_profile or "
         "credential_source"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sts s;

        setup(&s, rows[i].config);
        assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
        assert_string_equal(s.home.err.msg, rows[i].message);
        assert_int_equal(s.http.n, 0);
        teardown(&s);
    }
}

static void test_no_region(void **state)
{
    struct sts s;

    (void)state;
    setup(&s, "[default]\nrole_arn = R\nsource_profile = base\n" BASE);
    assert_int_equal(aws_home_once(&s.home), ERR_NO_REGION);
    assert_int_equal(s.http.n, 0);
    teardown(&s);
}

static void test_sts_refuses(void **state)
{
    struct sts s;

    (void)state;
    setup(&s, ROLE);
    s.refuse = "AccessDenied";
    s.refuse_n = 1;
    assert_int_equal(aws_home_once(&s.home), ERR_SERVICE);
    assert_string_equal(s.home.err.msg,
                        "An error occurred (AccessDenied) when calling the "
                        "AssumeRole operation: no");
    assert_int_equal(aws_home_once(&s.home), 0); /* Nothing was left locked */
    s.garbage = true;
    aws_home_write(&s.home, ".aws/config",
                   "[default]\nregion = x\nrole_arn = other\n"
                   "source_profile = base\n" BASE);
    assert_int_equal(aws_home_once(&s.home), ERR_PARSE);
    teardown(&s);
}

static void test_a_source_gone_stale_is_asked_again(void **state)
{
    struct creds *first;
    struct sts s;

    (void)state;
    setup(&s, "[default]\nregion = eu-central-1\nrole_arn = R\n"
              "credential_source = Environment\n");
    aws_home_set(&s.home, "AWS_ACCESS_KEY_ID", "AKOLD");
    aws_home_set(&s.home, "AWS_SECRET_ACCESS_KEY", "env-secret");
    s.home.profile_flag = "default"; /* Else env itself would win */
    assert_true(aws_home_open(&s.home));
    assert_int_equal(aws_home_get(&s.home), 0);
    first = creds_ref(s.home.creds);
    aws_home_set(&s.home, "AWS_ACCESS_KEY_ID", "AKNEW");
    chain_reject(s.home.chain, first);
    s.refuse = "ExpiredToken";
    s.refuse_n = 1;
    assert_int_equal(aws_home_get(&s.home), 0);
    assert_int_equal(s.http.n, 3);
    assert_non_null(strstr(fake_http_header(&s.http, 1, "authorization"),
                           "Credential=AKOLD/"));
    assert_non_null(strstr(fake_http_header(&s.http, 2, "authorization"),
                           "Credential=AKNEW/"));
    assert_string_not_equal(s.home.creds->access_key_id, first->access_key_id);
    creds_unref(first);
    aws_home_shut(&s.home);
    teardown(&s);
}

/* --- Refresh ------------------------------------------------------------ */

static void test_old_ones_serve_while_new_ones_come(void **state)
{
    struct creds *first;
    struct sts s;
    int turns;

    (void)state;
    setup(&s, ROLE);
    s.lifetime_s = 20;
    assert_true(aws_home_open(&s.home));
    assert_int_equal(aws_home_get(&s.home), 0);
    first = creds_ref(s.home.creds);
    assert_int_equal(s.http.n, 1);
    aws_home_age(&s.home, 10);
    assert_int_equal(aws_home_get(&s.home), 0);
    assert_ptr_equal(s.home.creds, first); /* At once, the old ones */
    for (turns = 0; s.http.n < 2; turns++) {
        assert_true(turns < 1000);
        uv_run(&s.home.loop, UV_RUN_ONCE);
    }
    for (turns = 0; turns < 5000 && s.home.creds == first; turns++) {
        assert_int_equal(aws_home_get(&s.home), 0);
        usleep(1000);
    }
    assert_string_equal(s.home.creds->access_key_id, "ASIA2");
    creds_unref(first);
    aws_home_shut(&s.home);
    teardown(&s);
}

static void test_a_silent_sts_ends_only_what_needs_it(void **state)
{
    struct creds *first;
    struct sts s;

    (void)state;
    setup(&s, ROLE);
    s.home.read_timeout_s = 1;
    s.lifetime_s = 20;
    assert_true(aws_home_open(&s.home));
    assert_int_equal(aws_home_get(&s.home), 0);
    first = creds_ref(s.home.creds);
    s.stall = true;
    aws_home_age(&s.home, 10);
    assert_int_equal(aws_home_get(&s.home), 0);
    assert_ptr_equal(s.home.creds, first);
    aws_home_age(&s.home, 15); /* Now they have expired */
    assert_int_equal(aws_home_get(&s.home), UV_ETIMEDOUT);
    assert_non_null(strstr(s.home.err.msg, "timeout on endpoint URL"));
    s.stall = false;
    assert_int_equal(aws_home_get(&s.home), 0);
    assert_string_not_equal(s.home.creds->access_key_id, "ASIA1");
    creds_unref(first);
    aws_home_shut(&s.home);
    teardown(&s);
}

/* --- Many at once ------------------------------------------------------- */

/* Many chains of one process count as many processes: each has its own lock.
 * @data counts answers. */
static void on_counted(void *data, struct creds *creds, const struct err *err)
{
    assert_non_null(creds);
    assert_null(err);
    assert_string_equal(creds->access_key_id, "ASIA1");
    (*(unsigned *)data)++;
}

static void on_closed(void *data)
{
    (*(unsigned *)data)--;
}

static void test_many_at_once_make_one_call(void **state)
{
    struct chain *chains[N_MANY];
    unsigned answers = 0, open = N_MANY;
    struct sts s;
    size_t i;

    (void)state;
    setup(&s, ROLE);
    assert_true(aws_home_open(&s.home));
    for (i = 0; i < N_MANY; i++) {
        chains[i] =
            chain_new(&s.home.loop, s.home.net, &s.home.log, s.home.settings);
        assert_non_null(chains[i]);
        assert_non_null(chain_get(chains[i], on_counted, &answers));
        assert_non_null(chain_get(chains[i], on_counted, &answers));
    }
    while (answers < 2 * N_MANY) {
        uv_run(&s.home.loop, UV_RUN_ONCE);
    }
    assert_int_equal(s.http.n, 1);
    for (i = 0; i < N_MANY; i++) {
        chain_close(chains[i], on_closed, &open);
    }
    while (open > 0) {
        uv_run(&s.home.loop, UV_RUN_ONCE);
    }
    aws_home_shut(&s.home);
    teardown(&s);
}

static void test_another_process_holds_the_lock(void **state)
{
    char path[256], lock[512], ready = 0;
    json_t *entry;
    struct sts s;
    int pipefd[2];
    char *text;
    int status;
    pid_t pid;

    (void)state;
    setup(&s, ROLE);
    assert_int_equal(aws_home_once(&s.home), 0); /* To learn the name */
    entry = cached_entry(&s, path, sizeof path);
    json_decref(entry);
    text = aws_home_read(&s.home, path);
    aws_home_write(&s.home, path, "{}");
    snprintf(lock, sizeof lock, "%s/%s.lock", s.home.dir, path);
    assert_int_equal(pipe(pipefd), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        /* The other process: lock, be slow, write, end. */
        int fd = open(lock, O_RDWR | O_CREAT, 0600);

        if (flock(fd, LOCK_EX) != 0 || write(pipefd[1], "x", 1) != 1) {
            _exit(1);
        }
        usleep(300 * 1000);
        snprintf(lock, sizeof lock, "%s/%s", s.home.dir, path);
        fd = open(lock, O_WRONLY | O_TRUNC);
        _exit(write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : 1);
    }
    assert_int_equal(read(pipefd[0], &ready, 1), 1);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_string_equal(s.home.creds->access_key_id, "ASIA1");
    assert_int_equal(s.http.n, 1); /* Only the first, for the name */
    assert_true(aws_home_logged(&s.home, "waiting for another process"));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(pipefd[0]);
    close(pipefd[1]);
    free(text);
    teardown(&s);
}

/* --- Web identity ------------------------------------------------------- */

static void test_web_identity(void **state)
{
    struct sts s;
    char *path;

    (void)state;
    setup(&s, NULL);
    aws_home_write(&s.home, "token", "jwt-word\n");
    aws_home_set(&s.home, "AWS_REGION", "eu-west-1");
    aws_home_set(&s.home, "AWS_WEB_IDENTITY_TOKEN_FILE", "%s/token",
                 s.home.dir);
    assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
    assert_string_equal(
        s.home.err.msg,
        "The provided profile or the current environment is configured to "
        "assume role with web identity but has no role ARN configured. Ensure "
        "that the profile has the role_arnconfiguration set or the "
        "AWS_ROLE_ARN env var is set.");
    aws_home_set(&s.home, "AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/web");
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_string_equal(s.home.creds->source, "assume-role-with-web-identity");
    assert_non_null(
        strstr(s.http.kept[0].body, "&WebIdentityToken=jwt-word%0A"));
    assert_null(fake_http_header(&s.http, 0, "authorization"));
    path = aws_home_read(
        &s.home,
        ".aws/cli/cache/995ef64306d209e21474b69558c0b71b44774efb.json");
    assert_non_null(path);
    free(path);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 1);
    assert_false(aws_home_logged(&s.home, "jwt-word"));

    aws_home_set(&s.home, "AWS_ROLE_ARN", "other");
    aws_home_set(&s.home, "AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/t");
    assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
    assert_string_equal(s.home.err.msg, "[Errno 2] No such file or directory: "
                                        "'/nonexistent/t'");
    teardown(&s);
}

static void test_web_identity_as_a_source_is_not_kept(void **state)
{
    struct sts s;
    char config[512];

    (void)state;
    setup(&s, NULL);
    aws_home_write(&s.home, "token", "jwt");
    snprintf(config, sizeof config,
             "[default]\nregion = x\nrole_arn = arn:aws:iam::1:role/top\n"
             "source_profile = w\n[profile w]\nrole_arn = "
             "arn:aws:iam::123456789012:role/web\n"
             "web_identity_token_file = %s/token\n",
             s.home.dir);
    aws_home_write(&s.home, ".aws/config", config);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 2);
    assert_non_null(strstr(s.http.kept[0].body, "WithWebIdentity"));
    assert_null(aws_home_read(
        &s.home,
        ".aws/cli/cache/995ef64306d209e21474b69558c0b71b44774efb.json"));
    teardown(&s);
}

/* --- MFA ---------------------------------------------------------------- */

#define MFA_ROLE                                                               \
    "[default]\nregion = eu-central-1\nrole_arn = arn:aws:iam::1:role/r\n"     \
    "source_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n" BASE

/* Run @what in a process with a terminal of its own; what comes on the
 * terminal is collected in @seen, and @typed is typed when the question has
 * come.  Returns its exit status. */
static int on_a_terminal(int (*what)(void), const char *typed, char *seen,
                         size_t size)
{
    struct pollfd p = {.events = POLLIN};
    bool answered = false, over = false;
    int slave, status;
    ssize_t got;
    size_t n = 0;
    pid_t pid = forkpty(&p.fd, NULL, NULL, NULL);

    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(what());
    }
    /* Held open, for the child closes its own ends. */
    slave = open(ptsname(p.fd), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    seen[0] = '\0';
    while (!over) {
        over = waitpid(pid, &status, WNOHANG) == pid;
        while (n + 1 < size && poll(&p, 1, 50) > 0) {
            got = read(p.fd, seen + n, size - 1 - n);
            assert_true(got > 0);
            n += (size_t)got;
            seen[n] = '\0';
        }
        if (!answered && strstr(seen, "Enter MFA code") != NULL) {
            answered = true;
            assert_int_equal(write(p.fd, typed, strlen(typed)), strlen(typed));
        }
    }
    close(slave);
    close(p.fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Assume a role with MFA, with stdin, stdout and stderr elsewhere. */
static int mfa_child(void)
{
    struct sts s;
    int rv;

    if (freopen("/dev/null", "r", stdin) == NULL ||
        freopen("/dev/null", "w", stdout) == NULL ||
        freopen("/dev/null", "w", stderr) == NULL) {
        return 90;
    }
    setup(&s, MFA_ROLE);
    rv = aws_home_once(&s.home);
    if (rv == 0) {
        rv = s.http.n == 1 &&
                     strstr(s.http.kept[0].body,
                            "SerialNumber=arn%3Aaws%3Aiam%3A%3A1%3Amfa%2Fme&"
                            "TokenCode=123456") != NULL
                 ? 0
                 : 91;
    } else {
        rv = strcmp(s.home.err.msg, "no MFA code was given: end of input") == 0
                 ? 92
                 : 93;
    }
    teardown(&s);
    return rv;
}

static void test_the_code_is_asked_for_on_the_terminal(void **state)
{
    char seen[1024];

    (void)state;
    assert_int_equal(on_a_terminal(mfa_child, "123456\n", seen, sizeof seen),
                     0);
    assert_non_null(strstr(seen, "Enter MFA code for arn:aws:iam::1:mfa/me: "));
    assert_null(strstr(seen, "123456")); /* No echo */
    assert_int_equal(on_a_terminal(mfa_child, "\004", seen, sizeof seen), 92);
}

/* Have credentials expire that needed a code. */
static int mfa_twice_child(void)
{
    struct sts s;
    int rv = 95;

    setup(&s, MFA_ROLE);
    s.lifetime_s = 20;
    if (aws_home_open(&s.home) && aws_home_get(&s.home) == 0) {
        aws_home_age(&s.home, 30);
        aws_home_get(&s.home);
        rv = strcmp(s.home.err.msg,
                    "Cannot refresh credentials: MFA token required.") == 0 &&
                     s.http.n == 1
                 ? 0
                 : 96;
    }
    aws_home_shut(&s.home);
    teardown(&s);
    return rv;
}

static void test_the_code_is_asked_for_once(void **state)
{
    char seen[4096];

    (void)state;
    assert_int_equal(
        on_a_terminal(mfa_twice_child, "123456\n", seen, sizeof seen), 0);
}

/* Close while the question stands. */
static int mfa_close_child(void)
{
    struct sts s;
    int turns;

    setup(&s, MFA_ROLE);
    if (!aws_home_open(&s.home) ||
        chain_get(s.home.chain, on_counted, NULL) == NULL) {
        return 97;
    }
    for (turns = 0; turns < 200; turns++) {
        uv_run(&s.home.loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    aws_home_shut(&s.home);
    teardown(&s);
    return 0;
}

static void test_close_while_the_question_stands(void **state)
{
    char seen[4096];

    (void)state;
    assert_int_equal(on_a_terminal(mfa_close_child, "12", seen, sizeof seen),
                     0);
    assert_non_null(strstr(seen, "Enter MFA code"));
}

/* Have no terminal at all. */
static int mfa_nowhere_child(void)
{
    struct sts s;
    int rv;

    if (setsid() < 0) {
        return 98;
    }
    setup(&s, MFA_ROLE);
    rv = aws_home_once(&s.home) == ERR_CREDENTIALS &&
                 strcmp(s.home.err.msg,
                        "an MFA code of arn:aws:iam::1:mfa/me is needed, but "
                        "there is no terminal to ask on") == 0 &&
                 strstr(s.home.err.hint, "eice whoami") != NULL
             ? 0
             : 99;
    teardown(&s);
    return rv;
}

/* Be in the background of a terminal, where reading it would stop us. */
static int mfa_background_child(void)
{
    struct sts s;
    int status, rv;
    pid_t pid = fork();

    if (pid > 0) {
        return waitpid(pid, &status, 0) == pid && WIFEXITED(status)
                   ? WEXITSTATUS(status)
                   : 101;
    }
    if (pid < 0 || setpgid(0, 0) != 0) {
        return 102;
    }
    setup(&s, MFA_ROLE);
    rv = aws_home_once(&s.home) == ERR_CREDENTIALS &&
                 strstr(s.home.err.msg, "in the background") != NULL
             ? 0
             : 103;
    teardown(&s);
    return rv;
}

static void test_a_background_job_does_not_stop(void **state)
{
    char seen[4096];

    (void)state;
    assert_int_equal(
        on_a_terminal(mfa_background_child, "x\n", seen, sizeof seen), 0);
    assert_null(strstr(seen, "Enter MFA code"));
}

static void test_no_terminal_is_said_clearly(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(mfa_nowhere_child());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- Any moment --------------------------------------------------------- */

static void test_close_after_any_turn(void **state)
{
    int turns;

    (void)state;
    for (turns = 0; turns < 40; turns++) {
        struct sts s;

        setup(&s, ROLE);
        s.stall = turns % 2 == 1;
        aws_home_leave(&s.home, turns, 200);
        teardown(&s);
    }
}

static void test_lack_of_memory_at_any_point(void **state)
{
    bool good = false;
    int nth;

    (void)state;
    for (nth = 0; !good; nth++) {
        struct sts s;

        assert_true(nth < 500);
        setup(&s, ROLE);
        good = aws_home_do_with(&s.home, nth);
        teardown(&s);
    }
    assert_true(nth > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_role_is_assumed_and_kept),
        cmocka_unit_test(test_a_broken_entry_is_rewritten),
        cmocka_unit_test(test_an_entry_with_little_time_is_not_used),
        cmocka_unit_test(test_a_cache_that_cannot_be_written),
        cmocka_unit_test(test_a_home_that_is_not_there_is_not_made),
        cmocka_unit_test(test_a_chain_of_roles),
        cmocka_unit_test(test_faults_of_sources),
        cmocka_unit_test(test_no_region),
        cmocka_unit_test(test_sts_refuses),
        cmocka_unit_test(test_a_source_gone_stale_is_asked_again),
        cmocka_unit_test(test_old_ones_serve_while_new_ones_come),
        cmocka_unit_test(test_a_silent_sts_ends_only_what_needs_it),
        cmocka_unit_test(test_many_at_once_make_one_call),
        cmocka_unit_test(test_another_process_holds_the_lock),
        cmocka_unit_test(test_web_identity),
        cmocka_unit_test(test_web_identity_as_a_source_is_not_kept),
        cmocka_unit_test(test_the_code_is_asked_for_on_the_terminal),
        cmocka_unit_test(test_the_code_is_asked_for_once),
        cmocka_unit_test(test_close_while_the_question_stands),
        cmocka_unit_test(test_a_background_job_does_not_stop),
        cmocka_unit_test(test_no_terminal_is_said_clearly),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_lack_of_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
