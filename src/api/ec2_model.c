/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_model.c - EC2's XML into plain structs. */
#include "ec2_model.h"

#include <string.h>
#include <uv.h>

#include "base64.h"
#include "buf.h"
#include "err.h"
#include "mem.h"
#include "xml.h"

const char *const ec2_usable_states[EC2_N_USABLE_STATES] = {
    "create-complete", "update-in-progress", "update-failed",
    "update-complete"};

/* How many elements named @name @node holds. */
static size_t count(const struct xml_node *node, const char *name)
{
    const struct xml_node *i;
    size_t n = 0;

    for (i = xml_first(node, name); i != NULL; i = xml_next(i)) {
        n++;
    }
    return n;
}

/* Copy the text at @path to *@out, which stays NULL when there is none.  False
 * when memory is short. */
static bool take(char **out, const struct xml_node *node, const char *path)
{
    const char *text = xml_find_text(node, path);

    if (text == NULL || text[0] == '\0') {
        return true;
    }
    *out = mem_strdup(text);
    return *out != NULL;
}

/* Read <tagSet>. */
static bool take_tags(struct ec2_instance *out, const struct xml_node *item)
{
    const struct xml_node *set = xml_find(item, "tagSet");
    const struct xml_node *i;
    size_t n = count(set, "item");

    if (n == 0) {
        return true;
    }
    out->tags = mem_zalloc(n * sizeof *out->tags);
    if (out->tags == NULL) {
        return false;
    }
    for (i = xml_first(set, "item"); i != NULL; i = xml_next(i)) {
        struct ec2_tag *tag = &out->tags[out->n_tags++];

        if (!take(&tag->key, i, "key") || !take(&tag->value, i, "value")) {
            return false;
        }
    }
    return true;
}

/* Read one <item> of an <instancesSet>. */
static bool take_instance(struct ec2_instance *out, const struct xml_node *item)
{
#define X(field, path)                                                         \
    if (!take(&out->field, item, path)) {                                      \
        return false;                                                          \
    }
    EC2_INSTANCE_STRINGS(X)
#undef X
    return take_tags(out, item);
}

/* Read one <item> of an <instanceConnectEndpointSet>. */
static bool take_endpoint(struct ec2_endpoint *out, const struct xml_node *item)
{
    const char *preserve = xml_find_text(item, "preserveClientIp");

#define X(field, path)                                                         \
    if (!take(&out->field, item, path)) {                                      \
        return false;                                                          \
    }
    EC2_ENDPOINT_STRINGS(X)
#undef X
    out->preserve_client_ip = preserve != NULL && strcmp(preserve, "true") == 0;
    return true;
}

/* Parse @body and see that it is an answer to @operation. */
static int open_answer(struct xml **xml, const char *operation,
                       const char *body, size_t len, struct err *e)
{
    const char *root;
    size_t n = strlen(operation);
    int rv;

    rv = xml_parse(xml, body, len, e);
    if (rv != 0) {
        err_wrap(e, "%s: the answer cannot be read", operation);
        return rv;
    }
    root = xml_name(xml_root(*xml));
    if (root == NULL || strncmp(root, operation, n) != 0 ||
        strcmp(root + n, "Response") != 0) {
        xml_free(*xml);
        *xml = NULL;
        return err_set(e, ERR_PARSE, "%s: this is not EC2's answer", operation);
    }
    return 0;
}

/* All reservations' instances, flat. */
static bool take_instances(struct ec2_instances *out,
                           const struct xml_node *root)
{
    const struct xml_node *set = xml_find(root, "reservationSet");
    const struct xml_node *r, *i;
    size_t n = 0;

    if (!take(&out->next_token, root, "nextToken")) {
        return false;
    }
    for (r = xml_first(set, "item"); r != NULL; r = xml_next(r)) {
        n += count(xml_find(r, "instancesSet"), "item");
    }
    if (n == 0) {
        return true;
    }
    out->items = mem_zalloc(n * sizeof *out->items);
    if (out->items == NULL) {
        return false;
    }
    for (r = xml_first(set, "item"); r != NULL; r = xml_next(r)) {
        i = xml_first(xml_find(r, "instancesSet"), "item");
        for (; i != NULL; i = xml_next(i)) {
            if (!take_instance(&out->items[out->n_items++], i)) {
                return false;
            }
        }
    }
    return true;
}

static bool take_endpoints(struct ec2_endpoints *out,
                           const struct xml_node *root)
{
    const struct xml_node *set = xml_find(root, "instanceConnectEndpointSet");
    const struct xml_node *i;
    size_t n = count(set, "item");

    if (!take(&out->next_token, root, "nextToken")) {
        return false;
    }
    if (n == 0) {
        return true;
    }
    out->items = mem_zalloc(n * sizeof *out->items);
    if (out->items == NULL) {
        return false;
    }
    for (i = xml_first(set, "item"); i != NULL; i = xml_next(i)) {
        if (!take_endpoint(&out->items[out->n_items++], i)) {
            return false;
        }
    }
    return true;
}

int ec2_instances_parse(struct ec2_instances *out, const char *body, size_t len,
                        struct err *e)
{
    struct xml *xml;
    bool whole;
    int rv;

    *out = (struct ec2_instances){0};
    rv = open_answer(&xml, "DescribeInstances", body, len, e);
    if (rv != 0) {
        return rv;
    }
    whole = take_instances(out, xml_root(xml));
    xml_free(xml);
    if (!whole) {
        ec2_instances_clear(out);
        return err_set_uv(e, UV_ENOMEM, "DescribeInstances");
    }
    return 0;
}

int ec2_endpoints_parse(struct ec2_endpoints *out, const char *body, size_t len,
                        struct err *e)
{
    struct xml *xml;
    bool whole;
    int rv;

    *out = (struct ec2_endpoints){0};
    rv = open_answer(&xml, "DescribeInstanceConnectEndpoints", body, len, e);
    if (rv != 0) {
        return rv;
    }
    whole = take_endpoints(out, xml_root(xml));
    xml_free(xml);
    if (!whole) {
        ec2_endpoints_clear(out);
        return err_set_uv(e, UV_ENOMEM, "DescribeInstanceConnectEndpoints");
    }
    return 0;
}

int ec2_image_name_parse(char **name, const char *body, size_t len,
                         struct err *e)
{
    struct xml *xml;
    bool whole;
    int rv;

    *name = NULL;
    rv = open_answer(&xml, "DescribeImages", body, len, e);
    if (rv != 0) {
        return rv;
    }
    whole = take(name, xml_root(xml), "imagesSet/item/name");
    xml_free(xml);
    return whole ? 0 : err_set_uv(e, UV_ENOMEM, "DescribeImages");
}

int ec2_console_parse(struct buf *out, const char *body, size_t len,
                      struct err *e)
{
    const char *text;
    struct xml *xml;
    int rv;

    rv = open_answer(&xml, "GetConsoleOutput", body, len, e);
    if (rv != 0) {
        return rv;
    }
    text = xml_find_text(xml_root(xml), "output");
    rv = text == NULL ? 0 : base64_decode_spaced(out, text, strlen(text));
    xml_free(xml);
    if (rv != 0) {
        err_set(e, rv, "GetConsoleOutput: the output cannot be decoded");
    }
    return rv;
}

int ec2_password_parse(struct ec2_password *out, const char *body, size_t len,
                       struct err *e)
{
    struct xml *xml;
    bool whole;
    int rv;

    *out = (struct ec2_password){0};
    rv = open_answer(&xml, "GetPasswordData", body, len, e);
    if (rv != 0) {
        return rv;
    }
    whole = take(&out->instance_id, xml_root(xml), "instanceId") &&
            take(&out->timestamp, xml_root(xml), "timestamp") &&
            take(&out->data, xml_root(xml), "passwordData");
    xml_free(xml);
    if (whole && out->data == NULL) {
        out->data = mem_strdup("");
        whole = out->data != NULL;
    }
    if (!whole) {
        ec2_password_clear(out);
        return err_set_uv(e, UV_ENOMEM, "GetPasswordData");
    }
    return 0;
}

void ec2_password_clear(struct ec2_password *p)
{
    mem_free(p->instance_id);
    mem_free(p->timestamp);
    mem_free(p->data);
    *p = (struct ec2_password){0};
}

void ec2_instance_clear(struct ec2_instance *i)
{
    size_t k;

#define X(field, path) mem_free(i->field);
    EC2_INSTANCE_STRINGS(X)
#undef X
    for (k = 0; k < i->n_tags; k++) {
        mem_free(i->tags[k].key);
        mem_free(i->tags[k].value);
    }
    mem_free(i->tags);
    *i = (struct ec2_instance){0};
}

void ec2_endpoint_clear(struct ec2_endpoint *p)
{
#define X(field, path) mem_free(p->field);
    EC2_ENDPOINT_STRINGS(X)
#undef X
    *p = (struct ec2_endpoint){0};
}

void ec2_instances_clear(struct ec2_instances *p)
{
    size_t k;

    for (k = 0; k < p->n_items; k++) {
        ec2_instance_clear(&p->items[k]);
    }
    mem_free(p->items);
    mem_free(p->next_token);
    *p = (struct ec2_instances){0};
}

void ec2_endpoints_clear(struct ec2_endpoints *p)
{
    size_t k;

    for (k = 0; k < p->n_items; k++) {
        ec2_endpoint_clear(&p->items[k]);
    }
    mem_free(p->items);
    mem_free(p->next_token);
    *p = (struct ec2_endpoints){0};
}

const char *ec2_instance_tag(const struct ec2_instance *i, const char *key)
{
    size_t k;

    for (k = 0; k < i->n_tags; k++) {
        if (i->tags[k].key != NULL && strcmp(i->tags[k].key, key) == 0) {
            return i->tags[k].value != NULL ? i->tags[k].value : "";
        }
    }
    return NULL;
}

bool ec2_endpoint_usable(const struct ec2_endpoint *p)
{
    size_t k;

    for (k = 0; p->state != NULL && k < EC2_N_USABLE_STATES; k++) {
        if (strcmp(p->state, ec2_usable_states[k]) == 0) {
            return true;
        }
    }
    return false;
}
