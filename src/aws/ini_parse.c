/* SPDX-License-Identifier: Apache-2.0 */
/* ini_parse.c - one pass over the lines, as RawConfigParser makes it. */
#include "ini.h"

#include <string.h>
#include <uv.h>

#include "buf.h"
#include "ini_tree.h"
#include "mem.h"
#include "span.h"
#include "utf8_char.h"

enum { VALUE_MAX = 1 << 20 }; /* One value with all its continuation lines */

/* Where the pass stands. */
struct parser {
    struct ini *ini;
    struct ini_section defaults; /* [DEFAULT] */
    bool in_section;             /* Some header was seen */
    bool in_defaults;            /* and the last one was [DEFAULT] */
    bool has_key;                /* A key is open for continuation */
    size_t indent;               /* Of the line that opened it */
    struct buf value;            /* Its lines so far */
    unsigned line;               /* Number of the present line */
    unsigned bad_line;           /* First line that is no key, or 0 */
    struct err *e;
};

/* The section that keys go to now. */
static struct ini_section *current(struct parser *ps)
{
    return ps->in_defaults ? &ps->defaults : &ps->ini->sections[ps->ini->n - 1];
}

/* Store the lines gathered for the open key, without blank ones at the end. */
static int end_value(struct parser *ps)
{
    struct ini_section *s;
    struct span all;
    int rv;

    if (!ps->has_key) {
        return 0;
    }
    ps->has_key = false;
    s = current(ps);
    all.p = buf_str(&ps->value);
    all.end = all.p + ps->value.len;
    all = span_rstrip(all);
    rv = buf_error(&ps->value);
    if (rv == 0) {
        s->entries[s->n - 1].value = span_dup(all);
        rv = s->entries[s->n - 1].value == NULL ? UV_ENOMEM : 0;
    }
    buf_wipe(&ps->value);
    return rv;
}

/* "[name]": begin the section called @name. */
static int begin_section(struct parser *ps, struct span name)
{
    int rv;

    ps->in_section = true;
    ps->in_defaults = span_is(name, "DEFAULT");
    if (ps->in_defaults) {
        return 0;
    }
    rv = ini_add_section(ps->ini, name);
    if (rv == UV_EEXIST) {
        return err_set(ps->e, ERR_PARSE, "line %u: section [%.*s] again",
                       ps->line, (int)(name.end - name.p), name.p);
    }
    return rv;
}

/* "key = value": open @key with the first line of its value. */
static int begin_key(struct parser *ps, struct span key, struct span value)
{
    struct ini_section *s = current(ps);
    char *name = span_dup(key);
    char *p;
    int rv;

    if (name == NULL) {
        return UV_ENOMEM;
    }
    for (p = name; *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z') {
            *p = (char)(*p - 'A' + 'a');
        }
    }
    rv = ini_entry(s, name) == NULL
             ? ini_add_entry(s, name)
             : err_set(ps->e, ERR_PARSE, "line %u: key \"%s\" again", ps->line,
                       name);
    if (rv != 0) {
        mem_free(name);
        return rv;
    }
    ps->has_key = true;
    buf_init(&ps->value, VALUE_MAX);
    buf_add(&ps->value, value.p, (size_t)(value.end - value.p));
    return 0;
}

/* A line that is not blank, not a comment and continues nothing. */
static int take_line(struct parser *ps, struct span text)
{
    struct span key = {text.p, text.p};
    const char *close = NULL;
    const char *p;
    int rv;

    rv = end_value(ps);
    if (rv != 0) {
        return rv;
    }
    if (*text.p == '[') {
        for (p = text.p + 1; p < text.end; p++) {
            close = *p == ']' ? p : close;
        }
        if (close != NULL && close > text.p + 1) {
            return begin_section(ps, (struct span){text.p + 1, close});
        }
    }
    if (!ps->in_section) {
        return err_set(ps->e, ERR_PARSE, "line %u: not in any section",
                       ps->line);
    }
    while (key.end < text.end && *key.end != '=' && *key.end != ':') {
        key.end++;
    }
    text.p = key.end + 1;
    key = span_rstrip(key);
    if (text.p > text.end || key.p == key.end) {
        /* Remembered, not reported: a graver fault further down, such as a
         * duplicate, is what the CLI would stop at; both are fatal. */
        ps->bad_line = ps->bad_line != 0 ? ps->bad_line : ps->line;
        return 0;
    }
    return begin_key(ps, key, span_strip(text));
}

/* One line without its end. */
static int on_line(struct parser *ps, struct span line)
{
    struct span text = span_strip(line);
    size_t indent;

    if (text.p == text.end) {
        if (ps->has_key) {
            buf_addc(&ps->value, '\n');
        }
        return 0;
    }
    if (*text.p == '#' || *text.p == ';') {
        return 0;
    }
    indent = span_indent(line);
    if (ps->has_key && indent > ps->indent) {
        buf_addc(&ps->value, '\n');
        buf_add(&ps->value, text.p, (size_t)(text.end - text.p));
        return 0;
    }
    ps->indent = indent;
    return take_line(ps, text);
}

/* Split the indented block of @entry into its "key = value" lines. */
static int parse_block(struct ini_entry *entry, struct err *e)
{
    struct span rest = {entry->value, entry->value + strlen(entry->value)};
    struct span line, key;
    int rv = 0;

    entry->is_block = true;
    while (rv == 0 && rest.p < rest.end) {
        line = span_strip(span_line(&rest, true));
        if (line.p == line.end) {
            continue;
        }
        key.p = line.p;
        key.end = memchr(line.p, '=', (size_t)(line.end - line.p));
        if (key.end == NULL) {
            return err_set(e, ERR_PARSE, "no '=' in the block of \"%s\"",
                           entry->key);
        }
        line.p = key.end + 1;
        rv = ini_add_pair(entry, span_strip(key), span_strip(line));
    }
    return rv;
}

/* After the last line: defaults, then blocks. */
static int finish(struct parser *ps)
{
    struct ini_section *s;
    size_t i, k;
    int rv = end_value(ps);

    if (rv == 0 && ps->bad_line != 0) {
        return err_set(ps->e, ERR_PARSE,
                       "line %u: neither \"key = value\" nor \"[section]\"",
                       ps->bad_line);
    }
    for (i = 0; rv == 0 && i < ps->ini->n; i++) {
        s = &ps->ini->sections[i];
        rv = ini_add_defaults(s, &ps->defaults);
        for (k = 0; rv == 0 && k < s->n; k++) {
            if (s->entries[k].value[0] == '\n') {
                rv = parse_block(&s->entries[k], ps->e);
                if (rv == ERR_PARSE) {
                    err_wrap(ps->e, "section [%s]", s->name);
                }
            }
        }
    }
    return rv;
}

/* Every byte must belong to well-formed UTF-8, and C strings end at NUL. */
static int check_text(const char *text, size_t len, struct err *e)
{
    const char *end = text + len;
    unsigned line = 1;
    size_t n;

    while (text < end) {
        n = *text == '\0' ? 0 : utf8_char_len(text, (size_t)(end - text));
        if (n == 0) {
            return err_set(e, ERR_PARSE, "line %u: not UTF-8 text", line);
        }
        line += *text == '\n';
        text += n;
    }
    return 0;
}

int ini_parse(struct ini *ini, const char *text, size_t len, struct err *e)
{
    struct parser ps = {.ini = ini, .e = e};
    struct span rest = {text, text + len};
    int rv;

    *ini = (struct ini){0};
    rv = check_text(text, len, e);
    while (rv == 0 && rest.p < rest.end) {
        ps.line++;
        rv = on_line(&ps, span_line(&rest, false));
    }
    if (rv == 0) {
        rv = finish(&ps);
    }
    buf_wipe(&ps.value);
    ini_section_clear(&ps.defaults);
    if (rv != 0) {
        ini_free(ini);
        if (rv != ERR_PARSE) {
            err_set_uv(e, rv, "configuration file");
        }
    }
    return rv;
}
