/* SPDX-License-Identifier: Apache-2.0 */
/* cached.c - one fetch through the shared cache.
 *
 * The happy path is: the entry is read, and it is good for a quarter of an
 * hour; or it is not, the lock is taken, the entry is read again in case its
 * last holder has written a good one, the call is made, and its answer is
 * written and the lock given back.
 *
 * What can go wrong is the call, which is reported; a broken or unreadable
 * entry is as good as none, and one that cannot be written is only a pity. */
#include "cached.h"

#include <assert.h>
#include <string.h>

#include "buf.h"
#include "creds.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "paths.h"
#include "role_entry.h"
#include "settings.h"
#include "shared_file.h"

enum {
    KEEP_S = 15 * 60,      /* With less left, an entry is not used, */
    KEEP_FRESH_S = 10 * 60 /* unless we waited for it to be written */
};

/*   IDLE -> READING -> LOCKING -> CALLING -> WRITING
 *     ^________|__________|__________|__________|        */
enum state { IDLE, READING, LOCKING, CALLING, WRITING, N_STATES };

static const char *const state_names[] = {"idle", "reading", "locking",
                                          "calling", "writing"};
static_assert(sizeof state_names / sizeof state_names[0] == N_STATES,
              "a name for each state");

static const unsigned state_next[N_STATES] = {
    [IDLE] = SM_BIT(READING) | SM_BIT(CALLING),
    [READING] = SM_BIT(LOCKING) | SM_BIT(IDLE),
    [LOCKING] = SM_BIT(CALLING) | SM_BIT(IDLE),
    [CALLING] = SM_BIT(WRITING) | SM_BIT(IDLE),
    [WRITING] = SM_BIT(IDLE),
};

static const struct sm_table states = {.object = "cached role",
                                       .group = LOG_G_CREDS,
                                       .names = state_names,
                                       .next = state_next,
                                       .count = N_STATES};

void cached_init(struct cached *c, cached_call call)
{
    c->call = call;
    sm_init(&c->sm, &states, c->base.ctx->log, 0);
}

/* Let go of file, lock and entry. */
static void drop(struct cached *c)
{
    shared_file_close(c->file);
    c->file = NULL;
    js_wipe(c->entry);
    c->entry = NULL;
}

/* Answer with the credentials in @entry. */
static void answer(struct cached *c, const json_t *entry)
{
    struct role_entry r;
    struct creds *creds;
    struct err e;
    bool good = role_entry_read(&r, entry);

    assert(good); /* It was read before, or made by role_entry.c */
    creds = creds_new(c->base.ops->name, r.access_key_id, r.secret, r.token,
                      r.account_id, r.expires_at);
    sm_move(&c->sm, IDLE);
    drop(c);
    if (creds == NULL) {
        err_set_uv(&e, UV_ENOMEM, "credentials");
        provider_bad(&c->base, &e);
        return;
    }
    provider_good(&c->base, creds);
}

/* The entry in @text if it is good for @seconds more, else NULL. */
static json_t *usable(struct cached *c, int status, const char *text,
                      size_t len, int64_t seconds)
{
    const char *avoid = c->base.need.avoid;
    struct role_entry r;
    json_t *entry;

    if (status != 0) {
        return NULL;
    }
    entry = js_parse(text, len, NULL);
    if (!role_entry_read(&r, entry)) {
        log_debug(c->base.ctx->log, CREDS, 0, "%s is broken: passed over",
                  shared_file_path(c->file));
    } else if (r.expires_at - provider_now() < seconds) {
        log_debug(c->base.ctx->log, CREDS, 0,
                  "credentials were found in cache, but they are expired");
    } else if (avoid != NULL && strcmp(avoid, r.access_key_id) == 0) {
        log_debug(c->base.ctx->log, CREDS, 0,
                  "credentials were found in cache, but they were refused");
    } else {
        log_debug(c->base.ctx->log, CREDS, 0,
                  "credentials for role retrieved from cache");
        return entry;
    }
    json_decref(entry);
    return NULL;
}

/* The entry was read under the lock. */
static void on_locked(void *data, int status, const char *text, size_t len)
{
    struct cached *c = data;
    bool waited = shared_file_waited(c->file);
    json_t *entry =
        usable(c, status, text, len, waited ? KEEP_FRESH_S : KEEP_S);

    if (entry != NULL) {
        c->entry = entry;
        answer(c, entry);
        return;
    }
    sm_move(&c->sm, CALLING);
    c->call(c);
}

/* The entry was read. */
static void on_read(void *data, int status, const char *text, size_t len)
{
    struct cached *c = data;
    json_t *entry = usable(c, status, text, len, KEEP_S);

    if (entry != NULL) {
        c->entry = entry;
        answer(c, entry);
        return;
    }
    sm_move(&c->sm, LOCKING);
    shared_file_lock(c->file, on_locked, c);
}

void cached_fetch(struct cached *c, const char *key)
{
    const struct settings *s = c->base.ctx->settings;
    char *dir = NULL;
    char *path = NULL;
    struct err e;

    if (key == NULL) {
        sm_move(&c->sm, CALLING);
        c->call(c);
        return;
    }
    dir = path_expand_home(settings_environment(s), "~/.aws/cli/cache");
    if (dir != NULL) {
        path = mem_printf("%s/%s.json", dir, key);
    }
    if (path != NULL) {
        c->file = shared_file_new(c->base.ctx, path, ROLE_ENTRY_MAX);
    }
    mem_free(dir);
    mem_free(path);
    if (c->file == NULL) {
        err_set_uv(&e, UV_ENOMEM, "credentials");
        provider_bad(&c->base, &e);
        return;
    }
    sm_move(&c->sm, READING);
    shared_file_read(c->file, on_read, c);
}

/* The entry is on disk, or cannot be brought there. */
static void on_written(void *data, int status, const char *text, size_t len)
{
    struct cached *c = data;

    (void)text;
    (void)len;
    if (status != 0) {
        log_warn(c->base.ctx->log, CREDS, 0, "cannot write %s: %s",
                 shared_file_path(c->file), err_sentence(status));
    }
    answer(c, c->entry);
}

void cached_got(struct cached *c, json_t *entry)
{
    struct buf text;
    int rv;

    c->entry = entry;
    if (c->file == NULL) {
        answer(c, entry);
        return;
    }
    buf_init(&text, ROLE_ENTRY_MAX);
    js_write(&text, entry, JS_SPACED | JS_ASCII);
    rv = buf_error(&text);
    sm_move(&c->sm, WRITING);
    if (rv == 0) {
        rv =
            shared_file_write(c->file, buf_str(&text), text.len, on_written, c);
    }
    buf_wipe(&text);
    if (rv != 0) {
        on_written(c, rv, "", 0);
    }
}

void cached_failed(struct cached *c, const struct err *err)
{
    sm_move(&c->sm, IDLE);
    drop(c);
    provider_bad(&c->base, err);
}

void cached_stop(struct cached *c)
{
    if (c->sm.state != IDLE) {
        sm_move(&c->sm, IDLE);
    }
    drop(c);
}
