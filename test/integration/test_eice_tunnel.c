/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_tunnel.c - the public library, one tunnel at a time: what it
 * carries, what it asks for, how it ends, what it says when it is refused. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>
#include <unistd.h>

#include "eice_bed.h"
#include "iso8601.h"
#include "mem.h"
#include "test_server.h"

/* A tunnel over one end of a pair; the test has the other. */
struct trial {
    struct bed bed;
    struct eice_tunnel *tunnel;
    int fd; /* The test's end; -1: closed */
};

static void trial_init(struct trial *t)
{
    *t = (struct trial){.fd = -1};
    bed_init(&t->bed);
}

/* Open it over descriptors; the code, and the error in @error. */
static int try_open(struct trial *t, struct eice_error *error)
{
    int fds[2], rv;

    if (t->bed.eice == NULL) {
        bed_open(&t->bed);
    }
    bed_pair(fds);
    rv = eice_tunnel_open_fds(&t->tunnel, t->bed.eice, &t->bed.target,
                              &t->bed.tunnel, fds[0], fds[0], error);
    assert_int_equal(rv, error->code);
    if (rv != 0) {
        assert_null(t->tunnel);
        close(fds[0]); /* Still ours: this must not fail. */
        close(fds[1]);
        return rv;
    }
    t->fd = fds[1];
    return 0;
}

static void trial_open(struct trial *t)
{
    struct eice_error error;

    if (try_open(t, &error) != 0) {
        fail_msg("%s", error.message);
    }
}

static void trial_close(struct trial *t)
{
    eice_tunnel_close(t->tunnel, EICE_BYE_DONE, bed_on_closed, &t->bed);
    t->tunnel = NULL;
    assert_false(t->bed.seen.closed);
    bed_until(&t->bed, &t->bed.seen.closed);
}

static void trial_free(struct trial *t)
{
    if (t->fd != -1) {
        close(t->fd);
    }
    bed_free(&t->bed);
}

/* Open, wait for the end, report it, close. */
static void trial_run_to_end(struct trial *t)
{
    trial_open(t);
    bed_until(&t->bed, &t->bed.seen.done);
    print_message("%s [%s] %d %s\n", t->bed.seen.end.message,
                  t->bed.seen.end.hint, t->bed.seen.end.http_status,
                  t->bed.seen.end.request_id);
    trial_close(t);
}

/* The value of query parameter @name in the last request, decoded as little as
 * the test needs. */
static bool has_pair(const struct trial *t, const char *pair)
{
    const char *at = strstr(t->bed.far.target, pair);

    return at != NULL && (at[-1] == '?' || at[-1] == '&') &&
           (at[strlen(pair)] == '&' || at[strlen(pair)] == '\0');
}

static void test_carries_both_ways(void **state)
{
    struct trial t;
    struct eice_stats stats;

    (void)state;
    trial_init(&t);
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "hello");
    bed_echo(&t.bed, t.fd, "again");
    assert_int_equal(t.bed.seen.events[EICE_EVENT_RESOLVED], 1);
    assert_int_equal(t.bed.seen.events[EICE_EVENT_OPENED], 1);
    assert_string_equal(t.bed.seen.request_id, "rid-1");
    assert_string_equal(t.bed.seen.resolved_address, BED_IP);
    assert_string_equal(eice_tunnel_request_id(t.tunnel), "rid-1");
    eice_tunnel_stats(t.tunnel, &stats);
    assert_int_equal(stats.bytes_up, 10);
    assert_int_equal(stats.bytes_down, 10);
    assert_true(stats.total_ms >= stats.open_ms);
    assert_int_equal(test_http_requests(t.bed.api), 0);

    close(t.fd); /* The local side ends, so everything does. */
    t.fd = -1;
    t.bed.tunnel.linger_ms = 1;
    bed_until(&t.bed, &t.bed.seen.done);
    assert_true(t.bed.seen.end.code == 0 ||
                t.bed.seen.end.code == EICE_ERR_LOCAL_LOST);
    trial_close(&t);
    assert_int_equal(t.bed.seen.n_closed, 1);
    trial_free(&t);
}

/* What is said waits for eice_tunnel_release(), the tunnel does not. */
static void test_held_input(void **state)
{
    struct eice_stats stats;
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.tunnel.hold_input = true;
    trial_open(&t);
    assert_int_equal(write(t.fd, "early", 5), 5);
    bed_until(&t.bed, &t.bed.seen.opened);
    test_loop_turns(&t.bed.loop, 20);
    eice_tunnel_stats(t.tunnel, &stats);
    assert_int_equal(stats.bytes_up, 0);
    eice_tunnel_release(t.tunnel);
    while (stats.bytes_down < 5) {
        assert_false(t.bed.loop.expired);
        test_loop_turns(&t.bed.loop, 1);
        eice_tunnel_stats(t.tunnel, &stats);
    }
    trial_close(&t);
    trial_free(&t);
}

static void test_asks_as_the_service_wants(void **state)
{
    struct trial t;
    char host[64];

    (void)state;
    trial_init(&t);
    t.bed.target.private_ip = "2001:db8::5";
    t.bed.target.remote_port = EICE_PORT_RDP;
    t.bed.target.max_tunnel_duration_s = 600;
    t.bed.options.user_agent = "test/1";
    trial_open(&t);
    bed_until(&t.bed, &t.bed.seen.opened);
    print_message("%s\n", t.bed.far.target);
    assert_int_equal(strncmp(t.bed.far.target,
                             "/openTunnel?instanceConnectEndpointId=" BED_EP
                             "&remotePort=3389&privateIpAddress="
                             "2001%3Adb8%3A%3A5&maxTunnelDuration=600&"
                             "X-Amz-Algorithm=AWS4-HMAC-SHA256&",
                             150),
                     0);
    assert_true(has_pair(&t, "X-Amz-Expires=60"));
    assert_true(has_pair(&t, "X-Amz-SignedHeaders=host"));
    assert_true(has_pair(&t, "X-Amz-Security-Token=token-word"));
    assert_non_null(
        strstr(t.bed.far.target, "%2Feu-central-1%2Fec2-instance-connect%2F"));
    snprintf(host, sizeof host, "\r\nHost: %s\r\n", t.bed.far.dns_name);
    assert_non_null(strstr(t.bed.far.head, host));
    assert_non_null(
        strstr(t.bed.far.head, "\r\nUser-Agent: eice/" EICE_VERSION " "));
    assert_non_null(strstr(t.bed.far.head, " test/1\r\n"));
    trial_close(&t);
    assert_int_equal(t.bed.far.last_close, 1000);
    trial_free(&t);
}

static void test_nobody_signs(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.options.no_sign_request = true;
    bed_env(&t.bed, "AWS_ACCESS_KEY_ID", NULL);
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "x");
    assert_string_equal(t.bed.far.target,
                        "/openTunnel?instanceConnectEndpointId=" BED_EP
                        "&remotePort=22&privateIpAddress=" BED_IP);
    trial_close(&t);
    trial_free(&t);
}

static void test_over_a_stream(void **state)
{
    struct trial t;
    struct eice_error error;
    uv_pipe_t pipe;
    int fds[2];

    (void)state;
    trial_init(&t);
    bed_open(&t.bed);
    bed_pair(fds);
    uv_pipe_init(&t.bed.loop.loop, &pipe, 0);
    assert_int_equal(uv_pipe_open(&pipe, fds[0]), 0);
    t.fd = fds[1];
    assert_int_equal(eice_tunnel_open_stream(&t.tunnel, t.bed.eice,
                                             &t.bed.target, &t.bed.tunnel,
                                             (uv_stream_t *)&pipe, &error),
                     0);
    bed_echo(&t.bed, t.fd, "over a stream");
    trial_close(&t);
    assert_true(uv_is_closing((uv_handle_t *)&pipe));
    trial_free(&t);
}

static void test_resolves_first(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_ask_api(&t.bed);
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "x");
    assert_string_equal(t.bed.seen.resolved_address, BED_IP);
    assert_string_equal(t.bed.seen.resolved_name, "web");
    assert_int_equal(t.bed.seen.events[EICE_EVENT_RESOLVED], 1);
    assert_true(has_pair(&t, "instanceConnectEndpointId=" BED_EP));
    trial_close(&t);
    trial_free(&t);
}

static void test_goes_away(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "x");
    eice_tunnel_close(t.tunnel, EICE_BYE_AWAY, bed_on_closed, &t.bed);
    eice_close(t.bed.eice, NULL, NULL); /* Waits for the tunnel. */
    t.bed.eice = NULL;
    bed_until(&t.bed, &t.bed.seen.closed);
    assert_int_equal(t.bed.far.last_close, 1001);
    assert_int_equal(t.bed.seen.n_done, 0);
    trial_free(&t);
}

/* Somebody had to sign in first: the connection made meanwhile is not trusted
 * any more, and another one is made. */
static void test_credentials_come_late(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_changing_keys(&t.bed);
    t.bed.creds_delay_ms = 50;
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "x");
    assert_int_equal(test_server_accepted(t.bed.far.server), 1);
    trial_close(&t);
    trial_free(&t);

    trial_init(&t);
    bed_changing_keys(&t.bed);
    t.bed.creds_ignore = 2; /* The provider waits for 2 s, three times. */
    t.bed.creds_delay_ms = 1500;
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "x");
    assert_int_equal(test_server_accepted(t.bed.far.server), 2);
    assert_true(bed_logged(&t.bed, "waited too long for credentials"));
    trial_close(&t);
    trial_free(&t);
}

/* The program's idea of the environment names the proxy. */
static void test_proxy_of_the_environment(void **state)
{
    struct trial t;
    char proxy[64];

    (void)state;
    trial_init(&t);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", test_free_port());
    bed_env(&t.bed, "HTTPS_PROXY", proxy);
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_PROXY);
    assert_int_equal(t.bed.far.n_requests, 0);
    trial_free(&t);
}

/* Bad input is told at once, and the descriptors stay the caller's. */
static void test_bad_arguments(void **state)
{
    struct trial t;
    struct eice_error error;

    (void)state;
    trial_init(&t);
    t.bed.target.remote_port = 5432;
    assert_int_equal(try_open(&t, &error), EICE_ERR_USAGE);
    t.bed.target.remote_port = 0;
    t.bed.tunnel.done = NULL;
    assert_int_equal(try_open(&t, &error), EICE_ERR_USAGE);
    assert_string_equal(error.message, "eice_tunnel_options.done is not set");
    t.bed.tunnel.size = 0;
    assert_int_equal(try_open(&t, &error), EICE_ERR_USAGE);
    assert_string_equal(error.message, "eice_tunnel_options.size is not set");
    assert_int_equal(test_http_requests(t.bed.api), 0);
    assert_int_equal(t.bed.far.n_requests, 0);
    trial_free(&t);
}

static void test_bad_descriptor(void **state)
{
    struct trial t;
    struct eice_error error;
    int rv;

    (void)state;
    trial_init(&t);
    bed_open(&t.bed);
    rv = eice_tunnel_open_fds(&t.tunnel, t.bed.eice, &t.bed.target,
                              &t.bed.tunnel, 999, 999, &error);
    print_message("%s\n", error.message);
    assert_int_not_equal(rv, 0);
    assert_null(t.tunnel);
    trial_free(&t);
}

static void test_ca_file_missing(void **state)
{
    struct trial t;
    struct eice_error error;

    (void)state;
    trial_init(&t);
    t.bed.options.ca_bundle = "/nonexistent/ca.pem";
    assert_int_not_equal(try_open(&t, &error), 0);
    print_message("%s\n", error.message);
    assert_non_null(strstr(error.message, "/nonexistent/ca.pem"));
    trial_free(&t);
}

static void test_certificate_not_trusted(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.options.ca_bundle = NULL;
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_CERTIFICATE);
    trial_free(&t);

    trial_init(&t);
    t.bed.options.ca_bundle = NULL;
    t.bed.options.no_verify_ssl = true;
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "x");
    trial_close(&t);
    trial_free(&t);
}

static void test_no_region(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_env(&t.bed, "AWS_REGION", NULL);
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_NO_REGION);
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 253);
    assert_int_equal(t.bed.far.n_requests, 0);
    trial_free(&t);
}

/* A region that cannot be one is refused before anybody is asked. */
static void test_bad_region(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.options.region = "us west";
    trial_run_to_end(&t);
    assert_string_equal(
        t.bed.seen.end.message,
        "Provided region_name 'us west' doesn't match a supported format.");
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 255);
    assert_int_equal(t.bed.far.n_requests, 0);
    trial_free(&t);
}

static void test_no_credentials(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_env(&t.bed, "AWS_ACCESS_KEY_ID", NULL);
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_NO_CREDENTIALS);
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 253);
    assert_int_equal(t.bed.far.n_requests, 0);
    trial_free(&t);
}

static void test_no_such_name(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.target.endpoint_dns_name = "no-such-host.invalid";
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_DNS);
    assert_non_null(strstr(t.bed.seen.end.message, "no-such-host.invalid"));
    trial_free(&t);
}

static void test_nobody_listens(void **state)
{
    struct trial t;
    char name[32];

    (void)state;
    trial_init(&t);
    snprintf(name, sizeof name, "localhost:%u", test_free_port());
    t.bed.target.endpoint_dns_name = name;
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_CONNECT);
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 255);
    trial_free(&t);
}

static void test_api_refuses(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_ask_api(&t.bed);
    t.bed.api_status = 403;
    t.bed.api_body = "<Response><Errors><Error><Code>UnauthorizedOperation"
                     "</Code><Message>no</Message></Error></Errors>"
                     "<RequestID>rid-9</RequestID></Response>";
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.kind, EICE_KIND_SERVICE);
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 254);
    assert_string_equal(t.bed.seen.end.service_code, "UnauthorizedOperation");
    assert_string_equal(t.bed.seen.end.operation, "DescribeInstances");
    assert_string_equal(t.bed.seen.end.request_id, "rid-9");
    trial_free(&t);
}

/* A refused upgrade, and what must be said of it. */
struct refusal {
    int status;
    const char *body;
    int duration;
    int64_t clock; /* The service's minus ours; 0: no Date is sent */
    const char *service_code;
    const char *message;
    const char *hint;
};

static const struct refusal refusals[] = {
    {403,
     "{\"ErrorCode\":\"AccessDeniedException\",\"Message\":\"User: u is not "
     "authorized to perform: ec2-instance-connect:OpenTunnel\"}",
     0, 0, "AccessDeniedException", "is not authorized to perform",
     "--max-tunnel-duration"},
    {403, "{\"ErrorCode\":\"AccessDeniedException\",\"Message\":\"no\"}", 600,
     0, "AccessDeniedException", "no", "policy must allow"},
    {400,
     "{\"ErrorCode\":\"InvalidParameter\",\"Message\":\"The specified "
     "RemotePort is not valid. Specify either 22 or 3389 as the RemotePort and "
     "retry your request.\"}",
     0, 0, "InvalidParameter", "The specified RemotePort is not valid",
     "22 and 3389 only"},
    {403, "{\"ErrorCode\":\"InvalidSignatureException\",\"Message\":\"no\"}", 0,
     300, "InvalidSignatureException", "no", "behind the service's"},
    {403, "{\"ErrorCode\":\"InvalidSignatureException\",\"Message\":\"no\"}", 0,
     -7260, "InvalidSignatureException", "no", "2 h 1 min ahead of"},
    {403, "{\"ErrorCode\":\"ExpiredTokenException\",\"Message\":\"no\"}", 0, 0,
     "ExpiredTokenException", "no", "have expired"},
    {503, "<html>busy</html>", 0, 0, "", "503", ""},
};

static void test_refusals(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *r = &refusals[i];
        const struct eice_error *end;
        char headers[128], date[HTTP_DATE_SIZE];
        struct trial t;

        trial_init(&t);
        t.bed.far.way = FAKE_REFUSE;
        t.bed.far.status = r->status;
        t.bed.far.body = r->body;
        http_date(date, (int64_t)time(NULL) + r->clock);
        snprintf(headers, sizeof headers, "x-amzn-requestid: rid-x\r\n%s%s%s",
                 r->clock != 0 ? "Date: " : "", r->clock != 0 ? date : "",
                 r->clock != 0 ? "\r\n" : "");
        t.bed.far.headers = headers;
        t.bed.target.max_tunnel_duration_s = r->duration;
        trial_run_to_end(&t);
        end = &t.bed.seen.end;
        assert_int_equal(end->code, EICE_ERR_UPGRADE);
        assert_int_equal(eice_exit_code(end), 255);
        assert_int_equal(end->http_status, r->status);
        assert_string_equal(end->service_code, r->service_code);
        assert_string_equal(end->operation, "OpenTunnel");
        assert_string_equal(end->request_id, "rid-x");
        assert_non_null(strstr(end->message, r->message));
        assert_non_null(strstr(end->message, "request id rid-x"));
        if (r->hint[0] == '\0') {
            assert_string_equal(end->hint, "");
        } else {
            assert_non_null(strstr(end->hint, r->hint));
        }
        trial_free(&t);
    }
}

/* What the entries of a cache say. */
struct kept {
    unsigned n;
    char name[128];
};

static void on_entry(void *data, const struct eice_cache_entry *entry)
{
    struct kept *k = data;

    k->n++;
    snprintf(k->name, sizeof k->name, "%s", entry->endpoint_dns_name);
    assert_string_equal(entry->region, "eu-central-1");
    assert_string_equal(entry->instance_id, BED_ID);
    assert_string_equal(entry->address, BED_IP);
    assert_string_equal(entry->endpoint_id, BED_EP);
    assert_true(entry->age_s >= 0 && entry->fresh);
}

/* Counts entries that would be used without asking. */
static void on_fresh(void *data, const struct eice_cache_entry *entry)
{
    struct kept *k = data;

    k->n += entry->fresh;
}

/* One trial with a cache of its own. */
struct keeper {
    struct trial t;
    char dir[32];
    char where[64];
};

static void keeper_init(struct keeper *k)
{
    trial_init(&k->t);
    snprintf(k->dir, sizeof k->dir, "/tmp/eice-cache-XXXXXX");
    assert_non_null(mkdtemp(k->dir));
    snprintf(k->where, sizeof k->where, "%s/eice", k->dir);
    bed_env(&k->t.bed, "XDG_CACHE_HOME", k->dir);
    k->t.bed.options.use_cache = true;
    bed_ask_api(&k->t.bed);
}

/* A tunnel that carries bytes; @n_api calls were made so far. */
static void keeper_works(struct keeper *k, unsigned n_api)
{
    struct trial *t = &k->t;

    trial_open(t);
    bed_echo(&t->bed, t->fd, "x");
    assert_string_equal(t->bed.seen.resolved_name, "web");
    assert_int_equal(t->bed.n_api, n_api);
    trial_close(t);
    t->bed.seen = (struct bed_seen){0};
    close(t->fd);
    t->fd = -1;
}

/* The file of the only entry. */
static void keeper_file(const struct keeper *k, char *path, size_t size)
{
    DIR *d = opendir(k->where);
    const struct dirent *entry;

    assert_non_null(d);
    path[0] = '\0';
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] != '.') {
            assert_int_equal(path[0], '\0');
            snprintf(path, size, "%s/%s", k->where, entry->d_name);
        }
    }
    closedir(d);
    assert_int_not_equal(path[0], '\0');
}

/* Put @to in the place of @from in the only entry. */
static void keeper_edit(const struct keeper *k, const char *from,
                        const char *to)
{
    char text[16384] = "";
    char path[512];
    char *at;
    FILE *f;
    size_t n;

    keeper_file(k, path, sizeof path);
    f = fopen(path, "r+");
    assert_non_null(f);
    n = fread(text, 1, sizeof text - 1, f);
    assert_true(n > 0);
    while ((at = strstr(text, from)) != NULL && strcmp(from, to) != 0) {
        char rest[16384];

        snprintf(rest, sizeof rest, "%s", at + strlen(from));
        snprintf(at, sizeof text - (size_t)(at - text), "%s%s", to, rest);
    }
    rewind(f);
    assert_int_equal(ftruncate(fileno(f), 0), 0);
    fputs(text, f);
    fclose(f);
}

static void keeper_free(struct keeper *k)
{
    if (k->t.bed.eice == NULL) {
        bed_open(&k->t.bed);
    }
    eice_cache_visit(k->t.bed.eice, NULL, NULL);
    trial_free(&k->t);
    rmdir(k->where);
    assert_int_equal(rmdir(k->dir), 0); /* Nothing else was left there. */
}

static void test_remembers(void **state)
{
    struct keeper k;
    struct kept kept = {0};
    char path[512];
    struct stat st;

    (void)state;
    keeper_init(&k);
    keeper_works(&k, 2);
    keeper_works(&k, 2);
    assert_int_equal(eice_cache_visit(k.t.bed.eice, on_entry, &kept), 1);
    assert_int_equal(kept.n, 1);
    assert_string_equal(kept.name, k.t.bed.far.dns_name);
    assert_int_equal(stat(k.where, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    keeper_file(&k, path, sizeof path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    /* Others may write it: it is not believed. */
    assert_int_equal(chmod(path, 0666), 0);
    keeper_works(&k, 4);
    keeper_works(&k, 4);
    /* It is no JSON, or lacks what is needed. */
    keeper_edit(&k, "{", "[");
    keeper_works(&k, 6);
    keeper_edit(&k, "\"address\"", "\"adress\"");
    keeper_works(&k, 8);

    assert_int_equal(eice_cache_visit(k.t.bed.eice, NULL, NULL), 1);
    assert_int_equal(eice_cache_visit(k.t.bed.eice, NULL, NULL), 0);
    keeper_works(&k, 10);
    keeper_free(&k);
}

/* What is old is used, and asked for meanwhile. */
static void test_renews_old_facts(void **state)
{
    struct keeper k;
    struct kept kept = {0};
    char then[64];
    char now[64];
    int i;

    (void)state;
    keeper_init(&k);
    keeper_works(&k, 2);
    for (i = 0; i < 3; i++) { /* The second may have changed meanwhile. */
        snprintf(now, sizeof now, "\"learnt\": %lld",
                 (long long)time(NULL) - i);
        snprintf(then, sizeof then, "\"learnt\": %lld",
                 (long long)time(NULL) - 600);
        keeper_edit(&k, now, then);
    }
    trial_open(&k.t);
    bed_echo(&k.t.bed, k.t.fd, "x");
    while (k.t.bed.n_api < 4 || kept.n == 0) {
        uv_run(&k.t.bed.loop.loop, UV_RUN_ONCE);
        if (k.t.bed.n_api == 4) {
            eice_cache_visit(k.t.bed.eice, on_fresh, &kept);
        }
    }
    trial_close(&k.t);
    keeper_free(&k);
}

/* The name it remembers leads nowhere, as after the endpoint was made anew: it
 * asks after all, and nobody sees it. */
static void test_endpoint_moved(void **state)
{
    struct keeper k;
    char nowhere[32];

    (void)state;
    keeper_init(&k);
    keeper_works(&k, 2);
    snprintf(nowhere, sizeof nowhere, "localhost:%u", test_free_port());
    keeper_edit(&k, k.t.bed.far.dns_name, nowhere);
    keeper_works(&k, 4);
    keeper_works(&k, 4);
    assert_int_equal(k.t.bed.seen.end.code, 0);
    keeper_free(&k);
}

/* The address or the endpoint that is remembered is gone: what was already sent
 * there is sent once more to where the instance is now. */
static void test_tries_again_elsewhere(void **state)
{
    static const enum fake_way ways[] = {FAKE_CLOSE, FAKE_REFUSE};
    struct keeper k;
    struct bed *b = &k.t.bed;
    char text[2] = "";
    size_t i;

    (void)state;
    for (i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        keeper_init(&k);
        keeper_works(&k, 2);
        b->far.way = ways[i];
        b->far.close_code = 1011;
        b->far.reason = "Unable to connect to target";
        b->far.status = 404;
        b->far.body = "{\"message\":\"no such endpoint\"}";
        trial_open(&k.t);
        assert_int_equal(write(k.t.fd, "x", 1), 1);
        while (b->far.n_requests < 2) {
            uv_run(&b->loop.loop, UV_RUN_ONCE);
        }
        b->far.way = FAKE_ECHO;
        while (b->far.n_requests < 3 ||
               recv(k.t.fd, text, 1, MSG_DONTWAIT) != 1) {
            assert_false(b->seen.done);
            uv_run(&b->loop.loop, UV_RUN_ONCE);
        }
        assert_string_equal(text, "x");
        bed_echo(b, k.t.fd, "y");
        assert_int_equal(b->n_api, 4);
        assert_int_equal(b->seen.n_opened, 1);
        trial_close(&k.t);
        keeper_free(&k);
    }
}

/* Fresh facts are believed: a second refusal is the end. */
static void test_tries_again_once(void **state)
{
    struct keeper k;
    struct bed *b = &k.t.bed;

    (void)state;
    keeper_init(&k);
    keeper_works(&k, 2);
    b->far.way = FAKE_CLOSE;
    b->far.close_code = 1011;
    b->far.reason = "Unable to connect to target";
    trial_run_to_end(&k.t);
    assert_int_equal(b->seen.end.code, EICE_ERR_PEER_CLOSED);
    assert_int_equal(b->far.n_requests, 3);
    assert_int_equal(b->n_api, 4);
    keeper_free(&k);
}

/* Closed after each number of turns while it tries again. */
static void test_close_while_trying_again(void **state)
{
    struct keeper k;
    unsigned turns, i;
    bool late = false;

    (void)state;
    for (turns = 0; !late; turns++) {
        keeper_init(&k);
        keeper_works(&k, 2);
        k.t.bed.far.way = FAKE_CLOSE;
        k.t.bed.far.close_code = 1011;
        k.t.bed.far.reason = "Unable to connect to target";
        trial_open(&k.t);
        for (i = 0; i < turns && !k.t.bed.seen.done; i++) {
            uv_run(&k.t.bed.loop.loop, UV_RUN_ONCE);
        }
        late = k.t.bed.seen.done;
        trial_close(&k.t);
        keeper_free(&k);
    }
    print_message("%u turns\n", turns);
    assert_true(turns > 5);
}

static void test_target_unreachable(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.far.way = FAKE_CLOSE;
    t.bed.far.close_code = 1011;
    t.bed.far.reason = "Unable to connect to target";
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_PEER_CLOSED);
    assert_non_null(
        strstr(t.bed.seen.end.message, "Unable to connect to target"));
    assert_non_null(strstr(t.bed.seen.end.hint, "sshd listens on port 22"));
    assert_int_equal(t.bed.seen.events[EICE_EVENT_OPENED], 1);
    trial_free(&t);
}

static void test_service_drops(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.far.way = FAKE_DROP;
    trial_run_to_end(&t);
    assert_int_not_equal(t.bed.seen.end.code, 0);
    trial_free(&t);
}

static void test_service_is_silent(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.far.way = FAKE_SILENCE;
    t.bed.tunnel.upgrade_timeout_ms = 50;
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, UV_ETIMEDOUT);
    trial_free(&t);
}

/* Whatever stage a tunnel is in, closing it leaves nothing. */
static void test_close_after_any_turn(void **state)
{
    unsigned turns;
    bool opened = false;

    (void)state;
    for (turns = 0; !opened; turns++) {
        struct trial t;

        trial_init(&t);
        bed_ask_api(&t.bed);
        trial_open(&t);
        test_loop_turns(&t.bed.loop, turns);
        opened = t.bed.seen.opened;
        if (turns % 2 == 0) {
            eice_tunnel_close(t.tunnel, EICE_BYE_AWAY, NULL, NULL);
        } else {
            trial_close(&t);
        }
        trial_free(&t);
    }
    print_message("%u turns\n", turns);
    assert_true(turns > 4);
}

static void test_short_of_memory(void **state)
{
    unsigned n, refused = 0, failed = 0;

    (void)state;
    for (n = 0;; n++) {
        struct bed_countdown c = {.left = n};
        struct eice_error error;
        struct trial t;

        trial_init(&t);
        bed_ask_api(&t.bed);
        mem_set_hook(bed_fail_one, &c);
        if (eice_new(&t.bed.eice, &t.bed.loop.loop, &t.bed.options, &error) !=
                0 ||
            try_open(&t, &error) != 0) {
            refused++;
            assert_int_equal(error.code, UV_ENOMEM);
        } else {
            while (!t.bed.seen.done && !t.bed.seen.opened) {
                assert_false(t.bed.loop.expired);
                test_loop_turns(&t.bed.loop, 1);
            }
            failed += t.bed.seen.done;
            assert_true(!t.bed.seen.done || t.bed.seen.end.code != 0);
            trial_close(&t);
        }
        mem_set_hook(NULL, NULL);
        trial_free(&t);
        if (!c.fired) {
            break;
        }
    }
    print_message("%u allocations: %u refused at once, %u later\n", n, refused,
                  failed);
    assert_true(refused > 10 && failed > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_carries_both_ways),
        cmocka_unit_test(test_held_input),
        cmocka_unit_test(test_asks_as_the_service_wants),
        cmocka_unit_test(test_nobody_signs),
        cmocka_unit_test(test_over_a_stream),
        cmocka_unit_test(test_resolves_first),
        cmocka_unit_test(test_goes_away),
        cmocka_unit_test(test_credentials_come_late),
        cmocka_unit_test(test_proxy_of_the_environment),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_bad_descriptor),
        cmocka_unit_test(test_ca_file_missing),
        cmocka_unit_test(test_certificate_not_trusted),
        cmocka_unit_test(test_no_region),
        cmocka_unit_test(test_bad_region),
        cmocka_unit_test(test_no_credentials),
        cmocka_unit_test(test_no_such_name),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_api_refuses),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_remembers),
        cmocka_unit_test(test_renews_old_facts),
        cmocka_unit_test(test_endpoint_moved),
        cmocka_unit_test(test_tries_again_elsewhere),
        cmocka_unit_test(test_tries_again_once),
        cmocka_unit_test(test_close_while_trying_again),
        cmocka_unit_test(test_target_unreachable),
        cmocka_unit_test(test_service_drops),
        cmocka_unit_test(test_service_is_silent),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_short_of_memory),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
