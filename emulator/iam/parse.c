/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c - a policy document, read strictly, with the path of each fault. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "iam_impl.h"
#include "json.h"
#include "mem.h"

int iam_fail(struct iam_reader *r, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(r->e, ERR_PARSE, "%s: %s", r->path, text);
}

/* Whether @key can stand after a dot in a path. */
static bool is_plain(const char *key)
{
    return *key != '\0' &&
           key[strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                           "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

size_t iam_enter(struct iam_reader *r, const char *key)
{
    size_t at = strlen(r->path);

    snprintf(r->path + at, sizeof r->path - at,
             is_plain(key) ? ".%s" : "[\"%s\"]", key);
    return at;
}

size_t iam_enter_index(struct iam_reader *r, size_t i)
{
    size_t at = strlen(r->path);

    snprintf(r->path + at, sizeof r->path - at, "[%zu]", i);
    return at;
}

void iam_leave(struct iam_reader *r, size_t at)
{
    r->path[at] = '\0';
}

static int read_effect(struct iam_reader *r, json_t *value,
                       struct iam_statement *s)
{
    const char *text = json_string_value(value);

    if (text == NULL ||
        (strcmp(text, "Allow") != 0 && strcmp(text, "Deny") != 0)) {
        return iam_fail(r, "must be \"Allow\" or \"Deny\"");
    }
    s->allow = text[0] == 'A';
    return 0;
}

static int read_sid(struct iam_reader *r, json_t *value,
                    struct iam_statement *s)
{
    const char *text = json_string_value(value);

    if (text == NULL) {
        return iam_fail(r, "must be a string");
    }
    if (r->kind == IAM_IDENTITY && *text != '\0' &&
        (!is_plain(text) || strchr(text, '_') != NULL)) {
        return iam_fail(r, "may hold only letters and digits");
    }
    s->sid = mem_strdup(text);
    return s->sid != NULL ? 0 : err_set_uv(r->e, UV_ENOMEM, r->path);
}

/* Read one member of a statement. */
static int read_member(struct iam_reader *r, const char *key, json_t *value,
                       struct iam_statement *s)
{
    if (strcmp(key, "Sid") == 0) {
        return read_sid(r, value, s);
    }
    if (strcmp(key, "Effect") == 0) {
        return read_effect(r, value, s);
    }
    if (strcmp(key, "Action") == 0 || strcmp(key, "NotAction") == 0) {
        s->not_action = key[0] == 'N';
        return iam_read_actions(r, value, &s->actions);
    }
    if (strcmp(key, "Condition") == 0) {
        return iam_read_conditions(r, value, s);
    }
    if (strcmp(key, "Resource") == 0 || strcmp(key, "NotResource") == 0) {
        if (r->kind == IAM_TRUST) {
            return iam_fail(r, "a trust policy has no resources");
        }
        s->not_resource = key[0] == 'N';
        return iam_read_resources(r, value, &s->resources);
    }
    if (strcmp(key, "Principal") == 0 || strcmp(key, "NotPrincipal") == 0) {
        if (r->kind == IAM_IDENTITY) {
            return iam_fail(r, "an identity policy has no principals");
        }
        s->not_principal = key[0] == 'N';
        return iam_read_principals(r, value, &s->principals);
    }
    return iam_fail(r, "unknown element");
}

/* Exactly one of @a and @b must be there; @b may be NULL. */
static int need_one(struct iam_reader *r, json_t *object, const char *a,
                    const char *b)
{
    bool has_a = json_object_get(object, a) != NULL;
    bool has_b = b != NULL && json_object_get(object, b) != NULL;

    if (has_a && has_b) {
        return iam_fail(r, "%s and %s exclude each other", a, b);
    }
    if (!has_a && !has_b) {
        return iam_fail(r, b != NULL ? "%s or %s is missing" : "%s is missing",
                        a, b);
    }
    return 0;
}

static int read_statement(struct iam_reader *r, json_t *value,
                          struct iam_statement *s)
{
    bool trust = r->kind == IAM_TRUST;
    const char *key;
    json_t *member;
    int rv;

    if (!json_is_object(value)) {
        return iam_fail(r, "a statement must be an object");
    }
    rv = need_one(r, value, "Effect", NULL);
    if (rv == 0) {
        rv = need_one(r, value, "Action", "NotAction");
    }
    if (rv == 0) {
        rv = need_one(r, value, trust ? "Principal" : "Resource",
                      trust ? "NotPrincipal" : "NotResource");
    }
    if (rv != 0) {
        return rv;
    }
    json_object_foreach(value, key, member)
    {
        size_t at = iam_enter(r, key);

        rv = read_member(r, key, member, s);
        if (rv != 0) {
            return rv;
        }
        iam_leave(r, at);
    }
    return 0;
}

/* No two statements may have the same Sid. */
static int check_sid(struct iam_reader *r, const struct iam_policy *p,
                     size_t last)
{
    const char *sid = p->statements[last].sid;
    size_t i;

    for (i = 0; i < last && sid != NULL && *sid != '\0'; i++) {
        if (p->statements[i].sid != NULL &&
            strcmp(p->statements[i].sid, sid) == 0) {
            return iam_fail(r, "the Sid \"%s\" is used twice", sid);
        }
    }
    return 0;
}

/* Statement: an array of statements, or one. */
static int read_statements(struct iam_reader *r, json_t *value,
                           struct iam_policy *p)
{
    bool list = json_is_array(value);
    size_t n = list ? json_array_size(value) : 1;
    size_t i;
    int rv;

    if (n == 0) {
        return iam_fail(r, "there are no statements");
    }
    p->statements = mem_zalloc(n * sizeof *p->statements);
    if (p->statements == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->path);
    }
    p->n_statements = n;
    for (i = 0; i < n; i++) {
        size_t at = strlen(r->path);

        if (list) {
            iam_enter_index(r, i);
        }
        rv = read_statement(r, list ? json_array_get(value, i) : value,
                            &p->statements[i]);
        if (rv == 0) {
            rv = check_sid(r, p, i);
        }
        if (rv != 0) {
            return rv;
        }
        iam_leave(r, at);
    }
    return 0;
}

/* Version decides what the rest means, so it is read first. */
static int read_version(struct iam_reader *r, json_t *doc, struct iam_policy *p)
{
    json_t *value = json_object_get(doc, "Version");
    const char *text = json_string_value(value);
    size_t at = iam_enter(r, "Version");

    p->variables = text != NULL && strcmp(text, "2012-10-17") == 0;
    if (value != NULL && !p->variables &&
        (text == NULL || strcmp(text, "2008-10-17") != 0)) {
        return iam_fail(r, "must be \"2012-10-17\" or \"2008-10-17\"");
    }
    r->variables = p->variables;
    iam_leave(r, at);
    return 0;
}

static int read_document(struct iam_reader *r, json_t *doc,
                         struct iam_policy *p)
{
    const char *key;
    json_t *member;
    int rv;

    if (!json_is_object(doc)) {
        return iam_fail(r, "a policy must be an object");
    }
    rv = read_version(r, doc, p);
    if (rv == 0) {
        rv = need_one(r, doc, "Statement", NULL);
    }
    if (rv != 0) {
        return rv;
    }
    json_object_foreach(doc, key, member)
    {
        size_t at = iam_enter(r, key);

        if (strcmp(key, "Statement") == 0) {
            rv = read_statements(r, member, p);
        } else if (strcmp(key, "Id") == 0) {
            rv = json_is_string(member) ? 0 : iam_fail(r, "must be a string");
        } else if (strcmp(key, "Version") != 0) {
            rv = iam_fail(r, "unknown element");
        }
        if (rv != 0) {
            return rv;
        }
        iam_leave(r, at);
    }
    return 0;
}

int iam_policy_read(struct iam_policy **out, json_t *doc, enum iam_kind kind,
                    struct err *e)
{
    struct iam_reader r = {.e = e, .kind = kind, .path = "$"};
    struct iam_policy *p = mem_zalloc(sizeof *p);
    int rv;

    *out = NULL;
    if (p == NULL) {
        return err_set_uv(e, UV_ENOMEM, "policy");
    }
    rv = read_document(&r, doc, p);
    if (rv != 0) {
        iam_policy_free(p);
        return rv;
    }
    *out = p;
    return 0;
}

int iam_policy_parse(struct iam_policy **out, const char *text, size_t len,
                     enum iam_kind kind, struct err *e)
{
    struct err why;
    json_t *doc;
    int rv;

    *out = NULL;
    if (len > IAM_MAX_BYTES) {
        return err_set(e, ERR_TOO_BIG, "a policy of %zu bytes is too large",
                       len);
    }
    doc = js_parse(text, len, &why);
    if (doc == NULL) {
        return err_set(e, why.code, "%s", why.msg);
    }
    rv = iam_policy_read(out, doc, kind, e);
    json_decref(doc);
    return rv;
}

static void statement_free(struct iam_statement *s)
{
    size_t i;

    mem_free(s->sid);
    iam_strings_free(&s->actions);
    iam_strings_free(&s->resources);
    iam_strings_free(&s->principals.aws);
    iam_strings_free(&s->principals.federated);
    iam_strings_free(&s->principals.other);
    for (i = 0; i < s->n_conditions; i++) {
        mem_free(s->conditions[i].key);
        iam_strings_free(&s->conditions[i].values);
    }
    mem_free(s->conditions);
}

void iam_policy_free(struct iam_policy *policy)
{
    size_t i;

    if (policy == NULL) {
        return;
    }
    for (i = 0; i < policy->n_statements; i++) {
        statement_free(&policy->statements[i]);
    }
    mem_free(policy->statements);
    mem_free(policy);
}
