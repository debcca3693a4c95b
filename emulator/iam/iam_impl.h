/* SPDX-License-Identifier: Apache-2.0 */
/* iam_impl.h - a policy as it is kept, for the files of this directory. */
#ifndef EMU_IAM_IMPL_H
#define EMU_IAM_IMPL_H

#include "iam.h"

/* A list of strings; owned. */
struct iam_strings {
    char **at;
    size_t n;
};

/* What a condition operator compares. */
enum iam_family {
    IAM_F_STRING,
    IAM_F_STRING_NO_CASE,
    IAM_F_STRING_LIKE,
    IAM_F_NUMERIC,
    IAM_F_DATE,
    IAM_F_BOOL,
    IAM_F_BINARY,
    IAM_F_IP,
    IAM_F_ARN,
    IAM_F_NULL
};

/* How numbers and dates must stand: request value first. */
enum iam_relation { IAM_EQ, IAM_LT, IAM_LE, IAM_GT, IAM_GE };

/* One row of the operator table. */
struct iam_operator {
    const char *name;
    enum iam_family family;
    enum iam_relation relation;
    bool negated; /* Satisfied when the comparison is not */
};

/* What a key with several values must do. */
enum iam_quantifier {
    IAM_SINGLE, /* No prefix: one value is expected */
    IAM_FOR_ALL,
    IAM_FOR_ANY
};

/* {operator: {key: values}} */
struct iam_condition {
    const struct iam_operator *op;
    enum iam_quantifier quantifier;
    bool if_exists;
    char *key;
    struct iam_strings values;
};

/* Principal or NotPrincipal. */
struct iam_principals {
    bool anyone; /* "*" or {"AWS": "*"} */
    struct iam_strings aws;
    struct iam_strings federated;
    struct iam_strings other; /* Service and CanonicalUser: match nobody who
                               * can ask us */
};

struct iam_statement {
    char *sid; /* Or NULL */
    bool allow;
    bool not_action;
    bool not_resource;
    bool not_principal;
    struct iam_strings actions;
    struct iam_strings resources;
    struct iam_principals principals;
    struct iam_condition *conditions;
    size_t n_conditions;
};

struct iam_policy {
    bool variables; /* Version 2012-10-17: ${...} means something */
    struct iam_statement *statements;
    size_t n_statements;
};

/* The operator whose name is the @len bytes at @name, or NULL. */
const struct iam_operator *iam_operator_find(const char *name, size_t len);

/* The operator that differs from @name only in case, or NULL. */
const struct iam_operator *iam_operator_guess(const char *name, size_t len);

/* Whether every "${" of @text begins a variable that can be read. */
bool iam_variables_valid(const char *text);

/* How a pattern is read and compared. */
enum {
    IAM_M_WILD = 1,      /* '*' and '?' are wildcards */
    IAM_M_VARIABLES = 2, /* ${...} is replaced, its text taken literally */
    IAM_M_NO_CASE = 4,
    IAM_M_ARN = 8,      /* A wildcard stays within its colon part ... */
    IAM_M_ARN_TAIL = 16 /* ... unless it is a '*' at the end */
};

enum iam_match { IAM_NO, IAM_YES, IAM_UNRESOLVED };

/* Compare @text with @pattern.  @context fills variables.  Returns an enum
 * iam_match (IAM_UNRESOLVED: a variable has no single value) or UV_ENOMEM. */
int iam_match(const char *pattern, const char *text, unsigned how,
              const struct iam_context *context);

/* The values of @key, or NULL when it has none. */
const struct iam_strings *iam_context_values(const struct iam_context *c,
                                             const char *key);

/* Whether @request_value and @policy_value stand as @op's comparison, before
 * negation, wants it.  IAM_YES, IAM_NO or UV_ENOMEM. */
int iam_compare(const struct iam_operator *op, const char *policy_value,
                const char *request_value, bool variables,
                const struct iam_context *context);

/* Whether one condition holds.  IAM_YES, IAM_NO or UV_ENOMEM. */
int iam_condition_holds(const struct iam_policy *p,
                        const struct iam_condition *c,
                        const struct iam_context *context);

/* Whether all conditions of @s hold.  IAM_YES, IAM_NO or UV_ENOMEM. */
int iam_conditions_hold(const struct iam_policy *p,
                        const struct iam_statement *s,
                        const struct iam_context *context);

/* Whether the statement is about this action, about this resource.  IAM_YES,
 * IAM_NO or UV_ENOMEM. */
int iam_action_matches(const struct iam_statement *s, const char *action);
int iam_resource_matches(const struct iam_policy *p,
                         const struct iam_statement *s,
                         const struct iam_request *request);

/* Whether @s applies to @request, its principals aside.  IAM_YES, IAM_NO or
 * UV_ENOMEM. */
int iam_statement_applies(const struct iam_policy *p,
                          const struct iam_statement *s,
                          const struct iam_request *request);

/* What @policies, not of root, say into @r, which is an implicit deny so far:
 * no Deny anywhere, and an Allow where one is needed, by the @identity
 * policies and by what @limits them.  0 or UV_ENOMEM. */
int iam_ask_policies(struct iam_result *r, const struct iam_policies *policies,
                     const struct iam_request *request, bool identity,
                     bool limits);

/* Grow, and free, a list of strings.  Adding copies; 0 or UV_ENOMEM. */
int iam_strings_add(struct iam_strings *s, const char *text, size_t len);
void iam_strings_free(struct iam_strings *s);

/* --- between parse.c and parse_parts.c ----------------------------------- */

/* One reading of one document. */
struct iam_reader {
    struct err *e;
    enum iam_kind kind;
    bool variables;
    char path[256]; /* "$.Statement[0].Action" */
};

/* Fail at the present path: "path: text". */
int iam_fail(struct iam_reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Go down to @key or to element @i, and back to a length remembered before. */
size_t iam_enter(struct iam_reader *r, const char *key);
size_t iam_enter_index(struct iam_reader *r, size_t i);
void iam_leave(struct iam_reader *r, size_t at);

/* Read one element of a statement. */
int iam_read_actions(struct iam_reader *r, json_t *value,
                     struct iam_strings *out);
int iam_read_resources(struct iam_reader *r, json_t *value,
                       struct iam_strings *out);
int iam_read_principals(struct iam_reader *r, json_t *value,
                        struct iam_principals *out);
int iam_read_conditions(struct iam_reader *r, json_t *value,
                        struct iam_statement *out);

#endif /* EMU_IAM_IMPL_H */
