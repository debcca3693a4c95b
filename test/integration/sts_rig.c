/* SPDX-License-Identifier: Apache-2.0 */
/* sts_rig.c - an STS that says what it is told to, and a home that asks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "iso8601.h"
#include "sts_rig.h"

static void on_sts(struct fake_http *http, const struct fake_request *q,
                   struct fake_reply *reply)
{
    struct sts *s = http->data;
    bool web = strstr(q->body, "WithWebIdentity") != NULL;
    const char *op = web ? "AssumeRoleWithWebIdentity" : "AssumeRole";
    char expires[ISO8601_EXTENDED_SIZE];

    if (s->stall) {
        reply->stall = true;
        return;
    }
    if (s->garbage) {
        strcpy(reply->body, "<AssumeRoleResponse/>");
        return;
    }
    if (s->refuse != NULL && s->refuse_n > 0) {
        s->refuse_n--;
        reply->status = 403;
        snprintf(reply->body, sizeof reply->body,
                 "<ErrorResponse><Error><Code>%s</Code><Message>no</Message>"
                 "</Error><RequestId>rid</RequestId></ErrorResponse>",
                 s->refuse);
        return;
    }
    iso8601_extended(expires, (int64_t)time(NULL) + s->lifetime_s);
    snprintf(reply->body, sizeof reply->body,
             "<%sResponse><%sResult><AssumedRoleUser><Arn>arn:aws:sts::"
             "111122223333:assumed-role/r/s</Arn></AssumedRoleUser>"
             "<Credentials><AccessKeyId>ASIA%u</AccessKeyId><SecretAccessKey>"
             "role-secret</SecretAccessKey><SessionToken>role-token"
             "</SessionToken><Expiration>%s</Expiration></Credentials>"
             "</%sResult></%sResponse>",
             op, op, http->n, expires, op, op);
}

void sts_setup(struct sts *s, const char *config)
{
    *s = (struct sts){.lifetime_s = 3600};
    aws_home_init(&s->home, config, NULL);
    fake_http_start(&s->http, &s->home.loop, on_sts, s);
    aws_home_set(&s->home, "AWS_ENDPOINT_URL_STS", "http://127.0.0.1:%u",
                 s->http.port);
    aws_home_set(&s->home, "AWS_MAX_ATTEMPTS", "1");
    s->home.read_timeout_s = 20;
}

void sts_teardown(struct sts *s)
{
    fake_http_stop(&s->http);
    assert_false(aws_home_logged(&s->home, "secret"));
    assert_false(aws_home_logged(&s->home, "role-token"));
    aws_home_drop(&s->home);
}
