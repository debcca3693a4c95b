/* SPDX-License-Identifier: Apache-2.0 */
/* test_world.c - world files read and refused; endpoints and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "err.h"
#include "file.h"
#include "impl.h"
#include "mem.h"
#include "scarce.h"
#include "world.h"

/* A clock that stands still until it is moved. */
static int64_t fake_now;

static int64_t fake_clock(void *data)
{
    (void)data;
    return fake_now;
}

static const struct world_config fake = {.clock = fake_clock};

static struct world *load(const char *text)
{
    struct world *w;
    struct err e;
    int rv = world_parse(&w, text, strlen(text), "test", &fake, &e);

    if (rv != 0) {
        fail_msg("%s", e.msg);
    }
    return w;
}

static int builtin(void **state)
{
    fake_now = 1767323045000; /* 2026-01-02T03:04:05Z */
    *state = load(world_builtin());
    return 0;
}

static int gone(void **state)
{
    world_free(*state);
    return 0;
}

static void test_builtin_world_hangs_together(void **state)
{
    struct world *w = *state;
    const struct world_instance *web = world_instance(w, "i-0123456789abcdef0");
    struct world_endpoint *ep = world_endpoint(w, "eice-0123456789abcdef0");
    struct world_principal p;
    char arn[WORLD_ARN_SIZE];
    struct ip ip;

    assert_string_equal(web->tags[0].value, "web");
    assert_string_equal(web->private_dns,
                        "ip-10-0-1-5.eu-central-1.compute.internal");
    assert_string_equal(web->public_dns,
                        "ec2-203-0-113-5.eu-central-1.compute.amazonaws.com");
    assert_string_equal(web->subnet->zone_id, "euc1-az1");
    assert_true(ip_parse(&ip, "10.0.1.5"));
    assert_ptr_equal(world_instance_by_ip(w, web->subnet->vpc, &ip), web);
    assert_string_equal(world_route(w, web, &ip, 22), "127.0.0.1:22");
    assert_null(world_route(w, web, &ip, 23));
    assert_true(world_endpoint_usable(ep));
    assert_ptr_equal(world_endpoint_by_dns(w, ep->dns_name), ep);
    assert_ptr_equal(world_endpoint_by_dns(w, ep->fips_dns_name), ep);
    assert_string_equal(world_endpoint_arn(w, ep, arn),
                        "arn:aws:ec2:eu-central-1:111122223333:"
                        "instance-connect-endpoint/eice-0123456789abcdef0");
    assert_true(world_find_key(w, "AKIAIOSFODNN7EXAMPLE", &p));
    assert_string_equal(world_principal_arn(w, &p, arn),
                        "arn:aws:iam::111122223333:user/demo");
    assert_false(world_find_key(w, "AKIANOBODY", &p));
    assert_int_equal(world_n_groups(w), 3); /* With the VPC's default one */
}

static void test_routes_can_be_set(void **state)
{
    struct world *w = *state;
    const struct world_instance *web = world_instance(w, "i-0123456789abcdef0");
    struct ip ip;
    struct err e;

    assert_int_equal(world_set_route(w, "10.0.1.5:22", "127.0.0.1:9", &e), 0);
    assert_int_equal(world_set_route(w, "[2001:db8::9]:5432", "[::1]:1", &e),
                     0);
    assert_true(ip_parse(&ip, "10.0.1.5"));
    assert_string_equal(world_route(w, web, &ip, 22), "127.0.0.1:9");
    assert_true(ip_parse(&ip, "2001:db8::9"));
    assert_string_equal(world_route(w, NULL, &ip, 5432), "[::1]:1");
    assert_int_equal(world_set_route(w, "10.0.1.5", "127.0.0.1:9", &e),
                     ERR_USAGE);
    assert_int_equal(world_set_route(w, "10.0.1.5:22", "localhost:9", &e),
                     ERR_USAGE);
}

/* --- refusals ----------------------------------------------------------- */

#define ACCOUNT "{\"id\":\"111122223333\"}"
#define NET                                                                    \
    "\"accounts\":[" ACCOUNT "],\"vpcs\":[{\"id\":\"vpc-1\",\"cidrs\":["       \
    "\"10.0.0.0/16\"]}],\"subnets\":[{\"id\":\"subnet-1\",\"vpc\":\"vpc-1\","  \
    "\"zone\":\"eu-central-1a\",\"cidrs\":[\"10.0.1.0/24\"]}]"
#define WITH_INSTANCE(more)                                                    \
    "{" NET                                                                    \
    ",\"instances\":[{\"id\":\"i-00000000\",\"subnet\":\"subnet-1\"," more     \
    "}]}"
#define WITH_ENDPOINT(more)                                                    \
    "{" NET ",\"endpoints\":[{\"id\":\"eice-1\",\"subnet\":\"subnet-1\"," more \
    "}]}"
#define WITH_USER(more)                                                        \
    "{\"accounts\":[{\"id\":\"111122223333\",\"users\":[{\"name\":\"u\"," more \
    "}]}]}"

static const struct {
    const char *text;
    const char *message;
} refused[] = {
    {"{", "test:1:1: "},
    {"{\n // fine\n /* also\n fine */ \"accounts\": x }", "test:4:22: "},
    {"[]", "test: $: must be an object"},
    {"{}", "test: $.accounts: a world needs at least one account"},
    {"{\"acounts\":[]}", "test: $.acounts: unknown key"},
    {"{\"accounts\":{}}", "test: $.accounts: must be an array"},
    {"{\"accounts\":[{}]}", "test: $.accounts[0]: \"id\" is missing"},
    {"{\"accounts\":[{\"id\":1}]}", "test: $.accounts[0].id: must be a string"},
    {"{\"accounts\":[{\"id\":\"1\"}]}",
     "test: $.accounts[0].id: must have twelve digits"},
    {"{\"accounts\":[" ACCOUNT "," ACCOUNT "]}",
     "test: $.accounts[1].id: account 111122223333 is there twice"},
    {WITH_USER("\"policies\":[\"none\"]"),
     "test: $.accounts[0].users[0].policies[0]: there is no policy \"none\" "
     "in account 111122223333"},
    {WITH_USER("\"policies\":[{\"Statement\":[{\"Effect\":\"allow\","
               "\"Action\":\"*\",\"Resource\":\"*\"}]}]"),
     "test: $.accounts[0].users[0].policies[0].Statement[0].Effect: must be "
     "\"Allow\" or \"Deny\""},
    {WITH_USER("\"boundary\":7"),
     "test: $.accounts[0].users[0].boundary: must be a policy or the name of "
     "one"},
    {WITH_USER("\"keys\":[{\"id\":\"A B\",\"secret\":\"s\"}]"),
     "test: $.accounts[0].users[0].keys[0].id: must be 4 to 128 letters and "
     "digits"},
    {WITH_USER("\"keys\":[{\"id\":\"AKIA\",\"secret\":\"s\"},"
               "{\"id\":\"AKIA\",\"secret\":\"t\"}]"),
     "test: $.accounts[0].users[0].keys[1].id: the key is there twice"},
    {WITH_USER("\"keys\":[{\"id\":\"AKIA\",\"secret\":\"s\",\"status\":1}]"),
     "test: $.accounts[0].users[0].keys[0].status: must be \"Active\" or "
     "\"Inactive\""},
    {WITH_USER("\"path\":\"x\""),
     "test: $.accounts[0].users[0].path: must begin and end with a slash"},
    {"{\"accounts\":[" ACCOUNT "],\"vpcs\":[{\"id\":\"vpc-1\",\"cidrs\":["
     "\"10.0.0.0/99\"]}]}",
     "test: $.vpcs[0].cidrs[0]: \"10.0.0.0/99\" is not an address block"},
    {"{\"accounts\":[" ACCOUNT "],\"vpcs\":[{\"id\":\"v-1\",\"cidrs\":["
     "\"10.0.0.0/9\"]}]}",
     "test: $.vpcs[0].id: must be vpc- and letters or digits"},
    {"{\"accounts\":[" ACCOUNT "],\"vpcs\":["
     "{\"id\":\"vpc-1\",\"cidrs\":[\"10.0.0.0/16\"],\"default\":true},"
     "{\"id\":\"vpc-2\",\"cidrs\":[\"10.1.0.0/16\"],\"default\":true,"
     "\"region\":\"us-east-1\"},"
     "{\"id\":\"vpc-3\",\"cidrs\":[\"10.2.0.0/16\"],\"default\":true}]}",
     "test: $.vpcs[2].default: vpc-1 is the default VPC already"},
    {"{" NET ",\"security_groups\":["
     "{\"id\":\"sg-1\",\"name\":\"a\",\"vpc\":\"vpc-1\"},"
     "{\"id\":\"sg-2\",\"name\":\"a\",\"vpc\":\"vpc-1\"}]}",
     "test: $.security_groups[1].name: sg-1 of the same VPC is called so"},
    {"{" NET ",\"subnets\":[]}", "test:1:"},
    {"{\"accounts\":[" ACCOUNT "],\"subnets\":[{\"id\":\"subnet-1\",\"vpc\":"
     "\"vpc-9\",\"zone\":\"eu-central-1a\",\"cidrs\":[]}]}",
     "test: $.subnets[0].vpc: there is no vpc-9"},
    {"{" NET ",\"security_groups\":[{\"id\":\"sg-1\",\"name\":\"a\",\"vpc\":"
     "\"vpc-1\",\"ingress\":[{\"groups\":[\"sg-2\"]}]}]}",
     "test: $.security_groups[0].ingress[0]: there is no sg-2"},
    {WITH_INSTANCE("\"private_ip\":\"10.0.2.1\""),
     "test: $.instances[0].private_ip: 10.0.2.1 lies outside subnet-1"},
    {WITH_INSTANCE("\"private_ip\":\"10.0.1\""),
     "test: $.instances[0].private_ip: \"10.0.1\" is not an IP address"},
    {WITH_INSTANCE("\"state\":\"asleep\""),
     "test: $.instances[0].state: \"asleep\" is none of "
     "pending|running|shutting-down|terminated|stopping|stopped"},
    {WITH_INSTANCE("\"key_name\":\"k\",\"private_ip\":\"10.0.1.1\""),
     "test: $.instances[0].key_name: there is no key pair \"k\""},
    {WITH_INSTANCE("\"routes\":{\"x\":\"127.0.0.1:1\"}"),
     "test: $.instances[0].routes.x: the key must be a port"},
    {WITH_INSTANCE("\"routes\":{\"22\":\"127.0.0.1\"}"),
     "test: $.instances[0].routes.22: must be an address and port such as "
     "127.0.0.1:2222 or [::1]:2222"},
    {WITH_INSTANCE("\"launched\":\"today\""),
     "test: $.instances[0].launched: \"today\" is not a time such as "
     "2026-01-02T03:04:05Z"},
    {WITH_INSTANCE("\"serial_console\":1"),
     "test: $.instances[0].serial_console: must be true or false"},
    {WITH_ENDPOINT("\"security_groups\":[\"sg-9\"]"),
     "test: $.endpoints[0]: there is no sg-9"},
    {WITH_ENDPOINT("\"preserve_client_ip\":true,"
                   "\"ip_address_type\":\"ipv6\""),
     "test: $.endpoints[0]: preserve_client_ip needs ip_address_type ipv4"},
    {WITH_ENDPOINT("\"idle_timeout_seconds\":-1"),
     "test: $.endpoints[0].idle_timeout_seconds: must be between 0 and 86400"},
    {"{" NET ",\"imds\":{\"instance\":\"i-1\"}}",
     "test: $.imds.instance: there is no i-1"},
    {"{" NET ",\"container\":{\"role\":\"r\"}}",
     "test: $.container.role: there is no role \"r\" in account 111122223333"},
    {"{" NET ",\"login\":[{\"arn\":\"a\",\"refresh_token\":\"t\"}]}",
     "test: $.login[0].arn: there is no user or role \"a\""},
};

static void test_bad_worlds_are_refused_with_their_path(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct world *w;
        struct err e;

        err_clear(&e);
        assert_int_not_equal(world_parse(&w, refused[i].text,
                                         strlen(refused[i].text), "test", &fake,
                                         &e),
                             0);
        assert_null(w);
        /* What jansson says differs with its version. */
        e.msg[e.msg[5] == '1' || e.msg[5] == '4' ? strlen(refused[i].message)
                                                 : ERR_MSG_SIZE - 1] = '\0';
        assert_string_equal(e.msg, refused[i].message);
    }
}

/* --- endpoints ---------------------------------------------------------- */

static void test_endpoint_states_follow_the_clock(void **state)
{
    struct world *w = *state;
    const struct world_subnet *subnet =
        world_subnet(w, "subnet-0a1b2c3d4e5f60002");
    struct world_endpoint_settings s = {.ip_type = WORLD_IPV4};
    struct world_tag tag = {"env", "dev"};
    struct world_endpoint *ep;
    char id[32];

    assert_int_equal(
        world_endpoint_create(w, subnet, &s, &tag, 1, "token", &ep), 0);
    strcpy(id, ep->id);
    assert_int_equal(ep->state, WORLD_CREATE_IN_PROGRESS);
    assert_false(world_endpoint_usable(ep));
    assert_int_equal(world_next_event_ms(w), fake_now + 2000);
    fake_now += 1999;
    world_settle(w);
    assert_int_equal(ep->state, WORLD_CREATE_IN_PROGRESS);
    fake_now += 1;
    world_settle(w);
    assert_int_equal(ep->state, WORLD_CREATE_COMPLETE);
    assert_true(world_endpoint_usable(ep));

    s.preserve_client_ip = true;
    world_endpoint_modify(w, ep, &s);
    assert_int_equal(ep->state, WORLD_UPDATE_IN_PROGRESS);
    assert_true(world_endpoint_usable(ep));
    assert_false(ep->now.preserve_client_ip);
    fake_now += 2000;
    world_settle(w);
    assert_int_equal(ep->state, WORLD_UPDATE_COMPLETE);
    assert_true(ep->now.preserve_client_ip);

    s.preserve_client_ip = false;
    world_endpoint_modify(w, ep, &s);
    assert_int_equal(world_endpoint_fail(w, ep, "no room"), 0);
    fake_now += 2000;
    world_settle(w);
    assert_int_equal(ep->state, WORLD_UPDATE_FAILED);
    assert_string_equal(ep->state_message, "no room");
    assert_true(ep->now.preserve_client_ip);

    world_endpoint_delete(w, ep);
    fake_now += 2000;
    world_settle(w);
    assert_int_equal(ep->state, WORLD_DELETE_COMPLETE);
    ep->n_open = 1; /* A tunnel keeps it */
    fake_now += 60000;
    world_settle(w);
    assert_ptr_equal(world_endpoint(w, id), ep);
    ep->n_open = 0;
    world_settle(w);
    assert_null(world_endpoint(w, id));
}

/* --- people ------------------------------------------------------------- */

static void test_sessions_are_found_and_forgotten(void **state)
{
    struct world *w = *state;
    struct world_session_config c = {.role =
                                         world_role(w, "111122223333", "ops"),
                                     .name = "me",
                                     .duration_s = 900};
    const struct world_session *s;
    struct world_principal p;
    char arn[WORLD_ARN_SIZE];
    char id[WORLD_USERID_SIZE];
    char key[21];
    struct err e;

    assert_int_equal(world_session_new(w, &c, &s, &e), 0);
    strcpy(key, s->key_id);
    assert_true(world_find_key(w, key, &p));
    assert_string_equal(world_principal_arn(w, &p, arn),
                        "arn:aws:sts::111122223333:assumed-role/ops/me");
    world_principal_userid(&p, id);
    assert_memory_equal(id, "AROA", 4);
    assert_string_equal(id + 21, ":me");
    fake_now += 900 * 1000;
    world_settle(w);
    assert_true(world_find_key(w, key, &p)); /* To be told "expired" */
    fake_now += 3600 * 1000;
    world_settle(w);
    assert_false(world_find_key(w, key, &p));
}

static void test_sessions_are_bounded(void **state)
{
    struct world *w = *state;
    struct world_session_config c = {
        .user = world_user_by_arn(w, "arn:aws:iam::111122223333:user/demo"),
        .duration_s = 900};
    const struct world_session *s;
    struct world_principal p;
    char first[21];
    struct err e;
    int i;

    assert_int_equal(world_session_new(w, &c, &s, &e), 0);
    strcpy(first, s->key_id);
    for (i = 0; i < 4096; i++) {
        assert_int_equal(world_session_new(w, &c, &s, &e), 0);
    }
    assert_false(world_find_key(w, first, &p));
    assert_true(world_find_key(w, s->key_id, &p));
}

static void test_a_bad_session_policy_is_refused(void **state)
{
    struct world *w = *state;
    const char *texts[] = {"{\"Statement\": 7"};
    struct world_session_config c = {.role =
                                         world_role(w, "111122223333", "ops"),
                                     .name = "me",
                                     .duration_s = 900,
                                     .policies = texts,
                                     .n_policies = 1};
    const struct world_session *s;
    struct err e;

    assert_int_equal(world_session_new(w, &c, &s, &e), ERR_PARSE);
}

/* --- persistence -------------------------------------------------------- */

static void test_state_survives_a_restart(void **state)
{
    struct world *w = *state;
    struct world *again = load(world_builtin());
    struct world_endpoint_settings s = {.ip_type = WORLD_IPV6};
    struct world_session_config c = {.role =
                                         world_role(w, "111122223333", "ops"),
                                     .name = "me",
                                     .duration_s = 900,
                                     .mfa = true};
    const struct world_session *session;
    struct world_principal p;
    struct world_endpoint *ep;
    struct stat st;
    char path[] = "/tmp/eice-world-XXXXXX";
    char arn[WORLD_ARN_SIZE];
    struct err e;

    assert_true(close(mkstemp(path)) == 0);
    assert_int_equal(
        world_endpoint_create(w, world_subnet(w, "subnet-0a1b2c3d4e5f60002"),
                              &s, NULL, 0, "token", &ep),
        0);
    world_endpoint_delete(w, world_endpoint(w, "eice-0123456789abcdef0"));
    assert_int_equal(world_session_new(w, &c, &session, &e), 0);
    assert_true(world_generation(w) > 0);
    assert_int_equal(world_save(w, path, &e), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    assert_int_equal(world_restore(again, path, &e), 0);
    assert_int_equal(world_n_endpoints(again), 2);
    assert_int_equal(world_endpoint(again, "eice-0123456789abcdef0")->state,
                     WORLD_DELETE_IN_PROGRESS);
    assert_int_equal(world_endpoint(again, ep->id)->now.ip_type, WORLD_IPV6);
    assert_string_equal(world_endpoint(again, ep->id)->client_token, "token");
    assert_int_equal(world_endpoint(again, ep->id)->due_ms, ep->due_ms);
    assert_true(world_find_key(again, session->key_id, &p));
    assert_string_equal(p.secret, session->secret);
    assert_string_equal(p.session->token, session->token);
    assert_true(p.session->mfa);
    assert_string_equal(world_principal_arn(again, &p, arn),
                        "arn:aws:sts::111122223333:assumed-role/ops/me");
    world_free(again);

    unlink(path);
    again = load(world_builtin());
    assert_int_equal(world_restore(again, path, &e), 0); /* No file: fine */
    assert_int_equal(world_n_endpoints(again), 1);
    world_free(again);
}

/* --- the sample in the documents ---------------------------------------- */

static void test_the_sample_world_is_right(void **state)
{
    struct world *w;
    struct err e;

    (void)state;
    if (world_load(&w, SOURCE_ROOT "/docs/examples/world.jsonc", &fake, &e) !=
        0) {
        fail_msg("%s", e.msg);
    }
    assert_non_null(world_instance(w, "i-0123456789abcdef1")->host_id);
    assert_non_null(world_container(w)->role);
    assert_int_equal(json_array_size(world_faults(w)), 1);
    world_free(w);
    assert_int_equal(world_load(&w, "/dev/null/w.json", &fake, &e), UV_ENOTDIR);
    assert_string_equal(e.msg, "/dev/null/w.json: not a directory");
}

/* Every key of @record, and of those inside it, stands in @doc. */
static void check_documented(const struct record *record, const char *doc)
{
    size_t i;

    for (i = 0; i < record->n_fields; i++) {
        const struct field *f = &record->fields[i];
        char word[64];

        snprintf(word, sizeof word, "`%s`", f->key);
        if (strstr(doc, word) == NULL) {
            fail_msg("%s is not in world-format.md", word);
        }
        if (f->record != NULL) {
            check_documented(f->record, doc);
        }
    }
}

static void test_every_key_is_documented(void **state)
{
    char *doc;
    size_t len;

    (void)state;
    assert_int_equal(
        file_read(SOURCE_ROOT "/docs/world-format.md", &doc, &len, NULL), 0);
    check_documented(&world_record, doc);
    file_free(doc, len);
}

/* --- lack of memory ----------------------------------------------------- */

static void test_loading_survives_lack_of_memory(void **state)
{
    const char *text = world_builtin();
    struct world *w;
    struct err e;
    int n;

    (void)state;
    for (n = 0;; n++) {
        struct scarce scarce = {.left = n};
        int rv;

        mem_set_hook(scarce_after, &scarce);
        rv = world_parse(&w, text, strlen(text), "test", &fake, &e);
        mem_set_hook(NULL, NULL);
        if (rv == 0) {
            break;
        }
        assert_null(w);
    }
    assert_true(n > 5);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_builtin_world_hangs_together,
                                        builtin, gone),
        cmocka_unit_test_setup_teardown(test_routes_can_be_set, builtin, gone),
        cmocka_unit_test(test_bad_worlds_are_refused_with_their_path),
        cmocka_unit_test_setup_teardown(test_endpoint_states_follow_the_clock,
                                        builtin, gone),
        cmocka_unit_test_setup_teardown(test_sessions_are_found_and_forgotten,
                                        builtin, gone),
        cmocka_unit_test_setup_teardown(test_sessions_are_bounded, builtin,
                                        gone),
        cmocka_unit_test_setup_teardown(test_a_bad_session_policy_is_refused,
                                        builtin, gone),
        cmocka_unit_test_setup_teardown(test_state_survives_a_restart, builtin,
                                        gone),
        cmocka_unit_test(test_the_sample_world_is_right),
        cmocka_unit_test(test_every_key_is_documented),
        cmocka_unit_test(test_loading_survives_lack_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
