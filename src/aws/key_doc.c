/* SPDX-License-Identifier: Apache-2.0 */
/* key_doc.c - members, and what must be said when they are not there. */
#include "key_doc.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "err.h"
#include "iso8601.h"
#include "json.h"

enum { YEAR_S = 366 * 86400 };

/* Refuse a date in Python's words. */
static int bad_date(const char *text, struct err *e)
{
    return err_set(e, ERR_CREDENTIALS, "Unknown string format: %s", text);
}

/* Whether @doc is of version 1; if not, what it says of itself. */
static bool is_version_1(const json_t *doc, char *said, size_t size)
{
    const json_t *version = json_object_get(doc, "Version");

    if (version == NULL) {
        snprintf(said, size, "<Version key not provided>");
    } else if (json_is_string(version)) {
        snprintf(said, size, "%s", json_string_value(version));
    } else if (json_is_number(version)) {
        snprintf(said, size, "%.15g", json_number_value(version));
        return fabs(json_number_value(version) - 1) < 1e-9;
    } else {
        snprintf(said, size, "%s", json_is_null(version) ? "None" : "?");
    }
    return false;
}

int key_doc_process(struct key_doc *k, const json_t *doc, struct err *e)
{
    const char *expires = js_str(doc, "Expiration");
    char version[64];

    *k = (struct key_doc){
        .access_key_id = js_str(doc, "AccessKeyId"),
        .secret = js_str(doc, "SecretAccessKey"),
        .token = js_str(doc, "SessionToken"),
        .account = js_str(doc, "AccountId"),
    };
    if (!json_is_object(doc)) {
        return err_set(e, ERR_CREDENTIALS, "it printed no JSON object");
    }
    if (!is_version_1(doc, version, sizeof version)) {
        return err_set(e, ERR_CREDENTIALS,
                       "Unsupported version '%s' for credential process "
                       "provider, supported versions: 1",
                       version);
    }
    if (k->access_key_id == NULL || k->secret == NULL) {
        return err_set(
            e, ERR_CREDENTIALS, "Missing required key in response: '%s'",
            k->access_key_id == NULL ? "AccessKeyId" : "SecretAccessKey");
    }
    if (expires != NULL && iso8601_parse(expires, &k->expires_at, NULL) != 0) {
        return bad_date(expires, e);
    }
    return 0;
}

int key_doc_container(struct key_doc *k, const json_t *doc, struct err *e)
{
    const char *expires = js_str(doc, "Expiration");
    const struct {
        const char *key, *value;
    } needed[] = {{"AccessKeyId", js_str(doc, "AccessKeyId")},
                  {"SecretAccessKey", js_str(doc, "SecretAccessKey")},
                  {"Token", js_str(doc, "Token")},
                  {"Expiration", expires}};
    size_t i;

    for (i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (needed[i].value == NULL) {
            return err_set(e, ERR_CREDENTIALS,
                           "Missing required key in response: '%s'",
                           needed[i].key);
        }
    }
    *k = (struct key_doc){
        .access_key_id = needed[0].value,
        .secret = needed[1].value,
        .token = needed[2].value,
        .account = js_str(doc, "AccountId"),
    };
    return iso8601_parse(expires, &k->expires_at, NULL) == 0
               ? 0
               : bad_date(expires, e);
}

/* Read when @k ends; false when that or a part of @k is missing. */
static bool finish(struct key_doc *k, const char *expires)
{
    return k->access_key_id != NULL && k->secret != NULL && k->token != NULL &&
           expires != NULL && iso8601_parse(expires, &k->expires_at, NULL) == 0;
}

bool key_doc_imds(struct key_doc *k, const json_t *doc, const char **why)
{
    const char *expires = js_str(doc, "Expiration");
    const char *code = js_str(doc, "Code");

    *k = (struct key_doc){
        .access_key_id = js_str(doc, "AccessKeyId"),
        .secret = js_str(doc, "SecretAccessKey"),
        .token = js_str(doc, "Token"),
    };
    *why = code != NULL ? code : "none";
    return finish(k, expires);
}

bool key_doc_login(struct key_doc *k, const json_t *doc)
{
    const json_t *access = js_obj(doc, "accessToken");
    const char *expires = js_str(access, "expiresAt");

    *k = (struct key_doc){
        .access_key_id = js_str(access, "accessKeyId"),
        .secret = js_str(access, "secretAccessKey"),
        .token = js_str(access, "sessionToken"),
        .account = js_str(access, "accountId"),
    };
    return finish(k, expires);
}

bool key_doc_login_renewable(const json_t *doc)
{
    return js_str(doc, "refreshToken") != NULL &&
           js_str(doc, "dpopKey") != NULL && js_str(doc, "clientId") != NULL;
}

bool key_doc_sso_token(const char **token, int64_t *expires_at,
                       const json_t *doc)
{
    const char *expires = js_str(doc, "expiresAt");

    *token = js_str(doc, "accessToken");
    return *token != NULL && expires != NULL &&
           iso8601_parse(expires, expires_at, NULL) == 0;
}

bool key_doc_sso_renewable(const json_t *doc, int64_t now, const char **why)
{
    const char *until = js_str(doc, "registrationExpiresAt");
    int64_t registered_until;

    if (js_str(doc, "refreshToken") == NULL ||
        js_str(doc, "clientId") == NULL ||
        js_str(doc, "clientSecret") == NULL || until == NULL ||
        iso8601_parse(until, &registered_until, NULL) != 0) {
        *why = "it lacks the means";
        return false;
    }
    *why = "its registration has expired";
    return registered_until > now;
}

/* When @answer, of @now, will be over.  False when it does not say.  No service
 * means more than a year, and no sum may run over. */
static bool expires_in(int64_t *at, const json_t *answer, int64_t now)
{
    int64_t seconds = 0;

    if (!js_int(answer, "expiresIn", &seconds)) {
        return false;
    }
    if (seconds > YEAR_S) {
        seconds = YEAR_S;
    }
    *at = now + (seconds > 0 ? seconds : 0);
    return true;
}

json_t *key_doc_sso_renewed(const json_t *doc, const json_t *answer,
                            const char *start_url, const char *region,
                            int64_t now)
{
    const char *token = js_str(answer, "accessToken");
    const char *refresh = js_str(answer, "refreshToken");
    char expires[ISO8601_EXTENDED_SIZE];
    json_t *out;
    int64_t at;

    if (token == NULL || !expires_in(&at, answer, now)) {
        return NULL;
    }
    iso8601_extended(expires, at);
    out =
        json_pack("{s:s, s:s, s:s, s:s, s:O, s:O, s:O}", "startUrl", start_url,
                  "region", region, "accessToken", token, "expiresAt", expires,
                  "clientId", json_object_get(doc, "clientId"), "clientSecret",
                  json_object_get(doc, "clientSecret"), "registrationExpiresAt",
                  json_object_get(doc, "registrationExpiresAt"));
    if (out != NULL && refresh != NULL) {
        json_object_set_new(out, "refreshToken", json_string(refresh));
    }
    return out;
}

bool key_doc_login_renew(json_t *doc, const json_t *answer, int64_t now)
{
    static const char *const copied[] = {"accessKeyId", "secretAccessKey",
                                         "sessionToken"};
    const json_t *from = js_obj(answer, "accessToken");
    const char *refresh = js_str(answer, "refreshToken");
    json_t *access = js_obj(doc, "accessToken");
    char expires[ISO8601_EXTENDED_SIZE];
    int bad = 0;
    int64_t at;
    size_t i;

    if (refresh == NULL || access == NULL || !expires_in(&at, answer, now)) {
        return false;
    }
    for (i = 0; i < sizeof copied / sizeof copied[0]; i++) {
        if (js_str(from, copied[i]) == NULL) {
            return false;
        }
    }
    for (i = 0; i < sizeof copied / sizeof copied[0]; i++) {
        bad |= json_object_set(access, copied[i],
                               json_object_get(from, copied[i]));
    }
    iso8601_extended(expires, at);
    bad |= json_object_set_new(access, "expiresAt", json_string(expires));
    bad |= json_object_set_new(doc, "refreshToken", json_string(refresh));
    return bad == 0;
}
