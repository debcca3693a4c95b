/* SPDX-License-Identifier: Apache-2.0 */
/* about.c - what there is to know about one instance: its console, its first
 * password, the name of its image.
 *
 * The happy path: the one call of the question answers; the answer is read and
 * reported.
 *
 * What can go wrong: the call, in its own words. */
#include <eice/eice.h>

#include <string.h>

#include "ask.h"
#include "buf.h"
#include "ec2.h"
#include "ec2_model.h"
#include "err.h"
#include "fault.h"
#include "mem.h"
#include "op.h"
#include "request.h"

enum { TEXT_MAX = 1 << 20 };

/* Report a text, or why there is none. */
static void text_report(struct eice_op *op, const char *text, size_t len,
                        const struct err *err)
{
    struct eice_error error;

    if (err != NULL) {
        fault_export(&error, err);
        op->cb.text(op->data, NULL, 0, &error);
        return;
    }
    op->cb.text(op->data, text, len, NULL);
}

/* Ask @ask of an instance.  The caller sets who is told. */
static int about_instance(struct eice_op **out, struct eice *eice,
                          const struct ask *ask, const char *instance_id,
                          void *data, struct eice_error *error)
{
    const int rv = eice_check_instance_id(instance_id, error);

    *out = NULL;
    if (rv != 0) {
        return rv;
    }
    *out = ask_new(eice, ask, data);
    if (*out == NULL) {
        return fault_nomem(error);
    }
    ec2_output_body(&(*out)->body, ask->kind, instance_id);
    return 0;
}

static void console_report(struct eice_op *op, const struct response *resp,
                           const struct err *err)
{
    struct buf text;
    struct err e;

    buf_init(&text, TEXT_MAX);
    if (err == NULL &&
        ec2_console_parse(&text, resp->body, resp->body_len, &e) != 0) {
        err = &e;
    }
    text_report(op, text.len > 0 ? buf_str(&text) : NULL, text.len, err);
    buf_free(&text);
}

static const struct ask ask_console = {console_report, &ec2_get_console_output,
                                       NULL};

int eice_console_output(struct eice_op **out, struct eice *eice,
                        const char *instance_id, eice_text_cb cb, void *data,
                        struct eice_error *error)
{
    const int rv =
        about_instance(out, eice, &ask_console, instance_id, data, error);

    if (*out != NULL) {
        (*out)->cb.text = cb;
    }
    return rv;
}

static void password_report(struct eice_op *op, const struct response *resp,
                            const struct err *err)
{
    struct ec2_password p = {0};
    struct eice_password result;
    struct eice_error error;
    struct err e;

    if (err == NULL &&
        ec2_password_parse(&p, resp->body, resp->body_len, &e) != 0) {
        err = &e;
    }
    if (err != NULL) {
        fault_export(&error, err);
        op->cb.password(op->data, NULL, &error);
        return;
    }
    result = (struct eice_password){p.instance_id, p.timestamp, p.data};
    op->cb.password(op->data, &result, NULL);
    ec2_password_clear(&p);
}

static const struct ask ask_password = {password_report, &ec2_get_password_data,
                                        NULL};

int eice_password_data(struct eice_op **out, struct eice *eice,
                       const char *instance_id, eice_password_cb cb, void *data,
                       struct eice_error *error)
{
    const int rv =
        about_instance(out, eice, &ask_password, instance_id, data, error);

    if (*out != NULL) {
        (*out)->cb.password = cb;
    }
    return rv;
}

static void image_report(struct eice_op *op, const struct response *resp,
                         const struct err *err)
{
    char *name = NULL;
    struct err e;

    if (err == NULL &&
        ec2_image_name_parse(&name, resp->body, resp->body_len, &e) != 0) {
        err = &e;
    }
    text_report(op, name, name != NULL ? strlen(name) : 0, err);
    mem_free(name);
}

static const struct ask ask_image = {image_report, &ec2_describe_images, NULL};

int eice_image_name(struct eice_op **out, struct eice *eice,
                    const char *image_id, eice_text_cb cb, void *data,
                    struct eice_error *error)
{
    const struct ec2_query q = {.ids = &image_id, .n_ids = 1};
    struct err none = {0};

    *out = ask_new(eice, &ask_image, data);
    if (*out == NULL) {
        return fault_nomem(error);
    }
    ec2_describe_body(&(*out)->body, &ec2_describe_images, &q);
    (*out)->cb.text = cb;
    return fault_export(error, &none);
}
