/* SPDX-License-Identifier: Apache-2.0 */
/* eice_bed.c - building and clearing away what a test of the library needs. */
#include "eice_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define INSTANCES                                                              \
    "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>"    \
    "<instanceId>" BED_ID "</instanceId><instanceState><name>running</name>"   \
    "</instanceState><vpcId>vpc-a</vpcId><subnetId>subnet-a</subnetId>"        \
    "<privateIpAddress>" BED_IP "</privateIpAddress><tagSet><item>"            \
    "<key>Name</key><value>web</value></item></tagSet></item></instancesSet>"  \
    "</item></reservationSet></DescribeInstancesResponse>"

static const char *get_env(void *data, const char *name)
{
    const struct bed *b = data;
    size_t i;

    for (i = b->n_env; i > 0; i--) {
        if (strcmp(b->env[i - 1][0], name) == 0) {
            return b->env[i - 1][1];
        }
    }
    return NULL;
}

void bed_prepare(void)
{
    signal(SIGPIPE, SIG_IGN);
}

void bed_env(struct bed *b, const char *name, const char *value)
{
    assert_true(b->n_env < BED_ENV);
    b->env[b->n_env][0] = name;
    b->env[b->n_env++][1] = value;
}

static void keep_line(void *data, enum eice_log_level level, const char *group,
                      unsigned id, const char *line)
{
    struct bed *b = data;
    size_t n = strlen(line);

    (void)level;
    (void)group;
    (void)id;
    b->lines = realloc(b->lines, b->n_lines + n + 2);
    assert_non_null(b->lines);
    memcpy(b->lines + b->n_lines, line, n);
    b->n_lines += n;
    b->lines[b->n_lines++] = '\n';
    b->lines[b->n_lines] = '\0';
}

bool bed_logged(const struct bed *b, const char *text)
{
    return b->lines != NULL && strstr(b->lines, text) != NULL;
}

/* Hand out keys, each time others. */
static void give_keys(uv_timer_t *timer)
{
    struct bed *b = timer->data;
    char text[256];

    snprintf(text, sizeof text,
             "{\"AccessKeyId\":\"AKID%u\",\"SecretAccessKey\":\"secret-word\","
             "\"Token\":\"token-word\",\"Expiration\":"
             "\"2099-01-01T00:00:00Z\"}",
             ++b->n_creds);
    test_http_answer(&b->creds_for, 200, "Content-Type: application/json\r\n",
                     text);
}

/* Play EC2, STS and Instance Connect. */
static void on_request(const struct test_http_request *req)
{
    struct bed *b = req->data;
    char *target = test_http_header(req, "X-Amz-Target");
    char text[2048];
    const char *body = b->api_body;

    if (strncmp(req->target, "/latest/", 8) == 0) { /* IMDS */
        free(target);
        test_http_answer(req, 200, "",
                         strstr(req->target, "availability-zone") != NULL
                             ? "eu-west-9a"
                             : "imds-token");
        return;
    }
    if (strcmp(req->target, "/keys") == 0) {
        free(target);
        if (b->creds_ignore > 0) {
            b->creds_ignore--;
        } else {
            b->creds_for = *req;
            uv_timer_start(&b->creds_timer, give_keys, b->creds_delay_ms, 0);
        }
        return;
    }
    snprintf(b->api_target, sizeof b->api_target, "%s",
             target != NULL ? target : "");
    free(target);
    snprintf(b->api_last, sizeof b->api_last, "%.*s", (int)req->body_len,
             req->body);
    b->n_api++;
    if (b->api_stale_key != NULL && strstr(req->head, b->api_stale_key)) {
        test_http_answer(req, 403, "",
                         "<ErrorResponse><Error><Code>ExpiredToken</Code>"
                         "<Message>old</Message></Error></ErrorResponse>");
        return;
    }
    b->n_describe += strstr(b->api_last, "=DescribeInstances&") != NULL;
    if (b->api_silent) {
        return;
    }
    if (b->api_play != NULL && b->api_play(b) != NULL) {
        body = b->api_play(b);
    }
    if (body == NULL && strstr(b->api_last, "=DescribeInstances&") != NULL) {
        body = INSTANCES;
    } else if (body == NULL) {
        snprintf(text, sizeof text,
                 "<DescribeInstanceConnectEndpointsResponse>"
                 "<instanceConnectEndpointSet><item>"
                 "<instanceConnectEndpointId>" BED_EP
                 "</instanceConnectEndpointId><state>create-complete</state>"
                 "<vpcId>vpc-a</vpcId><subnetId>subnet-a</subnetId>"
                 "<dnsName>%s</dnsName></item></instanceConnectEndpointSet>"
                 "</DescribeInstanceConnectEndpointsResponse>",
                 b->far.dns_name);
        body = text;
    }
    test_http_answer(req, b->api_status != 0 ? b->api_status : 200, "", body);
}

/* Note an event. */
static void on_event(void *data, const struct eice_event *event)
{
    struct bed *b = data;
    struct bed_seen *s = &b->seen;

    assert_true((size_t)event->type < sizeof s->events / sizeof s->events[0]);
    assert_false(s->done || s->closed);
    s->events[event->type]++;
    s->connection = event->connection;
    if (event->error != NULL) {
        s->error = *event->error;
    }
    if (event->request_id != NULL) {
        snprintf(s->request_id, sizeof s->request_id, "%s", event->request_id);
    }
    if (event->stats != NULL) {
        s->stats = *event->stats;
    }
    if (event->resolved != NULL) {
        snprintf(s->resolved_address, sizeof s->resolved_address, "%s",
                 event->resolved->address);
        snprintf(s->resolved_name, sizeof s->resolved_name, "%s",
                 event->resolved->instance_name != NULL
                     ? event->resolved->instance_name
                     : "-");
    }
    if (event->type == EICE_EVENT_LISTENING) {
        s->listening = true;
        snprintf(s->address, sizeof s->address, "%s", event->address);
    }
    s->opened = s->opened || event->type == EICE_EVENT_OPENED;
    s->n_opened += event->type == EICE_EVENT_OPENED;
    s->conn_closed = s->conn_closed || event->type == EICE_EVENT_CLOSED;
    s->full = s->full || event->type == EICE_EVENT_FULL;
}

static void on_done(void *data, const struct eice_error *error)
{
    struct bed *b = data;

    assert_false(b->seen.done || b->seen.closed);
    b->seen.done = true;
    b->seen.n_done++;
    b->seen.end = error != NULL ? *error : (struct eice_error){0};
}

void bed_on_closed(void *data)
{
    struct bed *b = data;

    b->seen.closed = true;
    b->seen.n_closed++;
}

void bed_init(struct bed *b)
{
    *b = (struct bed){0};
    test_loop_init(&b->loop);
    fake_endpoint_start(&b->far, &b->loop.loop);
    uv_timer_init(&b->loop.loop, &b->creds_timer);
    b->creds_timer.data = b;
    b->api = test_http_start(&b->loop.loop, NULL, on_request, b);
    bed_env(b, "HOME", "/dev/null");
    bed_env(b, "AWS_CONFIG_FILE", "/nonexistent/config");
    bed_env(b, "AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
    bed_env(b, "AWS_EC2_METADATA_DISABLED", "true");
    bed_env(b, "AWS_METADATA_SERVICE_TIMEOUT", "20");
    bed_env(b, "AWS_REGION", "eu-central-1");
    bed_env(b, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    bed_env(b, "AWS_SECRET_ACCESS_KEY", "secret-word");
    bed_env(b, "AWS_SESSION_TOKEN", "token-word");
    bed_env(b, "AWS_MAX_ATTEMPTS", "1");
    snprintf(b->env_text[0], sizeof b->env_text[0], "http://127.0.0.1:%u",
             test_http_port(b->api));
    bed_env(b, "AWS_ENDPOINT_URL", b->env_text[0]);
    b->options = (struct eice_options){
        .size = sizeof b->options,
        .ca_bundle = b->far.pki.ca_file,
        .env = get_env,
        .env_data = b,
        .log = keep_line,
        .log_data = b,
        .log_level = EICE_LOG_TRACE,
    };
    b->target = (struct eice_target){
        .size = sizeof b->target,
        .private_ip = BED_IP,
        .endpoint_id = BED_EP,
        .endpoint_dns_name = b->far.dns_name,
    };
    b->tunnel = (struct eice_tunnel_options){
        .size = sizeof b->tunnel,
        .event = on_event,
        .done = on_done,
        .data = b,
    };
    b->listen = (struct eice_listen_options){
        .size = sizeof b->listen,
        .tcp = true,
        .event = on_event,
        .done = on_done,
        .data = b,
    };
}

void bed_open(struct bed *b)
{
    struct eice_error error;

    if (eice_new(&b->eice, &b->loop.loop, &b->options, &error) != 0) {
        fail_msg("%s", error.message);
    }
}

void bed_changing_keys(struct bed *b)
{
    bed_env(b, "AWS_ACCESS_KEY_ID", NULL);
    bed_env(b, "AWS_SECRET_ACCESS_KEY", NULL);
    snprintf(b->env_text[1], sizeof b->env_text[1], "http://127.0.0.1:%u/keys",
             test_http_port(b->api));
    bed_env(b, "AWS_CONTAINER_CREDENTIALS_FULL_URI", b->env_text[1]);
}

void bed_ask_api(struct bed *b)
{
    b->target = (struct eice_target){
        .size = sizeof b->target,
        .instance_id = BED_ID,
    };
}

void bed_free(struct bed *b)
{
    if (b->eice != NULL) {
        eice_close(b->eice, NULL, NULL);
    }
    uv_close((uv_handle_t *)&b->creds_timer, NULL);
    test_http_close(b->api);
    fake_endpoint_stop(&b->far);
    test_loop_close(&b->loop);
    assert_false(bed_logged(b, "secret-word"));
    assert_false(bed_logged(b, "token-word"));
    assert_false(bed_logged(b, "Signature="));
    free(b->lines);
}

void bed_refuse(struct bed *b, int status, const char *body)
{
    b->far.way = FAKE_REFUSE;
    b->far.status = status;
    b->far.body = body;
}

void bed_unreachable(struct bed *b)
{
    b->far.way = FAKE_CLOSE;
    b->far.close_code = 1011;
    b->far.reason = "Unable to connect to target";
}

void bed_until(struct bed *b, const bool *flag)
{
    while (!*flag) {
        assert_false(b->loop.expired);
        test_loop_turns(&b->loop, 1);
    }
}

void bed_pair(int fds[2])
{
    int i;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    for (i = 0; i < 2; i++) {
        assert_int_not_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), -1);
    }
}

int bed_connect(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_not_equal(fd, -1);
    addr.sin_port = htons((uint16_t)port);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_not_equal(fcntl(fd, F_SETFL, O_NONBLOCK), -1);
    return fd;
}

/* Read what is there, running the loop meanwhile; 0 at the end. */
static ssize_t read_some(struct bed *b, int fd, char *buf, size_t size)
{
    ssize_t n;

    while ((n = read(fd, buf, size)) < 0) {
        if (errno == ECONNRESET) {
            return 0;
        }
        assert_true(errno == EAGAIN || errno == EINTR);
        assert_false(b->loop.expired);
        test_loop_turns(&b->loop, 1);
    }
    return n;
}

void bed_echo(struct bed *b, int fd, const char *text)
{
    char got[1024];
    size_t len = strlen(text), n = 0;

    assert_true(len < sizeof got);
    assert_int_equal(write(fd, text, len), len);
    while (n < len) {
        ssize_t more = read_some(b, fd, got + n, sizeof got - n);

        assert_true(more > 0);
        n += (size_t)more;
    }
    assert_memory_equal(got, text, len);
}

void bed_until_eof(struct bed *b, int fd)
{
    char buf[1024];

    while (read_some(b, fd, buf, sizeof buf) > 0) {
    }
}
