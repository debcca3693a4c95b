/* SPDX-License-Identifier: Apache-2.0 */
/* hint.c - causes of refused tunnels that users have met, told by what the
 * service said and by what we know ourselves. */
#include "hint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "iso8601.h"
#include "skew.h"

/* Signed URLs are good for a minute, headers for five: a clock that is this
 * much behind spoils the former only (skew.h has the limit of the latter). */
enum { URL_SKEW_S = 45 };

/* Whether the service's error code or its text holds @word, in any case. */
static bool says(const struct err *e, const char *word)
{
    return strcasestr(e->remote_code, word) != NULL ||
           strcasestr(e->msg, word) != NULL;
}

/* Whether the code begins as one of @codes, which ends with NULL. */
static bool is_one_of(const struct err *e, const char *const *codes)
{
    for (; *codes != NULL; codes++) {
        if (strncasecmp(e->remote_code, *codes, strlen(*codes)) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_denied(const struct err *e)
{
    return says(e, "AccessDenied") || says(e, "UnauthorizedOperation") ||
           says(e, "not authorized to perform");
}

static bool is_expired_token(const struct err *e)
{
    static const char *const codes[] = {"ExpiredToken", NULL};

    return is_one_of(e, codes) ||
           (says(e, "token") && says(e, "expired") && !is_denied(e));
}

static bool is_unknown_key(const struct err *e)
{
    static const char *const codes[] = {"InvalidClientTokenId",
                                        "UnrecognizedClient", "AuthFailure",
                                        "InvalidAccessKeyId", NULL};

    return is_one_of(e, codes);
}

static bool is_signature(const struct err *e)
{
    return says(e, "signature") || says(e, "RequestExpired") ||
           says(e, "TimeTooSkewed");
}

static bool is_endpoint_gone(const struct err *e)
{
    return e->http_status == 404 || says(e, "NotFound") ||
           says(e, "does not exist");
}

/* The service's time out of its words, where it sends no Date: "Signature
 * expired: T1 is now earlier than T2 (T3 - 5 min.)"; T3 if it is there, else
 * T2. */
static bool time_in_words(const char *msg, int64_t *seconds)
{
    const char *at = strstr(msg, " than ");
    char text[ISO8601_BASIC_SIZE];
    const char *aside;

    if (at == NULL) {
        return false;
    }
    at += strlen(" than ");
    aside = strstr(at, " (2");
    if (aside != NULL && aside - at < ISO8601_BASIC_SIZE) {
        at = aside + 2;
    }
    snprintf(text, sizeof text, "%s", at);
    return iso8601_parse(text, seconds, NULL) == 0;
}

/* Name a clock that is too far off for a signed URL. */
static bool hint_clock(struct err *e, const struct hint_facts *f)
{
    int64_t skew_s, theirs;

    if (!skew_read(f->server_date, f->now, &skew_s)) {
        if (!time_in_words(e->msg, &theirs)) {
            return false;
        }
        skew_s = theirs - f->now;
    }
    if (llabs((long long)skew_s) < URL_SKEW_S) {
        return false;
    }
    skew_hint(e, skew_s);
    return true;
}

/* The region in an endpoint's name, if it is another one than we signed for:
 * "eice-x.hash.[fips.]ec2-instance-connect-endpoint.REGION.suffix". */
static bool hint_region(struct err *e, const struct hint_facts *f)
{
    static const char label[] = ".ec2-instance-connect-endpoint.";
    const char *at;
    size_t n;

    at = f->dns_name != NULL ? strstr(f->dns_name, label) : NULL;
    if (at == NULL || f->region == NULL) {
        return false;
    }
    at += sizeof label - 1;
    n = strcspn(at, ".");
    if (n == strlen(f->region) && strncmp(at, f->region, n) == 0) {
        return false;
    }
    err_hint(e,
             "the endpoint is in %.*s but the request was signed for %s: pass "
             "--region %.*s",
             (int)n, at, f->region, (int)n, at);
    return true;
}

/* The caller may not open this tunnel. */
static void hint_denied(struct err *e, const struct hint_facts *f)
{
    err_hint(e,
             "%sthe caller's policy must allow ec2-instance-connect:OpenTunnel "
             "on this endpoint for this address, port and duration",
             f->duration_given
                 ? ""
                 : "if the policy limits maxTunnelDuration, pass "
                   "--max-tunnel-duration with a value it allows; otherwise ");
}

/* The endpoint could not reach the instance. */
static void hint_unreachable(struct err *e, const struct hint_facts *f)
{
    const char *server = f->remote_port == 3389 ? "the RDP server" : "sshd";

    if (f->instance_state != NULL &&
        strcmp(f->instance_state, "running") != 0) {
        err_hint(e, "the instance is %s: start it and try again",
                 f->instance_state);
        return;
    }
    err_hint(e,
             "check that the instance is running and %s listens on port %d, "
             "that its security group allows that port from %s, and that the "
             "endpoint's security group allows it to go out%s",
             server, f->remote_port,
             f->preserve_client_ip
                 ? "this machine's address (the endpoint preserves client IPs)"
                 : "the endpoint's security group",
             f->preserve_client_ip
                 ? "; some instance types cannot serve preserved client IPs"
                 : "");
}

/* The credentials were good once. */
static void hint_expired(struct err *e, const struct hint_facts *f)
{
    const char *source = f->creds_source != NULL ? f->creds_source : "";

    if (strcmp(source, "sso") == 0 || strcmp(source, "login") == 0) {
        err_hint(e, "the credentials have expired: sign in again (aws %s)",
                 source[0] == 's' ? "sso login" : "login");
        return;
    }
    err_hint(e, "the credentials have expired: get new ones%s%s%s",
             source[0] != '\0' ? " (these came from " : "", source,
             source[0] != '\0' ? ")" : "");
}

/* All that is known about refusals, the surest first. */
enum hint_verdict hint_refused(struct err *e, const struct hint_facts *f)
{
    if (says(e, "Unable to connect to target")) {
        hint_unreachable(e, f);
        return HINT_FACTS_STALE;
    }
    if (is_expired_token(e)) {
        hint_expired(e, f);
        return HINT_CREDS_REFUSED;
    }
    if (is_denied(e)) {
        hint_denied(e, f);
        return HINT_NOTHING;
    }
    if (is_unknown_key(e)) {
        err_hint(e, "the service does not know this access key: check the "
                    "credentials and that they belong to this partition");
        return HINT_CREDS_REFUSED;
    }
    if (is_signature(e)) {
        if (hint_clock(e, f)) {
            return HINT_CLOCK_WRONG;
        }
        if (!hint_region(e, f)) {
            err_hint(e, "check the secret access key and the session token");
        }
        return HINT_NOTHING;
    }
    if (says(e, "RemotePort")) {
        err_hint(e, "the service opens tunnels to ports 22 and 3389 only; use "
                    "ssh -L through port 22 to reach others");
        return HINT_NOTHING;
    }
    if (is_endpoint_gone(e)) {
        err_hint(e, "check that the endpoint exists in this region and is not "
                    "being deleted");
        return HINT_FACTS_STALE;
    }
    if (e->http_status == 429 || says(e, "Throttl") || says(e, "LimitExceed")) {
        err_hint(e, "an endpoint carries 20 connections at a time: close some, "
                    "or share one (ssh ControlMaster)");
        return HINT_NOTHING;
    }
    if (e->http_status == 401 || e->http_status == 403) {
        if (hint_clock(e, f)) {
            return HINT_CLOCK_WRONG;
        }
        hint_region(e, f);
    }
    return HINT_NOTHING;
}
