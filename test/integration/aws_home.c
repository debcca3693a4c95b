/* SPDX-License-Identifier: Apache-2.0 */
/* aws_home.c - building and clearing away a test's home directory. */
#include "aws_home.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "chain.h"
#include "mem.h"
#include "scarce.h"

enum { N_MANY = 10 };

/* getenv() of a struct aws_home. */
static const char *get_env(void *data, const char *name)
{
    struct aws_home *h = data;
    size_t i;

    for (i = h->n_env; i > 0; i--) {
        if (strcmp(h->env[i - 1][0], name) == 0) {
            return h->env[i - 1][1];
        }
    }
    return NULL;
}

/* Keep every line. */
static void keep_line(void *data, enum log_level level, enum log_group group,
                      unsigned id, const char *line)
{
    struct aws_home *h = data;
    size_t n = strlen(line);

    (void)level;
    (void)group;
    (void)id;
    h->lines = realloc(h->lines, h->n_lines + n + 2);
    assert_non_null(h->lines);
    memcpy(h->lines + h->n_lines, line, n);
    h->n_lines += n;
    h->lines[h->n_lines++] = '\n';
    h->lines[h->n_lines] = '\0';
    if (h->heed != NULL && strstr(line, h->heed) != NULL) {
        h->heed = NULL;
        assert_int_equal(write(h->heed_fd, "x", 1), 1);
    }
}

void aws_home_init(struct aws_home *h, const char *config,
                   const char *credentials)
{
    *h = (struct aws_home){0};
    strcpy(h->dir, "/tmp/eice-aws-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    aws_home_set(h, "HOME", "%s", h->dir);
    aws_home_set(h, "AWS_EC2_METADATA_DISABLED", "true");
    aws_home_set(h, "BOTO_CONFIG", "%s/none", h->dir);
    if (config != NULL) {
        aws_home_write(h, ".aws/config", config);
    }
    if (credentials != NULL) {
        aws_home_write(h, ".aws/credentials", credentials);
    }
    assert_int_equal(uv_loop_init(&h->loop), 0);
    log_init(&h->log, LOG_L_TRACE, keep_line, h);
}

void aws_home_set(struct aws_home *h, const char *name, const char *fmt, ...)
{
    va_list ap;

    assert_true(h->n_env < AWS_HOME_ENV);
    snprintf(h->env[h->n_env][0], sizeof h->env[0][0], "%s", name);
    va_start(ap, fmt);
    vsnprintf(h->env[h->n_env][1], sizeof h->env[0][1], fmt, ap);
    va_end(ap);
    h->n_env++;
}

void aws_home_write(struct aws_home *h, const char *name, const char *text)
{
    char path[512];
    char *slash;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", h->dir, name);
    for (slash = path + strlen(h->dir) + 1;
         (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
        *slash = '\0';
        (void)mkdir(path, 0700);
    }
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    fclose(f);
}

char *aws_home_read(struct aws_home *h, const char *name)
{
    char path[512];
    char *text;
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", h->dir, name);
    f = fopen(path, "r");
    if (f == NULL) {
        return NULL;
    }
    text = calloc(1, 65536);
    assert_non_null(text);
    n = fread(text, 1, 65535, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

bool aws_home_open(struct aws_home *h)
{
    struct settings_input in = {
        .profile = h->profile_flag,
        .connect_timeout_s = -1,
        .read_timeout_s = h->read_timeout_s > 0 ? h->read_timeout_s : -1,
        .env = get_env,
        .env_data = h};
    struct net_config cfg = {.user_agent = "eice-test"};

    err_clear(&h->err);
    if (settings_load(&h->settings, &in, &h->log, &h->err) != 0) {
        return false;
    }
    assert_int_equal(net_new(&h->net, &h->loop, &h->log, &cfg, &h->err), 0);
    h->chain = chain_new(&h->loop, h->net, &h->log, h->settings);
    assert_non_null(h->chain);
    return true;
}

/* Something is closed. */
static void on_closed(void *data)
{
    *(bool *)data = true;
}

void aws_home_shut(struct aws_home *h)
{
    bool closed = false;

    if (h->settings == NULL) {
        return;
    }
    chain_close(h->chain, on_closed, &closed);
    while (!closed) {
        uv_run(&h->loop, UV_RUN_ONCE);
    }
    closed = false;
    net_close(h->net, on_closed, &closed);
    while (!closed) {
        uv_run(&h->loop, UV_RUN_ONCE);
    }
    settings_free(h->settings);
    h->settings = NULL;
}

/* The chain has answered. */
static void on_creds(void *data, struct creds *creds, const struct err *err)
{
    struct aws_home *h = data;

    h->n_answers++;
    creds_unref(h->creds);
    h->creds = creds != NULL ? creds_ref(creds) : NULL;
    if (err != NULL) {
        h->err = *err;
    } else {
        err_clear(&h->err);
    }
}

int aws_home_get(struct aws_home *h)
{
    unsigned before = h->n_answers;

    assert_non_null(chain_get(h->chain, on_creds, h));
    assert_int_equal(h->n_answers, before); /* Never from inside */
    while (h->n_answers == before) {
        uv_run(&h->loop, UV_RUN_ONCE);
    }
    return h->err.code;
}

/* What the chains of aws_home_ask_many() have in common. */
struct many {
    const char *key;
    unsigned n_answers;
    unsigned n_open;
};

static void on_one_of_many(void *data, struct creds *creds,
                           const struct err *err)
{
    struct many *m = data;

    assert_non_null(creds);
    assert_null(err);
    if (m->key != NULL) {
        assert_string_equal(creds->access_key_id, m->key);
    }
    m->n_answers++;
}

static void on_one_closed(void *data)
{
    struct many *m = data;

    m->n_open--;
}

void aws_home_ask_many(struct aws_home *h, unsigned times, const char *key)
{
    struct many m = {.key = key, .n_open = N_MANY};
    struct chain *chains[N_MANY];
    unsigned i, k;

    for (i = 0; i < N_MANY; i++) {
        chains[i] = chain_new(&h->loop, h->net, &h->log, h->settings);
        assert_non_null(chains[i]);
        for (k = 0; k < times; k++) {
            assert_non_null(chain_get(chains[i], on_one_of_many, &m));
        }
    }
    while (m.n_answers < times * N_MANY) {
        uv_run(&h->loop, UV_RUN_ONCE);
    }
    for (i = 0; i < N_MANY; i++) {
        chain_close(chains[i], on_one_closed, &m);
    }
    while (m.n_open > 0) {
        uv_run(&h->loop, UV_RUN_ONCE);
    }
}

void aws_home_age(struct aws_home *h, int64_t seconds)
{
    h->creds->expires_at -= seconds; /* The chain holds the same set */
}

int aws_home_once(struct aws_home *h)
{
    if (aws_home_open(h)) {
        aws_home_get(h);
        aws_home_shut(h);
    }
    return h->err.code;
}

void aws_home_on_never(void *data, struct creds *creds, const struct err *err)
{
    (void)data;
    (void)creds;
    (void)err;
    fail();
}

/* Some answer. */
static void on_any(void *data, struct creds *creds, const struct err *err)
{
    struct aws_home *h = data;

    (void)creds;
    (void)err;
    h->n_answers++;
}

void aws_home_leave(struct aws_home *h, int turns, unsigned pause_us)
{
    int i;

    assert_true(aws_home_open(h));
    assert_non_null(chain_get(h->chain, on_any, h));
    for (i = 0; i < turns; i++) {
        uv_run(&h->loop, UV_RUN_NOWAIT);
        usleep(pause_us);
    }
    aws_home_shut(h);
}

bool aws_home_do_with(struct aws_home *h, int nth)
{
    struct scarce scarce = {.left = nth};

    assert_true(aws_home_open(h));
    mem_set_hook(scarce_one, &scarce);
    if (chain_get(h->chain, on_any, h) != NULL) {
        while (h->n_answers == 0) {
            uv_run(&h->loop, UV_RUN_ONCE);
        }
    } else {
        assert_true(scarce.fired);
    }
    mem_set_hook(NULL, NULL);
    aws_home_shut(h);
    return !scarce.fired;
}

/* Remove one entry of a tree. */
static int remove_one(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void aws_home_drop(struct aws_home *h)
{
    creds_unref(h->creds);
    assert_int_equal(uv_loop_close(&h->loop), 0);
    free(h->lines);
    nftw(h->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

bool aws_home_logged(const struct aws_home *h, const char *text)
{
    return h->lines != NULL && strstr(h->lines, text) != NULL;
}
