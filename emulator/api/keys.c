/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c - a list of live keys, and files that mirror it.
 *
 * The happy path: a key is pushed, the file of its instance is written; a
 * minute later it expires and the file is written without it.  What can go
 * wrong is the file system: that is logged and the key stays, since IMDS
 * still offers it. */
#include "keys.h"

#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "file.h"
#include "log.h"
#include "mem.h"
#include "world.h"

enum { MAX_KEYS = 1000, MAX_FILE = 16 * 1024 * 1024 };

struct keys {
    struct world *world;
    const struct log *log;
    keys_writer put; /* NULL: write at once */
    void *put_data;
    struct pushed_key *list; /* Oldest first */
    size_t n;
};

struct keys *keys_new(struct world *w, const struct log *log)
{
    struct keys *k = mem_zalloc(sizeof *k);

    if (k != NULL) {
        k->world = w;
        k->log = log;
    }
    return k;
}

void keys_set_writer(struct keys *k, keys_writer put, void *data)
{
    k->put = put;
    k->put_data = data;
}

static void free_key(struct pushed_key *key)
{
    mem_free(key->line);
    mem_free(key->caller);
    mem_free(key->request_id);
    mem_free(key->record);
    mem_free(key);
}

/* --- files -------------------------------------------------------------- */

/* The file for @user: the instance's path with %u replaced. */
static char *file_path(const struct world_instance *in, const char *user)
{
    const char *mark = strstr(in->authorized_keys, "%u");

    if (mark == NULL) {
        return mem_strdup(in->authorized_keys);
    }
    return mem_printf("%.*s%s%s", (int)(mark - in->authorized_keys),
                      in->authorized_keys, user, mark + 2);
}

/* Write the file that holds @user's keys anew. */
static void write_file(struct keys *k, const struct world_instance *in,
                       const char *user)
{
    bool per_user;
    struct pushed_key *key;
    struct err e = {0};
    struct buf text;
    char *path;
    int rv;

    if (in->authorized_keys == NULL) {
        return;
    }
    per_user = strstr(in->authorized_keys, "%u") != NULL;
    path = file_path(in, user);
    buf_init(&text, MAX_FILE);
    for (key = k->list; key != NULL; key = key->next) {
        if (key->instance == in &&
            (!per_user || strcmp(key->user, user) == 0)) {
            buf_addf(&text, "%s\n", key->line);
        }
    }
    if (path == NULL || buf_error(&text) != 0) {
        err_set_uv(&e, UV_ENOMEM, in->authorized_keys);
    } else if (k->put == NULL) {
        file_replace(path, buf_str(&text), text.len, &e);
    } else {
        rv = k->put(k->put_data, path, buf_str(&text), text.len);
        if (rv != 0) {
            err_set_uv(&e, rv, path);
        }
    }
    if (e.code != 0) {
        log_error(k->log, EMU, 0, "pushed keys of %s not written: %s", in->id,
                  e.msg);
    }
    buf_free(&text);
    mem_free(path);
}

/* Take @link's key out and write its file. */
static void drop(struct keys *k, struct pushed_key **link)
{
    struct pushed_key *key = *link;

    *link = key->next;
    k->n--;
    log_debug(k->log, EMU, 0, "a pushed key for %s of %s has expired",
              key->user, key->instance->id);
    write_file(k, key->instance, key->user);
    free_key(key);
}

/* --- life --------------------------------------------------------------- */

void keys_settle(struct keys *k)
{
    int64_t now = world_now_ms(k->world);
    struct pushed_key **link = &k->list;

    while (*link != NULL) {
        if ((*link)->expires_ms <= now) {
            drop(k, link);
        } else {
            link = &(*link)->next;
        }
    }
}

int64_t keys_next_ms(const struct keys *k)
{
    const struct pushed_key *key;
    int64_t next = INT64_MAX;

    for (key = k->list; key != NULL; key = key->next) {
        next = key->expires_ms < next ? key->expires_ms : next;
    }
    return next;
}

void keys_free(struct keys *k)
{
    if (k == NULL) {
        return;
    }
    while (k->list != NULL) {
        drop(k, &k->list);
    }
    mem_free(k);
}

int keys_push(struct keys *k, const struct world_instance *in, const char *user,
              const char *line, const char *caller, const char *request_id)
{
    struct pushed_key **link = &k->list;
    struct pushed_key *key;

    keys_settle(k);
    if (k->n >= MAX_KEYS) {
        return ERR_FULL;
    }
    key = mem_zalloc(sizeof *key);
    if (key == NULL) {
        return UV_ENOMEM;
    }
    key->instance = in;
    key->expires_ms = world_now_ms(k->world) +
                      world_settings(k->world)->key_lifetime_s * 1000;
    strncpy(key->user, user, sizeof key->user - 1);
    key->line = mem_strdup(line);
    key->caller = mem_strdup(caller);
    key->request_id = mem_strdup(request_id);
    if (key->line == NULL || key->caller == NULL || key->request_id == NULL) {
        free_key(key);
        return UV_ENOMEM;
    }
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = key;
    k->n++;
    write_file(k, in, key->user);
    return 0;
}

struct pushed_key *keys_first(struct keys *k, const struct world_instance *in,
                              const char *user)
{
    struct pushed_key *key;

    keys_settle(k);
    for (key = k->list; key != NULL; key = key->next) {
        if (key->instance == in &&
            (user == NULL || strcmp(key->user, user) == 0)) {
            return key;
        }
    }
    return NULL;
}

struct pushed_key *keys_after(struct pushed_key *from, const char *user)
{
    struct pushed_key *key;

    for (key = from->next; key != NULL; key = key->next) {
        if (key->instance == from->instance &&
            (user == NULL || strcmp(key->user, user) == 0)) {
            return key;
        }
    }
    return NULL;
}
