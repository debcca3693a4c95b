/* SPDX-License-Identifier: Apache-2.0 */
/* test_iam.c - the policy cases of test/vectors/iam, and what data files
 * cannot say: lack of memory, hostile patterns, odd calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "files.h"
#include "iam.h"
#include "json.h"
#include "mem.h"
#include "scarce.h"

enum { MAX_POLICIES = 8 };

/* Policies read from a case. */
struct list {
    struct iam_attached at[MAX_POLICIES];
    struct iam_policy *owned[MAX_POLICIES];
    size_t n;
};

/* One case on its way. */
struct one_case {
    const char *file;
    const char *name;
    json_t *root;
    json_t *json;
};

/* The member of the case, or of its file. */
static json_t *member(const struct one_case *c, const char *key)
{
    json_t *value = json_object_get(c->json, key);

    return value != NULL ? value : json_object_get(c->root, key);
}

/* Read {"name": ..., "document": ...} into @list. */
static void list_add(const struct one_case *c, struct list *list, json_t *value,
                     enum iam_kind kind)
{
    struct err e;

    assert_true(list->n < MAX_POLICIES);
    if (iam_policy_read(&list->owned[list->n], js_obj(value, "document"), kind,
                        &e) != 0) {
        fail_msg("%s: %s: %s", c->file, c->name, e.msg);
    }
    list->at[list->n] =
        (struct iam_attached){js_str(value, "name"), list->owned[list->n]};
    list->n++;
}

static void list_read(const struct one_case *c, struct list *list,
                      const char *key)
{
    json_t *value = member(c, key);
    size_t i;

    *list = (struct list){.n = 0};
    for (i = 0; i < json_array_size(value); i++) {
        list_add(c, list, json_array_get(value, i), IAM_IDENTITY);
    }
    if (json_is_object(value)) {
        list_add(c, list, value,
                 strcmp(key, "trust") == 0 ? IAM_TRUST : IAM_IDENTITY);
    }
}

static void list_free(struct list *list)
{
    while (list->n > 0) {
        iam_policy_free(list->owned[--list->n]);
    }
}

/* A case that gives only a condition: an Allow of everything under it. */
static void list_from_condition(const struct one_case *c, struct list *list,
                                json_t *condition)
{
    const char *version = js_str(c->json, "version");
    json_t *policy = json_pack("{s:s, s:{s:s, s:{s:s, s:s, s:s, s:O}}}", "name",
                               "condition", "document", "Version",
                               version != NULL ? version : "2012-10-17",
                               "Statement", "Effect", "Allow", "Action", "*",
                               "Resource", "*", "Condition", condition);

    assert_non_null(policy);
    *list = (struct list){.n = 0};
    list_add(c, list, policy, IAM_IDENTITY);
    list->at[0].name = "condition";
    json_decref(policy);
}

static void context_add(struct iam_context *context, json_t *values,
                        json_t *except)
{
    const char *key;
    json_t *value;
    size_t i;

    json_object_foreach(values, key, value)
    {
        if (json_object_get(except, key) != NULL) {
            continue;
        }
        if (json_is_string(value)) {
            assert_int_equal(
                iam_context_add(context, key, json_string_value(value)), 0);
        }
        for (i = 0; i < json_array_size(value); i++) {
            assert_int_equal(
                iam_context_add(context, key,
                                json_string_value(json_array_get(value, i))),
                0);
        }
    }
}

/* The file's context with the case's over it; null takes a key away. */
static struct iam_context *context_read(const struct one_case *c)
{
    struct iam_context *context = iam_context_new();
    json_t *own = js_obj(c->json, "context");

    assert_non_null(context);
    context_add(context, js_obj(c->root, "context"), own);
    context_add(context, own, NULL);
    return context;
}

static const char *verdict_name(enum iam_verdict verdict)
{
    static const char *const names[] = {"allowed", "explicit-deny",
                                        "implicit-deny"};

    return names[verdict];
}

static const char *source_name(enum iam_source source)
{
    static const char *const names[] = {"identity", "session", "boundary",
                                        "trust", "root"};

    return names[source];
}

static void assert_word(const struct one_case *c, const char *what,
                        const char *got, const char *want)
{
    if (strcmp(got, want) != 0) {
        fail_msg("%s: %s: %s is %s, should be %s", c->file, c->name, what, got,
                 want);
    }
}

/* Compare the answer with what the case expects. */
static void assert_result(const struct one_case *c, const struct iam_result *r,
                          const struct iam_request *request)
{
    const char *by = js_str(c->json, "by");
    struct buf text;

    buf_init(&text, 4096);
    assert_word(c, "the verdict", verdict_name(r->verdict),
                js_str(c->json, "expect"));
    if (r->policy != NULL) {
        buf_addf(&text, "%s[%zu]", r->policy, r->statement);
    }
    assert_word(c, "the decision", r->policy != NULL ? buf_str(&text) : "none",
                by != NULL ? by : "none");
    if (js_str(c->json, "sid") != NULL) {
        assert_word(c, "the Sid", r->sid, js_str(c->json, "sid"));
    }
    if (js_str(c->json, "source") != NULL) {
        assert_word(c, "the source", source_name(r->source),
                    js_str(c->json, "source"));
    }
    if (js_str(c->json, "says") != NULL) {
        buf_clear(&text);
        iam_denial(&text, r, js_str(c->root, "principal"), request);
        assert_word(c, "the sentence", buf_str(&text), js_str(c->json, "says"));
    }
    buf_free(&text);
}

/* Ask what the case asks. */
static void run_question(const struct one_case *c)
{
    struct iam_context *context = context_read(c);
    const char *action = js_str(c->json, "action");
    const char *resource = js_str(c->json, "resource");
    struct iam_request request = {action != NULL ? action : "s:A",
                                  resource != NULL ? resource : "*", context};
    json_t *who = js_obj(c->json, "who");
    struct iam_principal principal = {
        js_str(who, "arn"), js_str(who, "role_arn"), js_str(who, "account"),
        js_str(who, "federated")};
    struct iam_policies policies = {0};
    struct iam_result result;
    struct list identity;
    struct list session;
    struct list boundary;
    struct list trust;

    if (json_object_get(c->json, "condition") != NULL) {
        list_from_condition(c, &identity,
                            json_object_get(c->json, "condition"));
    } else {
        list_read(c, &identity, "policies");
    }
    list_read(c, &session, "session");
    list_read(c, &boundary, "boundary");
    list_read(c, &trust, "trust");
    js_bool(c->json, "root", &policies.root);
    policies.identity = identity.at;
    policies.n_identity = identity.n;
    policies.session = session.at;
    policies.n_session = session.n;
    policies.boundary = boundary.n > 0 ? boundary.at : NULL;

    if (trust.n > 0) {
        assert_int_equal(iam_evaluate_assume(&result, trust.at, &principal,
                                             &policies, &request),
                         0);
    } else {
        assert_int_equal(iam_evaluate(&result, &policies, &request), 0);
    }
    assert_result(c, &result, &request);
    list_free(&identity);
    list_free(&session);
    list_free(&boundary);
    list_free(&trust);
    iam_context_free(context);
}

/* A document that must be refused, for the reason given. */
static void run_refusal(const struct one_case *c)
{
    const char *kind = js_str(c->json, "kind");
    struct iam_policy *policy;
    struct err e = {.code = 0};

    iam_policy_read(&policy, json_object_get(c->json, "document"),
                    kind != NULL ? IAM_TRUST : IAM_IDENTITY, &e);
    assert_null(policy);
    assert_int_equal(e.code, ERR_PARSE);
    assert_word(c, "the reason", e.msg, js_str(c->json, "error"));
}

static size_t run_file(const char *dir, const char *name)
{
    struct one_case c = {.file = name};
    json_t *cases;
    struct err e;
    size_t len;
    char *text;
    size_t i;

    text = test_read_file(dir, name, &len);
    assert_non_null(text);
    c.root = js_parse(text, len, &e);
    if (c.root == NULL) {
        fail_msg("%s: %s", name, e.msg);
    }
    free(text);
    cases = js_arr(c.root, "cases");
    for (i = 0; i < json_array_size(cases); i++) {
        c.json = json_array_get(cases, i);
        c.name = js_str(c.json, "name");
        if (json_object_get(c.json, "error") != NULL) {
            run_refusal(&c);
        } else {
            run_question(&c);
        }
    }
    json_decref(c.root);
    return i;
}

static void test_cases_of_the_data_files(void **state)
{
    char dir[2048];
    size_t total = 0;
    char **names;
    size_t i;

    (void)state;
    snprintf(dir, sizeof dir, "%s/iam", test_vectors_dir());
    names = test_list_dir(dir, ".json");
    assert_non_null(names);
    for (i = 0; names[i] != NULL; i++) {
        size_t n = run_file(dir, names[i]);

        assert_true(n > 0);
        total += n;
    }
    print_message("%zu cases in %zu files\n", total, i);
    assert_true(total >= 450);
    test_free_names(names);
}

static const char policy_text[] =
    "{\"Version\":\"2012-10-17\",\"Id\":\"x\",\"Statement\":[{\"Sid\":\"A\","
    "\"Effect\":\"Allow\",\"Action\":[\"s:A\",\"s:B\"],"
    "\"Resource\":\"arn:aws:s:::x/${aws:username}\",\"Condition\":{"
    "\"ForAnyValue:StringLikeIfExists\":{\"aws:a\":[\"${aws:b, 'c'}*\"]},"
    "\"BinaryEquals\":{\"aws:c\":\"QQ==\"},"
    "\"NumericEquals\":{\"aws:d\":[1,true,2.5]}}}]}";
static const char trust_text[] =
    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"sts:*\",\"Principal\":{"
    "\"AWS\":[\"111122223333\"],\"Federated\":\"f\",\"Service\":\"s\"}}}";

/* Read a document, then ask; 0 when memory sufficed throughout. */
static int read_and_ask(enum iam_kind kind, json_t *doc, int left)
{
    struct iam_context *context = NULL;
    struct iam_request request = {"s:B", "arn:aws:s:::x/ann", NULL};
    struct iam_attached attached = {"p", NULL};
    struct iam_policies policies = {.identity = &attached, .n_identity = 1};
    struct iam_policy *policy;
    struct iam_result r = {.verdict = IAM_ALLOWED};
    struct err e;
    struct scarce scarce = {.left = left};
    int rv;

    mem_set_hook(scarce_one, &scarce);
    rv = iam_policy_read(&policy, doc, kind, &e);
    if (rv == 0) {
        context = iam_context_new();
        rv = context == NULL ? UV_ENOMEM
                             : iam_context_add(context, "aws:username", "ann");
    }
    if (rv == 0) {
        rv = iam_context_add(context, "aws:a", "cat");
    }
    if (rv == 0) {
        rv = iam_context_add(context, "aws:c", "QQ==");
    }
    if (rv == 0) {
        rv = iam_context_add_int(context, "aws:d", 1);
    }
    if (rv == 0 && kind == IAM_IDENTITY) {
        request.context = context;
        attached.policy = policy;
        rv = iam_evaluate(&r, &policies, &request);
        assert_int_equal(r.verdict, rv == 0 ? IAM_ALLOWED : IAM_IMPLICIT_DENY);
    }
    mem_set_hook(NULL, NULL);
    iam_context_free(context);
    iam_policy_free(policy);
    assert_true(rv == 0 || rv == UV_ENOMEM);
    return rv;
}

static void test_lack_of_memory_at_every_step(void **state)
{
    static const struct {
        enum iam_kind kind;
        const char *text;
        int at_least;
    } rows[] = {{IAM_IDENTITY, policy_text, 30}, {IAM_TRUST, trust_text, 10}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *doc = js_parse(rows[i].text, strlen(rows[i].text), NULL);
        int n = 0;

        assert_non_null(doc);
        while (read_and_ask(rows[i].kind, doc, n) != 0) {
            n++;
            assert_true(n < 1000);
        }
        assert_true(n >= rows[i].at_least);
        json_decref(doc);
    }
}

static void test_parse_limits_and_bad_json(void **state)
{
    static char big[IAM_MAX_BYTES + 1];
    struct iam_policy *policy;
    struct err e;

    (void)state;
    assert_int_equal(iam_policy_parse(&policy, policy_text, strlen(policy_text),
                                      IAM_IDENTITY, &e),
                     0);
    iam_policy_free(policy);
    iam_policy_free(NULL);
    memset(big, ' ', sizeof big);
    assert_int_equal(
        iam_policy_parse(&policy, big, sizeof big, IAM_IDENTITY, &e),
        ERR_TOO_BIG);
    assert_null(policy);
    assert_int_equal(
        iam_policy_parse(&policy, "{\"Statement\":", 13, IAM_IDENTITY, &e),
        ERR_PARSE);
    assert_non_null(strstr(e.msg, "line 1"));
}

/* Many stars against a long text that never matches: no explosion. */
static void test_hostile_patterns_end_soon(void **state)
{
    static char text[20001];
    struct buf doc;
    struct iam_policy *policy;
    struct iam_attached attached = {"p", NULL};
    struct iam_policies policies = {.identity = &attached, .n_identity = 1};
    struct iam_context *context = iam_context_new();
    struct iam_request request = {"s:A", "*", context};
    struct iam_result r;
    int i;

    (void)state;
    buf_init(&doc, 100000);
    buf_adds(&doc, "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\","
                   "\"Resource\":\"*\",\"Condition\":{\"StringLike\":{"
                   "\"aws:k\":\"");
    for (i = 0; i < 2000; i++) {
        buf_adds(&doc, "*a");
    }
    buf_adds(&doc, "*b\"}}}}");
    assert_int_equal(
        iam_policy_parse(&policy, buf_str(&doc), doc.len, IAM_IDENTITY, NULL),
        0);
    memset(text, 'a', sizeof text - 1);
    assert_int_equal(iam_context_add(context, "aws:k", text), 0);
    attached.policy = policy;
    assert_int_equal(iam_evaluate(&r, &policies, &request), 0);
    assert_int_equal(r.verdict, IAM_IMPLICIT_DENY);
    iam_policy_free(policy);
    iam_context_free(context);
    buf_free(&doc);
}

static void test_context_values(void **state)
{
    struct iam_context *c = iam_context_new();

    (void)state;
    assert_null(iam_context_get(c, "aws:a"));
    assert_null(iam_context_get(NULL, "aws:a"));
    assert_int_equal(iam_context_add(c, "aws:a", "1"), 0);
    assert_int_equal(iam_context_add_int(c, "aws:n", -5), 0);
    assert_string_equal(iam_context_get(c, "AWS:A"), "1");
    assert_string_equal(iam_context_get(c, "aws:n"), "-5");
    assert_int_equal(iam_context_add(c, "AWS:a", "2"), 0);
    assert_null(iam_context_get(c, "aws:a"));
    iam_context_free(c);
    iam_context_free(NULL);
}

static void test_explanations(void **state)
{
    static const struct {
        struct iam_result r;
        const char *text;
    } rows[] = {
        {{IAM_ALLOWED, IAM_BY_IDENTITY, "demo", 2, "Tunnel"},
         "allowed by statement 2 (Sid \"Tunnel\") of policy \"demo\""},
        {{IAM_EXPLICIT_DENY, IAM_BY_BOUNDARY, "limit", 0, NULL},
         "denied by statement 0 of policy \"limit\""},
        {{IAM_IMPLICIT_DENY, IAM_BY_IDENTITY, NULL, 0, NULL},
         "denied: no statement of any identity-based policy allows it"},
        {{IAM_ALLOWED, IAM_BY_ROOT, NULL, 0, NULL},
         "allowed: the account's root user"},
    };
    struct buf text;
    size_t i;

    (void)state;
    buf_init(&text, 1000);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_clear(&text);
        iam_explain(&text, &rows[i].r);
        assert_string_equal(buf_str(&text), rows[i].text);
    }
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_of_the_data_files),
        cmocka_unit_test(test_lack_of_memory_at_every_step),
        cmocka_unit_test(test_parse_limits_and_bad_json),
        cmocka_unit_test(test_hostile_patterns_end_soon),
        cmocka_unit_test(test_context_values),
        cmocka_unit_test(test_explanations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
