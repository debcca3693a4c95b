/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_emu_json.c - any body to the services that take JSON, any text as an
 * SSH key and as a proof of possession: the answer is JSON, and a key that was
 * read is one line. */
#include <stdlib.h>
#include <string.h>

#include "dpop.h"
#include "emu_bed.h"
#include "fuzz.h"
#include "instance_connect.h"
#include "json.h"
#include "oidc.h"
#include "signin.h"
#include "sshkey.h"

/* One body to one service. */
static void run(const char *text, size_t size, enum call_protocol protocol,
                const char *action, void (*handle)(struct api_call *c))
{
    const struct http_request req = {.method = "POST",
                                     .path = "/",
                                     .query = "",
                                     .body = text,
                                     .body_len = size,
                                     .peer_ip = "127.0.0.1"};
    struct http_answer answer;
    struct api_call c;
    json_t *doc;

    emu_bed_call(&c, &req, &answer);
    c.protocol = protocol;
    c.service = "ec2-instance-connect";
    c.action = action;
    if (protocol == CALL_JSON) {
        c.body = js_parse(text, size, NULL);
    }
    if (protocol != CALL_JSON || json_is_object(c.body)) {
        handle(&c);
        doc = js_parse(buf_str(&answer.body), answer.body.len, NULL);
        FUZZ_ASSERT(json_is_object(doc));
        json_decref(doc);
    }
    call_free(&c);
    http_answer_free(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    struct sshkey key;

    run(text, size, CALL_JSON, "SendSSHPublicKey", instance_connect_handle);
    run(text, size, CALL_JSON, "SendSerialConsoleSSHPublicKey",
        instance_connect_handle);
    run(text, size, CALL_REST, "CreateToken", oidc_handle);
    run(text, size, CALL_REST, "CreateOAuth2Token", signin_handle);
    if (sshkey_parse(&key, text) == NULL) {
        FUZZ_ASSERT(strpbrk(key.line, "\r\n") == NULL);
        FUZZ_ASSERT(key.bits > 0);
    }
    sshkey_free(&key);
    dpop_verify(text, "https://h/v1/token", 1767323045);
    free(text);
    return 0;
}
