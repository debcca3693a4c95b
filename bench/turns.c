/* SPDX-License-Identifier: Apache-2.0 */
/* turns.c - how long the emulator holds its loop with what is no copying:
 * files, keys, signatures; and how long what it leaves to the thread pool would
 * take.  Each row is done many times; the median counts, the worst tells of
 * the machine.
 *
 *   meson test -C build --benchmark turns -v */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <uv.h>

#include "api.h"
#include "buf.h"
#include "err.h"
#include "file.h"
#include "keys.h"
#include "mem.h"
#include "password.h"
#include "signer.h"
#include "state_dir.h"
#include "trail_log.h"
#include "world.h"

enum { MOST = 400 };

/* What the rows work on. */
struct bed {
    struct world *w;
    struct keys *keys;
    struct signer *signer;
    struct trail_log trail;
    const struct world_instance *in;
    char dir[64];
    char state[96], signer_file[96], trail_file[96];
};

static void fail(const char *what, const struct err *e)
{
    fprintf(stderr, "turns: %s: %s\n", what, e->msg);
    exit(1);
}

static void row_state(struct bed *b)
{
    size_t len;
    char *text = world_state(b->w, &len);

    file_free(text, len);
}

static void row_save(struct bed *b)
{
    struct err e = {0};

    if (world_save(b->w, b->state, &e) != 0) {
        fail("save", &e);
    }
}

static void row_signer_made(struct bed *b)
{
    struct signer *s;
    struct err e = {0};

    if (signer_new(&s, b->w, NULL, &e) != 0) {
        fail("signer", &e);
    }
    signer_free(s);
}

static void row_signer_read(struct bed *b)
{
    struct signer *s;
    struct err e = {0};

    if (signer_new(&s, b->w, b->signer_file, &e) != 0) {
        fail("signer", &e);
    }
    signer_free(s);
}

static void row_record(struct bed *b)
{
    mem_free(signer_record(b->signer, keys_first(b->keys, b->in, NULL)));
}

static void row_ocsp(struct bed *b)
{
    struct buf names, out;

    buf_init(&names, 1024);
    buf_init(&out, 65536);
    signer_ocsp_names(b->signer, &names);
    names.data[strcspn(names.data, "\n")] = '\0';
    signer_ocsp(b->signer, names.data, &out);
    buf_free(&names);
    buf_free(&out);
}

static void row_push(struct bed *b)
{
    if (keys_push(b->keys, b->in, "ec2-user", "ssh-ed25519 AAAA", "arn:x",
                  "id") != 0) {
        fprintf(stderr, "turns: no push\n");
        exit(1);
    }
}

static void row_password(struct bed *b)
{
    const struct world_instance *in = world_instance(b->w, "i-00000002");
    struct buf out;

    buf_init(&out, 65536);
    if (password_encrypt(in, &out) != 0 || out.len == 0) {
        fprintf(stderr, "turns: no password\n");
        exit(1);
    }
    buf_free(&out);
}

static void row_trail(struct bed *b)
{
    static char line[2048];

    memset(line, 'x', sizeof line - 1);
    trail_log_line(&b->trail, line);
}

/* Where it is done. */
static const char loop[] = "loop", pool[] = "pool";

static const struct {
    const char *name, *where;
    void (*run)(struct bed *b);
    unsigned times;
} rows[] = {
    {"the state as text", loop, row_state, 200},
    {"the same into its file", pool, row_save, 200},
    {"a signer made", pool, row_signer_made, 40},
    {"a signer from its file", pool, row_signer_read, 200},
    {"a key record signed", loop, row_record, 200},
    {"an OCSP response", loop, row_ocsp, 200},
    {"a pushed key into its file", pool, row_push, 200},
    {"a password encrypted", loop, row_password, 200},
    {"a CloudTrail line written", loop, row_trail, 200},
};

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* A key pair's public half, for the password. */
static void make_key(const char *dir)
{
    char path[96];
    EVP_PKEY *key = EVP_RSA_gen(2048);
    FILE *f;

    snprintf(path, sizeof path, "%s/key.pem", dir);
    f = fopen(path, "w");
    if (key == NULL || f == NULL || PEM_write_PUBKEY(f, key) != 1 ||
        fclose(f) != 0) {
        fprintf(stderr, "turns: no key\n");
        exit(1);
    }
    EVP_PKEY_free(key);
}

/* A world with @n endpoints, an instance whose keys go to a file and one with
 * a password. */
static void make_world(struct bed *b, unsigned n)
{
    struct world_config config = {0};
    struct err e = {0};
    struct buf t;

    buf_init(&t, 16 << 20);
    buf_addf(&t,
             "{\"accounts\": [{\"id\": \"111122223333\"}],"
             "\"vpcs\": [{\"id\": \"vpc-00000001\","
             " \"cidrs\": [\"10.0.0.0/16\"]}],"
             "\"subnets\": [{\"id\": \"subnet-00000001\","
             " \"vpc\": \"vpc-00000001\", \"zone\": \"eu-central-1a\","
             " \"cidrs\": [\"10.0.1.0/24\"]}],"
             "\"key_pairs\": [{\"name\": \"k\","
             " \"public_key_file\": \"%s/key.pem\"}],"
             "\"instances\": [{\"id\": \"i-00000001\","
             " \"subnet\": \"subnet-00000001\","
             " \"private_ip\": \"10.0.1.5\","
             " \"authorized_keys\": \"%s/keys-%%u\"},"
             "{\"id\": \"i-00000002\", \"subnet\": \"subnet-00000001\","
             " \"private_ip\": \"10.0.1.6\", \"platform\": \"windows\","
             " \"key_name\": \"k\", \"password\": \"secret\"}],"
             "\"endpoints\": [",
             b->dir, b->dir);
    for (unsigned i = 0; i < n; i++) {
        buf_addf(&t,
                 "%s{\"id\": \"eice-%08x\", \"subnet\":"
                 " \"subnet-00000001\"}",
                 i > 0 ? "," : "", i);
    }
    buf_adds(&t, "]}");
    if (world_parse(&b->w, buf_str(&t), t.len, "world", &config, &e) != 0) {
        fail("world", &e);
    }
    buf_free(&t);
    b->in = world_instance(b->w, "i-00000001");
}

/* One row's figures. */
static void measure(struct bed *b, size_t row)
{
    static uint64_t took[MOST];
    unsigned n = rows[row].times;

    for (unsigned i = 0; i < n; i++) {
        uint64_t from = uv_hrtime();

        rows[row].run(b);
        took[i] = uv_hrtime() - from;
    }
    qsort(took, n, sizeof took[0], by_size);
    printf("%-28s %-5s median %8.3f ms   worst %8.3f ms\n", rows[row].name,
           rows[row].where, (double)took[n / 2] / 1e6,
           (double)took[n - 1] / 1e6);
}

/* turns [ENDPOINTS] */
int main(int argc, char **argv)
{
    unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 5;
    struct bed b = {.dir = "/tmp/turns-XXXXXX"};
    struct err e = {0};

    if (mkdtemp(b.dir) == NULL) {
        perror("turns");
        return 1;
    }
    make_key(b.dir);
    snprintf(b.state, sizeof b.state, "%s/state.json", b.dir);
    snprintf(b.signer_file, sizeof b.signer_file, "%s/signer.pem", b.dir);
    snprintf(b.trail_file, sizeof b.trail_file, "%s/trail", b.dir);
    make_world(&b, n);
    b.keys = keys_new(b.w, NULL);
    if (b.keys == NULL || signer_new(&b.signer, b.w, b.signer_file, &e) != 0 ||
        trail_log_open(&b.trail, b.trail_file, NULL, &e) != 0) {
        fail("bed", &e);
    }
    row_push(&b);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        measure(&b, i);
    }
    keys_free(b.keys);
    signer_free(b.signer);
    trail_log_close(&b.trail);
    world_free(b.w);
    state_dir_remove(b.dir);
    return 0;
}
