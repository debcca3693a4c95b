/* SPDX-License-Identifier: Apache-2.0 */
/* pick.c - newest, random, by number, or the only one. */
#include "pick.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <eice/eice.h>

#include "buf.h"
#include "err.h"

enum { LISTED = 8, TEXT_LIMIT = 900 };

bool pick_check(const char *pick)
{
    return strcmp(pick, "newest") == 0 || strcmp(pick, "random") == 0 ||
           (pick[0] >= '1' && pick[0] <= '9' &&
            pick[strspn(pick, "0123456789")] == '\0' && strlen(pick) < 6);
}

static bool is_running(const struct eice_instance *i)
{
    return i->state != NULL && strcmp(i->state, "running") == 0;
}

/* The @n-th running one, counted from 0. */
static size_t nth(const struct eice_found *f, size_t n)
{
    size_t i;

    for (i = 0; i < f->n_instances; i++) {
        if (is_running(&f->instances[i]) && n-- == 0) {
            return i;
        }
    }
    return 0;
}

/* The one that was launched last; times compare as text. */
static size_t newest(const struct eice_found *f)
{
    const char *best = NULL;
    size_t found = 0;
    size_t i;

    for (i = 0; i < f->n_instances; i++) {
        const char *t = f->instances[i].launch_time;

        t = t != NULL ? t : "";
        if (is_running(&f->instances[i]) &&
            (best == NULL || strcmp(t, best) > 0)) {
            best = t;
            found = i;
        }
    }
    return found;
}

/* Say which there are. */
static int several(const struct eice_found *f, const char *word, size_t n,
                   struct err *e)
{
    struct buf list;
    size_t i;

    buf_init(&list, TEXT_LIMIT);
    for (i = 0; i < n && i < LISTED; i++) {
        const struct eice_instance *in = &f->instances[nth(f, i)];
        const char *ip =
            in->private_ip != NULL ? in->private_ip : in->ipv6_address;

        buf_addf(&list, "%s%zu. %s (%s)", i > 0 ? ", " : "", i + 1,
                 in->instance_id, ip != NULL ? ip : "no address");
    }
    err_set(e, ERR_USAGE, "%zu running instances fit '%s': %s%s", n, word,
            buf_str(&list), n > LISTED ? ", ..." : "");
    err_hint(e, "give an id, or --pick newest, random or a number");
    buf_free(&list);
    return ERR_USAGE;
}

/* Say that nothing is there, or nothing that runs. */
static int none(const struct eice_found *f, const char *word, const char *place,
                struct err *e)
{
    const struct eice_instance *i = f->instances;

    if (f->n_instances == 0) {
        err_set(e, ERR_NOT_FOUND, "No instance fits '%s' in %s.", word, place);
        err_hint(e, "'eice list' shows what there is; --region and --profile "
                    "look elsewhere");
        return ERR_NOT_FOUND;
    }
    err_set(e, UV_ENOTCONN, "Instance %s%s%s%s is %s.", i->instance_id,
            i->name != NULL ? " (" : "", i->name != NULL ? i->name : "",
            i->name != NULL ? ")" : "",
            i->state != NULL ? i->state : "not running");
    if (i->state != NULL && strcmp(i->state, "stopped") == 0) {
        err_hint(e, "start it: aws ec2 start-instances --instance-ids %s",
                 i->instance_id);
    }
    return UV_ENOTCONN;
}

int pick_one(const struct eice_found *found, const char *word,
             const char *place, const char *pick, unsigned random, size_t *out,
             struct err *e)
{
    size_t n = 0;
    size_t number;
    size_t i;

    for (i = 0; i < found->n_instances; i++) {
        n += is_running(&found->instances[i]);
    }
    if (n == 0) {
        return none(found, word, place, e);
    }
    if (n == 1 && (pick == NULL || strspn(pick, "0123456789") == 0)) {
        *out = nth(found, 0);
        return 0;
    }
    if (pick == NULL) {
        return several(found, word, n, e);
    }
    if (strcmp(pick, "newest") == 0) {
        *out = newest(found);
        return 0;
    }
    if (strcmp(pick, "random") == 0) {
        *out = nth(found, random % n);
        return 0;
    }
    number = strtoul(pick, NULL, 10);
    if (number < 1 || number > n) {
        return err_set(e, ERR_USAGE,
                       "There is no number %s: %zu running "
                       "instances fit '%s'.",
                       pick, n, word);
    }
    *out = nth(found, number - 1);
    return 0;
}
