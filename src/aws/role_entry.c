/* SPDX-License-Identifier: Apache-2.0 */
/* role_entry.c - from answers to cache entries to credentials. */
#include "role_entry.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "hex.h"
#include "iso8601.h"
#include "json.h"
#include "xml.h"

/* Set @key to the string @value, unless that is NULL. */
static int set_str(json_t *obj, const char *key, const char *value)
{
    return value != NULL ? json_object_set_new(obj, key, json_string(value))
                         : 0;
}

int role_key_text(struct buf *out, const struct role_request *r)
{
    json_t *obj = json_object();
    int bad = set_str(obj, "ExternalId", r->external_id);

    bad |= set_str(obj, "RoleArn", r->role_arn);
    bad |= set_str(obj, "RoleSessionName", r->session_name);
    bad |= set_str(obj, "SerialNumber", r->mfa_serial);
    if (r->has_duration) {
        bad |= json_object_set_new(obj, "DurationSeconds",
                                   json_integer(r->duration_s));
    }
    if (bad != 0) {
        json_decref(obj); /* Out of memory, or not UTF-8 */
        return UV_ENOMEM;
    }
    js_write(out, obj, JS_SPACED | JS_SORTED | JS_ASCII);
    json_decref(obj);
    return buf_error(out);
}

int role_key_sso_text(struct buf *out, const char *account_id,
                      const char *role_name, const char *session_name,
                      const char *start_url)
{
    json_t *obj = json_object();
    int bad = set_str(obj, "accountId", account_id);

    bad |= set_str(obj, "roleName", role_name);
    if (session_name != NULL) {
        bad |= set_str(obj, "sessionName", session_name);
    } else {
        bad |= set_str(obj, "startUrl", start_url);
    }
    if (bad != 0) {
        json_decref(obj);
        return UV_ENOMEM;
    }
    js_write(out, obj, JS_COMPACT | JS_SORTED | JS_ASCII);
    json_decref(obj);
    return buf_error(out);
}

void role_key(char out[static ROLE_KEY_SIZE], const char *text)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (EVP_Digest(text, strlen(text), sum, &n, EVP_sha1(), NULL) != 1 ||
        n != 20) {
        memset(sum, 0, 20); /* UNTESTED: SHA-1 is always there */
    }
    hex_encode(out, sum, 20);
}

bool role_entry_read(struct role_entry *out, const json_t *entry)
{
    const json_t *creds = js_obj(entry, "Credentials");
    const char *expires = js_str(creds, "Expiration");

    *out = (struct role_entry){
        .access_key_id = js_str(creds, "AccessKeyId"),
        .secret = js_str(creds, "SecretAccessKey"),
        .token = js_str(creds, "SessionToken"),
        .account_id = js_str(creds, "AccountId"),
    };
    return out->access_key_id != NULL && out->secret != NULL &&
           out->token != NULL && expires != NULL &&
           iso8601_parse(expires, &out->expires_at, NULL) == 0;
}

/* The account in "arn:aws:sts::111122223333:assumed-role/r/s", or "". */
static void account_of(char out[static 32], const char *arn)
{
    int colons;
    size_t n;

    out[0] = '\0';
    if (arn == NULL || strncmp(arn, "arn:", 4) != 0) {
        return;
    }
    for (colons = 0; colons < 4; colons++) {
        arn += strcspn(arn, ":");
        if (*arn++ == '\0') {
            return;
        }
    }
    n = strcspn(arn, ":");
    if (n > 0 && n < 32 && arn[n] == ':') {
        memcpy(out, arn, n);
        out[n] = '\0';
    }
}

/* The "Credentials" of an entry, or NULL with @e filled. */
static json_t *sts_credentials(const struct xml_node *result, bool wire,
                               struct err *e)
{
    const struct xml_node *from = xml_find(result, "Credentials");
    const char *expires = xml_find_text(from, "Expiration");
    const char *arn = xml_find_text(result, "AssumedRoleUser/Arn");
    char iso[ISO8601_OFFSET_SIZE];
    char account[32];
    json_t *creds = json_object();
    int64_t at;
    int bad = 0;

    if (expires == NULL || iso8601_parse(expires, &at, NULL) != 0) {
        err_set(e, ERR_PARSE, "the answer has no expiry time");
        json_decref(creds);
        return NULL;
    }
    iso8601_offset(iso, at);
    account_of(account, arn);
    bad |= set_str(creds, "AccessKeyId", xml_find_text(from, "AccessKeyId"));
    bad |= set_str(creds, "SecretAccessKey",
                   xml_find_text(from, "SecretAccessKey"));
    bad |= set_str(creds, "SessionToken", xml_find_text(from, "SessionToken"));
    bad |= set_str(creds, "Expiration", wire ? expires : iso);
    bad |= set_str(creds, "AccountId", account[0] != '\0' ? account : NULL);
    if (bad != 0) {
        err_set_uv(e, UV_ENOMEM, "credentials");
        json_decref(creds);
        return NULL;
    }
    return creds;
}

/* The rest of an entry: who we are now, and the answer's own data. */
static int sts_rest(json_t *entry, const struct xml_node *result,
                    const struct xml_node *root)
{
    static const char *const plain[] = {"SubjectFromWebIdentityToken",
                                        "Provider", "Audience",
                                        "SourceIdentity"};
    const struct xml_node *user = xml_find(result, "AssumedRoleUser");
    json_t *who = json_object();
    json_t *meta = json_object();
    size_t i;
    int bad;

    bad = set_str(who, "AssumedRoleId", xml_find_text(user, "AssumedRoleId"));
    bad |= set_str(who, "Arn", xml_find_text(user, "Arn"));
    bad |= json_object_set_new(entry, "AssumedRoleUser", who);
    for (i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        bad |= set_str(entry, plain[i], xml_find_text(result, plain[i]));
    }
    bad |= set_str(meta, "RequestId",
                   xml_find_text(root, "ResponseMetadata/RequestId"));
    bad |= json_object_set_new(meta, "HTTPStatusCode", json_integer(200));
    bad |= json_object_set_new(meta, "HTTPHeaders", json_object());
    bad |= json_object_set_new(meta, "RetryAttempts", json_integer(0));
    bad |= json_object_set_new(entry, "ResponseMetadata", meta);
    return bad;
}

json_t *role_entry_from_sts(const char *text, size_t len, const char *operation,
                            bool wire, struct err *e)
{
    char name[64];
    const struct xml_node *root, *result;
    struct role_entry check;
    json_t *entry = NULL;
    json_t *creds;
    struct xml *xml;

    if (xml_parse(&xml, text, len, e) != 0) {
        return NULL;
    }
    snprintf(name, sizeof name, "%sResult", operation);
    root = xml_root(xml);
    result = xml_find(root, name);
    creds = sts_credentials(result, wire, e);
    if (creds != NULL) {
        entry = json_object();
        if (json_object_set_new(entry, "Credentials", creds) != 0 ||
            sts_rest(entry, result, root) != 0) {
            err_set_uv(e, UV_ENOMEM, "credentials");
            json_decref(entry);
            entry = NULL;
        } else if (!role_entry_read(&check, entry)) {
            err_set(e, ERR_PARSE, "the answer holds no whole credentials");
            json_decref(entry);
            entry = NULL;
        }
    }
    xml_free(xml);
    return entry;
}

json_t *role_entry_from_sso(const char *text, size_t len,
                            const char *account_id, struct err *e)
{
    json_t *answer = js_parse(text, len, e);
    const json_t *from = js_obj(answer, "roleCredentials");
    char iso[ISO8601_EXTENDED_SIZE];
    struct role_entry check;
    json_t *entry, *creds;
    int64_t ms = 0;
    int bad;

    if (answer == NULL) {
        return NULL;
    }
    if (!js_int(from, "expiration", &ms)) {
        err_set(e, ERR_PARSE, "the answer has no expiry time");
        json_decref(answer);
        return NULL;
    }
    iso8601_extended(iso, ms / 1000);
    entry = json_object();
    creds = json_object();
    bad = set_str(entry, "ProviderType", "sso");
    bad |= set_str(creds, "AccessKeyId", js_str(from, "accessKeyId"));
    bad |= set_str(creds, "SecretAccessKey", js_str(from, "secretAccessKey"));
    bad |= set_str(creds, "SessionToken", js_str(from, "sessionToken"));
    bad |= set_str(creds, "Expiration", iso);
    bad |= set_str(creds, "AccountId", account_id);
    bad |= json_object_set_new(entry, "Credentials", creds);
    json_decref(answer);
    if (bad != 0 || !role_entry_read(&check, entry)) {
        err_set(e, ERR_PARSE, "the answer holds no whole credentials");
        json_decref(entry);
        return NULL;
    }
    return entry;
}
