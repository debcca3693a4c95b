/* SPDX-License-Identifier: Apache-2.0 */
/* test_xml.c - the tree, its lookups, its limits, and lack of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "scarce.h"
#include "xml.h"

static const char answer[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<R xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\" xmlns:x='y'>\n"
    "  <requestId>1-2</requestId><empty/>\n"
    "  <set><item><id>a</id><state><name>up</name></state></item>\n"
    "    <other/><x:item><id>b&amp;c<!-- no -->d</id></x:item>\n"
    "    <item><![CDATA[<raw>]]></item></set>\n"
    "</R>\n";

static void test_tree_and_lookups(void **state)
{
    const struct xml_node *root;
    const struct xml_node *item;
    struct xml *xml;

    (void)state;
    assert_int_equal(xml_parse(&xml, answer, strlen(answer), NULL), 0);
    root = xml_root(xml);
    assert_string_equal(xml_name(root), "R");
    assert_string_equal(xml_find_text(root, "requestId"), "1-2");
    assert_string_equal(xml_find_text(root, "empty"), "");
    assert_null(xml_find_text(root, "absent"));
    assert_null(xml_find_text(root, "request"));
    assert_null(xml_find_text(root, "requestIds"));
    assert_null(xml_find_text(root, "set/absent/name"));
    assert_string_equal(xml_find_text(root, "set/item/state/name"), "up");
    assert_ptr_equal(xml_find(root, ""), root);

    item = xml_first(xml_find(root, "set"), "item");
    assert_string_equal(xml_find_text(item, "id"), "a");
    item = xml_next(item);
    assert_string_equal(xml_name(item), "item");
    assert_string_equal(xml_find_text(item, "id"), "b&cd");
    item = xml_next(item);
    assert_string_equal(xml_text(item), "<raw>");
    assert_null(xml_next(item));
    assert_null(xml_first(NULL, "item"));
    assert_null(xml_next(NULL));
    assert_null(xml_text(NULL));
    assert_null(xml_name(NULL));
    xml_free(xml);
    xml_free(NULL);
}

static void test_bad_text_is_refused(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *says;
    } rows[] = {
        {"", ERR_PARSE, "no element found"},
        {"<a>", ERR_PARSE, "no element found"},
        {"<a></b>", ERR_PARSE, "line 1"},
        {"<a/>x", ERR_PARSE, "junk"},
        {"<a>&nope;</a>", ERR_PARSE, "entity"},
        {"<!DOCTYPE a><a/>", ERR_PARSE, "document type"},
        {"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", ERR_PARSE,
         "document type"},
        {"<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><l>&b;</l>",
         ERR_PARSE, "document type"},
        {"<a>\xff</a>", ERR_PARSE, "line 1"},
    };
    struct err e;
    struct xml *xml;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(
            xml_parse(&xml, rows[i].text, strlen(rows[i].text), &e),
            rows[i].code);
        assert_null(xml);
        assert_non_null(strstr(e.msg, rows[i].says));
    }
}

/* @times "<a>", and as many ends when @closed. */
static int parse_many(int times, const char *one, const char *end)
{
    struct xml *xml;
    struct buf b;
    int rv;
    int i;

    buf_init(&b, 16 << 20);
    buf_adds(&b, "<r>");
    for (i = 0; i < times; i++) {
        buf_adds(&b, one);
    }
    for (i = 0; i < times; i++) {
        buf_adds(&b, end);
    }
    buf_adds(&b, "</r>");
    rv = xml_parse(&xml, buf_str(&b), b.len, NULL);
    xml_free(xml);
    buf_free(&b);
    return rv;
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(parse_many(XML_MAX_DEPTH - 1, "<a>", "</a>"), 0);
    assert_int_equal(parse_many(XML_MAX_DEPTH, "<a>", "</a>"), ERR_TOO_BIG);
    assert_int_equal(parse_many(XML_MAX_NODES - 1, "<a/>", ""), 0);
    assert_int_equal(parse_many(XML_MAX_NODES, "<a/>", ""), ERR_TOO_BIG);
    assert_int_equal(parse_many(XML_MAX_BYTES / 8, "        ", ""),
                     ERR_TOO_BIG);
}

static void test_lack_of_memory_at_every_step(void **state)
{
    struct xml *xml = NULL;
    int rv = UV_ENOMEM;
    int n;

    (void)state;
    for (n = 0; rv != 0; n++) {
        struct scarce scarce = {.left = n};

        assert_true(n < 1000);
        mem_set_hook(scarce_one, &scarce);
        rv = xml_parse(&xml, answer, strlen(answer), NULL);
        mem_set_hook(NULL, NULL);
        if (rv != 0) {
            assert_int_equal(rv, UV_ENOMEM);
            assert_null(xml);
        }
    }
    assert_true(n > 20);
    xml_free(xml);
}

static void test_escape(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 200);
    xml_escape(&b, "a<b>&\"'\n\t\x01\r\xc3\xa9");
    assert_string_equal(buf_str(&b),
                        "a&lt;b&gt;&amp;&quot;&apos;\n\t?&#13;\xc3\xa9");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_and_lookups),
        cmocka_unit_test(test_bad_text_is_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_lack_of_memory_at_every_step),
        cmocka_unit_test(test_escape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
