/* SPDX-License-Identifier: Apache-2.0 */
/* role_body.c - forms for STS. */
#include "role_body.h"

#include <stdio.h>

#include "buf.h"
#include "percent.h"
#include "role_entry.h"

/* What both calls begin with. */
static void begin(struct buf *out, const char *action,
                  const struct role_request *r, int64_t now)
{
    char name[64];

    snprintf(name, sizeof name, "botocore-session-%lld", (long long)now);
    percent_form_pair(out, "Action", action);
    percent_form_pair(out, "Version", "2011-06-15");
    percent_form_pair(out, "RoleArn", r->role_arn);
    percent_form_pair(out, "RoleSessionName",
                      r->session_name != NULL && *r->session_name != '\0'
                          ? r->session_name
                          : name);
}

void sts_assume_role(struct buf *out, const struct role_request *r,
                     const char *token_code, int64_t now)
{
    char number[32];

    begin(out, "AssumeRole", r, now);
    if (r->external_id != NULL) {
        percent_form_pair(out, "ExternalId", r->external_id);
    }
    if (r->mfa_serial != NULL) {
        percent_form_pair(out, "SerialNumber", r->mfa_serial);
    }
    if (token_code != NULL) {
        percent_form_pair(out, "TokenCode", token_code);
    }
    if (r->has_duration) {
        snprintf(number, sizeof number, "%lld", (long long)r->duration_s);
        percent_form_pair(out, "DurationSeconds", number);
    }
}

void sts_web_identity(struct buf *out, const struct role_request *r,
                      const char *token, int64_t now)
{
    begin(out, "AssumeRoleWithWebIdentity", r, now);
    percent_form_pair(out, "WebIdentityToken", token);
}
