/* SPDX-License-Identifier: Apache-2.0 */
/* agent_answer.c - the agent protocol (draft-ietf-sshm-ssh-agent) as far as a
 * key for one connection needs it: list the key, sign with it. */
#include "agent_answer.h"

#include <string.h>

#include "buf.h"
#include "ssh_key.h"

enum {
    FAILURE = 5,
    REQUEST_IDENTITIES = 11,
    IDENTITIES_ANSWER = 12,
    SIGN_REQUEST = 13,
    SIGN_RESPONSE = 14,
    BLOB_LIMIT = 256
};

/* What is left to read of a request. */
struct reader {
    const unsigned char *at;
    size_t left;
};

static size_t u32_at(const unsigned char *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* Take a string out of the request; false when it is not whole. */
static bool take_string(struct reader *r, const unsigned char **s, size_t *len)
{
    if (r->left < 4) {
        return false;
    }
    *len = u32_at(r->at);
    if (*len > r->left - 4) {
        return false;
    }
    *s = r->at + 4;
    r->at += 4 + *len;
    r->left -= 4 + *len;
    return true;
}

/* The one key there is. */
static void list_keys(struct buf *body, const struct ssh_key *key)
{
    struct buf blob;

    buf_init(&blob, BLOB_LIMIT);
    ssh_key_blob(&blob, key);
    buf_addc(body, IDENTITIES_ANSWER);
    ssh_put_u32(body, 1);
    ssh_put_string(body, blob.data, blob.len);
    ssh_put_string(body, "eice", 4);
    buf_free(&blob);
}

/* Sign what @r holds, if it is for our key. */
static bool sign(struct buf *body, const struct ssh_key *key, struct reader *r)
{
    unsigned char signature[SSH_KEY_SIGNATURE];
    const unsigned char *asked;
    const unsigned char *data;
    size_t asked_len;
    size_t len;
    struct buf blob;
    bool ours;

    if (!take_string(r, &asked, &asked_len) || !take_string(r, &data, &len)) {
        return false;
    }
    buf_init(&blob, BLOB_LIMIT);
    ssh_key_blob(&blob, key);
    ours = blob.len == asked_len && memcmp(blob.data, asked, asked_len) == 0;
    buf_free(&blob);
    if (!ours || ssh_key_sign(key, data, len, signature, NULL) != 0) {
        return false;
    }
    buf_addc(body, SIGN_RESPONSE);
    ssh_put_u32(body, 4 + 11 + 4 + SSH_KEY_SIGNATURE);
    ssh_put_string(body, "ssh-ed25519", 11);
    ssh_put_string(body, signature, sizeof signature);
    return true;
}

size_t agent_answer(struct buf *out, const struct ssh_key *key,
                    const void *data, size_t len)
{
    struct reader r = {data, len};
    struct buf body;
    size_t whole;
    int type;

    if (len < 4) {
        return 0;
    }
    whole = 4 + u32_at(r.at);
    if (whole < 5 || whole > AGENT_REQUEST_MAX) {
        return AGENT_REQUEST_MAX + 1;
    }
    if (len < whole) {
        return 0;
    }
    type = r.at[4];
    r.at += 5;
    r.left = whole - 5;
    buf_init(&body, AGENT_REQUEST_MAX);
    if (type == REQUEST_IDENTITIES) {
        list_keys(&body, key);
    } else if (type != SIGN_REQUEST || !sign(&body, key, &r)) {
        buf_addc(&body, FAILURE);
    }
    ssh_put_string(out, body.data, body.len);
    buf_free(&body);
    return whole;
}

/* Whether the first answer of @answer is of @type. */
static bool is_type(const void *answer, size_t len, int type)
{
    const unsigned char *p = answer;

    return len > 4 && p[4] == type;
}

bool agent_answer_lists(const void *answer, size_t len)
{
    return is_type(answer, len, IDENTITIES_ANSWER);
}

bool agent_answer_signs(const void *answer, size_t len)
{
    return is_type(answer, len, SIGN_RESPONSE);
}
