/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_policy.c - any text as a policy; what can be read can be asked. */
#include <stdlib.h>

#include "buf.h"
#include "err.h"
#include "fuzz.h"
#include "iam.h"

static struct iam_context *context_make(void)
{
    static const char *const pairs[][2] = {
        {"aws:username", "ann"},
        {"aws:SourceIp", "192.0.2.7"},
        {"aws:SecureTransport", "true"},
        {"aws:CurrentTime", "2026-01-02T03:04:05Z"},
        {"aws:PrincipalArn", "arn:aws:iam::111122223333:user/ann"},
        {"aws:TagKeys", "a"},
        {"aws:TagKeys", "b"},
        {"aws:ResourceTag/env", "*"},
        {"ec2:osuser", "ec2-user"},
        {"ec2-instance-connect:remotePort", "22"},
        {"ec2-instance-connect:privateIpAddress", "10.0.1.1"},
        {"ec2-instance-connect:maxTunnelDuration", "3600"},
    };
    struct iam_context *context = iam_context_new();
    size_t i;

    FUZZ_ASSERT(context != NULL);
    for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        FUZZ_ASSERT(iam_context_add(context, pairs[i][0], pairs[i][1]) == 0);
    }
    return context;
}

/* Ask the policy, as one attached and as one of a role. */
static void ask(const struct iam_policy *policy, enum iam_kind kind,
                const struct iam_request *request)
{
    static const struct iam_principal ann = {
        "arn:aws:iam::111122223333:user/ann", NULL, "111122223333", NULL};
    const struct iam_attached attached = {"p", policy};
    const struct iam_policies twice = {.identity = &attached,
                                       .n_identity = 1,
                                       .session = &attached,
                                       .n_session = 1,
                                       .boundary = &attached};
    const struct iam_policies once = {.identity = &attached, .n_identity = 1};
    struct iam_result more;
    struct iam_result r;
    struct buf text;

    if (kind == IAM_TRUST) {
        FUZZ_ASSERT(iam_evaluate_assume(&r, &attached, &ann,
                                        &(struct iam_policies){0},
                                        request) == 0);
    } else {
        /* A policy that limits itself changes nothing. */
        FUZZ_ASSERT(iam_evaluate(&r, &once, request) == 0);
        FUZZ_ASSERT(iam_evaluate(&more, &twice, request) == 0);
        FUZZ_ASSERT(r.verdict == more.verdict);
        FUZZ_ASSERT(r.statement == more.statement);
    }
    buf_init(&text, 1 << 20);
    iam_explain(&text, &r);
    iam_denial(&text, &r, ann.arn, request);
    buf_free(&text);
}

/* Read it as one kind, and ask if that went well. */
static void read_and_ask(const char *text, size_t size, enum iam_kind kind,
                         const struct iam_context *context)
{
    const struct iam_request tunnel = {
        "ec2-instance-connect:OpenTunnel",
        "arn:aws:ec2:us-east-1:111122223333:instance-connect-endpoint/eice-0a",
        context};
    const struct iam_request describe = {"ec2:DescribeInstances", "*", context};
    struct iam_policy *policy;
    struct err e = {.code = 0};

    if (iam_policy_parse(&policy, text, size, kind, &e) == 0) {
        ask(policy, kind, &tunnel);
        ask(policy, kind, &describe);
        iam_policy_free(policy);
    } else {
        FUZZ_ASSERT(policy == NULL && e.code != 0 && e.msg[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct iam_context *context = context_make();
    char *text = fuzz_string(data, size);

    read_and_ask(text, size, IAM_IDENTITY, context);
    read_and_ask(text, size, IAM_TRUST, context);
    free(text);
    iam_context_free(context);
    return 0;
}
