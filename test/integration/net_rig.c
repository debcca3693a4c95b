/* SPDX-License-Identifier: Apache-2.0 */
/* net_rig.c - set-up and tear-down for the tests of net. */
#include "net_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"

static atomic_uint n_lookups;
static atomic_bool slow_may_end;

#ifdef __linux__
/* Stands before libc's in the order of symbols, so libcurl's resolver calls it
 * (from a thread of its own). */
__attribute__((visibility("default"))) int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
            struct addrinfo **res)
{
    int (*real)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **);
    void *found = dlsym(RTLD_NEXT, "getaddrinfo");
    size_t len = node != NULL ? strlen(node) : 0;
    int i;

    memcpy(&real, &found, sizeof real);
    n_lookups++;
    if (len > 5 && strcmp(node + len - 5, ".test") == 0) {
        if (strcmp(node, "nosuch.test") == 0) {
            return EAI_NONAME;
        }
        if (strcmp(node, "slow.test") == 0) {
            for (i = 0; i < 12000 && !slow_may_end; i++) {
                usleep(5000);
            }
        }
        node = "127.0.0.1";
    }
    return real(node, service, hints, res);
}
#endif

bool net_rig_fakes_names(void)
{
#ifdef __linux__
    return true;
#else
    return false;
#endif
}

void net_rig_end_slow(void)
{
    slow_may_end = true;
}

unsigned net_rig_lookups(void)
{
    return n_lookups;
}

static void on_log(void *data, enum log_level level, enum log_group group,
                   unsigned id, const char *line)
{
    struct net_rig *rig = data;
    size_t n = strlen(line);

    (void)level;
    (void)group;
    (void)id;
    if (getenv("EICE_TEST_LOG") != NULL) {
        fprintf(stderr, "# %s %u: %s\n", log_group_name(group), id, line);
    }
    rig->lines = realloc(rig->lines, rig->lines_len + n + 2);
    assert_non_null(rig->lines);
    memcpy(rig->lines + rig->lines_len, line, n);
    rig->lines_len += n;
    memcpy(rig->lines + rig->lines_len, "\n", 2);
    rig->lines_len++;
}

void net_rig_init(struct net_rig *rig)
{
    static const char *const variables[] = {
        "http_proxy",    "HTTP_PROXY",   "https_proxy",   "HTTPS_PROXY",
        "all_proxy",     "ALL_PROXY",    "no_proxy",      "NO_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"};
    size_t i;

    for (i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        unsetenv(variables[i]);
    }
    *rig = (struct net_rig){.net = NULL};
    slow_may_end = false;
    log_init(&rig->log, LOG_L_TRACE, on_log, rig);
    test_pki_init(&rig->pki);
    test_loop_init(&rig->t);
}

void net_rig_net(struct net_rig *rig, const char *ca, bool no_verify)
{
    struct net_config config = {
        .ca_bundle = ca, .no_verify = no_verify, .user_agent = "eice-test/1"};
    struct err err = {0};

    if (net_new(&rig->net, &rig->t.loop, &rig->log, &config, &err) != 0) {
        fail_msg("net_new: %s", err.msg);
    }
}

static void on_net_closed(void *data)
{
    struct net_rig *rig = data;

    rig->net_closed = true;
}

void net_rig_check_secret(const char *text)
{
    if (strstr(text, NET_RIG_SECRET) != NULL) {
        fail_msg("a secret was told: %s", text);
    }
}

void net_rig_close(struct net_rig *rig)
{
    if (rig->net != NULL) {
        net_close(rig->net, on_net_closed, rig);
        assert_false(rig->net_closed);
    }
    test_loop_close(&rig->t);
    assert_true(rig->net_closed == (rig->net != NULL));
    if (rig->lines != NULL) {
        net_rig_check_secret(rig->lines);
    }
    free(rig->lines);
    test_pki_free(&rig->pki);
}
