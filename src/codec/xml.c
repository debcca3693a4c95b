/* SPDX-License-Identifier: Apache-2.0 */
/* xml.c - expat's events made into a tree, within limits. */
#include "xml.h"

#include <expat.h>
#include <stdbool.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "wipe_alloc.h"

struct xml_node {
    char *name;
    struct buf text;
    struct xml_node *parent;
    struct xml_node *first;
    struct xml_node *last;
    struct xml_node *next;
};

struct xml {
    struct xml_node *root;
};

/* A parse under way. */
struct reader {
    XML_Parser parser;
    struct xml *xml;
    struct xml_node *open; /* Innermost element not yet ended */
    size_t nodes;
    int depth;
    int code;        /* Why we stopped the parser, or 0 */
    const char *why; /* Its words */
};

/* Stop the parser for a reason of ours. */
static void stop(struct reader *r, int code, const char *why)
{
    if (r->code == 0) {
        r->code = code;
        r->why = why;
        XML_StopParser(r->parser, XML_FALSE);
    }
}

/* A new last child of the open element, or the root. */
static struct xml_node *node_new(struct reader *r, const char *name)
{
    const char *colon = strrchr(name, ':');
    struct xml_node *node = mem_zalloc(sizeof *node);

    if (node == NULL) {
        return NULL;
    }
    node->name = mem_strdup(colon != NULL ? colon + 1 : name);
    if (node->name == NULL) {
        mem_free(node);
        return NULL;
    }
    buf_init(&node->text, XML_MAX_BYTES);
    node->parent = r->open;
    if (r->open == NULL) {
        r->xml->root = node;
    } else if (r->open->last == NULL) {
        r->open->first = node;
        r->open->last = node;
    } else {
        r->open->last->next = node;
        r->open->last = node;
    }
    return node;
}

static void XMLCALL on_start(void *data, const XML_Char *name,
                             const XML_Char **attributes)
{
    struct reader *r = data;
    struct xml_node *node;

    (void)attributes;
    if (r->code != 0) {
        return;
    }
    if (++r->nodes > XML_MAX_NODES) {
        stop(r, ERR_TOO_BIG, "too many elements");
        return;
    }
    if (++r->depth > XML_MAX_DEPTH) {
        stop(r, ERR_TOO_BIG, "elements nested too deeply");
        return;
    }
    node = node_new(r, name);
    if (node == NULL) {
        stop(r, UV_ENOMEM, "out of memory");
        return;
    }
    r->open = node;
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
    struct reader *r = data;

    (void)name;
    if (r->code == 0) {
        r->depth--;
        r->open = r->open->parent;
    }
}

static void XMLCALL on_text(void *data, const XML_Char *text, int len)
{
    struct reader *r = data;

    if (r->code != 0 || r->open == NULL) {
        return;
    }
    buf_add(&r->open->text, text, (size_t)len);
    if (buf_error(&r->open->text) != 0) {
        stop(r, buf_error(&r->open->text), "out of memory");
    }
}

/* No declaration, no entities. */
static void XMLCALL on_doctype(void *data, const XML_Char *name,
                               const XML_Char *system, const XML_Char *public,
                               int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(data, ERR_PARSE, "a document type declaration is not accepted");
}

/* Run the parser over all the text and say how it went. */
static int run(struct reader *r, const char *text, size_t len, struct err *e)
{
    enum XML_Status status;
    enum XML_Error why;

    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    status = XML_Parse(r->parser, text, (int)len, XML_TRUE);
    if (r->code != 0) {
        return err_set(e, r->code, "XML: %s", r->why);
    }
    if (status == XML_STATUS_OK) {
        return 0;
    }
    why = XML_GetErrorCode(r->parser);
    if (why == XML_ERROR_NO_MEMORY) {
        return err_set(e, UV_ENOMEM, "XML: out of memory");
    }
    return err_set(e, ERR_PARSE, "XML: line %lu: %s",
                   (unsigned long)XML_GetCurrentLineNumber(r->parser),
                   XML_ErrorString(why));
}

int xml_parse(struct xml **xml, const char *text, size_t len, struct err *e)
{
    static const XML_Memory_Handling_Suite memory = {
        wipe_mem_alloc, wipe_mem_realloc, wipe_dealloc};
    struct reader r = {0};
    int rv;

    *xml = NULL;
    if (len > XML_MAX_BYTES) {
        return err_set(e, ERR_TOO_BIG, "XML: %zu bytes are too many", len);
    }
    r.xml = mem_zalloc(sizeof *r.xml);
    r.parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (r.xml == NULL || r.parser == NULL) {
        rv = err_set(e, UV_ENOMEM, "XML: out of memory");
    } else {
        rv = run(&r, text, len, e);
    }
    if (r.parser != NULL) {
        XML_ParserFree(r.parser);
    }
    if (rv != 0) {
        xml_free(r.xml);
        return rv;
    }
    *xml = r.xml;
    return 0;
}

void xml_free(struct xml *xml)
{
    struct xml_node *node;
    struct xml_node *up;

    if (xml == NULL) {
        return;
    }
    /* Depth first, without recursion: go down while there are children. */
    node = xml->root;
    while (node != NULL) {
        if (node->first != NULL) {
            up = node->first;
            node->first = up->next;
            up->parent = node;
            node = up;
            continue;
        }
        up = node->parent;
        mem_free(node->name);
        buf_wipe(&node->text); /* Of an answer that gives keys */
        mem_free(node);
        node = up;
    }
    mem_free(xml);
}

const struct xml_node *xml_root(const struct xml *xml)
{
    return xml->root;
}

const char *xml_name(const struct xml_node *node)
{
    return node != NULL ? node->name : NULL;
}

const char *xml_text(const struct xml_node *node)
{
    return node != NULL ? buf_str(&node->text) : NULL;
}

/* @node or the first sibling after it whose name is the @len bytes at
 * @name. */
static const struct xml_node *named(const struct xml_node *node,
                                    const char *name, size_t len)
{
    while (node != NULL &&
           (strncmp(node->name, name, len) != 0 || node->name[len] != '\0')) {
        node = node->next;
    }
    return node;
}

const struct xml_node *xml_find(const struct xml_node *node, const char *path)
{
    while (node != NULL && *path != '\0') {
        size_t len = strcspn(path, "/");

        node = named(node->first, path, len);
        path += len;
        if (*path == '/') {
            path++;
        }
    }
    return node;
}

const char *xml_find_text(const struct xml_node *node, const char *path)
{
    return xml_text(xml_find(node, path));
}

const struct xml_node *xml_first(const struct xml_node *node, const char *name)
{
    return node != NULL ? named(node->first, name, strlen(name)) : NULL;
}

const struct xml_node *xml_next(const struct xml_node *node)
{
    return node != NULL ? named(node->next, node->name, strlen(node->name))
                        : NULL;
}

void xml_escape(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        switch (c) {
        case '&':
            buf_adds(out, "&amp;");
            break;
        case '<':
            buf_adds(out, "&lt;");
            break;
        case '>':
            buf_adds(out, "&gt;");
            break;
        case '"':
            buf_adds(out, "&quot;");
            break;
        case '\'':
            buf_adds(out, "&apos;");
            break;
        case '\r': /* A reader would make a bare one into LF */
            buf_adds(out, "&#13;");
            break;
        default:
            if (c < 0x20 && c != '\t' && c != '\n') {
                buf_addc(out, '?');
            } else {
                buf_addc(out, *text);
            }
        }
    }
}
