/* SPDX-License-Identifier: Apache-2.0 */
/* resolution_json.c - the same fields in the order of the models. */
#include "resolution_json.h"

#include <string.h>
#include <uv.h>

#include "err.h"
#include "json.h"
#include "mem.h"
#include "resolve.h"

/* Set @key to @text, unless there is none. */
static int put(json_t *o, const char *key, const char *text)
{
    return text == NULL ? 0 : json_object_set_new(o, key, json_string(text));
}

/* The tags as pairs, in their order. */
static json_t *tags_to_json(const struct ec2_instance *i)
{
    json_t *tags = json_array();
    size_t k;

    for (k = 0; tags != NULL && k < i->n_tags; k++) {
        json_array_append_new(
            tags, json_pack("[s?, s?]", i->tags[k].key, i->tags[k].value));
    }
    return tags;
}

static json_t *instance_to_json(const struct ec2_instance *i)
{
    json_t *o = json_object();
    int rv = 0;

#define X(field, path) rv |= put(o, #field, i->field);
    EC2_INSTANCE_STRINGS(X)
#undef X
    rv |= json_object_set_new(o, "tags", tags_to_json(i));
    if (rv != 0) {
        json_decref(o); /* UNTESTED: jansson is out of memory */
        return NULL;
    }
    return o;
}

static json_t *endpoint_to_json(const struct ec2_endpoint *p)
{
    json_t *o = json_object();
    int rv = 0;

#define X(field, path) rv |= put(o, #field, p->field);
    EC2_ENDPOINT_STRINGS(X)
#undef X
    rv |= json_object_set_new(o, "preserve_client_ip",
                              json_boolean(p->preserve_client_ip));
    if (rv != 0) {
        json_decref(o); /* UNTESTED: jansson is out of memory */
        return NULL;
    }
    return o;
}

json_t *resolution_to_json(const struct resolution *r)
{
    json_t *o = json_object();
    int rv = 0;

    rv |= put(o, "address", r->address);
    rv |= put(o, "endpoint_id", r->endpoint_id);
    rv |= put(o, "dns_name", r->dns_name);
    if (r->has_instance) {
        rv |=
            json_object_set_new(o, "instance", instance_to_json(&r->instance));
    }
    if (r->has_endpoint) {
        rv |=
            json_object_set_new(o, "endpoint", endpoint_to_json(&r->endpoint));
    }
    if (rv != 0) {
        json_decref(o); /* UNTESTED: jansson is out of memory */
        return NULL;
    }
    return o;
}

/* Copy the string @key, if there is one. */
static int take(char **out, const json_t *o, const char *key)
{
    const char *text = js_str(o, key);

    if (text == NULL) {
        return 0;
    }
    *out = mem_strdup(text);
    return *out != NULL ? 0 : UV_ENOMEM;
}

static int take_tags(struct ec2_instance *i, const json_t *tags)
{
    size_t n = json_array_size(tags);
    size_t k;

    if (n == 0) {
        return 0;
    }
    i->tags = mem_zalloc(n * sizeof *i->tags);
    if (i->tags == NULL) {
        return UV_ENOMEM;
    }
    for (k = 0; k < n; k++) {
        const json_t *pair = json_array_get(tags, k);
        const char *key = json_string_value(json_array_get(pair, 0));
        const char *value = json_string_value(json_array_get(pair, 1));
        struct ec2_tag *tag = &i->tags[i->n_tags++];

        tag->key = key != NULL ? mem_strdup(key) : NULL;
        tag->value = value != NULL ? mem_strdup(value) : NULL;
        if ((key != NULL && tag->key == NULL) ||
            (value != NULL && tag->value == NULL)) {
            return UV_ENOMEM;
        }
    }
    return 0;
}

static int take_instance(struct ec2_instance *i, const json_t *o)
{
    int rv = 0;

#define X(field, path) rv = rv != 0 ? rv : take(&i->field, o, #field);
    EC2_INSTANCE_STRINGS(X)
#undef X
    return rv != 0 ? rv : take_tags(i, js_arr(o, "tags"));
}

static int take_endpoint(struct ec2_endpoint *p, const json_t *o)
{
    int rv = 0;

#define X(field, path) rv = rv != 0 ? rv : take(&p->field, o, #field);
    EC2_ENDPOINT_STRINGS(X)
#undef X
    js_bool(o, "preserve_client_ip", &p->preserve_client_ip);
    return rv;
}

int resolution_from_json(struct resolution *r, const json_t *o, struct err *e)
{
    const json_t *instance = js_obj(o, "instance");
    const json_t *endpoint = js_obj(o, "endpoint");
    int rv;

    *r = (struct resolution){.has_instance = instance != NULL,
                             .has_endpoint = endpoint != NULL};
    rv = take(&r->address, o, "address");
    rv = rv != 0 ? rv : take(&r->endpoint_id, o, "endpoint_id");
    rv = rv != 0 ? rv : take(&r->dns_name, o, "dns_name");
    if (rv == 0 && instance != NULL) {
        rv = take_instance(&r->instance, instance);
    }
    if (rv == 0 && endpoint != NULL) {
        rv = take_endpoint(&r->endpoint, endpoint);
    }
    if (rv == 0 &&
        (r->address == NULL || r->endpoint_id == NULL || r->dns_name == NULL)) {
        rv = err_set(e, ERR_PARSE, "something is missing");
    } else if (rv != 0) {
        err_set_uv(e, rv, "kept facts");
    }
    if (rv != 0) {
        resolution_clear(r);
    }
    return rv;
}
