/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_find.c - what the library finds: instances and endpoints by word,
 * by filter and by page, what a console shows, what an image is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "eice_bed.h"
#include "op_trial.h"

#define SOME(items, token)                                                     \
    "<DescribeInstancesResponse><reservationSet><item><instancesSet>" items    \
    "</instancesSet></item></reservationSet><nextToken>" token                 \
    "</nextToken></DescribeInstancesResponse>"
#define ONE(id, more)                                                          \
    "<item><instanceId>" id "</instanceId><instanceState><name>running"        \
    "</name></instanceState>" more "</item>"
#define TAGS                                                                   \
    "<tagSet><item><key>Name</key><value>web</value></item>"                   \
    "<item><key>env</key></item></tagSet>"
#define PLACES(vpc, subnet)                                                    \
    "<vpcId>" vpc "</vpcId><subnetId>" subnet "</subnetId>"
#define DOORS(items, token)                                                    \
    "<DescribeInstanceConnectEndpointsResponse><instanceConnectEndpointSet>"   \
    "" items "</instanceConnectEndpointSet><nextToken>" token "</nextToken>"   \
    "</DescribeInstanceConnectEndpointsResponse>"
#define DOOR(id, state, vpc, subnet)                                           \
    "<item><instanceConnectEndpointId>" id "</instanceConnectEndpointId>"      \
    "<state>" state "</state><dnsName>" id ".example</dnsName><fipsDnsName>"   \
    "" id ".fips.example</fipsDnsName>" PLACES(vpc, subnet) "</item>"
#define CONSOLE                                                                \
    "<GetConsoleOutputResponse><instanceId>" BED_ID "</instanceId>"            \
    "<output>aGVsbG8K</output></GetConsoleOutputResponse>"
#define IMAGE                                                                  \
    "<DescribeImagesResponse><imagesSet><item><imageId>ami-1</imageId>"        \
    "<name>al2023-ami</name></item></imagesSet></DescribeImagesResponse>"

/* Which question. */
enum what { FIND, CONSOLE_OF, IMAGE_OF, N_WHATS };

/* Append "@text ", "-" for NULL. */
static void say(struct trial *t, const char *text)
{
    size_t at = strlen(t->answer);

    snprintf(t->answer + at, sizeof t->answer - at, "%s ",
             text != NULL ? text : "-");
}

static void on_found(void *data, const struct eice_found *f,
                     const struct eice_error *error)
{
    struct trial *t = data;
    size_t i;
    size_t k;

    assert_true((f == NULL) == (error != NULL));
    t->answer[0] = '\0';
    for (i = 0; f != NULL && i < f->n_instances; i++) {
        const struct eice_instance *in = &f->instances[i];

        say(t, in->instance_id);
        say(t, in->name);
        for (k = 0; k < in->n_tags; k++) {
            assert_non_null(in->tags[k].key);
            assert_non_null(in->tags[k].value);
        }
        say(t,
            in->endpoint < 0 ? NULL : f->endpoints[in->endpoint].endpoint_id);
    }
    for (i = 0; f != NULL && i < f->n_endpoints; i++) {
        say(t, f->endpoints[i].dns_name);
        say(t, f->endpoints[i].usable ? "good" : "bad");
    }
    trial_note(t, error);
}

static void on_text(void *data, const char *text, size_t len,
                    const struct eice_error *error)
{
    struct trial *t = data;

    assert_int_equal(len, text != NULL ? strlen(text) : 0);
    t->answer[0] = '\0';
    say(t, text);
    trial_note(t, error);
}

static int begin(struct trial *t, int what, struct eice_error *error)
{
    int rv;

    if (what == CONSOLE_OF) {
        rv =
            eice_console_output(&t->op, t->bed.eice, BED_ID, on_text, t, error);
    } else if (what == IMAGE_OF) {
        rv = eice_image_name(&t->op, t->bed.eice, "ami-1", on_text, t, error);
    } else {
        rv = eice_find(&t->op, t->bed.eice, &t->query, on_found, t, error);
    }
    return rv;
}

/* ---- find ------------------------------------------------------------- */

/* Whether the last request asks for @operation. */
static bool is_for(const struct bed *b, const char *operation)
{
    char text[100];

    snprintf(text, sizeof text, "Action=%s&", operation);
    return strncmp(b->api_last, text, strlen(text)) == 0;
}

/* Two pages of instances, two of endpoints. */
static const char *play_pages(struct bed *b)
{
    bool second = strstr(b->api_last, "&NextToken=") != NULL;

    if (is_for(b, "DescribeInstances")) {
        return second ? SOME(ONE("i-3", PLACES("vpc-b", "subnet-x"))
                                 ONE("i-4", ""),
                             "")
                      : SOME(ONE("i-1", TAGS PLACES("vpc-a", "subnet-a"))
                                 ONE("i-2", PLACES("vpc-a", "subnet-b")),
                             "more");
    }
    return second
               ? DOORS(DOOR("eice-3", "create-complete", "vpc-a", "subnet-b")
                           DOOR("eice-4", "delete-in-progress", "vpc-b",
                                "subnet-x"),
                       "")
               : DOORS(DOOR("eice-1", "create-failed", "vpc-a", "subnet-a")
                           DOOR("eice-2", "update-failed", "vpc-a", "subnet-c"),
                       "more");
}

static void test_pages(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    t.bed.api_play = play_pages;
    t.query.endpoints = true;
    trial_run(&t, FIND);
    assert_string_equal(t.answer, "i-1 web eice-2 i-2 - eice-3 i-3 - - i-4 - - "
                                  "eice-1.example bad eice-2.example good "
                                  "eice-3.example good eice-4.example bad ");
    assert_int_equal(t.bed.n_api, 4);
    bed_free(&t.bed);

    trial_init(&t, begin); /* With FIPS other names count. */
    bed_env(&t.bed, "AWS_USE_FIPS_ENDPOINT", "true");
    t.bed.api_play = play_pages;
    t.query.endpoints = true;
    trial_run(&t, FIND);
    assert_non_null(strstr(t.answer, "eice-2.fips.example good "));
    bed_free(&t.bed);
}

/* Only the Name tag "web" is known. */
static const char *play_names(struct bed *b)
{
    return strstr(b->api_last, "Filter.1.Name=tag%3AName&") != NULL
               ? SOME(ONE("i-1", TAGS), "")
               : SOME("", "");
}

/* One place after the other, until something is there. */
static void test_places(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    t.bed.api_play = play_names;
    t.query.word = "a.b";
    trial_run(&t, FIND);
    assert_string_equal(t.answer, "i-1 web - ");
    assert_int_equal(t.bed.n_api, 3);
    assert_string_equal(t.bed.api_last,
                        "Action=DescribeInstances&Version=2016-11-15&"
                        "Filter.1.Name=tag%3AName&Filter.1.Value.1=a.b");
    t.query.word = "10.0.0.1";
    trial_run(&t, FIND); /* Nowhere. */
    assert_int_equal(t.error.code, 0);
    assert_string_equal(t.answer, "");
    assert_int_equal(t.bed.n_api, 5);
    bed_free(&t.bed);
}

/* Ids are asked for by id: that one is unknown is EC2's to say. */
static void test_ids(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    t.query.word = BED_ID;
    trial_run(&t, FIND);
    assert_string_equal(t.bed.api_last,
                        "Action=DescribeInstances&Version=2016-11-15&"
                        "InstanceId.1=" BED_ID);
    t.query.word = "i-0xyz";
    t.query.is_id = true;
    t.bed.api_status = 400;
    t.bed.api_body = "<Response><Errors><Error><Code>InvalidInstanceID."
                     "Malformed</Code><Message>Invalid id: \"i-0xyz\""
                     "</Message></Error></Errors></Response>";
    trial_run(&t, FIND);
    assert_non_null(strstr(t.bed.api_last, "&InstanceId.1=i-0xyz"));
    assert_string_equal(t.error.service_code, "InvalidInstanceID.Malformed");
    assert_int_equal(eice_exit_code(&t.error), 254);
    bed_free(&t.bed);
}

static void test_filters(void **state)
{
    static const char *const states[] = {"running", "stopped"};
    static const char *const env[] = {"dev"};
    static const struct eice_filter filters[] = {
        {"instance-state-name", states, 2},
        {"tag:env", env, 1},
    };
    struct eice_filter many[65];
    struct eice_error error;
    struct trial t;
    size_t i;

    (void)state;
    trial_init(&t, begin);
    t.query.word = "web";
    t.query.filters = filters;
    t.query.n_filters = 2;
    trial_run(&t, FIND);
    assert_string_equal(
        t.bed.api_last,
        "Action=DescribeInstances&Version=2016-11-15&"
        "Filter.1.Name=instance-state-name&Filter.1.Value.1=running&"
        "Filter.1.Value.2=stopped&Filter.2.Name=tag%3Aenv&"
        "Filter.2.Value.1=dev&Filter.3.Name=tag%3AName&Filter.3.Value.1=web");
    for (i = 0; i < sizeof many / sizeof many[0]; i++) {
        many[i] = filters[1];
    }
    t.query.filters = many;
    t.query.n_filters = i;
    t.answered = false;
    assert_int_equal(trial_ask(&t, FIND, &error), EICE_ERR_USAGE);
    t.query.n_filters = 0;
    t.query.size = 0;
    assert_int_equal(trial_ask(&t, FIND, &error), EICE_ERR_USAGE);
    t.query.size = sizeof t.query;
    t.query.word = "";
    trial_run(&t, FIND);
    assert_int_equal(t.error.code, EICE_ERR_USAGE);
    assert_non_null(strstr(t.error.message, "'' cannot name an instance"));
    bed_free(&t.bed);
}

/* A page that names itself as the next one. */
static const char *play_circle(struct bed *b)
{
    return is_for(b, "DescribeInstances") ? SOME("", "again")
                                          : DOORS("", "again");
}

static const char *play_circle_of_doors(struct bed *b)
{
    return is_for(b, "DescribeInstances") ? SOME("", "") : DOORS("", "again");
}

static const char *play_bad_door(struct bed *b)
{
    return is_for(b, "DescribeInstances") ? NULL : "<html/>";
}

static void test_find_fails(void **state)
{
    static const struct {
        const char *(*play)(struct bed *b);
        int status;
        const char *message;
    } cases[] = {
        {play_circle, 0, "DescribeInstances: the service sent the same page"},
        {play_circle_of_doors, 0, "Endpoints: the service sent the same page"},
        {play_bad_door, 0, "this is not EC2's answer"},
        {NULL, 503, "DescribeInstance"},
    };
    struct trial t;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial_init(&t, begin);
        t.query.endpoints = true;
        t.bed.api_play = cases[i].play;
        t.bed.api_status = cases[i].status;
        trial_run(&t, FIND);
        assert_int_not_equal(t.error.code, 0);
        if (strstr(t.error.message, cases[i].message) == NULL) {
            fail_msg("%s", t.error.message);
        }
        bed_free(&t.bed);
    }
}

/* ---- texts ------------------------------------------------------------ */

static void test_texts(void **state)
{
    struct eice_error error;
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    t.bed.api_body = CONSOLE;
    trial_run(&t, CONSOLE_OF);
    assert_string_equal(t.answer, "hello\n ");
    assert_string_equal(t.bed.api_last,
                        "Action=GetConsoleOutput&Version=2016-11-15&"
                        "InstanceId=" BED_ID);
    t.bed.api_body = "<GetConsoleOutputResponse/>";
    trial_run(&t, CONSOLE_OF); /* Nothing yet. */
    assert_int_equal(t.error.code, 0);
    assert_string_equal(t.answer, "- ");
    t.bed.api_body = "<html/>";
    trial_run(&t, CONSOLE_OF);
    assert_int_equal(t.error.code, EICE_ERR_PARSE);
    t.bed.api_body = IMAGE;
    trial_run(&t, IMAGE_OF);
    assert_string_equal(t.answer, "al2023-ami ");
    assert_string_equal(t.bed.api_last,
                        "Action=DescribeImages&Version=2016-11-15&"
                        "ImageId.1=ami-1");
    t.bed.api_body = "<DescribeImagesResponse/>";
    trial_run(&t, IMAGE_OF);
    assert_int_equal(t.error.code, 0);
    assert_string_equal(t.answer, "- ");
    t.bed.api_body = "nothing";
    trial_run(&t, IMAGE_OF);
    assert_int_equal(t.error.code, EICE_ERR_PARSE);
    t.answered = false;
    assert_int_equal(
        eice_console_output(&t.op, t.bed.eice, "web", on_text, &t, &error),
        EICE_ERR_USAGE);
    assert_null(t.op);
    bed_free(&t.bed);
}

/* ---- any moment ------------------------------------------------------- */

/* A trial of @what whose services answer it. */
static void prepare(struct trial *t, int what)
{
    static const char *const value = "x";
    static const struct eice_filter filter = {"tag:a", &value, 1};

    trial_init(t, begin);
    t->bed.api_body = what == CONSOLE_OF ? CONSOLE
                      : what == IMAGE_OF ? IMAGE
                                         : NULL;
    t->bed.api_play = what == FIND ? play_pages : NULL;
    t->query.word = "web";
    t->query.filters = &filter;
    t->query.n_filters = 1;
    t->query.endpoints = true;
}

static void test_close_after_any_turn(void **state)
{
    (void)state;
    trial_close_any_turn(prepare, N_WHATS, 24);
}

static void test_short_of_memory(void **state)
{
    (void)state;
    trial_short_of_memory(prepare, N_WHATS, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_find_fails),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_short_of_memory),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
