/* SPDX-License-Identifier: Apache-2.0 */
/* aim.c - find, choose, and learn the rest at the same time.
 *
 * The happy path is: one running instance is found; its image's name says the
 * user, its console the host keys; the result is reported.
 *
 * What can go wrong: nothing, or nothing that runs, or more than one is found;
 * a call fails.  That the image or the console cannot be read is no failure:
 * the user is guessed then, and ssh asks about the host key. */
#include "aim.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "error.h"
#include "host_keys.h"
#include "os_user.h"
#include "pick.h"
#include "program.h"

enum { KNOWN_LIMIT = 32 << 20, LINES_LIMIT = 1 << 16, PLACE_SIZE = 300 };

#define COPY(to, from)                                                         \
    snprintf((to), sizeof(to), "%s", (from) != NULL ? (from) : "")

static void op_drop(struct eice_op **op)
{
    if (*op != NULL) {
        eice_op_close(*op, NULL, NULL);
        *op = NULL;
    }
}

void aim_target(const struct aim_result *found, struct eice_target *target)
{
    target->instance_id = found->instance_id;
    if (found->endpoint_dns_name[0] == '\0') {
        return;
    }
    target->endpoint_id = found->endpoint_id;
    target->endpoint_dns_name = found->endpoint_dns_name;
    if (found->private_ip[0] != '\0') {
        target->private_ip = found->private_ip;
    } else if (found->ipv6[0] != '\0') {
        target->private_ip = found->ipv6;
    }
}

void aim_close(struct aim *a)
{
    a->over = true;
    op_drop(&a->find);
    op_drop(&a->image);
    op_drop(&a->console);
    choose_close(&a->choose);
}

/* Report the end, once. */
static void aim_done(struct aim *a, const struct eice_error *error)
{
    struct eice_error copy;

    if (a->over) {
        return;
    }
    if (error != NULL) {
        copy = *error;
    }
    aim_close(a);
    a->cb(a->data, error != NULL ? &copy : NULL);
}

static void aim_fail(struct aim *a, const struct err *e)
{
    struct eice_error error;

    error_from(&error, e);
    aim_done(a, &error);
}

static void aim_step(struct aim *a);

/* ---- The user ----------------------------------------------------------- */

/* The image's name is known, or will not be. */
static void user_decide(struct aim *a, const char *image_name)
{
    COPY(a->result.os_user, os_user_default(image_name, a->result.platform));
    program_log(a->p, EICE_LOG_INFO, 0, "user %s: the image is %s",
                a->result.os_user,
                image_name != NULL ? image_name : "not known");
    snprintf(a->result.user_from, sizeof a->result.user_from, "%s%s",
             image_name != NULL ? "from the image "
                                : "without its image's name",
             image_name != NULL ? image_name : "");
    a->image_done = true;
}

static void on_image(void *data, const char *text, size_t len,
                     const struct eice_error *error)
{
    struct aim *a = data;

    (void)len;
    if (error != NULL) {
        program_log(a->p, EICE_LOG_INFO, 0, "the image's name: %s",
                    error->message);
    }
    user_decide(a, text);
    aim_step(a);
}

/* ---- The host keys ------------------------------------------------------ */

static const char *alias_of(const struct aim *a)
{
    return a->wish.host_alias != NULL ? a->wish.host_alias
                                      : a->result.instance_id;
}

/* Whether our file has keys of the instance. */
static bool host_is_known(struct aim *a)
{
    struct buf known;
    const char *type;
    const char *blob;
    size_t at = 0;
    struct err e;

    buf_init(&known, KNOWN_LIMIT);
    if (host_keys_load(&known, &e) != 0) {
        program_log(a->p, EICE_LOG_WARN, 0, "%s", e.msg);
    }
    a->result.host_known =
        host_keys_next(buf_str(&known), alias_of(a), &at, &type, &blob);
    buf_free(&known);
    return a->result.host_known;
}

static void on_console(void *data, const char *text, size_t len,
                       const struct eice_error *error)
{
    struct aim *a = data;
    struct buf lines;
    struct err e;
    size_t n;
    int rv = 0;

    (void)len;
    buf_init(&lines, LINES_LIMIT);
    if (error != NULL) {
        program_log(a->p, EICE_LOG_WARN, 0,
                    "the host keys cannot be read from the console: %s",
                    error->message);
    } else {
        n = text != NULL ? host_keys_read(&lines, alias_of(a), text) : 0;
        program_log(a->p, EICE_LOG_INFO, 0,
                    "the console of %s shows %zu host keys",
                    a->result.instance_id, n);
        if (n > 0) {
            rv = buf_error(&lines) != 0
                     ? err_set_uv(&e, buf_error(&lines), "host keys")
                     : host_keys_add(buf_str(&lines), &e);
        }
        if (rv != 0) {
            program_log(a->p, EICE_LOG_WARN, 0,
                        "the host keys of %s cannot be kept: %s",
                        a->result.instance_id, e.msg);
        }
        a->result.host_known = n > 0 && rv == 0;
        if (rv != 0 && lines.len < sizeof a->result.host_lines) {
            COPY(a->result.host_lines, buf_str(&lines));
        }
    }
    buf_free(&lines);
    a->console_done = true;
    aim_step(a);
}

/* ---- All of it ---------------------------------------------------------- */

/* Report the end if nothing is left to learn. */
static void aim_step(struct aim *a)
{
    if (a->over || a->finding) {
        return;
    }
    if (a->image_done && a->console_done) {
        aim_done(a, NULL);
    }
}

/* The instance is known: learn the rest. */
static void rest_begin(struct aim *a)
{
    struct eice_error error;

    a->finding = false;
    a->image_done = a->result.os_user[0] != '\0';
    if (!a->image_done && (a->image_id[0] == '\0' ||
                           eice_image_name(&a->image, a->p->eice, a->image_id,
                                           on_image, a, &error) != 0)) {
        user_decide(a, NULL);
    }
    a->console_done = !a->wish.host_keys || host_is_known(a);
    if (!a->console_done &&
        eice_console_output(&a->console, a->p->eice, a->result.instance_id,
                            on_console, a, &error) != 0) {
        a->console_done = true;
    }
    aim_step(a);
}

/* Take over what is known of an instance. */
static void take_instance(struct aim *a, const struct eice_instance *i)
{
    size_t k;

    COPY(a->result.instance_id, i->instance_id);
    COPY(a->result.name, i->name);
    COPY(a->result.private_ip, i->private_ip);
    COPY(a->result.ipv6, i->ipv6_address);
    COPY(a->result.public_ip, i->public_ip);
    COPY(a->result.vpc_id, i->vpc_id);
    COPY(a->image_id, i->image_id);
    COPY(a->result.platform, i->platform_details);
    a->result.is_windows =
        i->platform != NULL && strcmp(i->platform, "windows") == 0;
    for (k = 0; k < i->n_tags && a->wish.os_user == NULL; k++) {
        if (strcmp(i->tags[k].key, OS_USER_TAG) == 0) {
            COPY(a->result.os_user, i->tags[k].value);
            COPY(a->result.user_from, "from the tag " OS_USER_TAG);
        }
    }
}

/* Take over the endpoint @e. */
static void endpoint_use(struct aim *a, const struct eice_endpoint *e)
{
    COPY(a->result.endpoint_id, e->endpoint_id);
    COPY(a->result.endpoint_dns_name, e->dns_name);
    a->result.endpoint_nameless = a->result.endpoint_dns_name[0] == '\0';
}

/* Take over the endpoint: the one that was given, or the instance's. */
static void take_endpoint(struct aim *a, const struct eice_found *f,
                          const struct eice_instance *i)
{
    const char *id = a->wish.endpoint_id;
    size_t k;

    if (id == NULL && i->endpoint >= 0) {
        endpoint_use(a, &f->endpoints[i->endpoint]);
    }
    if (id == NULL) {
        return;
    }
    COPY(a->result.endpoint_id, id);
    COPY(a->result.endpoint_dns_name, a->wish.endpoint_dns_name);
    for (k = 0; k < f->n_endpoints && a->wish.endpoint_dns_name == NULL; k++) {
        if (strcmp(f->endpoints[k].endpoint_id, id) == 0 &&
            f->endpoints[k].usable) {
            endpoint_use(a, &f->endpoints[k]);
        }
    }
}

static void on_found(void *data, const struct eice_found *found,
                     const struct eice_error *error);

/* The person has chosen: look again, with a pick. */
static void on_chosen(void *data, const char *answer)
{
    struct aim *a = data;
    struct eice_query query = {.size = sizeof query,
                               .word = a->wish.word,
                               .is_id = a->wish.is_id,
                               .endpoints = a->wish.endpoints};
    struct eice_error error;
    struct err e;

    if (!pick_check(answer)) {
        err_set(&e, ERR_USAGE, "No instance was chosen.");
        aim_fail(a, &e);
        return;
    }
    COPY(a->result.name, answer);
    a->wish.pick = a->result.name;
    op_drop(&a->find);
    if (eice_find(&a->find, a->p->eice, &query, on_found, a, &error) != 0) {
        aim_done(a, &error);
    }
}

/* Instances and endpoints are known. */
static void on_found(void *data, const struct eice_found *found,
                     const struct eice_error *error)
{
    struct aim *a = data;
    char place[PLACE_SIZE];
    unsigned random = 0;
    struct err e;
    size_t at = 0;
    int rv;

    if (error != NULL) {
        aim_done(a, error);
        return;
    }
    (void)uv_random(NULL, NULL, &random, sizeof random, 0, NULL);
    program_place(a->p, place, sizeof place);
    rv = pick_one(found, a->wish.word, place, a->wish.pick, random, &at, &e);
    if (rv == ERR_USAGE && a->wish.pick == NULL && a->wish.may_ask &&
        choose_can() &&
        choose_start(&a->choose, &a->p->loop, found, on_chosen, a) == 0) {
        return;
    }
    if (rv != 0) {
        aim_fail(a, &e);
        return;
    }
    take_instance(a, &found->instances[at]);
    take_endpoint(a, found, &found->instances[at]);
    rest_begin(a);
}

int aim_start(struct aim *a, aim_cb cb, void *data, struct eice_error *error)
{
    struct eice_query query = {.size = sizeof query,
                               .word = a->wish.word,
                               .is_id = a->wish.is_id,
                               .endpoints = a->wish.endpoints};

    a->cb = cb;
    a->data = data;
    a->finding = true;
    COPY(a->result.os_user, a->wish.os_user);
    if (!a->wish.is_known) {
        return eice_find(&a->find, a->p->eice, &query, on_found, a, error);
    }
    COPY(a->result.instance_id, a->wish.word);
    rest_begin(a);
    return 0;
}
