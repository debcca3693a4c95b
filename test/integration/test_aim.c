/* SPDX-License-Identifier: Apache-2.0 */
/* test_aim.c - from a word to all that a connection needs: what is asked and
 * what is not, what is no failure, and any moment of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "aim.h"
#include "base64.h"
#include "buf.h"
#include "eice_bed.h"
#include "globals.h"
#include "mem.h"
#include "program.h"
#include "scarce.h"

#define KEY                                                                    \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZ" \
    "GhscHR4f"
#define SAID                                                                   \
    "-----BEGIN SSH HOST KEY KEYS-----\n" KEY                                  \
    " root@ip\n-----END SSH HOST KEY KEYS-----\n"
#define HEAD "<DescribeInstancesResponse><reservationSet><item><instancesSet>"
#define TAIL                                                                   \
    "</instancesSet></item></reservationSet></DescribeInstancesResponse>"
#define ONE(id, state, more)                                                   \
    "<item><instanceId>" id "</instanceId><imageId>ami-1</imageId>"            \
    "<instanceState><name>" state "</name></instanceState><vpcId>vpc-a"        \
    "</vpcId><subnetId>subnet-a</subnetId><privateIpAddress>" BED_IP           \
    "</privateIpAddress><ipAddress>203.0.113.5</ipAddress>" more "</item>"
#define TAG(key, value)                                                        \
    "<tagSet><item><key>" key "</key><value>" value "</value></item></tagSet>"
#define ENDPOINTS                                                              \
    "<DescribeInstanceConnectEndpointsResponse><instanceConnectEndpointSet>"   \
    "<item><instanceConnectEndpointId>" BED_EP "</instanceConnectEndpointId>"  \
    "<state>create-complete</state><vpcId>vpc-a</vpcId><subnetId>subnet-a"     \
    "</subnetId><dnsName>a.example</dnsName></item><item>"                     \
    "<instanceConnectEndpointId>eice-0bad</instanceConnectEndpointId><state>"  \
    "create-failed</state><vpcId>vpc-a</vpcId><subnetId>subnet-b</subnetId>"   \
    "<dnsName>b.example</dnsName></item></instanceConnectEndpointSet>"         \
    "</DescribeInstanceConnectEndpointsResponse>"
#define IMAGE                                                                  \
    "<DescribeImagesResponse><imagesSet><item><imageId>ami-1</imageId>"        \
    "<name>ubuntu/images/noble</name></item></imagesSet>"                      \
    "</DescribeImagesResponse>"
#define REFUSAL                                                                \
    "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no"   \
    "</Message></Error></Errors><RequestID>r</RequestID></Response>"

/* What the services say, and how often each was asked. */
static struct {
    const char *instances;
    const char *image;
    char console[1024];
    unsigned n_find, n_endpoints, n_image, n_console;
    bool counting; /* bed asks play() twice */
} world;

static const char *play(struct bed *b)
{
    unsigned more = world.counting ? 1 : 0;

    world.counting = !world.counting;
    if (strstr(b->api_last, "=DescribeInstances&") != NULL) {
        world.n_find += more;
        return world.instances;
    }
    if (strstr(b->api_last, "=DescribeImages&") != NULL) {
        world.n_image += more;
        return world.image;
    }
    if (strstr(b->api_last, "=GetConsoleOutput&") != NULL) {
        world.n_console += more;
        return world.console;
    }
    world.n_endpoints += more;
    return ENDPOINTS;
}

/* The console shows @text. */
static void console_show(const char *text)
{
    struct buf out;

    buf_init(&out, sizeof world.console);
    base64_encode(&out, text, strlen(text));
    snprintf(world.console, sizeof world.console,
             "<GetConsoleOutputResponse><instanceId>" BED_ID "</instanceId>"
             "<output>%s</output></GetConsoleOutputResponse>",
             buf_str(&out));
    buf_free(&out);
}

struct trial {
    struct bed bed;
    struct globals globals;
    struct program program;
    struct aim aim;
    char home[32];
    bool over;
    unsigned n_over;
    struct eice_error error; /* code 0: none */
};

static void on_aimed(void *data, const struct eice_error *error)
{
    struct trial *t = data;

    t->over = true;
    t->n_over++;
    t->error = error != NULL ? *error : (struct eice_error){0};
}

static void trial_init(struct trial *t)
{
    memset(&world, 0, sizeof world);
    world.instances = HEAD ONE(BED_ID, "running", "") TAIL;
    world.image = IMAGE;
    console_show("[ 0.0] booting\n" SAID);
    *t = (struct trial){.home = "/tmp/aim-XXXXXX"};
    assert_non_null(mkdtemp(t->home));
    assert_int_equal(setenv("HOME", t->home, 1), 0);
    bed_init(&t->bed);
    t->bed.api_play = play;
    globals_init(&t->globals);
    bed_open(&t->bed);
    t->program.globals = &t->globals;
    t->program.eice = t->bed.eice;
    t->aim.p = &t->program;
    t->aim.wish =
        (struct aim_wish){.word = "web", .endpoints = true, .host_keys = true};
}

static void trial_free(struct trial *t)
{
    char path[64];

    aim_close(&t->aim);
    aim_close(&t->aim); /* Twice is fine. */
    bed_free(&t->bed);
    snprintf(path, sizeof path, "%s/.ssh/eice_known_hosts", t->home);
    (void)unlink(path);
    snprintf(path, sizeof path, "%s/.ssh", t->home);
    (void)rmdir(path);
    assert_int_equal(rmdir(t->home), 0);
}

/* Aim as wished, to the end. */
static void run(struct trial *t)
{
    struct eice_error error;
    struct aim_wish wish = t->aim.wish;

    t->aim = (struct aim){.p = &t->program, .wish = wish};
    t->over = false;
    t->n_over = 0;
    assert_int_equal(aim_start(&t->aim, on_aimed, t, &error), 0);
    bed_until(&t->bed, &t->over);
    test_loop_turns(&t->bed.loop, 3);
    assert_int_equal(t->n_over, 1);
}

/* The lines of our known_hosts. */
static const char *known(const struct trial *t)
{
    static char text[2000];
    char path[64];
    size_t n = 0;
    FILE *f;

    snprintf(path, sizeof path, "%s/.ssh/eice_known_hosts", t->home);
    f = fopen(path, "r");
    if (f != NULL) {
        n = fread(text, 1, sizeof text - 1, f);
        fclose(f);
    }
    text[n] = '\0';
    return text;
}

static void test_all_of_it(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    run(&t);
    assert_int_equal(t.error.code, 0);
    assert_string_equal(t.aim.result.instance_id, BED_ID);
    assert_string_equal(t.aim.result.private_ip, BED_IP);
    assert_string_equal(t.aim.result.public_ip, "203.0.113.5");
    assert_string_equal(t.aim.result.ipv6, "");
    assert_string_equal(t.aim.result.endpoint_id, BED_EP);
    assert_string_equal(t.aim.result.endpoint_dns_name, "a.example");
    assert_string_equal(t.aim.result.os_user, "ubuntu");
    assert_true(t.aim.result.host_known);
    assert_string_equal(known(&t), BED_ID " " KEY "\n");
    assert_int_equal(world.n_find + world.n_endpoints, 2);
    assert_int_equal(world.n_image + world.n_console, 2);
    run(&t); /* The host is known now. */
    assert_true(t.aim.result.host_known);
    assert_int_equal(world.n_console, 1);
    assert_string_equal(known(&t), BED_ID " " KEY "\n");
    trial_free(&t);
}

static void test_who_logs_in(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    world.instances = HEAD ONE(BED_ID, "running", TAG("eice:user", "me")) TAIL;
    run(&t);
    assert_string_equal(t.aim.result.os_user, "me");
    t.aim.wish.os_user = "her";
    run(&t);
    assert_string_equal(t.aim.result.os_user, "her");
    assert_int_equal(world.n_image, 0); /* Nobody had to ask. */
    t.aim.wish.os_user = NULL;
    world.instances =
        HEAD ONE(BED_ID, "running", "<platformDetails>Debian</platformDetails>")
            TAIL;
    world.image = REFUSAL; /* The platform is something, too. */
    run(&t);
    assert_int_equal(t.error.code, 0);
    assert_string_equal(t.aim.result.os_user, "admin");
    trial_free(&t);
}

/* A console that shows nothing, or is not shown, is no failure. */
static void test_no_host_keys(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    console_show("login: ");
    run(&t);
    assert_int_equal(t.error.code, 0);
    assert_false(t.aim.result.host_known);
    snprintf(world.console, sizeof world.console, "%s", REFUSAL);
    run(&t);
    assert_int_equal(t.error.code, 0);
    assert_false(t.aim.result.host_known);
    assert_string_equal(known(&t), "");
    t.aim.wish.host_keys = false;
    run(&t);
    assert_int_equal(world.n_console, 2);
    t.aim.wish.host_keys = true;
    console_show(SAID);
    assert_int_equal(setenv("HOME", "/dev/null", 1), 0);
    run(&t); /* They cannot be kept: ssh will ask. */
    assert_int_equal(t.error.code, 0);
    assert_false(t.aim.result.host_known);
    trial_free(&t);
}

/* The instance is known: nothing but its console is asked for. */
static void test_known_instance(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.aim.wish.word = BED_ID;
    t.aim.wish.is_known = true;
    t.aim.wish.os_user = "-";
    t.aim.wish.host_alias = "web.eice";
    run(&t);
    assert_int_equal(t.error.code, 0);
    assert_string_equal(t.aim.result.instance_id, BED_ID);
    assert_string_equal(known(&t), "web.eice " KEY "\n");
    assert_int_equal(world.n_find + world.n_endpoints + world.n_image, 0);
    trial_free(&t);
}

static void test_endpoints(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.aim.wish.endpoint_id = "eice-0bad"; /* In no state to be used. */
    run(&t);
    assert_string_equal(t.aim.result.endpoint_id, "eice-0bad");
    assert_string_equal(t.aim.result.endpoint_dns_name, "");
    t.aim.wish.endpoint_dns_name = "c.example"; /* The user knows better. */
    run(&t);
    assert_string_equal(t.aim.result.endpoint_dns_name, "c.example");
    t.aim.wish.endpoint_id = t.aim.wish.endpoint_dns_name = NULL;
    t.aim.wish.endpoints = false;
    world.n_endpoints = 0;
    run(&t);
    assert_string_equal(t.aim.result.endpoint_id, "");
    assert_int_equal(world.n_endpoints, 0);
    trial_free(&t);
}

static void test_which_one(void **state)
{
    static const struct {
        const char *instances;
        const char *pick;
        int code; /* 0: found, BED_ID */
        const char *message;
    } cases[] = {
        {HEAD TAIL, NULL, EICE_ERR_NOT_FOUND, "No instance fits 'web' in "},
        {HEAD ONE("i-1", "stopped", TAG("Name", "old")) TAIL, NULL, UV_ENOTCONN,
         "Instance i-1 (old) is stopped."},
        {HEAD ONE("i-1", "running", "") ONE(BED_ID, "running", "") TAIL, NULL,
         EICE_ERR_USAGE, "2 running instances fit 'web': 1. i-1"},
        {HEAD ONE("i-1", "running", "") ONE(BED_ID, "running", "") TAIL, "2", 0,
         NULL},
        {HEAD ONE("i-1", "terminated", "") ONE(BED_ID, "running", "") TAIL,
         NULL, 0, NULL},
        {REFUSAL, NULL, EICE_ERR_PARSE, "this is not EC2's answer"},
    };
    struct trial t;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial_init(&t);
        world.instances = cases[i].instances;
        t.aim.wish.pick = cases[i].pick;
        run(&t);
        assert_int_equal(t.error.code, cases[i].code);
        if (cases[i].code == 0) {
            assert_string_equal(t.aim.result.instance_id, BED_ID);
        } else if (strstr(t.error.message, cases[i].message) == NULL) {
            fail_msg("%s", t.error.message);
        }
        trial_free(&t);
    }
}

static void test_close_after_any_turn(void **state)
{
    unsigned turns;

    (void)state;
    for (turns = 0; turns < 30; turns++) {
        struct eice_error error;
        struct trial t;

        trial_init(&t);
        t.bed.api_silent = turns % 3 == 2;
        assert_int_equal(aim_start(&t.aim, on_aimed, &t, &error), 0);
        test_loop_turns(&t.bed.loop, turns);
        assert_true(t.n_over <= 1);
        aim_close(&t.aim);
        t.n_over = 0;
        test_loop_turns(&t.bed.loop, 2);
        assert_int_equal(t.n_over, 0);
        trial_free(&t);
    }
}

/* With any allocation failing there is an error, or all that matters. */
static void test_short_of_memory(void **state)
{
    unsigned failed = 0;
    unsigned n;

    (void)state;
    for (n = 0;; n++) {
        struct scarce c = {.left = n};
        struct eice_error error = {0};
        struct trial t;

        trial_init(&t);
        mem_set_hook(scarce_one, &c);
        if (aim_start(&t.aim, on_aimed, &t, &error) == 0) {
            bed_until(&t.bed, &t.over);
        }
        mem_set_hook(NULL, NULL);
        if (t.error.code != 0 || error.code != 0) {
            failed++;
        } else {
            assert_string_equal(t.aim.result.instance_id, BED_ID);
            assert_string_equal(t.aim.result.endpoint_id, BED_EP);
            assert_string_not_equal(t.aim.result.os_user, "");
            assert_true(!t.aim.result.host_known ||
                        strcmp(known(&t), BED_ID " " KEY "\n") == 0);
        }
        trial_free(&t);
        if (!c.fired) {
            break;
        }
    }
    print_message("%u allocations, %u needed\n", n, failed);
    assert_true(failed > 100 && failed < n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it),
        cmocka_unit_test(test_who_logs_in),
        cmocka_unit_test(test_no_host_keys),
        cmocka_unit_test(test_known_instance),
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_which_one),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_short_of_memory),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
