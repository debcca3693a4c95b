/* SPDX-License-Identifier: Apache-2.0 */
/* eice_options.c - shorthand and JSON. */
#include "eice_options.h"

#include <stdio.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "values.h"

enum { TEXT_SIZE = 600 };

/* Set the member @key to @value. */
static int member_set(struct eice_choices *out, const char *key,
                      const char *value, struct err *e)
{
    if (strcmp(key, "endpointId") == 0) {
        snprintf(out->endpoint_id, sizeof out->endpoint_id, "%s", value);
    } else if (strcmp(key, "dnsName") == 0) {
        snprintf(out->dns_name, sizeof out->dns_name, "%s", value);
    } else if (strcmp(key, "maxTunnelDuration") == 0) {
        return value_int(value, &out->max_tunnel_duration, e);
    } else {
        return err_set(e, ERR_USAGE,
                       "Parameter validation failed: Unknown parameter in "
                       "input: \"%s\", must be one of: maxTunnelDuration, "
                       "dnsName, endpointId",
                       key);
    }
    return 0;
}

static int read_json(struct eice_choices *out, const char *text, struct err *e)
{
    json_t *object = js_parse(text, strlen(text), e);
    char number[32];
    const char *key;
    json_t *value;
    int rv = 0;

    if (object == NULL) {
        return err_set(e, ERR_USAGE,
                       "Error parsing parameter "
                       "'--eice-options': Invalid JSON");
    }
    json_object_foreach(object, key, value)
    {
        snprintf(number, sizeof number, "%lld",
                 (long long)json_integer_value(value));
        rv = member_set(
            out, key, json_is_string(value) ? json_string_value(value) : number,
            e);
        if (rv != 0) {
            break;
        }
    }
    json_decref(object);
    return rv;
}

int eice_choices_read(struct eice_choices *out, const char *text, struct err *e)
{
    char copy[TEXT_SIZE];
    char *rest = NULL;
    char *one;
    char *equals;
    int rv = 0;

    *out = (struct eice_choices){.max_tunnel_duration = -1};
    if (text[strspn(text, " \t\r\n")] == '{') {
        return read_json(out, text, e);
    }
    snprintf(copy, sizeof copy, "%s", text);
    for (one = strtok_r(copy, ",", &rest); rv == 0 && one != NULL;
         one = strtok_r(NULL, ",", &rest)) {
        equals = strchr(one, '=');
        if (equals == NULL) {
            return err_set(e, ERR_USAGE,
                           "Error parsing parameter '--eice-options': "
                           "Expected: '=', received: '%s'",
                           one);
        }
        *equals = '\0';
        rv = member_set(out, one, equals + 1, e);
    }
    return rv;
}
