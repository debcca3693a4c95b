/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_key_doc.c - any text as each of the documents that credentials come in:
 * of programs, metadata services, token files and their renewals, caches, STS
 * and the SSO portal; and as a refusal in every dialect. */
#include <stdlib.h>
#include <string.h>

#include "api_error.h"
#include "buf.h"
#include "err.h"
#include "fuzz.h"
#include "json.h"
#include "key_doc.h"
#include "role_entry.h"
#include "words.h"

/* Read @doc as everything it might be. */
static void read_all(const json_t *doc)
{
    const char *token, *why;
    struct key_doc k;
    struct role_entry entry;
    struct err e;
    int64_t at;

    if (key_doc_process(&k, doc, &e) == 0) {
        FUZZ_ASSERT(k.access_key_id != NULL && k.secret != NULL);
    }
    if (key_doc_container(&k, doc, &e) == 0) {
        FUZZ_ASSERT(k.access_key_id != NULL && k.secret != NULL &&
                    k.token != NULL);
    }
    if (key_doc_imds(&k, doc, &why)) {
        FUZZ_ASSERT(k.access_key_id != NULL && k.token != NULL);
    }
    FUZZ_ASSERT(why != NULL);
    if (key_doc_login(&k, doc)) {
        FUZZ_ASSERT(k.access_key_id != NULL && k.token != NULL);
    }
    (void)key_doc_login_renewable(doc);
    if (key_doc_sso_token(&token, &at, doc)) {
        FUZZ_ASSERT(token != NULL);
    }
    FUZZ_ASSERT(key_doc_sso_renewable(doc, 0, &why) || why != NULL);
    if (role_entry_read(&entry, doc)) {
        FUZZ_ASSERT(entry.access_key_id != NULL && entry.token != NULL);
    }
}

/* Take @answer for the renewal of the tokens in @doc.  What comes of it can be
 * read, and says when it ends. */
static void renew(json_t *doc, const json_t *answer)
{
    const int64_t now = 1767323045;
    const char *token;
    struct key_doc k;
    int64_t at = 0;
    json_t *sso =
        key_doc_sso_renewed(doc, answer, "https://x.example", "r", now);

    if (sso != NULL) {
        FUZZ_ASSERT(key_doc_sso_token(&token, &at, sso));
        FUZZ_ASSERT(at >= now);
        json_decref(sso);
    }
    if (key_doc_login_renew(doc, answer, now)) {
        FUZZ_ASSERT(key_doc_login(&k, doc) && k.expires_at >= now);
    }
}

/* What is made of an answer for the cache can be read from there again. */
static void check_entry(json_t *entry)
{
    struct role_entry r;
    struct buf text;
    json_t *back;

    if (entry == NULL) {
        return;
    }
    FUZZ_ASSERT(role_entry_read(&r, entry));
    buf_init(&text, 1 << 20);
    js_write(&text, entry, JS_SPACED | JS_ASCII);
    back = js_parse(buf_str(&text), text.len, NULL);
    FUZZ_ASSERT(role_entry_read(&r, back));
    json_decref(back);
    buf_free(&text);
    json_decref(entry);
}

/* Read @text as a refusal. */
static void check_refusal(const char *text, size_t size)
{
    static const enum call_protocol dialects[] = {CALL_EC2, CALL_QUERY,
                                                  CALL_JSON, CALL_REST_JSON};
    struct response resp = {.status = 403, .body = text, .body_len = size};
    struct api_error error;
    size_t i;

    for (i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        api_error_read(&error, dialects[i], &resp);
        FUZZ_ASSERT(error.code[0] != '\0');
        (void)api_error_verdict(&error, 403);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    json_t *doc = js_parse(text, size, NULL);
    json_t *answer = js_parse(text, size, NULL);
    json_t *kept = json_pack("{s:{}, s:s, s:s, s:s}", "accessToken", "clientId",
                             "c", "clientSecret", "s", "registrationExpiresAt",
                             "2026-01-02T03:04:05Z");
    struct words w;
    struct err e;

    read_all(doc);
    renew(kept, answer); /* A good file, any answer */
    renew(doc, answer);  /* And any file */
    json_decref(kept);
    json_decref(answer);
    json_decref(doc);
    check_entry(role_entry_from_sts(text, size, "AssumeRole", false, &e));
    check_entry(role_entry_from_sts(text, size, "AssumeRole", true, &e));
    check_entry(role_entry_from_sso(text, size, "111122223333", &e));
    check_refusal(text, size);
    if (words_split(&w, text, NULL) == 0) {
        FUZZ_ASSERT(w.v == NULL ? w.n == 0 : w.v[w.n] == NULL);
        words_free(&w);
    }
    free(text);
    return 0;
}
