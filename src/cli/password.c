/* SPDX-License-Identifier: Apache-2.0 */
/* password.c - ask, pause, ask again, decrypt.
 *
 * The happy path is: the first answer has a password, the key opens it.  What
 * can go wrong: the call fails; there is none yet, which is told or waited
 * for, as was wished, for at most twenty minutes; it is another key's. */
#include "password.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "error.h"
#include "program.h"
#include "rsa_key.h"
#include "say.h"

enum {
    DATA_LIMIT = 64 << 10,
    TEXT_LIMIT = 8192,
    FIRST_PAUSE_MS = 2000,
    LAST_PAUSE_MS = 15000,
    TELL_MS = 60000,            /* How often it is said that we wait */
    GIVE_UP_MS = 20 * 60 * 1000 /* The documents say up to 15 minutes */
};

static void op_drop(struct password *w)
{
    if (w->op != NULL) {
        eice_op_close(w->op, NULL, NULL);
        w->op = NULL;
    }
}

void password_close(struct password *w)
{
    op_drop(w);
    w->cb = NULL;
    if (w->has_timer) {
        w->has_timer = false;
        uv_close((uv_handle_t *)&w->timer, NULL);
    }
}

void password_clear(struct password *w)
{
    buf_wipe(&w->data);
    buf_wipe(&w->text);
}

int password_missing(const struct password *w, struct eice_error *error)
{
    struct err e;

    err_set(&e, ERR_NOT_FOUND, "The password of %s is not available yet.",
            w->instance_id);
    err_hint(&e, "that takes up to 15 minutes after the launch, --wait waits "
                 "for it; an image of your own that sets no new password, or a "
                 "launch without a key pair, never has one");
    error_from(error, &e);
    return ERR_NOT_FOUND;
}

/* Report the end, once. */
static void password_done(struct password *w, const struct eice_error *error)
{
    struct eice_error copy = {0};
    password_cb cb = w->cb;

    if (error != NULL) {
        copy = *error;
    }
    password_close(w);
    if (cb != NULL) {
        cb(w->cb_data, error != NULL ? &copy : NULL);
    }
}

static int ask_begin(struct password *w, struct eice_error *error);

/* Ask again. */
static void on_pause(uv_timer_t *timer)
{
    struct password *w = timer->data;
    struct eice_error error;

    if (ask_begin(w, &error) != 0) {
        password_done(w, &error);
    }
}

/* There is none yet: tell so now and then, and pause. */
static void pause_begin(struct password *w)
{
    uint64_t now = uv_now(&w->p->loop);
    struct eice_error error;

    if (now - w->since_ms > GIVE_UP_MS) {
        password_missing(w, &error);
        password_done(w, &error);
        return;
    }
    if (w->told_ms == 0 || now - w->told_ms >= TELL_MS) {
        w->told_ms = now;
        say(STDERR_FILENO,
            "eice: waiting for the password of %s, which takes up to 15 "
            "minutes after the launch (%u s so far)",
            w->instance_id, (unsigned)((now - w->since_ms) / 1000));
    }
    uv_timer_start(&w->timer, on_pause, w->pause_ms, 0);
    w->pause_ms += w->pause_ms / 2;
    w->pause_ms = w->pause_ms < LAST_PAUSE_MS ? w->pause_ms : LAST_PAUSE_MS;
}

/* An answer. */
static void on_answer(void *data, const struct eice_password *result,
                      const struct eice_error *error)
{
    struct password *w = data;
    struct eice_error own;
    struct err e;

    if (error != NULL) {
        password_done(w, error);
        return;
    }
    buf_wipe(&w->data);
    buf_init(&w->data, DATA_LIMIT);
    buf_adds(&w->data, result->data);
    snprintf(w->instance, sizeof w->instance, "%s",
             result->instance_id != NULL ? result->instance_id
                                         : w->instance_id);
    snprintf(w->timestamp, sizeof w->timestamp, "%s",
             result->timestamp != NULL ? result->timestamp : "");
    w->ready = result->data[strspn(result->data, " \t\r\n")] != '\0';
    op_drop(w);
    if (!w->ready && w->wait) {
        pause_begin(w);
        return;
    }
    if (w->ready && w->key != NULL &&
        rsa_key_decrypt(w->key, &w->text, buf_str(&w->data), &e) != 0) {
        error_from(&own, &e);
        error = &own;
    }
    password_done(w, error);
}

static int ask_begin(struct password *w, struct eice_error *error)
{
    return eice_password_data(&w->op, w->p->eice, w->instance_id, on_answer, w,
                              error);
}

int password_start(struct password *w, password_cb cb, void *data,
                   struct eice_error *error)
{
    int rv;

    buf_init(&w->data, DATA_LIMIT);
    buf_init(&w->text, TEXT_LIMIT);
    w->cb = cb;
    w->cb_data = data;
    w->since_ms = uv_now(&w->p->loop);
    w->pause_ms = FIRST_PAUSE_MS;
    rv = uv_timer_init(&w->p->loop, &w->timer);
    assert(rv == 0);
    w->timer.data = w;
    w->has_timer = true;
    rv = ask_begin(w, error);
    if (rv != 0) {
        password_close(w);
    }
    return rv;
}
