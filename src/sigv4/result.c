/* SPDX-License-Identifier: Apache-2.0 */
/* result.c - a signature's memory, and the stages run one after the other. */
#include "result.h"

#include "err.h"
#include "iso8601.h"
#include "wipe.h"

enum { RESULT_LIMIT = 1 << 20 }; /* Far above any header or URL */

void sigv4_result_init(struct sigv4_result *r)
{
    *r = (struct sigv4_result){0};
    buf_init(&r->canonical, RESULT_LIMIT);
    buf_init(&r->string_to_sign, RESULT_LIMIT);
    buf_init(&r->output, RESULT_LIMIT);
}

void sigv4_result_free(struct sigv4_result *r)
{
    buf_wipe(&r->canonical);
    buf_wipe(&r->string_to_sign);
    buf_wipe(&r->output);
    wipe(r->signature, sizeof r->signature);
}

bool sigv4_has_token(const struct sigv4_key *key)
{
    return key->session_token != NULL && key->session_token[0] != '\0';
}

/* Whether @text can be a header's value as it is: printable ASCII. */
static bool is_sendable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

int sigv4_begin(struct sigv4_result *r, const struct sigv4_key *key,
                const struct sigv4_scope *scope, struct err *e)
{
    sigv4_result_free(r);
    sigv4_result_init(r);
    if (!is_sendable(key->access_key_id)) {
        return err_set(e, ERR_CREDENTIALS,
                       "the access key id holds a character that cannot be "
                       "sent");
    }
    if (sigv4_has_token(key) && !is_sendable(key->session_token)) {
        return err_set(e, ERR_CREDENTIALS,
                       "the session token holds a character that cannot be "
                       "sent");
    }
    iso8601_basic(r->date, scope->time);
    return 0;
}

int sigv4_run(struct sigv4_result *r, const struct sigv4_key *key,
              const struct sigv4_scope *scope, const struct sigv4_request *req)
{
    unsigned char signing_key[SIGV4_KEY_SIZE];
    int rv;

    rv = sigv4_canonical_request(&r->canonical, req);
    if (rv == 0) {
        rv = sigv4_string_to_sign(&r->string_to_sign, scope, &r->canonical);
    }
    if (rv == 0) {
        rv = sigv4_signing_key(signing_key, key->secret_access_key, scope);
    }
    if (rv == 0) {
        rv = sigv4_signature(r->signature, signing_key, &r->string_to_sign);
        wipe(signing_key, sizeof signing_key);
    }
    return rv;
}

int sigv4_failed(struct sigv4_result *r, int code, struct err *e)
{
    sigv4_result_free(r);
    sigv4_result_init(r);
    return err_set(e, code, "cannot sign the request: %s", err_sentence(code));
}
