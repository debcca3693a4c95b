/* SPDX-License-Identifier: Apache-2.0 */
/* operator.c - the condition operators and what each compares. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "base64.h"
#include "buf.h"
#include "iam_impl.h"
#include "ip.h"
#include "iso8601.h"

static const struct iam_operator operators[] = {
    {"StringEquals", IAM_F_STRING, IAM_EQ, false},
    {"StringNotEquals", IAM_F_STRING, IAM_EQ, true},
    {"StringEqualsIgnoreCase", IAM_F_STRING_NO_CASE, IAM_EQ, false},
    {"StringNotEqualsIgnoreCase", IAM_F_STRING_NO_CASE, IAM_EQ, true},
    {"StringLike", IAM_F_STRING_LIKE, IAM_EQ, false},
    {"StringNotLike", IAM_F_STRING_LIKE, IAM_EQ, true},
    {"NumericEquals", IAM_F_NUMERIC, IAM_EQ, false},
    {"NumericNotEquals", IAM_F_NUMERIC, IAM_EQ, true},
    {"NumericLessThan", IAM_F_NUMERIC, IAM_LT, false},
    {"NumericLessThanEquals", IAM_F_NUMERIC, IAM_LE, false},
    {"NumericGreaterThan", IAM_F_NUMERIC, IAM_GT, false},
    {"NumericGreaterThanEquals", IAM_F_NUMERIC, IAM_GE, false},
    {"DateEquals", IAM_F_DATE, IAM_EQ, false},
    {"DateNotEquals", IAM_F_DATE, IAM_EQ, true},
    {"DateLessThan", IAM_F_DATE, IAM_LT, false},
    {"DateLessThanEquals", IAM_F_DATE, IAM_LE, false},
    {"DateGreaterThan", IAM_F_DATE, IAM_GT, false},
    {"DateGreaterThanEquals", IAM_F_DATE, IAM_GE, false},
    {"Bool", IAM_F_BOOL, IAM_EQ, false},
    {"BinaryEquals", IAM_F_BINARY, IAM_EQ, false},
    {"IpAddress", IAM_F_IP, IAM_EQ, false},
    {"NotIpAddress", IAM_F_IP, IAM_EQ, true},
    {"ArnEquals", IAM_F_ARN, IAM_EQ, false},
    {"ArnLike", IAM_F_ARN, IAM_EQ, false},
    {"ArnNotEquals", IAM_F_ARN, IAM_EQ, true},
    {"ArnNotLike", IAM_F_ARN, IAM_EQ, true},
    {"Null", IAM_F_NULL, IAM_EQ, false},
};

const struct iam_operator *iam_operator_find(const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (strncmp(operators[i].name, name, len) == 0 &&
            operators[i].name[len] == '\0') {
            return &operators[i];
        }
    }
    return NULL;
}

const struct iam_operator *iam_operator_guess(const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (strncasecmp(operators[i].name, name, len) == 0 &&
            operators[i].name[len] == '\0') {
            return &operators[i];
        }
    }
    return NULL;
}

/* Whether "@a relation @b" holds. */
static int holds(enum iam_relation relation, double a, double b)
{
    switch (relation) {
    case IAM_LT:
        return a < b;
    case IAM_LE:
        return a <= b;
    case IAM_GT:
        return a > b;
    case IAM_GE:
        return a >= b;
    case IAM_EQ:
    default:
        return !(a < b) && !(a > b);
    }
}

/* Read a decimal number: sign, digits, a fraction, an exponent. */
static bool read_number(const char *text, double *value)
{
    char *end;

    if (*text == '\0' || strspn(text, "0123456789+-.eE") != strlen(text)) {
        return false; /* strtod() would take hex, inf, nan and blanks */
    }
    *value = strtod(text, &end);
    return *end == '\0';
}

/* Read a date as seconds since 1970: a number of them, or ISO 8601. */
static bool read_date(const char *text, double *value)
{
    int64_t seconds;
    int millis;

    if (read_number(text, value)) {
        return true;
    }
    if (iso8601_parse(text, &seconds, &millis) != 0) {
        return false;
    }
    *value = (double)seconds + millis / 1000.0;
    return true;
}

static int compare_numbers(const struct iam_operator *op, const char *policy,
                           const char *request)
{
    bool (*read)(const char *, double *) =
        op->family == IAM_F_DATE ? read_date : read_number;
    double want;
    double is;

    return read(policy, &want) && read(request, &is) &&
           holds(op->relation, is, want);
}

static int compare_addresses(const char *policy, const char *request)
{
    struct cidr range;
    struct ip ip;

    if (!cidr_parse(&range, policy) || !ip_parse(&ip, request)) {
        return IAM_NO;
    }
    ip_unmap(&ip); /* One host, however it is written */
    return cidr_contains(&range, &ip);
}

static int compare_bools(const char *policy, const char *request)
{
    return (strcasecmp(policy, "true") == 0 ||
            strcasecmp(policy, "false") == 0) &&
           strcasecmp(policy, request) == 0;
}

static int compare_bytes(const char *policy, const char *request)
{
    struct buf want;
    struct buf is;
    int rv = IAM_NO;

    buf_init(&want, IAM_MAX_BYTES);
    buf_init(&is, IAM_MAX_BYTES);
    if (base64_decode(&want, policy, strlen(policy)) == 0 &&
        base64_decode(&is, request, strlen(request)) == 0) {
        rv = want.len == is.len && memcmp(want.data, is.data, is.len) == 0;
    } else if (buf_error(&want) == UV_ENOMEM || buf_error(&is) == UV_ENOMEM) {
        rv = UV_ENOMEM;
    }
    buf_free(&want);
    buf_free(&is);
    return rv;
}

int iam_compare(const struct iam_operator *op, const char *policy_value,
                const char *request_value, bool variables,
                const struct iam_context *context)
{
    unsigned how = variables ? IAM_M_VARIABLES : 0;
    int rv;

    switch (op->family) {
    case IAM_F_NUMERIC:
    case IAM_F_DATE:
        return compare_numbers(op, policy_value, request_value);
    case IAM_F_IP:
        return compare_addresses(policy_value, request_value);
    case IAM_F_BOOL:
        return compare_bools(policy_value, request_value);
    case IAM_F_BINARY:
        return compare_bytes(policy_value, request_value);
    case IAM_F_STRING_NO_CASE:
        how |= IAM_M_NO_CASE;
        break;
    case IAM_F_STRING_LIKE:
        how |= IAM_M_WILD;
        break;
    case IAM_F_ARN:
        how |= IAM_M_WILD | IAM_M_ARN;
        break;
    case IAM_F_STRING:
    case IAM_F_NULL: /* condition.c looks at presence itself */
    default:
        break;
    }
    rv = iam_match(policy_value, request_value, how, context);
    return rv == IAM_UNRESOLVED ? IAM_NO : rv;
}
