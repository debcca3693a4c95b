/* SPDX-License-Identifier: Apache-2.0 */
/* xml.h - a service's XML answer as a small tree to look things up in.
 *
 * Elements and their text only: attributes, comments and namespaces are passed
 * over, and a prefix is cut from a name.  Every document type declaration is
 * refused, so there are no entities to expand or fetch.
 *
 * All lookups take NULL for "no such node" and pass it on, so a chain of them
 * needs one check at its end.  Nodes and texts belong to the document. */
#ifndef XML_H
#define XML_H

#include <stddef.h>

struct buf;
struct err;
struct xml;
struct xml_node;

enum {
    XML_MAX_BYTES = 8 << 20,    /* Of the text read */
    XML_MAX_NODES = 200 * 1000, /* Elements in one document */
    XML_MAX_DEPTH = 64
};

/* Read @len bytes.  Returns 0 and a document that the caller gives to
 * xml_free(), or ERR_PARSE, ERR_TOO_BIG (a limit above) or UV_ENOMEM with @e
 * filled and *@xml NULL. */
int xml_parse(struct xml **xml, const char *text, size_t len, struct err *e);

/* Free a document and every node of it; NULL is fine. */
void xml_free(struct xml *xml);

/* The outermost element. */
const struct xml_node *xml_root(const struct xml *xml);

/* The element's name without prefix; NULL for NULL. */
const char *xml_name(const struct xml_node *node);

/* The text directly inside @node, as sent; "" for an empty element, NULL for
 * NULL. */
const char *xml_text(const struct xml_node *node);

/* The first element down @path ("instanceState/name"), taking the first child
 * of each name; NULL when there is none. */
const struct xml_node *xml_find(const struct xml_node *node, const char *path);

/* xml_text(xml_find(@node, @path)). */
const char *xml_find_text(const struct xml_node *node, const char *path);

/* Walk a list: the first child of that name, and the next sibling of the same
 * name.  for (i = xml_first(set, "item"); i != NULL; i = xml_next(i)) */
const struct xml_node *xml_first(const struct xml_node *node, const char *name);
const struct xml_node *xml_next(const struct xml_node *node);

/* Append @text with & < > " ' escaped and what XML 1.0 cannot carry (control
 * characters) as '?'. */
void xml_escape(struct buf *out, const char *text);

#endif /* XML_H */
