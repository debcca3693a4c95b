/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_emu_form.c - any form to EC2, from somebody who may do everything, and
 * unsigned to STS: the answer is XML that can be read, and small. */
#include <stdlib.h>
#include <string.h>

#include "ec2.h"
#include "emu_bed.h"
#include "fuzz.h"
#include "sts.h"
#include "xml.h"

/* The answer is a whole document. */
static void check_answer(const struct http_answer *a)
{
    struct xml *xml;

    FUZZ_ASSERT(buf_error(&a->body) == 0);
    FUZZ_ASSERT(a->status >= 200 && a->status < 600);
    FUZZ_ASSERT(xml_parse(&xml, buf_str(&a->body), a->body.len, NULL) == 0);
    xml_free(xml);
}

static void run(const char *form, size_t size, enum call_protocol protocol)
{
    static const struct http_request req = {.method = "POST",
                                            .path = "/",
                                            .query = "",
                                            .body = "",
                                            .peer_ip = "127.0.0.1"};
    struct http_answer answer;
    struct api_call c;

    emu_bed_call(&c, &req, &answer);
    c.protocol = protocol;
    c.service = protocol == CALL_STS ? "sts" : "ec2";
    if (params_parse(&c.params, form, size, true) == 0) {
        c.action = params_get(&c.params, "Action");
        if (c.action != NULL && protocol == CALL_STS) {
            sts_handle(&c);
            check_answer(&answer);
        } else if (c.action != NULL) {
            ec2_handle(&c);
            check_answer(&answer);
        }
    }
    call_free(&c);
    http_answer_free(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *form = fuzz_string(data, size);

    run(form, size, CALL_EC2);
    run(form, size, CALL_STS);
    free(form);
    return 0;
}
