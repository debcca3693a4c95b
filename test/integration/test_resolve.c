/* SPDX-License-Identifier: Apache-2.0 */
/* test_resolve.c - from a target to an address and an endpoint, against a
 * server that answers as EC2 does: every rule, every refusal, pages, and being
 * closed or starved at any moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "aws_home.h"
#include "fake_http.h"
#include "mem.h"
#include "op.h"
#include "resolve.h"
#include "resolve_scenes.h"
#include "scarce.h"

/* Everything one resolution stands on. */
struct fixture {
    struct aws_home home;
    struct fake_http http;
    struct api api;
    const struct scene *scene;
    struct resolve *resolve;
    unsigned n_instances; /* Requests of either kind */
    unsigned n_endpoints;
    char first_body[1024]; /* Of the first request for endpoints */
    unsigned busy;         /* So often is the first answer a 503 */
    bool stall_instances;
    bool done;
    struct resolution result;
    struct err err;
};

/* Play EC2. */
static void on_request(struct fake_http *http, const struct fake_request *q,
                       struct fake_reply *reply)
{
    struct fixture *f = http->data;
    const struct scene *s = f->scene;
    const char *text;

    if (strstr(q->body, "Action=DescribeInstances&") != NULL) {
        assert_non_null(strstr(q->body, "&InstanceId.1=" ID));
        f->n_instances++;
        reply->stall = f->stall_instances;
        reply->status = s->instance_status != 0 ? s->instance_status : 200;
        text = s->instances;
        if (f->n_instances <= f->busy) {
            reply->status = 503;
            text = REFUSAL("RequestLimitExceeded");
        }
    } else {
        assert_non_null(
            strstr(q->body, "Action=DescribeInstanceConnectEndpoints&"));
        if (f->n_endpoints == 0) {
            snprintf(f->first_body, sizeof f->first_body, "%s", q->body);
        }
        assert_true(f->n_endpoints < MAX_PAGES);
        text = s->endpoints[f->n_endpoints++];
        reply->status = s->endpoint_status != 0 ? s->endpoint_status : 200;
    }
    if (text == NULL) {
        text = "";
        reply->stall = true;
    }
    assert_true(strlen(text) < sizeof reply->body);
    strcpy(reply->body, text);
}

static void setup(struct fixture *f, const struct scene *scene)
{
    *f = (struct fixture){.scene = scene};
    aws_home_init(&f->home, NULL, NULL);
    fake_http_start(&f->http, &f->home.loop, on_request, f);
    aws_home_set(&f->home, "AWS_ENDPOINT_URL", "http://127.0.0.1:%u",
                 f->http.port);
    aws_home_set(&f->home, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    aws_home_set(&f->home, "AWS_SECRET_ACCESS_KEY", "secret-word");
    if (scene->fips) {
        aws_home_set(&f->home, "AWS_USE_FIPS_ENDPOINT", "true");
    }
    assert_true(aws_home_open(&f->home));
    f->api = (struct api){
        .log = &f->home.log,
        .net = f->home.net,
        .chain = f->home.chain,
        .settings = f->home.settings,
        .region = REGION,
    };
}

static void teardown(struct fixture *f)
{
    resolve_close(f->resolve);
    resolution_clear(&f->result);
    fake_http_stop(&f->http);
    aws_home_shut(&f->home);
    assert_false(aws_home_logged(&f->home, "secret-word"));
    assert_false(aws_home_logged(&f->home, "Signature="));
    aws_home_drop(&f->home);
}

static void on_resolved(void *data, struct resolution *result,
                        const struct err *err)
{
    struct fixture *f = data;

    assert_false(f->done);
    f->done = true;
    assert_true((result == NULL) == (err != NULL));
    if (err != NULL) {
        f->err = *err;
    } else {
        f->result = *result;
        *result = (struct resolution){0};
    }
}

static void start(struct fixture *f)
{
    assert_int_equal(resolve_start(&f->resolve, &f->api, &f->scene->query,
                                   on_resolved, f, &f->err),
                     0);
    assert_false(f->done);
}

static void finish(struct fixture *f)
{
    while (!f->done) {
        uv_run(&f->home.loop, UV_RUN_ONCE);
    }
}

/* Compare what came out with what the scene says. */
static void check(const struct fixture *f)
{
    const struct scene *s = f->scene;

    print_message("%s: %s (%s)\n", s->name, f->err.msg, f->err.hint);
    assert_int_equal(f->err.code, s->code);
    if (s->code != 0) {
        assert_non_null(strstr(f->err.msg, s->msg));
        assert_non_null(strstr(f->err.hint, s->hint != NULL ? s->hint : ""));
        return;
    }
    assert_string_equal(f->result.address, s->address);
    assert_string_equal(f->result.endpoint_id, s->endpoint);
    assert_string_equal(f->result.dns_name, s->dns_name);
    assert_int_equal(f->result.has_instance, s->instances != NULL);
    assert_int_equal(f->result.has_endpoint, s->endpoints[0] != NULL);
}

static void test_scenes(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < n_scenes; i++) {
        struct fixture f;

        setup(&f, &scenes[i]);
        start(&f);
        finish(&f);
        check(&f);
        assert_int_equal(f.n_instances > 0, scenes[i].instances != NULL);
        if (scenes[i].endpoints[0] == NULL) {
            assert_int_equal(f.n_endpoints, 0);
        }
        teardown(&f);
    }
}

/* What is asked, letter for letter. */
static void test_requests(void **state)
{
#define STATES                                                                 \
    "Action=DescribeInstanceConnectEndpoints&Version=2016-11-15"               \
    "&Filter.1.Name=state&Filter.1.Value.1=create-complete"                    \
    "&Filter.1.Value.2=update-in-progress&Filter.1.Value.3=update-failed"      \
    "&Filter.1.Value.4=update-complete"
    static const struct scene by_id = {
        .query = {.private_ip = "10.1.1.1", .endpoint_id = "eice-9"},
        .endpoints = {PAGE(OK("eice-9", "v", "s"), "")}};
    struct fixture f;

    (void)state;
    setup(&f, &scenes[0]);
    start(&f);
    finish(&f);
    assert_string_equal(f.first_body, STATES);
    teardown(&f);
    setup(&f, &by_id);
    start(&f);
    finish(&f);
    assert_string_equal(f.first_body,
                        STATES "&InstanceConnectEndpointId.1=eice-9");
    teardown(&f);
}

static void test_known(void **state)
{
    struct resolve_query q = {.private_ip = "10.1.1.1",
                              .endpoint_id = "eice-9",
                              .endpoint_dns_name = "a.example:8443"};
    struct resolution r;

    (void)state;
    assert_true(resolve_is_known(&q));
    assert_int_equal(resolve_known(&r, &q), 0);
    assert_string_equal(r.address, "10.1.1.1");
    assert_string_equal(r.endpoint_id, "eice-9");
    assert_string_equal(r.dns_name, "a.example:8443");
    assert_false(r.has_instance || r.has_endpoint);
    resolution_clear(&r);
    q.private_ip = NULL;
    assert_false(resolve_is_known(&q));
}

/* Both requests are out before either is answered. */
static void test_at_the_same_time(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, &scenes[0]);
    f.stall_instances = true;
    start(&f);
    while (f.n_instances == 0 || f.n_endpoints == 0) {
        uv_run(&f.home.loop, UV_RUN_ONCE);
    }
    assert_false(f.done);
    teardown(&f);
}

/* Throttled, then answered; the endpoints' answer has long been there. */
static void test_throttled_first(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, &scenes[0]);
    f.busy = 1;
    start(&f);
    finish(&f);
    assert_int_equal(f.n_instances, 2);
    check(&f);
    teardown(&f);

    /* A refusal of the endpoints waits for the instance as well. */
    setup(&f, &(struct scene){.name = "late",
                              .query = {.instance_id = ID},
                              .instances = INSTANCE(""),
                              .endpoint_status = 403,
                              .endpoints = {REFUSAL("UnauthorizedOperation")},
                              .code = ERR_USAGE,
                              .msg = "Unable to find any IP address"});
    f.busy = 1;
    start(&f);
    finish(&f);
    check(&f);
    teardown(&f);
}

/* Keys that the service refuses are not tried twice when there are no
 * others. */
static void test_keys_refused(void **state)
{
    static const struct scene scene = {
        .name = "bad keys",
        .query = {.instance_id = ID},
        .instance_status = 401,
        .instances = REFUSAL("AuthFailure"),
        .endpoint_status = 401,
        .endpoints = {REFUSAL("AuthFailure")},
        .code = ERR_SERVICE,
        .msg = "(AuthFailure) when calling the DescribeInstances operation"};
    struct fixture f;

    (void)state;
    setup(&f, &scene);
    start(&f);
    finish(&f);
    check(&f);
    assert_int_equal(f.n_instances, 1);
    assert_int_equal(f.err.http_status, 401);
    assert_string_equal(f.err.request_id, "rid-1");
    teardown(&f);
}

static void test_close_after_any_turn(void **state)
{
    unsigned turns, i;
    bool finished = false;

    (void)state;
    for (turns = 0; !finished; turns++) {
        struct fixture f;

        setup(&f, three_pages());
        start(&f);
        for (i = 0; i < turns && !f.done; i++) {
            uv_run(&f.home.loop, UV_RUN_ONCE);
        }
        finished = f.done;
        teardown(&f);
    }
    print_message("%u turns\n", turns);
    assert_true(turns > 6);
}

/* Whatever allocation fails, the end is a report (or, for what can do without,
 * the right answer), and nothing is left behind. */
static void test_short_of_memory(void **state)
{
    unsigned n, failed = 0;

    (void)state;
    for (n = 0;; n++) {
        struct scarce c = {.left = n};
        struct fixture f;
        int rv;

        setup(&f, three_pages());
        mem_set_hook(scarce_one, &c);
        rv = resolve_start(&f.resolve, &f.api, &f.scene->query, on_resolved, &f,
                           &f.err);
        while (rv == 0 && !f.done) {
            uv_run(&f.home.loop, UV_RUN_ONCE);
        }
        mem_set_hook(NULL, NULL);
        if (f.err.code == 0) {
            check(&f);
        } else {
            failed++;
            assert_string_not_equal(f.err.msg, "");
        }
        teardown(&f);
        if (!c.fired) {
            break;
        }
    }
    print_message("%u allocations, %u of them needed\n", n, failed);
    assert_true(n > 100 && failed > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenes),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_at_the_same_time),
        cmocka_unit_test(test_throttled_first),
        cmocka_unit_test(test_keys_refused),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_short_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
