/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_pool.c - what takes a disk's time, or a key's, is done beside the
 * loop: while the pool is held up everybody else is served, and who asked is
 * answered when it is done.
 *
 * The pool has one thread here, and a job of the test holds it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "live_rig.h"
#include "mem.h"
#include "signed_call.h"
#include "state_dir.h"
#include "writer.h"

#define INSTANCE "i-0123456789abcdef0"
#define KEY                                                                    \
    "ssh-ed25519 "                                                             \
    "AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+jD"

/* ---- holding the pool ---- */

struct hold {
    uv_work_t work;
    uv_sem_t go;
};

static void on_hold(uv_work_t *work)
{
    uv_sem_wait(&((struct hold *)work->data)->go);
}

static void on_held(uv_work_t *work, int status)
{
    struct hold *h = work->data;

    (void)status;
    uv_sem_destroy(&h->go);
}

static void hold_pool(struct hold *h, uv_loop_t *loop)
{
    h->work.data = h;
    assert_int_equal(uv_sem_init(&h->go, 0), 0);
    assert_int_equal(uv_queue_work(loop, &h->work, on_hold, on_held), 0);
}

/* Let it go; from any thread, once. */
static void release_pool(struct hold *h)
{
    uv_sem_post(&h->go);
}

/* ---- a world whose instance has a file of keys ---- */

static char *world_text(const char *dir)
{
    return mem_printf(
        "{\"accounts\": [{\"id\": \"111122223333\", \"users\": ["
        " {\"name\": \"demo\", \"keys\": [{\"id\": \"AKIAIOSFODNN7EXAMPLE\","
        "  \"secret\": \"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"}],"
        "  \"policies\": [{\"Version\": \"2012-10-17\", \"Statement\": ["
        "   {\"Effect\": \"Allow\", \"Action\": \"*\","
        "    \"Resource\": \"*\"}]}]}]}],"
        "\"vpcs\": [{\"id\": \"vpc-0000000a\","
        " \"cidrs\": [\"10.0.0.0/16\"]}],"
        "\"subnets\": [{\"id\": \"subnet-0000000a\", \"vpc\": \"vpc-0000000a\","
        " \"zone\": \"eu-central-1a\", \"cidrs\": [\"10.0.1.0/24\"]}],"
        "\"instances\": [{\"id\": \"" INSTANCE "\","
        " \"subnet\": \"subnet-0000000a\", \"private_ip\": \"10.0.1.5\","
        " \"authorized_keys\": \"%s/keys.%%u\"}],"
        "\"endpoints\": [{\"id\": \"eice-0123456789abcdef0\","
        " \"subnet\": \"subnet-0000000a\"}],"
        "\"imds\": {\"instance\": \"" INSTANCE "\", \"v1\": true}}",
        dir);
}

struct bed {
    struct rig rig;
    struct hold hold;
    char *dir;   /* Of the pushed keys */
    char *state; /* Of the emulator */
    char *world;
};

static struct bed *bed_of(struct rig *r)
{
    return r->data;
}

static void set_up(struct bed *b)
{
    struct err e = {0};

    *b = (struct bed){.dir = state_dir_temporary(&e),
                      .state = state_dir_temporary(&e)};
    assert_non_null(b->dir);
    assert_non_null(b->state);
    b->world = world_text(b->dir);
    assert_non_null(b->world);
    rig_init(&b->rig, NULL);
    b->rig.data = b;
    b->rig.config.gate = NULL;
    b->rig.config.state_dir = b->state;
    b->rig.config.world_text = b->world;
    rig_start(&b->rig);
    hold_pool(&b->hold, &b->rig.loop);
}

static void tear_down(struct bed *b)
{
    rig_stop(&b->rig);
    state_dir_remove(b->dir);
    state_dir_remove(b->state);
    mem_free(b->dir);
    mem_free(b->state);
    mem_free(b->world);
}

/* The file's text is @want; NULL: there is none. */
static bool file_is(const char *dir, const char *name, const char *want)
{
    struct err e = {0};
    char *text = state_file_read(dir, name, 65536, &e);
    bool ok =
        text == NULL || want == NULL ? text == want : strcmp(text, want) == 0;

    mem_free(text);
    return ok;
}

/* Nothing comes, as far as that can be seen. */
static bool is_silent(struct caller *c)
{
    char byte;
    int n;

    caller_patience(c, 100);
    n = c->ssl != NULL ? SSL_peek(c->ssl, &byte, 1)
                       : (int)recv(c->fd, &byte, 1, MSG_PEEK);
    caller_patience(c, 0);
    return n < 0;
}

/* Somebody else is served. */
static bool is_alive(struct rig *r)
{
    char text[CALLER_HEAD];

    return rig_order(r, "{\"do\":\"state\"}", text) == 200;
}

/* ---- scripts ---- */

static bool push(struct rig *r, struct caller *c)
{
    return signed_json_send(r, c, "SendSSHPublicKey",
                            "{\"InstanceId\": \"" INSTANCE "\","
                            "\"InstanceOSUser\": \"ec2-user\","
                            "\"SSHPublicKey\": \"" KEY "\"}");
}

static void push_waits_for_the_file(struct rig *r)
{
    struct bed *b = bed_of(r);
    char text[CALLER_HEAD];
    struct caller c;

    CHECK(r, push(r, &c));
    CHECK(r, is_silent(&c));
    CHECK(r, is_alive(r));
    CHECK(r, file_is(b->dir, "keys.ec2-user", NULL));
    release_pool(&b->hold);
    CHECK(r, caller_answer(&c, text, sizeof text) == 200);
    CHECK(r, strstr(text, "\"Success\":true") != NULL);
    CHECK(r, file_is(b->dir, "keys.ec2-user", KEY "\n"));
    caller_close(&c);
}

static bool ask(struct rig *r, struct caller *c, const char *path)
{
    char request[256];

    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
             path);
    return caller_open(c, r->http_port, NULL, NULL) && caller_says(c, request);
}

#define KEYS "/latest/meta-data/managed-ssh-keys/"

static void signer_is_made_beside(struct rig *r)
{
    static const char next[] = "GET " KEYS "signer-ocsp HTTP/1.1\r\n"
                               "Host: x\r\n\r\n";
    struct bed *b = bed_of(r);
    char text[CALLER_HEAD];
    struct caller certs, gone, root;

    CHECK(r, ask(r, &certs, KEYS "signer-cert"));
    CHECK(r, caller_says(&certs, next)); /* Already the next one. */
    CHECK(r, ask(r, &gone, KEYS "signer-cert"));
    CHECK(r, caller_open(&root, r->http_port, NULL, NULL));
    CHECK(r, caller_says(&root, "POST /_emulator/control HTTP/1.1\r\n"
                                "Host: localhost\r\n"
                                "Content-Type: application/json\r\n"
                                "Content-Length: 20\r\n\r\n"
                                "{\"do\":\"signer-root\"}"));
    CHECK(r, is_silent(&certs) && is_silent(&root));
    CHECK(r, is_alive(r));
    caller_reset(&gone);
    CHECK(r, file_is(b->state, "signer.pem", NULL));
    release_pool(&b->hold);
    CHECK(r, caller_answer(&certs, text, sizeof text) == 200);
    CHECK(r, strstr(text, "BEGIN CERTIFICATE") != NULL);
    CHECK(r, caller_answer(&certs, text, sizeof text) == 200);
    CHECK(r, strstr(text, "BEGIN CERTIFICATE") == NULL);
    CHECK(r, caller_answer(&root, text, sizeof text) == 200);
    CHECK(r, strstr(text, "BEGIN CERTIFICATE") != NULL);
    caller_close(&certs);
    caller_close(&root);
}

/* Every kind of answer that waits, left waiting. */
static void leave_them_waiting(struct rig *r)
{
    static struct caller c[3]; /* Their ends are the process's. */
    char *text = malloc(SIGNED_ANSWER);

    CHECK(r, text != NULL);
    CHECK(r, push(r, &c[0]) && ask(r, &c[1], KEYS "signer-cert"));
    CHECK(r, signed_ec2(r,
                        "Action=DeleteInstanceConnectEndpoint&"
                        "Version=2016-11-15&InstanceConnectEndpointId="
                        "eice-0123456789abcdef0",
                        text) == 200);
    CHECK(r, is_alive(r));
    caller_close(&c[0]);
    caller_close(&c[1]);
    free(text);
}

/* The signer's file cannot be written: its paths are not found, now and the
 * next time, and nobody waits for ever. */
static void no_signer(struct rig *r)
{
    char text[CALLER_HEAD];
    struct caller c;

    release_pool(&bed_of(r)->hold);
    for (int i = 0; i < 2; i++) {
        CHECK(r, ask(r, &c, KEYS "signer-cert"));
        CHECK(r, caller_answer(&c, text, sizeof text) == 404);
        caller_close(&c);
        CHECK(r, rig_order(r, "{\"do\":\"signer-root\"}", text) == 400);
        CHECK(r, strstr(text, "there is no signer") != NULL);
    }
}

/* ---- the emulator's tests ---- */

static void test_a_push_is_answered_when_sshd_can_read_it(void **state)
{
    struct bed b;

    (void)state;
    set_up(&b);
    rig_run(&b.rig, push_waits_for_the_file);
    tear_down(&b);
}

static void test_the_signer_is_made_beside_the_loop(void **state)
{
    struct bed b;

    (void)state;
    set_up(&b);
    rig_run(&b.rig, signer_is_made_beside);
    tear_down(&b);
}

static void test_a_signer_that_cannot_be_kept(void **state)
{
    struct bed b;
    char path[256];

    (void)state;
    set_up(&b);
    snprintf(path, sizeof path, "%s/signer.pem", b.state);
    assert_int_equal(mkdir(path, 0700), 0);
    rig_run(&b.rig, no_signer);
    rmdir(path);
    tear_down(&b);
}

static void on_closed(void *data)
{
    *(bool *)data = true;
}

/* Closing waits for the pool; then the state is on disk and the keys are
 * gone. */
static void test_closing_with_work_under_way(void **state)
{
    struct err e = {0};
    bool closed = false;
    struct bed b;
    char *text;

    (void)state;
    set_up(&b);
    rig_run(&b.rig, leave_them_waiting);
    emulator_close(b.rig.emu, on_closed, &closed);
    b.rig.emu = NULL;
    for (int i = 0; i < 20; i++) {
        uv_run(&b.rig.loop, UV_RUN_NOWAIT);
    }
    assert_false(closed);
    release_pool(&b.hold);
    uv_run(&b.rig.loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_true(file_is(b.dir, "keys.ec2-user", ""));
    text = state_file_read(b.state, "world-state.json", 1 << 20, &e);
    assert_non_null(text);
    assert_non_null(strstr(text, "delete-"));
    mem_free(text);
    tear_down(&b);
}

/* ---- the writer alone ---- */

struct lone {
    uv_loop_t loop;
    struct writer writer;
    struct hold hold;
    char *dir;
    int n_idle;
    bool closed;
};

static void on_idle(struct writer *w)
{
    ((struct lone *)w->data)->n_idle++;
}

static void on_writer_closed(struct writer *w)
{
    ((struct lone *)w->data)->closed = true;
}

static void lone_init(struct lone *l)
{
    struct err e = {0};

    *l = (struct lone){.dir = state_dir_temporary(&e)};
    assert_non_null(l->dir);
    assert_int_equal(uv_loop_init(&l->loop), 0);
    writer_init(&l->writer, &l->loop, NULL, on_idle);
    l->writer.data = l;
}

static void lone_end(struct lone *l)
{
    writer_close(&l->writer, on_writer_closed);
    uv_run(&l->loop, UV_RUN_DEFAULT);
    assert_true(l->closed);
    assert_int_equal(uv_loop_close(&l->loop), 0);
    state_dir_remove(l->dir);
    mem_free(l->dir);
}

static int put(struct lone *l, const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", l->dir, name);
    return writer_put(&l->writer, "test", path, text, strlen(text));
}

static void test_the_last_text_wins(void **state)
{
    struct lone l;

    (void)state;
    lone_init(&l);
    hold_pool(&l.hold, &l.loop);
    assert_true(writer_idle(&l.writer));
    assert_int_equal(put(&l, "a", "first"), 0);
    assert_int_equal(put(&l, "a", "second"), 0);
    assert_int_equal(put(&l, "b", "1"), 0);
    assert_int_equal(put(&l, "no/such/place", "x"), 0);
    assert_int_equal(put(&l, "a", "third"), 0);
    assert_int_equal(put(&l, "b", "2"), 0);
    assert_int_equal(put(&l, "c", ""), 0);
    assert_false(writer_idle(&l.writer));
    release_pool(&l.hold);
    uv_run(&l.loop, UV_RUN_DEFAULT);
    assert_true(writer_idle(&l.writer));
    assert_int_equal(l.n_idle, 1);
    assert_true(file_is(l.dir, "a", "third"));
    assert_true(file_is(l.dir, "b", "2"));
    assert_true(file_is(l.dir, "c", ""));
    lone_end(&l);
}

static void test_closing_writes_what_was_put(void **state)
{
    char path[256], text[2] = "";
    FILE *f;
    struct lone l;

    (void)state;
    lone_init(&l);
    assert_int_equal(put(&l, "a", "1"), 0);
    assert_int_equal(put(&l, "b", "2"), 0);
    writer_close(&l.writer, on_writer_closed);
    assert_false(l.closed);
    uv_run(&l.loop, UV_RUN_DEFAULT);
    assert_true(l.closed);
    assert_int_equal(l.n_idle, 0);
    snprintf(path, sizeof path, "%s/b", l.dir);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    assert_string_equal(text, "2");
    fclose(f);
    assert_int_equal(uv_loop_close(&l.loop), 0);
    state_dir_remove(l.dir);
    mem_free(l.dir);
}

static bool on_allocation(void *data, size_t size)
{
    int *left = data;

    (void)size;
    return (*left)-- > 0;
}

static void test_short_memory_is_told(void **state)
{
    struct lone l;
    int n, left, rv;

    (void)state;
    lone_init(&l);
    for (n = 0; n < 10; n++) {
        left = n;
        mem_set_hook(on_allocation, &left);
        rv = put(&l, "a", "text");
        mem_set_hook(NULL, NULL);
        if (rv == 0) {
            break;
        }
        assert_int_equal(rv, UV_ENOMEM);
        assert_true(writer_idle(&l.writer));
    }
    assert_in_range(n, 3, 9);
    lone_end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_push_is_answered_when_sshd_can_read_it),
        cmocka_unit_test(test_the_signer_is_made_beside_the_loop),
        cmocka_unit_test(test_a_signer_that_cannot_be_kept),
        cmocka_unit_test(test_closing_with_work_under_way),
        cmocka_unit_test(test_the_last_text_wins),
        cmocka_unit_test(test_closing_writes_what_was_put),
        cmocka_unit_test(test_short_memory_is_told),
    };

    setenv("UV_THREADPOOL_SIZE", "1", 1); /* Before anybody uses it. */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
