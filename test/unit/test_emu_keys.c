/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_keys.c - pushing SSH keys: what is accepted, whom it is for, how
 * long it lives, and the two ways it reaches an sshd. */
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

#include "emu_rig.h"
#include "err.h"
#include "keys.h"
#include "mem.h"
#include "sshkey.h"

#define ED25519                                                                \
    "ssh-ed25519 "                                                             \
    "AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+jD"
#define RSA_2048_B64                                                           \
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQCWj/69N9yVMTePrwr190G1YVNuP8oxaQF3jx04"     \
    "P3N8+7bQ4cg2IHdTE8NYy9SClXVcqcyjpgE9AoOLS6W5ocfavMoMITbCYq1nxF3hkjUE"     \
    "BzCugqhNlOhu5X9Wl29rExR0SACt4SZvXXW5lXvAv8Ji8idjuXgmHicfiO5HJcMaTCB1"     \
    "r4/psOZHQ/rA/buS07dJXjcjj41HZvmvxocjoqUcFTwAkLZLlmkH2ZPTqlx4JFMJ8vjO"     \
    "/HZ+W+Z/UTqV5qSAq/EzMMSpXTQOBh5TuMDLOvXsmoSr3avEVDpCq3xvRPiIzdjZrc9H"     \
    "+h/3YAnVC/ljJfRwW0325enX0OstJRul"
#define RSA_2048 "ssh-rsa " RSA_2048_B64
#define RSA_3072                                                               \
    "ssh-rsa "                                                                 \
    "AAAAB3NzaC1yc2EAAAADAQABAAABgQCOtLYpPe/NS4zWghEsGi1bwBgwbQAvbIWki5b6"     \
    "bqCIKuhGxIOVmo2lBNpGMsBAAZfKUwegKT+z6z9xMKTlgu+C2qaSAh6NMjqpu3EkAlYa"     \
    "UzxVf91Vd4w03cyeWsaIe3O934NLAFLlUrTBo40hsgkQ6IpeMt3ZfkojgKgdqRxwfKq/"     \
    "s5BhbTDJqcNk1UYND3RVJTDpUD0k3y/3+lbZod5Wdh5RtvaMBlVkW/21CL9h0HHPdWVX"     \
    "UPIYjUEahWa55sZUfPuFeYeMhqjT+Gc/fR11r5Zswa38obVDrPkEiqgRLefW+qrieXqf"     \
    "0c3t6GCt4ZmcBNFF3U31ZhHQolG3doAe1uzf6ObmkYKAVmG5IUK4bvlpd3c0JBAXqX49"     \
    "MKHlWqGUxixDMllScxvBNuUBzIHXvQwDyq7eGOX2Bc/Afv56XCYxdcArNfoH1uu2FKr0"     \
    "KG1T8ZHwG5SrR1ZH/1yshTpSS02EwxkO8LTuqyhWNXp9foFv57Jmf2HVgs34Lu2sRVE="
#define ECDSA                                                                  \
    "ecdsa-sha2-nistp256 "                                                     \
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOBVyX/N/8USpvjT"     \
    "Evuyc3t65PpKZVTBh5ANTTlW8rxmaeMJYFPuX5mGrXljfdR4HINb8ISSX/lOo9emQzlH"     \
    "Sb4="

/* --- reading keys ------------------------------------------------------- */

static void test_keys_are_read_or_refused(void **state)
{
    static const struct {
        const char *text;
        const char *why; /* NULL: accepted */
    } cases[] = {
        {ED25519, NULL},
        {ED25519 " me@host", NULL},
        {ED25519 " me\n", NULL},
        {"  " ED25519, NULL},
        {RSA_2048, NULL},
        {RSA_3072, NULL}, /* The length is the service's affair */
        {ECDSA, "SSH Public key type is not supported"},
        {"", "SSH Public key is invalid"},
        {"ssh-rsa", "SSH Public key is invalid"},
        {"ssh-rsa !!!!", "RSA - SSH Public key is invalid"},
        {"ssh-rsa AAAA", "SSH Public key is invalid"},
        {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB", "RSA - SSH Public key is invalid"},
        /* The line says another type than the blob. */
        {"ssh-rsa "
         "AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+jD",
         "SSH Public key is invalid"},
        /* 31 bytes of point. */
        {"ssh-ed25519 "
         "AAAAC3NzaC1lZDI1NTE5AAAAH1lV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+g=",
         "ED25519 - SSH Public key is invalid"},
        /* A second line would become a key of its own. */
        {ED25519 " a\n" RSA_2048, "SSH Public key is invalid"},
        {ED25519 " a\x01", "SSH Public key is invalid"},
        {"command=\"x\" " ED25519, "SSH Public key is invalid"},
        {"---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"a\"\nSubject: long \\\n"
         "line\n" RSA_2048_B64 "\n---- END SSH2 PUBLIC KEY ----\n",
         NULL},
        {"---- BEGIN SSH2 PUBLIC KEY ----\r\nComment: \"a\"\r\n" RSA_2048_B64
         "\r\n---- END SSH2 PUBLIC KEY ----\r\n",
         NULL},
        {"---- BEGIN SSH2 PUBLIC KEY ----\n" RSA_2048_B64,
         "SSH2 - SSH Public key is invalid"},
        {"---- BEGIN SSH2 PUBLIC KEY ----\n????\n"
         "---- END SSH2 PUBLIC KEY ----\n",
         "SSH2 - SSH Public key is invalid"},
        {"---- BEGIN SSH2 PUBLIC KEY ----\n" RSA_2048_B64
         "\n---- END SSH2 PUBLIC KEY ----\nmore",
         "SSH2 - SSH Public key is invalid"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sshkey key;
        const char *why = sshkey_parse(&key, cases[i].text);

        if ((why == NULL) != (cases[i].why == NULL)) {
            fail_msg("case %zu: %s", i, why);
        }
        if (why != NULL) {
            assert_string_equal(why, cases[i].why);
        }
        sshkey_free(&key);
    }
}

static void test_an_ssh2_block_becomes_a_line(void **state)
{
    struct sshkey key;
    struct buf print;

    (void)state;
    assert_null(sshkey_parse(&key, "---- BEGIN SSH2 PUBLIC KEY ----\n"
                                   "Comment: \"a\"\n" RSA_2048_B64
                                   "\n---- END SSH2 PUBLIC KEY ----\n"));
    assert_string_equal(key.line, RSA_2048);
    assert_int_equal(key.bits, 2048);
    buf_init(&print, 100);
    sshkey_fingerprint(&key, &print);
    /* As ssh-keygen -l prints it. */
    assert_string_equal(buf_str(&print),
                        "SHA256:Gb8QJ1EQWVs45+NI6NTfFx8es82RhAj/uB4uafhgKxk");
    buf_free(&print);
    sshkey_free(&key);
}

/* --- SendSSHPublicKey --------------------------------------------------- */

/* A request with these members; NULL leaves one out. */
static void push(struct rig *r, const char *id, const char *user,
                 const char *key, const char *zone)
{
    json_t *body = json_object();
    char *text;

    if (id != NULL) {
        json_object_set_new(body, "InstanceId", json_string(id));
    }
    if (user != NULL) {
        json_object_set_new(body, "InstanceOSUser", json_string(user));
    }
    if (key != NULL) {
        json_object_set_new(body, "SSHPublicKey", json_string(key));
    }
    if (zone != NULL) {
        json_object_set_new(body, "AvailabilityZone", json_string(zone));
    }
    text = json_dumps(body, 0);
    rig_json(r, "SendSSHPublicKey", text);
    free(text);
    json_decref(body);
}

#define WEB "i-0123456789abcdef0"

static void test_a_key_is_pushed(void **state)
{
    struct rig *r = *state;

    push(r, WEB, "ec2-user", ED25519, NULL);
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_member(r, "Success"), "true");
    assert_non_null(strstr(r->headers, rig_member(r, "RequestId")));
    assert_string_equal(rig_trail(r, "eventName"), "SendSSHPublicKey");
    assert_string_equal(rig_trail(r, "eventSource"),
                        "ec2-instance-connect.amazonaws.com");
    assert_string_equal(rig_trail(r, "requestParameters.instanceId"), WEB);
    assert_string_equal(rig_trail(r, "requestParameters.osUser"), "ec2-user");
    assert_string_equal(rig_trail(r, "requestParameters.SSHKey.publicKey"),
                        ED25519);
    assert_string_equal(rig_trail(r, "resources.0.ARN"),
                        "arn:aws:ec2:eu-central-1:111122223333:instance/" WEB);
    push(r, WEB, "ubuntu", RSA_2048, "eu-central-1a");
    assert_int_equal(r->status, 200);
}

static void test_refusals_of_pushing(void **state)
{
    struct rig *r = *state;
    char long_user[40];
    static const struct {
        const char *id, *user, *key, *zone;
        const char *code;
        const char *message; /* Its beginning, or NULL */
    } cases[] = {
        {NULL, "a", ED25519, NULL, "InvalidArgsException",
         "1 validation error detected: Value null at 'instanceId' failed to "
         "satisfy constraint: Member must not be null"},
        {"mi-0123456789", "a", ED25519, NULL, "InvalidArgsException",
         "1 validation error detected: Value 'mi-0123456789' at 'instanceId' "
         "failed to satisfy constraint: Member must satisfy regular expression "
         "pattern: ^i-[a-f0-9]+$"},
        {"mi-0", "a", ED25519, NULL, "InvalidArgsException",
         "2 validation errors detected: Value 'mi-0' at 'instanceId' failed to "
         "satisfy constraint: Member must have length greater than or equal "
         "to 10; Value 'mi-0' at 'instanceId'"},
        {"i-0123456789ABCDEF0", "a", ED25519, NULL, "InvalidArgsException",
         NULL},
        {WEB, NULL, ED25519, NULL, "InvalidArgsException",
         "1 validation error detected: Value null at 'instanceOSUser'"},
        {WEB, "", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "a b", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "-a", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "$", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "a$b", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "root\n", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "../x", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "1234", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "a", NULL, NULL, "InvalidArgsException", NULL},
        {WEB, "a", "ssh-ed25519 AAAA", NULL, "InvalidArgsException",
         "1 validation error detected: Value 'ssh-ed25519 AAAA' at "
         "'sSHPublicKey' failed to satisfy constraint: Member must have "
         "length greater than or equal to 80"},
        {WEB, "a", RSA_3072, NULL, "InvalidArgsException",
         "Invalid input parameter received for Illegal argument exception: "
         "RSA - SSH Public key length is not supported"},
        {WEB, "a", ECDSA, NULL, "InvalidArgsException",
         "Invalid input parameter received for Illegal argument exception: "
         "SSH Public key type is not supported"},
        {WEB, "a", ED25519, "x", "InvalidArgsException", NULL},
        {WEB, "a", ED25519, "eu-central-", "InvalidArgsException", NULL},
        {WEB, "a", ED25519, "a-b-c-d-1x", "InvalidArgsException", NULL},
        {WEB, "a", ED25519, "eu-central-1b", "EC2InstanceNotFoundException",
         NULL},
        {"i-00000000", "a", ED25519, NULL, "EC2InstanceNotFoundException",
         NULL},
        {"i-0123456789abcdef5", "a", ED25519, NULL,
         "EC2InstanceNotFoundException", NULL}, /* Another account's */
        {"i-0123456789abcdef1", "a", ED25519, NULL,
         "EC2InstanceStateInvalidException", NULL},
        {"i-0123456789abcdef3", "a", ED25519, NULL,
         "EC2InstanceStateInvalidException", NULL},
        {"i-0123456789abcdef4", "a", ED25519, NULL,
         "EC2InstanceUnavailableException", NULL},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        push(r, cases[i].id, cases[i].user, cases[i].key, cases[i].zone);
        if (r->status != 400 || strcmp(rig_error(r), cases[i].code) != 0 ||
            (cases[i].message != NULL &&
             strncmp(rig_message(r), cases[i].message,
                     strlen(cases[i].message)) != 0)) {
            fail_msg("case %zu: %s", i, r->body);
        }
        assert_string_equal(rig_trail(r, "errorCode"), cases[i].code);
    }
    memset(long_user, 'a', 33);
    long_user[33] = '\0';
    push(r, WEB, long_user, ED25519, NULL);
    assert_string_equal(rig_error(r), "InvalidArgsException");
    assert_null(keys_first(r->api.keys, world_instance(r->w, WEB), NULL));
}

static void test_users_that_are_names(void **state)
{
    struct rig *r = *state;
    static const char *const good[] = {
        "a",
        "_",
        "ec2-user",
        "a.b@c-d_e",
        "svc$",
        "A1",
        "12@ad",
        "1a",
        "1-",
        "1a$",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 32 */,
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$"};
    static const char *const bad[] = {
        "1", "12", "1$", "@a", ".a", "a/b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."};
    size_t i;

    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        push(r, WEB, good[i], ED25519, NULL);
        if (r->status != 200) {
            fail_msg("%s: %s", good[i], r->body);
        }
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        push(r, WEB, bad[i], ED25519, NULL);
        if (r->status != 400) {
            fail_msg("%s: %s", bad[i], r->body);
        }
    }
}

static void test_pushing_needs_permission_for_user_and_tag(void **state)
{
    struct rig *r = *state;

    rig_as(r, "limited");
    push(r, WEB, "ec2-user", ED25519, NULL);
    assert_int_equal(r->status, 200);
    push(r, WEB, "root", ED25519, NULL);
    assert_int_equal(r->status, 400);
    assert_string_equal(rig_error(r), "AccessDeniedException");
    assert_string_equal(
        rig_message(r),
        "User: arn:aws:iam::111122223333:user/limited is not authorized to "
        "perform: ec2-instance-connect:SendSSHPublicKey on resource: "
        "arn:aws:ec2:eu-central-1:111122223333:instance/" WEB
        " because no identity-based policy allows the "
        "ec2-instance-connect:SendSSHPublicKey action");
    /* env=prod */
    push(r, "i-0123456789abcdef1", "ec2-user", ED25519, NULL);
    assert_string_equal(rig_error(r), "AccessDeniedException");
}

static void test_malformed_calls(void **state)
{
    struct rig *r = *state;

    rig_json(r, "SendSSHPublicKey", "{");
    assert_string_equal(rig_error(r), "SerializationException");
    rig_json(r, "SendSSHPublicKey", "[]");
    assert_string_equal(rig_error(r), "SerializationException");
    rig_json(r, "SendSSHPublicKey", "");
    assert_string_equal(rig_error(r), "SerializationException");
    rig_json(r, "SendSSHPublicKey", "{\"InstanceId\": 7}");
    assert_string_equal(rig_error(r), "SerializationException");
    rig_json(r, "SendSSHPublicKey", "{\"InstanceId\": null}");
    assert_string_equal(rig_error(r), "InvalidArgsException");
    rig_json(r, "SendPigeon", "{}");
    assert_string_equal(rig_error(r), "UnknownOperationException");
}

/* --- SendSerialConsoleSSHPublicKey -------------------------------------- */

static void serial(struct rig *r, const char *id, const char *more)
{
    char body[512];

    snprintf(body, sizeof body,
             "{\"InstanceId\": \"%s\", \"SSHPublicKey\": \"" ED25519 "\"%s}",
             id, more);
    rig_json(r, "SendSerialConsoleSSHPublicKey", body);
}

static void test_serial_console(void **state)
{
    struct rig *r = *state;

    serial(r, WEB, "");
    assert_int_equal(r->status, 200);
    serial(r, WEB, ", \"SerialPort\": 0");
    assert_int_equal(r->status, 200);
    serial(r, WEB, ", \"SerialPort\": 1");
    assert_string_equal(rig_error(r), "InvalidArgsException");
    serial(r, "i-00000000", "");
    assert_string_equal(rig_error(r), "EC2InstanceNotFoundException");
    serial(r, "i-0123456789abcdef1", "");
    assert_string_equal(rig_error(r), "EC2InstanceStateInvalidException");
    serial(r, "i-0123456789abcdef2", ""); /* m3.large */
    assert_string_equal(rig_error(r), "EC2InstanceTypeInvalidException");
    world_settings_mut(r->w)->serial_console_access = false;
    serial(r, WEB, "");
    assert_int_equal(r->status, 403);
    assert_string_equal(rig_error(r), "SerialConsoleAccessDisabledException");
    rig_as(r, "limited");
    serial(r, WEB, "");
    assert_string_equal(rig_error(r), "AccessDeniedException");
}

static void test_serial_console_that_the_instance_lacks(void **state)
{
    struct rig *r =
        rig_new("{\"accounts\":[{\"id\":\"111122223333\",\"root\":{\"keys\":["
                "{\"id\":\"AKID\",\"secret\":\"s\"}]}}],"
                "\"vpcs\":[{\"id\":\"vpc-1\",\"cidrs\":[\"10.0.0.0/16\"]}],"
                "\"subnets\":[{\"id\":\"subnet-1\",\"vpc\":\"vpc-1\","
                "\"zone\":\"eu-central-1a\",\"cidrs\":[\"10.0.1.0/24\"]}],"
                "\"instances\":[{\"id\":\"i-00000000\",\"subnet\":\"subnet-1\","
                "\"private_ip\":\"10.0.1.5\",\"serial_console\":false}]}");

    (void)state;
    r->key_id = "AKID";
    r->secret = "s";
    serial(r, "i-00000000", "");
    assert_string_equal(rig_error(r),
                        "SerialConsoleSessionUnsupportedException");
    rig_free(r);
}

/* --- the life of a key -------------------------------------------------- */

static void test_a_key_lives_a_minute_for_its_user_and_instance(void **state)
{
    struct rig *r = *state;
    const struct world_instance *web = world_instance(r->w, WEB);
    const struct world_instance *desk =
        world_instance(r->w, "i-0123456789abcdef2");
    struct pushed_key *key;

    assert_int_equal(keys_next_ms(r->api.keys), INT64_MAX);
    push(r, WEB, "ec2-user", ED25519 " first", NULL);
    r->now_ms += 10000;
    push(r, WEB, "ec2-user", RSA_2048, NULL);
    push(r, WEB, "ubuntu", ED25519, NULL);
    key = keys_first(r->api.keys, web, "ec2-user");
    assert_string_equal(key->line, ED25519 " first");
    assert_string_equal(key->caller, "arn:aws:iam::111122223333:user/admin");
    assert_int_equal(key->expires_ms, RIG_START_MS + 60000);
    key = keys_after(key, "ec2-user");
    assert_string_equal(key->line, RSA_2048);
    assert_null(keys_after(key, "ec2-user"));
    assert_null(keys_first(r->api.keys, desk, "ec2-user"));
    assert_null(keys_first(r->api.keys, web, "root"));
    assert_int_equal(keys_next_ms(r->api.keys), RIG_START_MS + 60000);
    r->now_ms = RIG_START_MS + 59999;
    assert_string_equal(keys_first(r->api.keys, web, "ec2-user")->line,
                        ED25519 " first");
    r->now_ms++;
    assert_string_equal(keys_first(r->api.keys, web, "ec2-user")->line,
                        RSA_2048);
    r->now_ms += 10000;
    assert_null(keys_first(r->api.keys, web, NULL));
}

static void test_keys_are_bounded(void **state)
{
    struct rig *r = *state;
    const struct world_instance *web = world_instance(r->w, WEB);
    int i;

    for (i = 0; i < 1000; i++) {
        assert_int_equal(keys_push(r->api.keys, web, "u", ED25519, "me", "id"),
                         0);
    }
    push(r, WEB, "ec2-user", ED25519, NULL);
    assert_string_equal(rig_error(r), "ThrottlingException");
    r->now_ms += 60000;
    push(r, WEB, "ec2-user", ED25519, NULL);
    assert_int_equal(r->status, 200);
}

/* The whole file, or "-" when there is none. */
static const char *contents(const char *path)
{
    static char text[4096];
    FILE *f = fopen(path, "r");
    size_t n;

    if (f == NULL) {
        return "-";
    }
    n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

/* A rig whose instance keeps its keys in @file. */
static struct rig *with_file(const char *file)
{
    char instance[512];

    snprintf(instance, sizeof instance,
             "\"instances\":[{\"id\":\"i-00000000\",\"subnet\":\"subnet-1\","
             "\"private_ip\":\"10.0.1.5\",\"authorized_keys\":\"%s\"}]",
             file);
    return rig_with_instance(instance);
}

static void test_the_file_of_an_instance_follows(void **state)
{
    char dir[] = "/tmp/eice-keys-XXXXXX";
    char path[64];
    struct stat st;
    struct rig *r;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/keys", dir);
    r = with_file(path);
    push(r, "i-00000000", "a", ED25519 " one", NULL);
    assert_string_equal(contents(path), ED25519 " one\n");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    r->now_ms += 30000;
    push(r, "i-00000000", "b", ED25519 " two", NULL);
    assert_string_equal(contents(path), ED25519 " one\n" ED25519 " two\n");
    r->now_ms += 30000;
    keys_settle(r->api.keys);
    assert_string_equal(contents(path), ED25519 " two\n");
    rig_free(r); /* Whoever stops the emulator leaves no key behind. */
    assert_string_equal(contents(path), "");
    unlink(path);
    rmdir(dir);
}

static void test_a_file_for_each_user(void **state)
{
    char dir[] = "/tmp/eice-keys-XXXXXX";
    char pattern[64];
    char a[64];
    char b[64];
    struct rig *r;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(pattern, sizeof pattern, "%s/%%u", dir);
    snprintf(a, sizeof a, "%s/alice", dir);
    snprintf(b, sizeof b, "%s/bob", dir);
    r = with_file(pattern);
    push(r, "i-00000000", "alice", ED25519 " one", NULL);
    push(r, "i-00000000", "bob", ED25519 " two", NULL);
    assert_string_equal(contents(a), ED25519 " one\n");
    assert_string_equal(contents(b), ED25519 " two\n");
    rig_free(r);
    unlink(a);
    unlink(b);
    rmdir(dir);
}

static void test_a_file_that_cannot_be_written_is_no_error(void **state)
{
    struct rig *r = with_file("/dev/null/keys");

    (void)state;
    push(r, "i-00000000", "a", ED25519, NULL);
    assert_int_equal(r->status, 200);
    rig_free(r);
}

static int left;

static bool count_down(void *data, size_t size)
{
    (void)data;
    (void)size;
    return left-- > 0;
}

static void test_pushing_survives_lack_of_memory(void **state)
{
    struct rig *r = *state;
    const struct world_instance *web = world_instance(r->w, WEB);
    int n;
    int rv = 1;

    for (n = 0; rv != 0; n++) {
        left = n;
        mem_set_hook(count_down, NULL);
        rv = keys_push(r->api.keys, web, "u", ED25519, "me", "id");
        mem_set_hook(NULL, NULL);
        assert_true(rv == 0 || keys_first(r->api.keys, web, "u") == NULL);
    }
    assert_int_equal(n, 5);
}

#define RIGGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_read_or_refused),
        cmocka_unit_test(test_an_ssh2_block_becomes_a_line),
        RIGGED(test_a_key_is_pushed),
        RIGGED(test_refusals_of_pushing),
        RIGGED(test_users_that_are_names),
        RIGGED(test_pushing_needs_permission_for_user_and_tag),
        RIGGED(test_malformed_calls),
        RIGGED(test_serial_console),
        cmocka_unit_test(test_serial_console_that_the_instance_lacks),
        RIGGED(test_a_key_lives_a_minute_for_its_user_and_instance),
        RIGGED(test_keys_are_bounded),
        cmocka_unit_test(test_the_file_of_an_instance_follows),
        cmocka_unit_test(test_a_file_for_each_user),
        cmocka_unit_test(test_a_file_that_cannot_be_written_is_no_error),
        RIGGED(test_pushing_survives_lack_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
