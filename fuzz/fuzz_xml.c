/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_xml.c - any text as XML; and escaped text comes back as it was. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "fuzz.h"
#include "xml.h"

/* Look at the nodes below @node by name, as callers do. */
static void walk(const struct xml_node *node, int depth)
{
    static const char *const names[] = {"item", "set", "a", "Error", "Code"};
    const struct xml_node *child;
    size_t i;

    FUZZ_ASSERT(depth <= XML_MAX_DEPTH);
    FUZZ_ASSERT(xml_name(node) != NULL && xml_text(node) != NULL);
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (child = xml_first(node, names[i]); child != NULL;
             child = xml_next(child)) {
            FUZZ_ASSERT(strcmp(xml_name(child), names[i]) == 0);
            walk(child, depth + 1);
        }
    }
}

/* Text escaped into an element; a control character becomes '?'. */
static void escape_round_trip(const char *text)
{
    struct buf out;
    struct xml *xml;
    const char *back;

    buf_init(&out, 8 * strlen(text) + 16);
    buf_adds(&out, "<a>");
    xml_escape(&out, text);
    buf_adds(&out, "</a>");
    if (xml_parse(&xml, buf_str(&out), out.len, NULL) == 0) { /* UTF-8 it is */
        back = xml_text(xml_root(xml));
        FUZZ_ASSERT(strlen(back) == strlen(text));
        for (; *text != '\0'; text++, back++) {
            FUZZ_ASSERT(*text == *back || *back == '?');
        }
        xml_free(xml);
    }
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    struct err e = {.code = 0};
    struct xml *xml;

    if (xml_parse(&xml, text, size, &e) == 0) {
        walk(xml_root(xml), 1);
        (void)xml_find_text(xml_root(xml), "set/item/state/name");
        xml_free(xml);
    } else {
        FUZZ_ASSERT(xml == NULL && e.code != 0 && e.msg[0] != '\0');
    }
    escape_round_trip(text);
    free(text);
    return 0;
}
