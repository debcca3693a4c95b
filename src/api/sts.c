/* SPDX-License-Identifier: Apache-2.0 */
/* sts.c - STS's query protocol. */
#include "sts.h"

#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "percent.h"
#include "xml.h"

const struct operation sts_get_caller_identity = {
    .name = "GetCallerIdentity",
    .service = SERVICE_STS,
    .protocol = CALL_QUERY,
    .use_flag = true,
};

void sts_identity_body(struct buf *body)
{
    percent_form_pair(body, "Action", "GetCallerIdentity");
    percent_form_pair(body, "Version", "2011-06-15");
}

int sts_identity_parse(struct sts_identity *out, const char *body, size_t len,
                       struct err *e)
{
    const struct xml_node *result;
    struct xml *xml;
    int rv;

    *out = (struct sts_identity){0};
    rv = xml_parse(&xml, body, len, e);
    if (rv != 0) {
        err_wrap(e, "GetCallerIdentity: the answer cannot be read");
        return rv;
    }
    result = xml_find(xml_root(xml), "GetCallerIdentityResult");
    if (result == NULL || xml_find_text(result, "Arn") == NULL ||
        xml_find_text(result, "Account") == NULL ||
        xml_find_text(result, "UserId") == NULL) {
        xml_free(xml);
        return err_set(e, ERR_PARSE,
                       "GetCallerIdentity: this is not STS's answer");
    }
    out->arn = mem_strdup(xml_find_text(result, "Arn"));
    out->account = mem_strdup(xml_find_text(result, "Account"));
    out->user_id = mem_strdup(xml_find_text(result, "UserId"));
    xml_free(xml);
    if (out->arn == NULL || out->account == NULL || out->user_id == NULL) {
        sts_identity_clear(out);
        return err_set_uv(e, UV_ENOMEM, "GetCallerIdentity");
    }
    return 0;
}

void sts_identity_clear(struct sts_identity *i)
{
    mem_free(i->account);
    mem_free(i->arn);
    mem_free(i->user_id);
    *i = (struct sts_identity){0};
}
