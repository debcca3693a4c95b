/* SPDX-License-Identifier: Apache-2.0 */
/* test_client_line.c - whose words are whose, targets, commands, quoting,
 * options, routes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "client_args.h"
#include "client_command.h"
#include "client_line.h"
#include "config_block.h"
#include "eice_options.h"
#include "err.h"
#include "globals.h"
#include "mssh.h"
#include "quote.h"

enum { MAX_WORDS = 24, LINE = 800 };

/* Split @line at spaces. */
static size_t split(char *copy, const char *line, const char **words)
{
    char *rest = NULL;
    size_t n = 0;
    char *one;

    snprintf(copy, LINE, "%s", line);
    for (one = strtok_r(copy, " ", &rest); one != NULL;
         one = strtok_r(NULL, " ", &rest)) {
        words[n++] = one;
    }
    return n;
}

static void join(char *out, const char *const *words, size_t n)
{
    size_t i;

    out[0] = '\0';
    for (i = 0; i < n; i++) {
        strcat(out, i > 0 ? " " : "");
        strcat(out, words[i]);
    }
}

static void expect_split(const struct client *c, const char *line,
                         const char *divided)
{
    const struct option *own =
        c->kind == CLIENT_SSH ? client_ssh_options : client_copy_options;
    const char *words[MAX_WORDS];
    const char *out[MAX_WORDS + 1];
    char copy[LINE];
    char text[LINE];
    size_t n = split(copy, line, words);

    n = client_split(c, own, globals_options, words, n, out);
    join(text, out, n);
    assert_string_equal(text, divided);
}

static void test_split(void **state)
{
    (void)state;
    expect_split(&client_ssh, "web", "-- web");
    expect_split(&client_ssh, "-h", "-h --");
    expect_split(&client_ssh, "--help", "--help --");
    expect_split(&client_ssh, "-v web -p 2222 uptime --all -h",
                 "-- -v web -p 2222 uptime --all -h");
    expect_split(&client_ssh, "-L --region web --region x --pick=2 ls --pick",
                 "--region x --pick=2 -- -L --region web ls --pick");
    expect_split(&client_ssh, "--profile p -vvp 22 -oUser=x web -- ls --print",
                 "--profile p -- -vvp 22 -oUser=x web -- ls --print");
    expect_split(&client_ssh, "--instance-id i-1 --os-u me ls --print",
                 "--instance-id i-1 --os-u me -- ls --print");
    expect_split(&client_ssh, "web --bogus", "--bogus -- web");
    expect_split(&client_scp, "-r --print a web:b --region x",
                 "--print --region x -- -r a web:b");
    expect_split(&client_scp, "-- --print web:b", "-- -- --print web:b");
    expect_split(&client_rsync, "--region x -a --print a web:",
                 "--region x -- -a --print a web:");
    expect_split(&client_rsync, "--os-user=u --del --region x a web:",
                 "--os-user=u -- --del --region x a web:");
}

static void expect_target(const char *word, bool colon, const char *user,
                          const char *host, const char *rest, bool remote)
{
    struct client_target t;

    assert_true(client_target_read(&t, word, colon));
    assert_int_equal(t.remote, remote);
    if (remote) {
        assert_string_equal(t.user, user);
        assert_string_equal(t.host, host);
        assert_string_equal(t.rest, rest);
    }
}

static void test_targets(void **state)
{
    char longest[400];
    struct client_target t;

    (void)state;
    expect_target("web", false, "", "web", "", true);
    expect_target("me@web", false, "me", "web", "", true);
    expect_target("a@b@web", false, "a@b", "web", "", true);
    expect_target("2001:db8::5", false, "", "2001:db8::5", "", true);
    expect_target("me@[2001:db8::5]", false, "me", "2001:db8::5", "", true);
    expect_target("web:/etc", true, "", "web", ":/etc", true);
    expect_target("me@web:", true, "me", "web", ":", true);
    expect_target("web:a@b:c", true, "", "web", ":a@b:c", true);
    expect_target("me@[2001:db8::5]:x", true, "me", "2001:db8::5", ":x", true);
    expect_target("./a:b", true, "", "", "", false);
    expect_target("file", true, "", "", "", false);
    expect_target("a/b@c:d", true, "", "", "", false);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_false(client_target_read(&t, longest, false));
}

static void test_read(void **state)
{
    const char *words[MAX_WORDS];
    struct client_line l;
    char copy[LINE];
    size_t n;

    (void)state;
    n = split(copy, "-A -l me -i key -i other web -N ls -v", words);
    client_line_read(&l, &client_ssh, true, words, n);
    assert_int_equal(l.target, 7);
    assert_int_equal(l.command, 9);
    assert_string_equal(l.user, "me");
    assert_string_equal(l.identity, "key");
    assert_true(l.forwards_agent);
    n = split(copy, "-oUser=you -v -- ls", words);
    client_line_read(&l, &client_ssh, false, words, n);
    assert_int_equal(l.target, n);
    assert_int_equal(l.command, 2);
    assert_string_equal(l.user, "you");
    n = split(copy, "-l 100 -P 2 a:b ./c:d web:e", words);
    client_line_read(&l, &client_scp, true, words, n);
    assert_int_equal(l.target, 4);
    assert_null(l.user);
    n = split(copy, "-a --exclude x:y -e rsh src web:", words);
    client_line_read(&l, &client_rsync, true, words, n);
    assert_int_equal(l.target, 6);
    assert_string_equal(l.rsh, "rsh");
    assert_false(client_is_operand(&l, &client_rsync, 2));
    assert_true(client_is_operand(&l, &client_rsync, 5));
}

static void expect_command(const struct client *c, const char *line,
                           const char *before, const char *after)
{
    static const char ours[] =
        "-o ProxyCommand=none -o HostName=192.0.2.1 -o HostKeyAlias=i-1 -o "
        "UserKnownHostsFile=\"/k\" -o HashKnownHosts=no";
    struct globals g;
    struct client_facts f = {.program = "/e",
                             .globals = &g,
                             .instance_id = "i-1",
                             .user = "me",
                             .address = "192.0.2.1",
                             .known_hosts = "/k"};
    const char *words[MAX_WORDS];
    struct argv argv = {0};
    struct client_line l;
    char want[2 * LINE];
    char text[2 * LINE];
    char copy[LINE];
    size_t n = split(copy, line, words);

    globals_init(&g);
    client_line_read(&l, c, true, words, n);
    client_command(&argv, c, &l, &f);
    join(text, (const char *const *)argv.list, argv.n);
    snprintf(want, sizeof want, "%s %s %s", before, ours, after);
    assert_string_equal(text, want);
    argv_free(&argv);
}

static void test_commands(void **state)
{
    (void)state;
    expect_command(&client_ssh, "-p 22 web -N ls -v", "ssh -p 22 -N",
                   "me@i-1 ls -v");
    expect_command(&client_ssh, "web -- -x", "ssh", "me@i-1 -- -x");
    expect_command(&client_scp, "-r a web:b", "scp -r", "a me@i-1:b");
    expect_command(&client_scp, "you@web:b -q .", "scp", "you@i-1:b -q .");
    expect_command(&client_sftp, "-q web:/tmp", "sftp -q", "me@i-1:/tmp");
    expect_command(&client_sftp, "web", "sftp", "me@i-1");
}

static void test_proxy(void **state)
{
    char region[] = "eu-central-1";
    struct globals g;
    struct client_facts f = {.program = "/my dir/100%/eice",
                             .globals = &g,
                             .instance_id = "i-1",
                             .user = "m'e",
                             .address = "10.0.0.1",
                             .endpoint_id = "eice-1",
                             .endpoint_dns_name = "h:1",
                             .max_tunnel_duration = 60,
                             .public_key = "ssh-ed25519 AAAA"};
    struct buf out;

    (void)state;
    globals_init(&g);
    g.region = region;
    g.verbose = 2;
    g.read_timeout_s = 0;
    buf_init(&out, 4000);
    client_proxy(&out, &f);
    assert_string_equal(
        buf_str(&out),
        "'/my dir/100%%/eice' open-tunnel --instance-id i-1 "
        "--private-ip-address 10.0.0.1 --instance-connect-endpoint-id eice-1 "
        "--instance-connect-endpoint-dns-name h:1 --remote-port %p "
        "--max-tunnel-duration 60 --instance-os-user 'm'\\''e' "
        "--ssh-public-key 'ssh-ed25519 AAAA' --region eu-central-1 "
        "--cli-read-timeout 0 --verbose --verbose");
    buf_free(&out);
}

static void test_quotes(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    quote_shell(&out, "a%b");
    quote_shell(&out, "");
    quote_shell(&out, "a b'c");
    assert_string_equal(buf_str(&out), "a%b'''a b'\\''c'");
    buf_clear(&out);
    quote_file(&out, "/a \"b\\%h");
    assert_string_equal(buf_str(&out), "\"/a \\\"b\\\\%%h\"");
    buf_clear(&out);
    quote_rsync(&out, "a b'c");
    assert_string_equal(buf_str(&out), "'a b''c'");
    buf_free(&out);
}

static void test_eice_options(void **state)
{
    struct eice_choices c;
    struct err e;

    (void)state;
    assert_int_equal(
        eice_choices_read(&c, "endpointId=eice-1,maxTunnelDuration=60", &e), 0);
    assert_string_equal(c.endpoint_id, "eice-1");
    assert_int_equal(c.max_tunnel_duration, 60);
    assert_string_equal(c.dns_name, "");
    assert_int_equal(
        eice_choices_read(&c, " {\"dnsName\":\"h\",\"maxTunnelDuration\":5}",
                          &e),
        0);
    assert_string_equal(c.dns_name, "h");
    assert_int_equal(c.max_tunnel_duration, 5);
    assert_int_equal(eice_choices_read(&c, "nonsense", &e), ERR_USAGE);
    assert_int_equal(eice_choices_read(&c, "bad=1", &e), ERR_USAGE);
    assert_int_equal(eice_choices_read(&c, "{", &e), ERR_USAGE);
}

static void expect_route(const struct client_args *a, const char *public_ip,
                         const char *private_ip, const char *ipv6,
                         const char *address, bool tunnel)
{
    const struct client_addresses i = {private_ip, ipv6, public_ip};
    const char *found;
    bool through;

    found = client_route(a, &i, &through);
    if (address == NULL) {
        assert_null(found);
        return;
    }
    assert_string_equal(found, address);
    assert_int_equal(through, tunnel);
}

static void test_routes(void **state)
{
    char id[] = "i-1";
    char direct[] = "direct";
    char through[] = "eice";
    char ip[] = "192.0.2.9";
    struct client_args a = {0};

    (void)state;
    expect_route(&a, "p", "q", "r", "q", true);
    expect_route(&a, "p", "", "r", "r", true);
    expect_route(&a, "p", "", "", NULL, true);
    a.instance_id = id; /* The AWS CLI's form: auto. */
    expect_route(&a, "p", "q", "r", "p", false);
    expect_route(&a, "", "q", "r", "q", true);
    expect_route(&a, "", "", "r", "r", false);
    a.connection_type = direct;
    expect_route(&a, "", "q", "r", "r", false);
    expect_route(&a, "", "q", "", "q", false);
    a.instance_ip = ip;
    expect_route(&a, "p", "q", "r", ip, false);
    a.connection_type = through;
    expect_route(&a, "p", "q", "r", ip, true);
}

#define MARKED                                                                 \
    "# BEGIN eice: written by eice ssh-config, which also removes it\n"        \
    "Host a\n"                                                                 \
    "# END eice\n"

static void expect_block(const char *old, const char *block, const char *text)
{
    struct buf out;
    struct err e;

    buf_init(&out, 4000);
    assert_int_equal(config_block_set(&out, old, block, &e), 0);
    assert_string_equal(buf_str(&out), text);
    buf_free(&out);
}

static void test_blocks(void **state)
{
    struct buf out;
    struct err e;

    (void)state;
    expect_block("", "Host a\n", MARKED);
    expect_block("x\n", "Host a\n", "x\n\n" MARKED);
    expect_block("x", "Host a\n", "x\n\n" MARKED);
    expect_block("x\n\n" MARKED "y\n", "Host a\n", "x\n\n" MARKED "y\n");
    expect_block("x\n\n# BEGIN eice\nold\n# END eice\ny\n", "Host a\n",
                 "x\n\n" MARKED "y\n");
    expect_block("x\n\n" MARKED, NULL, "x\n");
    expect_block(MARKED "y\n", NULL, "y\n");
    expect_block("x # BEGIN eice\n", NULL, "x # BEGIN eice\n");
    buf_init(&out, 4000);
    assert_int_equal(config_block_set(&out, "# BEGIN eice\nHost b\n", NULL, &e),
                     ERR_PARSE);
    buf_free(&out);
}

static void expect_mssh(const char *program, const char *line, const char *ours)
{
    const char *words[MAX_WORDS];
    struct argv out = {0};
    char copy[LINE];
    char text[LINE];
    struct err e = {0};
    size_t n = split(copy, line, words);

    if (mssh_translate(&out, program, words, n, &e) != 0) {
        assert_string_equal(e.msg, ours);
        return;
    }
    join(text, (const char *const *)out.list, out.n);
    assert_string_equal(text, ours);
    argv_free(&out);
}

static void test_mssh(void **state)
{
    (void)state;
    assert_true(mssh_is("/usr/bin/mssh") && mssh_is("msftp"));
    assert_false(mssh_is("eice") || mssh_is("/mssh/eice"));
    expect_mssh("mssh", "i-1", "ssh --connection-type=auto ec2-user@i-1");
    expect_mssh("mssh", "-u p -r us-gov-east-1 -d -p 22 me@i-1 ls -r x",
                "--region=us-gov-east-1 --profile=p --debug ssh "
                "--connection-type=auto -p 22 me@i-1 ls -r x");
    expect_mssh("mssh", "--instance_id=i-1 -v -l me h.example",
                "ssh --connection-type=direct -o HostName=h.example -v -l me "
                "me@i-1");
    expect_mssh("x/msftp", "-ti-1 10.0.0.1:/tmp",
                "sftp --connection-type=direct -o HostName=10.0.0.1 "
                "ec2-user@i-1:/tmp");
    expect_mssh("mssh", "", "Missing target");
    expect_mssh("mssh", "h", "Missing instance_id");
    expect_mssh("mssh", "-z eu i-1", "eu is not a valid availability zone");
    expect_mssh("mssh", "-t web h", "web is not a valid instance id");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_read),         cmocka_unit_test(test_commands),
        cmocka_unit_test(test_proxy),        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_eice_options), cmocka_unit_test(test_routes),
        cmocka_unit_test(test_blocks),       cmocka_unit_test(test_mssh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
