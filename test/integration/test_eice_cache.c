/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_cache.c - the public library remembers where an instance is, looks
 * again when that is old, and tries again when it has become wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "eice_bed.h"
#include "tunnel_trial.h"

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
    bed_unreachable(b);
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
        bed_unreachable(&k.t.bed);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remembers),
        cmocka_unit_test(test_renews_old_facts),
        cmocka_unit_test(test_endpoint_moved),
        cmocka_unit_test(test_tries_again_elsewhere),
        cmocka_unit_test(test_tries_again_once),
        cmocka_unit_test(test_close_while_trying_again),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
