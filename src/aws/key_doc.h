/* SPDX-License-Identifier: Apache-2.0 */
/* key_doc.h - the JSON documents that keys come in from programs, metadata
 * services and token files.  Pure: each reader takes a parsed document, which
 * may be NULL or anything at all. */
#ifndef KEY_DOC_H
#define KEY_DOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct err;

/* Keys as a document has them; the strings belong to it. */
struct key_doc {
    const char *access_key_id;
    const char *secret;
    const char *token;   /* NULL: none */
    const char *account; /* NULL: it does not say */
    int64_t expires_at;  /* 0: never */
};

/* What a credential_process prints.  Returns 0 or ERR_CREDENTIALS with the AWS
 * CLI's words, without what it puts before them, in @e. */
int key_doc_process(struct key_doc *k, const json_t *doc, struct err *e);

/* What a container service says.  Returns as above. */
int key_doc_container(struct key_doc *k, const json_t *doc, struct err *e);

/* What IMDS says.  False when the keys are not whole; *@why is then its
 * "Code", or "none". */
bool key_doc_imds(struct key_doc *k, const json_t *doc, const char **why);

/* What "aws login" keeps, as far as it is needed to use it, and to renew it. */
bool key_doc_login(struct key_doc *k, const json_t *doc);
bool key_doc_login_renewable(const json_t *doc);

/* What "aws sso login" keeps: token and expiry. */
bool key_doc_sso_token(const char **token, int64_t *expires_at,
                       const json_t *doc);

/* Whether that can be renewed at @now; *@why says why not. */
bool key_doc_sso_renewable(const json_t *doc, int64_t now, const char **why);

/* What "aws sso login" would keep of the answer to a renewal of @doc at @now,
 * in its order; NULL when the answer holds no token.  The caller drops it. */
json_t *key_doc_sso_renewed(const json_t *doc, const json_t *answer,
                            const char *start_url, const char *region,
                            int64_t now);

/* Put what the answer to a renewal at @now holds into the document of "aws
 * login"; false when it is not whole (or memory is short). */
bool key_doc_login_renew(json_t *doc, const json_t *answer, int64_t now);

#endif /* KEY_DOC_H */
