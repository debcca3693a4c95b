/* SPDX-License-Identifier: Apache-2.0 */
/* emu_rig.c - calls to the emulated services, and looking at answers. */
#include "emu_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "faults.h"
#include "iso8601.h"
#include "keys.h"
#include "percent.h"
#include "trail.h"
#include "verify.h"
#include "xml.h"

/* Answers of rig_xml() and rig_member() live in a ring of these. */
enum { N_TEXTS = 16, TEXT_SIZE = 4096 };
static char texts[N_TEXTS][TEXT_SIZE];
static unsigned text_at;

static const char *keep(const char *text)
{
    char *slot;

    if (text == NULL) {
        return NULL;
    }
    slot = texts[text_at++ % N_TEXTS];
    snprintf(slot, TEXT_SIZE, "%s", text);
    return slot;
}

static int64_t rig_clock(void *data)
{
    return ((struct rig *)data)->now_ms;
}

static void on_trail(void *data, const char *line)
{
    struct rig *r = data;

    free(r->trail);
    r->trail = strdup(line);
    r->n_trail++;
}

struct rig *rig_new(const char *text)
{
    struct rig *r = calloc(1, sizeof *r);
    struct world_config config = {.clock = rig_clock, .data = r};
    struct err e;

    assert_non_null(r);
    r->now_ms = RIG_START_MS;
    r->region = "eu-central-1";
    r->peer_ip = "192.0.2.7";
    text = text != NULL ? text : rig_world;
    if (world_parse(&r->w, text, strlen(text), "rig", &config, &e) != 0) {
        fail_msg("%s", e.msg);
    }
    r->api.world = r->w;
    r->api.keys = keys_new(r->w, NULL);
    r->api.trail = trail_new(on_trail, r);
    assert_int_equal(
        faults_new(&r->api.faults, world_faults(r->w), "$.faults", &e), 0);
    rig_as(r, "admin");
    return r;
}

struct rig *rig_with_instance(const char *more)
{
    char world[8192];
    struct rig *r;

    snprintf(world, sizeof world,
             "{\"accounts\":[{\"id\":\"111122223333\",\"root\":{\"keys\":["
             "{\"id\":\"AKID\",\"secret\":\"s\"}]}}],"
             "\"vpcs\":[{\"id\":\"vpc-1\",\"cidrs\":[\"10.0.0.0/16\"]}],"
             "\"subnets\":[{\"id\":\"subnet-1\",\"vpc\":\"vpc-1\","
             "\"zone\":\"eu-central-1a\",\"cidrs\":[\"10.0.1.0/24\"]}],"
             "%s}",
             more);
    r = rig_new(world);
    r->key_id = "AKID";
    r->secret = "s";
    return r;
}

void rig_free(struct rig *r)
{
    keys_free(r->api.keys);
    trail_free(r->api.trail);
    faults_free(r->api.faults);
    world_free(r->w);
    free(r->body);
    free(r->headers);
    free(r->trail);
    free(r);
}

int rig_setup(void **state)
{
    *state = rig_new(NULL);
    return 0;
}

int rig_teardown(void **state)
{
    rig_free(*state);
    return 0;
}

void rig_as(struct rig *r, const char *user)
{
    static const char *const people[][3] = {
        {"admin", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
        {"limited", "AKIDLIMITED", "limited/secret"},
        {"boundary", "AKIDBOUNDARY", "boundary/secret"},
        {"root", "AKIDROOT", "root/secret"},
        {"other", "AKIDOTHER", "other/secret"},
    };
    size_t i;

    for (i = 0; i < sizeof people / sizeof people[0]; i++) {
        if (strcmp(people[i][0], user) == 0) {
            r->key_id = people[i][1];
            r->secret = people[i][2];
            r->token = NULL;
            return;
        }
    }
    fail_msg("no user %s", user);
}

/* --- calls -------------------------------------------------------------- */

/* Send a finished request and keep the answer. */
static void handle(struct rig *r, const struct http_request *req)
{
    struct http_answer a;

    http_answer_init(&a);
    free(r->body);
    free(r->headers);
    emu_api_handle(&r->api, req, &a, &r->delay_ms);
    r->status = a.status;
    r->body = strdup(buf_str(&a.body));
    r->headers = strdup(buf_str(&a.headers));
    http_answer_free(&a);
}

/* A signed POST with @type and, for JSON, @target. */
static void post(struct rig *r, const char *service, const char *type,
                 const char *target, const char *body)
{
    char time[ISO8601_BASIC_SIZE];
    char host[128];
    char auth[2048];
    struct http_header headers[8] = {{"content-type", type}};
    struct http_request req = {.method = "POST",
                               .path = "/",
                               .query = "",
                               .headers = headers,
                               .body = body,
                               .body_len = strlen(body),
                               .peer_ip = r->peer_ip,
                               .tls = true};
    struct verify_claim claim = {0};
    char signature[VERIFY_SIGNATURE_SIZE];
    size_t n = 1;

    iso8601_basic(time, r->now_ms / 1000);
    snprintf(host, sizeof host, "%s.%s.amazonaws.com", service, r->region);
    headers[n++] = (struct http_header){"host", host};
    headers[n++] = (struct http_header){"x-amz-date", time};
    headers[n++] = (struct http_header){"user-agent", "rig/1.0"};
    if (r->token != NULL) {
        headers[n++] = (struct http_header){"x-amz-security-token", r->token};
    }
    if (target != NULL) {
        headers[n++] = (struct http_header){"x-amz-target", target};
    }
    req.n_headers = n;
    snprintf(claim.time, sizeof claim.time, "%s", time);
    snprintf(claim.date, sizeof claim.date, "%.8s", time);
    snprintf(claim.region, sizeof claim.region, "%s", r->region);
    snprintf(claim.service, sizeof claim.service, "%s", service);
    snprintf(claim.signed_headers, sizeof claim.signed_headers,
             "content-type;host;x-amz-date%s%s",
             r->token != NULL ? ";x-amz-security-token" : "",
             target != NULL ? ";x-amz-target" : "");
    assert_int_equal(verify_signature(&req, &claim, r->secret, true, signature),
                     0);
    snprintf(auth, sizeof auth,
             "AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, "
             "SignedHeaders=%s, Signature=%s",
             r->key_id, claim.date, claim.region, claim.service,
             claim.signed_headers, signature);
    headers[n++] = (struct http_header){"authorization", auth};
    req.n_headers = n;
    handle(r, &req);
}

#define FORM "application/x-www-form-urlencoded; charset=utf-8"

void rig_ec2(struct rig *r, const char *form)
{
    char body[8192];

    snprintf(body, sizeof body, "%s&Version=2016-11-15", form);
    post(r, "ec2", FORM, NULL, body);
}

void rig_sts(struct rig *r, const char *form)
{
    char body[32768];

    snprintf(body, sizeof body, "%s&Version=2011-06-15", form);
    post(r, "sts", FORM, NULL, body);
}

void rig_json(struct rig *r, const char *action, const char *body)
{
    char target[128];

    snprintf(target, sizeof target, "AWSEC2InstanceConnectService.%s", action);
    post(r, "ec2-instance-connect", "application/x-amz-json-1.1", target, body);
}

void rig_send(struct rig *r, const char *method, const char *target,
              const char *const *headers, const char *body)
{
    struct http_header list[16];
    char names[16][128];
    char path[2048];
    size_t n = 0;
    struct http_request req = {.method = method,
                               .path = path,
                               .query = strchr(target, '?'),
                               .headers = list,
                               .body = body,
                               .body_len = strlen(body),
                               .peer_ip = r->peer_ip};

    snprintf(path, sizeof path, "%.*s", (int)strcspn(target, "?"), target);
    req.query = req.query != NULL ? req.query + 1 : "";
    for (; headers != NULL && *headers != NULL; headers++) {
        size_t len = strcspn(*headers, ":");

        snprintf(names[n], sizeof names[n], "%.*s", (int)len, *headers);
        list[n].name = names[n];
        list[n].value = *headers + len + 2;
        n++;
    }
    req.n_headers = n;
    handle(r, &req);
}

/* --- openTunnel --------------------------------------------------------- */

#define TUNNEL_HOST                                                            \
    "eice-0123456789abcdef0.0123abcd.ec2-instance-connect-endpoint."           \
    "eu-central-1.amazonaws.com"

static const struct http_header tunnel_headers[] = {{"host", TUNNEL_HOST},
                                                    {"user-agent", "rig/1.0"}};

static struct http_request tunnel_request(struct rig *r, const char *query)
{
    return (struct http_request){.method = "GET",
                                 .path = "/openTunnel",
                                 .query = query,
                                 .headers = tunnel_headers,
                                 .n_headers = 2,
                                 .body = "",
                                 .peer_ip = r->peer_ip,
                                 .tls = true};
}

char *rig_query(struct rig *r, const char *wish, int expires_s)
{
    char time[ISO8601_BASIC_SIZE];
    char signature[VERIFY_SIGNATURE_SIZE];
    struct verify_claim claim = {.query = true};
    struct http_request req;
    struct buf q;

    buf_init(&q, 65536);
    iso8601_basic(time, r->now_ms / 1000);
    buf_addf(&q,
             "%s&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
             "%s%%2F%.8s%%2F%s%%2Fec2-instance-connect%%2Faws4_request"
             "&X-Amz-Date=%s",
             wish, r->key_id, time, r->region, time);
    if (expires_s > 0) {
        buf_addf(&q, "&X-Amz-Expires=%d", expires_s);
    }
    buf_adds(&q, "&X-Amz-SignedHeaders=host");
    if (r->token != NULL) {
        buf_adds(&q, "&X-Amz-Security-Token=");
        percent_encode(&q, r->token, strlen(r->token));
    }
    snprintf(claim.time, sizeof claim.time, "%s", time);
    snprintf(claim.date, sizeof claim.date, "%.8s", time);
    snprintf(claim.region, sizeof claim.region, "%s", r->region);
    snprintf(claim.service, sizeof claim.service, "ec2-instance-connect");
    snprintf(claim.signed_headers, sizeof claim.signed_headers, "host");
    req = tunnel_request(r, buf_str(&q));
    assert_int_equal(verify_signature(&req, &claim, r->secret, true, signature),
                     0);
    buf_addf(&q, "&X-Amz-Signature=%s", signature);
    return buf_detach(&q);
}

void rig_gate(struct rig *r, const char *wish, struct gate_answer *out)
{
    char *query = rig_query(r, wish, 60);
    struct http_request req = tunnel_request(r, query);

    gate_open(&r->api, &req, "11111111-2222-4333-8444-555555555555", out);
    free(query);
}

/* --- looking at answers ------------------------------------------------- */

const char *rig_xml(struct rig *r, const char *path)
{
    struct xml *xml;
    struct err e;
    const char *text;

    if (xml_parse(&xml, r->body, strlen(r->body), &e) != 0) {
        fail_msg("%s in: %s", e.msg, r->body);
    }
    text = keep(xml_find_text(xml_root(xml), path));
    xml_free(xml);
    return text;
}

unsigned rig_items(struct rig *r, const char *path)
{
    const struct xml_node *item;
    struct xml *xml;
    struct err e;
    unsigned n = 0;

    if (xml_parse(&xml, r->body, strlen(r->body), &e) != 0) {
        fail_msg("%s in: %s", e.msg, r->body);
    }
    item = xml_first(xml_find(xml_root(xml), path), "item");
    for (; item != NULL; item = xml_next(item)) {
        n++;
    }
    xml_free(xml);
    return n;
}

/* A string member of JSON text. */
static const char *member(const char *text, const char *path)
{
    json_t *doc = json_loads(text, 0, NULL);
    json_t *at = doc;
    char part[64];
    const char *found = NULL;

    while (at != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");

        snprintf(part, sizeof part, "%.*s", (int)n, path);
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(part))
                               : json_object_get(at, part);
        path += n + (path[n] == '.' ? 1 : 0);
    }
    if (json_is_string(at)) {
        found = keep(json_string_value(at));
    } else if (json_is_boolean(at)) {
        found = json_is_true(at) ? "true" : "false";
    } else if (json_is_null(at)) {
        found = "null";
    } else if (json_is_integer(at)) {
        snprintf(part, sizeof part, "%lld", (long long)json_integer_value(at));
        found = keep(part);
    }
    json_decref(doc);
    return found;
}

void rig_refuses(struct rig *r, const struct rig_refusal *cases, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        rig_ec2(r, cases[i].form);
        if (r->status != cases[i].status ||
            strcmp(rig_error(r), cases[i].code) != 0) {
            fail_msg("%s: %d %s", cases[i].form, r->status, r->body);
        }
        if (cases[i].message != NULL) {
            assert_string_equal(rig_message(r), cases[i].message);
        }
        assert_string_equal(rig_trail(r, "errorCode"), cases[i].code);
    }
}

const char *rig_member(struct rig *r, const char *path)
{
    return member(r->body, path);
}

const char *rig_trail(struct rig *r, const char *path)
{
    return r->trail != NULL ? member(r->trail, path) : NULL;
}

const char *rig_error(struct rig *r)
{
    const char *code;

    if (r->body[0] == '{') {
        return rig_member(r, "__type");
    }
    code = rig_xml(r, "Errors/Error/Code");
    return code != NULL ? code : rig_xml(r, "Error/Code");
}

const char *rig_message(struct rig *r)
{
    const char *text;

    if (r->body[0] == '{') {
        return rig_member(r, "Message");
    }
    text = rig_xml(r, "Errors/Error/Message");
    return text != NULL ? text : rig_xml(r, "Error/Message");
}
