/* SPDX-License-Identifier: Apache-2.0 */
/* parse_parts.c - the elements of a statement that hold lists. */
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "iam_impl.h"
#include "json.h"
#include "mem.h"

/* Takes one string of a list; fails through iam_fail(). */
typedef int (*string_check)(struct iam_reader *r, const char *text);

/* Read one scalar: a string, or a number or boolean when @any. */
static int read_scalar(struct iam_reader *r, json_t *value, bool any,
                       string_check check, struct iam_strings *out)
{
    struct buf text;
    int rv;

    if (!json_is_string(value) &&
        (!any || (!json_is_number(value) && !json_is_boolean(value)))) {
        return iam_fail(r, any ? "must be a string, a number or a boolean"
                               : "must be a string");
    }
    buf_init(&text, IAM_MAX_BYTES);
    if (json_is_string(value)) {
        buf_add(&text, json_string_value(value), json_string_length(value));
    } else {
        js_write(&text, value, JS_COMPACT);
    }
    rv = buf_error(&text);
    if (rv == 0 && check != NULL) {
        rv = check(r, buf_str(&text));
    }
    if (rv == 0) {
        rv = iam_strings_add(out, buf_str(&text), text.len);
    }
    buf_free(&text);
    return rv == UV_ENOMEM || rv == ERR_TOO_BIG ? err_set_uv(r->e, rv, r->path)
                                                : rv;
}

/* Read a scalar, or an array of them. */
static int read_list(struct iam_reader *r, json_t *value, bool any,
                     string_check check, struct iam_strings *out)
{
    size_t i;
    int rv;

    if (!json_is_array(value)) {
        return read_scalar(r, value, any, check, out);
    }
    for (i = 0; i < json_array_size(value); i++) {
        size_t at = iam_enter_index(r, i);

        rv = read_scalar(r, json_array_get(value, i), any, check, out);
        if (rv != 0) {
            return rv;
        }
        iam_leave(r, at);
    }
    return 0;
}

static int check_action(struct iam_reader *r, const char *text)
{
    const char *colon = strchr(text, ':');

    if (strcmp(text, "*") != 0 &&
        (colon == NULL || colon == text || colon[1] == '\0')) {
        return iam_fail(r, "\"%s\" must be \"*\" or service:action", text);
    }
    return 0;
}

int iam_read_actions(struct iam_reader *r, json_t *value,
                     struct iam_strings *out)
{
    int rv = read_list(r, value, false, check_action, out);

    return rv == 0 && out->n == 0 ? iam_fail(r, "names no action") : rv;
}

static int check_resource(struct iam_reader *r, const char *text)
{
    if (strcmp(text, "*") != 0 && strncmp(text, "arn:", 4) != 0) {
        return iam_fail(r, "\"%s\" must be \"*\" or an ARN", text);
    }
    if (r->variables && !iam_variables_valid(text)) {
        return iam_fail(r, "a policy variable is malformed");
    }
    return 0;
}

int iam_read_resources(struct iam_reader *r, json_t *value,
                       struct iam_strings *out)
{
    int rv = read_list(r, value, false, check_resource, out);

    return rv == 0 && out->n == 0 ? iam_fail(r, "names no resource") : rv;
}

/* An account, "*", or the ARN of one identity: no other wildcards. */
static int check_principal(struct iam_reader *r, const char *text)
{
    bool account = strspn(text, "0123456789") == 12 && text[12] == '\0';

    if (strcmp(text, "*") == 0 || account) {
        return 0;
    }
    if (strncmp(text, "arn:", 4) != 0) {
        return iam_fail(r, "\"%s\" must be \"*\", an account id or an ARN",
                        text);
    }
    if (strpbrk(text, "*?") != NULL) {
        return iam_fail(r, "\"%s\": a principal takes no wildcards", text);
    }
    return 0;
}

/* {"AWS": ...}, {"Federated": ...} and the like. */
static int read_principal_kind(struct iam_reader *r, const char *key,
                               json_t *value, struct iam_principals *out)
{
    if (strcmp(key, "AWS") == 0) {
        return read_list(r, value, false, check_principal, &out->aws);
    }
    if (strcmp(key, "Federated") == 0) {
        return read_list(r, value, false, NULL, &out->federated);
    }
    if (strcmp(key, "Service") == 0 || strcmp(key, "CanonicalUser") == 0) {
        return read_list(r, value, false, NULL, &out->other);
    }
    return iam_fail(r, "unknown kind of principal");
}

int iam_read_principals(struct iam_reader *r, json_t *value,
                        struct iam_principals *out)
{
    const char *text = json_string_value(value);
    const char *key;
    json_t *member;
    size_t i;
    int rv;

    if (text != NULL && strcmp(text, "*") == 0) {
        out->anyone = true;
        return 0;
    }
    if (!json_is_object(value) || json_object_size(value) == 0) {
        return iam_fail(r, "must be \"*\" or an object such as "
                           "{\"AWS\": \"arn:...\"}");
    }
    json_object_foreach(value, key, member)
    {
        size_t at = iam_enter(r, key);

        rv = read_principal_kind(r, key, member, out);
        if (rv != 0) {
            return rv;
        }
        iam_leave(r, at);
    }
    for (i = 0; i < out->aws.n; i++) {
        out->anyone = out->anyone || strcmp(out->aws.at[i], "*") == 0;
    }
    return 0;
}

/* Take @prefix off the front of *@name. */
static bool take_prefix(const char **name, const char *prefix)
{
    size_t len = strlen(prefix);

    if (strncmp(*name, prefix, len) != 0) {
        return false;
    }
    *name += len;
    return true;
}

/* Read "ForAnyValue:StringLikeIfExists" into the parts of @c. */
static int read_operator(struct iam_reader *r, const char *name,
                         struct iam_condition *c)
{
    static const char suffix[] = "IfExists";
    const size_t suffix_len = sizeof suffix - 1;
    const struct iam_operator *guess;
    size_t len;

    if (take_prefix(&name, "ForAllValues:")) {
        c->quantifier = IAM_FOR_ALL;
    } else if (take_prefix(&name, "ForAnyValue:")) {
        c->quantifier = IAM_FOR_ANY;
    }
    len = strlen(name);
    if (len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0) {
        c->if_exists = true;
        len -= suffix_len;
    }
    c->op = iam_operator_find(name, len);
    if (c->op == NULL) {
        guess = iam_operator_guess(name, len);
        return iam_fail(r, "unknown condition operator%s%s%s",
                        guess != NULL ? ", did you mean \"" : "",
                        guess != NULL ? guess->name : "",
                        guess != NULL ? "\"?" : "");
    }
    if (c->op->family == IAM_F_NULL &&
        (c->if_exists || c->quantifier != IAM_SINGLE)) {
        return iam_fail(r, "Null takes neither prefix nor IfExists");
    }
    return 0;
}

/* Whether values of this operator may hold policy variables. */
static bool takes_variables(const struct iam_operator *op)
{
    return op->family == IAM_F_STRING || op->family == IAM_F_STRING_NO_CASE ||
           op->family == IAM_F_STRING_LIKE || op->family == IAM_F_ARN;
}

static int check_variables(struct iam_reader *r, const char *text)
{
    return iam_variables_valid(text)
               ? 0
               : iam_fail(r, "a policy variable is malformed");
}

static int check_null(struct iam_reader *r, const char *text)
{
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0
               ? 0
               : iam_fail(r, "must be \"true\" or \"false\"");
}

/* Read one key of one operator, @like, as a new condition of @s. */
static int read_condition(struct iam_reader *r, const char *key, json_t *value,
                          const struct iam_condition *like,
                          struct iam_statement *s)
{
    struct iam_condition *c;
    string_check check = NULL;

    if (strchr(key, ':') == NULL) {
        return iam_fail(r, "a condition key has a prefix, such as aws:");
    }
    c = mem_realloc(s->conditions, (s->n_conditions + 1) * sizeof *c);
    if (c == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->path);
    }
    s->conditions = c;
    c += s->n_conditions++;
    *c = *like;
    c->key = mem_strdup(key);
    if (c->key == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->path);
    }
    if (c->op->family == IAM_F_NULL) {
        check = check_null;
    } else if (r->variables && takes_variables(c->op)) {
        check = check_variables;
    }
    return read_list(r, value, true, check, &c->values);
}

/* Read all keys of one operator. */
static int read_operator_block(struct iam_reader *r, const char *name,
                               json_t *block, struct iam_statement *s)
{
    struct iam_condition like = {0};
    const char *key;
    json_t *value;
    int rv;

    rv = read_operator(r, name, &like);
    if (rv != 0) {
        return rv;
    }
    if (!json_is_object(block)) {
        return iam_fail(r, "must be an object of condition keys");
    }
    json_object_foreach(block, key, value)
    {
        size_t at = iam_enter(r, key);

        rv = read_condition(r, key, value, &like, s);
        if (rv != 0) {
            return rv;
        }
        iam_leave(r, at);
    }
    return 0;
}

int iam_read_conditions(struct iam_reader *r, json_t *value,
                        struct iam_statement *out)
{
    const char *name;
    json_t *block;
    int rv;

    if (!json_is_object(value)) {
        return iam_fail(r, "must be an object of operators");
    }
    json_object_foreach(value, name, block)
    {
        size_t at = iam_enter(r, name);

        rv = read_operator_block(r, name, block, out);
        if (rv != 0) {
            return rv;
        }
        iam_leave(r, at);
    }
    return 0;
}
