/* SPDX-License-Identifier: Apache-2.0 */
/* constraint.c - "1 validation error detected: Value ... at ...". */
#include "constraint.h"

#include <ctype.h>
#include <string.h>

void constraints_init(struct constraints *cs)
{
    *cs = (struct constraints){0};
    buf_init(&cs->text, 2048);
}

/* Begin the sentence about one member: its name begins lower case there. */
static void begin(struct constraints *cs, const char *member, const char *value)
{
    if (cs->n++ > 0) {
        buf_adds(&cs->text, "; ");
    }
    if (value != NULL) {
        buf_addf(&cs->text, "Value '%.128s' at '%c%s'", value,
                 tolower((unsigned char)member[0]), member + 1);
    } else {
        buf_addf(&cs->text, "Value null at '%c%s'",
                 tolower((unsigned char)member[0]), member + 1);
    }
    buf_adds(&cs->text, " failed to satisfy constraint: ");
}

/* Characters, not bytes. */
static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80 ? 1 : 0;
    }
    return n;
}

const char *constraints_string(struct constraints *cs, struct api_call *c,
                               const struct constraint *k)
{
    json_t *member = json_object_get(c->body, k->member);
    const char *value = json_string_value(member);
    unsigned before = cs->n;
    size_t len;

    if (member == NULL || json_is_null(member)) {
        if (k->required) {
            begin(cs, k->member, NULL);
            buf_adds(&cs->text, "Member must not be null");
        }
        return NULL;
    }
    if (value == NULL) {
        call_fail(c, 400, "SerializationException",
                  "%s cannot be converted to String", k->member);
        return NULL;
    }
    len = characters(value);
    if (len > k->most) {
        begin(cs, k->member, value);
        buf_addf(&cs->text, "Member must have length less than or equal to %zu",
                 k->most);
    }
    if (len < k->least) {
        begin(cs, k->member, value);
        buf_addf(&cs->text,
                 "Member must have length greater than or equal to %zu",
                 k->least);
    }
    if (k->fits != NULL && !k->fits(value, strlen(value))) {
        begin(cs, k->member, value);
        buf_addf(&cs->text,
                 "Member must satisfy regular expression pattern: "
                 "%s",
                 k->pattern);
    }
    return cs->n == before ? value : NULL;
}

bool constraints_end(struct constraints *cs, struct api_call *c,
                     const char *code)
{
    if (cs->n > 0) {
        call_fail(c, 400, code, "%u validation error%s detected: %s", cs->n,
                  cs->n > 1 ? "s" : "", buf_str(&cs->text));
    }
    buf_free(&cs->text);
    return !c->failed;
}
