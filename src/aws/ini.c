/* SPDX-License-Identifier: Apache-2.0 */
/* ini.c - one pass over the lines, as RawConfigParser makes it. */
#include "ini.h"

#include <string.h>
#include <uv.h>

#include "buf.h"
#include "mem.h"
#include "utf8_char.h"
#include "wipe.h"

enum {
    VALUE_MAX = 1 << 20, /* One value with all its continuation lines */
    FIRST_CAP = 8
};

/* A piece of the text. */
struct span {
    const char *p;
    const char *end;
};

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

/* How many bytes the white space character at @p takes, or 0 when there is
 * none; Python's str.strip() removes these. */
static size_t space_len(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t left = (size_t)(end - p);

    if (left == 0) {
        return 0;
    }
    if (u[0] == ' ' || (u[0] >= 0x09 && u[0] <= 0x0d) ||
        (u[0] >= 0x1c && u[0] <= 0x1f)) {
        return 1;
    }
    if (left >= 2 && u[0] == 0xc2 && (u[1] == 0x85 || u[1] == 0xa0)) {
        return 2; /* U+0085, U+00A0 */
    }
    if (left >= 3 && ((u[0] == 0xe1 && u[1] == 0x9a && u[2] == 0x80) ||
                      (u[0] == 0xe2 && u[1] == 0x80 &&
                       ((u[2] >= 0x80 && u[2] <= 0x8a) || u[2] == 0xa8 ||
                        u[2] == 0xa9 || u[2] == 0xaf)) ||
                      (u[0] == 0xe2 && u[1] == 0x81 && u[2] == 0x9f) ||
                      (u[0] == 0xe3 && u[1] == 0x80 && u[2] == 0x80))) {
        return 3; /* U+1680, U+2000-200A, 2028, 2029, 202F, 205F, 3000 */
    }
    return 0;
}

/* @s without white space at its end. */
static struct span rstrip(struct span s)
{
    const char *p;

    while (s.end > s.p) {
        p = s.end - 1;
        while (p > s.p && ((unsigned char)*p & 0xc0) == 0x80) {
            p--;
        }
        if (p + space_len(p, s.end) != s.end) {
            break;
        }
        s.end = p;
    }
    return s;
}

/* @s without white space at either end. */
static struct span strip(struct span s)
{
    size_t n;

    while ((n = space_len(s.p, s.end)) > 0) {
        s.p += n;
    }
    return rstrip(s);
}

/* How many characters of white space @s begins with. */
static size_t indent_of(struct span s)
{
    size_t n, count = 0;

    while ((n = space_len(s.p, s.end)) > 0) {
        s.p += n;
        count++;
    }
    return count;
}

/* Whether @s is @name. */
static bool span_is(struct span s, const char *name)
{
    size_t len = (size_t)(s.end - s.p);

    return strlen(name) == len && memcmp(s.p, name, len) == 0;
}

/* A copy of @s. */
static char *span_dup(struct span s)
{
    return mem_strndup(s.p, (size_t)(s.end - s.p));
}

/* FNV-1a, to skip most comparisons of section names. */
static uint32_t hash_of(const char *p, size_t len)
{
    uint32_t h = 2166136261u;
    size_t i;

    for (i = 0; i < len; i++) {
        h = (h ^ (unsigned char)p[i]) * 16777619u;
    }
    return h;
}

/* Make room for one more of @n elements of @size at *@array. */
static int grow(void **array, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap > 0 ? *cap * 2 : FIRST_CAP;
    void *p;

    if (n < *cap) {
        return 0;
    }
    p = mem_realloc(*array, more * size);
    if (p == NULL) {
        return UV_ENOMEM;
    }
    *array = p;
    *cap = more;
    return 0;
}

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
    all = rstrip(all);
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
    struct ini *ini = ps->ini;
    size_t len = (size_t)(name.end - name.p);
    uint32_t hash = hash_of(name.p, len);
    size_t i;
    int rv;

    ps->in_section = true;
    ps->in_defaults = span_is(name, "DEFAULT");
    if (ps->in_defaults) {
        return 0;
    }
    for (i = 0; i < ini->n; i++) {
        if (ini->sections[i].hash == hash &&
            span_is(name, ini->sections[i].name)) {
            return err_set(ps->e, ERR_PARSE, "line %u: section [%s] again",
                           ps->line, ini->sections[i].name);
        }
    }
    rv =
        grow((void **)&ini->sections, ini->n, &ini->cap, sizeof *ini->sections);
    if (rv != 0) {
        return rv;
    }
    ini->sections[ini->n] = (struct ini_section){.hash = hash};
    ini->sections[ini->n].name = span_dup(name);
    if (ini->sections[ini->n].name == NULL) {
        return UV_ENOMEM;
    }
    ini->n++;
    return 0;
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
    if (ini_entry(s, name) != NULL) {
        rv = err_set(ps->e, ERR_PARSE, "line %u: key \"%s\" again", ps->line,
                     name);
        goto fail;
    }
    rv = grow((void **)&s->entries, s->n, &s->cap, sizeof *s->entries);
    if (rv != 0) {
        goto fail;
    }
    s->entries[s->n++] = (struct ini_entry){.key = name};
    ps->has_key = true;
    buf_init(&ps->value, VALUE_MAX);
    buf_add(&ps->value, value.p, (size_t)(value.end - value.p));
    return 0;

fail:
    mem_free(name);
    return rv;
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
    key = rstrip(key);
    if (text.p > text.end || key.p == key.end) {
        /* Remembered, not reported: a graver fault further down, such as a
         * duplicate, is what the CLI would stop at; both are fatal. */
        ps->bad_line = ps->bad_line != 0 ? ps->bad_line : ps->line;
        return 0;
    }
    return begin_key(ps, key, strip(text));
}

/* One line without its end. */
static int on_line(struct parser *ps, struct span line)
{
    struct span text = strip(line);
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
    indent = indent_of(line);
    if (ps->has_key && indent > ps->indent) {
        buf_addc(&ps->value, '\n');
        buf_add(&ps->value, text.p, (size_t)(text.end - text.p));
        return 0;
    }
    ps->indent = indent;
    return take_line(ps, text);
}

/* The end of the line at @p: before \n, \r\n or \r; also before what Python's
 * splitlines() takes for a line end when @wide. */
static const char *line_end(const char *p, const char *end, bool wide)
{
    for (; p < end; p++) {
        if (*p == '\n' || *p == '\r') {
            return p;
        }
        if (wide &&
            ((*p >= 0x0b && *p <= 0x0c) || (*p >= 0x1c && *p <= 0x1e) ||
             (space_len(p, end) >= 2 && (memcmp(p, "\xc2\x85", 2) == 0 ||
                                         memcmp(p, "\xe2\x80\xa8", 3) == 0 ||
                                         memcmp(p, "\xe2\x80\xa9", 3) == 0)))) {
            return p;
        }
    }
    return end;
}

/* Split the indented block of @entry into its "key = value" lines. */
static int parse_block(struct ini_entry *entry, struct err *e)
{
    struct span rest = {entry->value, entry->value + strlen(entry->value)};
    struct span line, key;
    size_t cap = 0;
    int rv;

    entry->is_block = true;
    while (rest.p < rest.end) {
        line.p = rest.p;
        line.end = line_end(rest.p, rest.end, true);
        rest.p = line.end + space_len(line.end, rest.end);
        line = strip(line);
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
        rv = grow((void **)&entry->block, entry->n_block, &cap,
                  sizeof *entry->block);
        if (rv != 0) {
            return rv;
        }
        entry->block[entry->n_block].key = span_dup(strip(key));
        entry->block[entry->n_block].value = span_dup(strip(line));
        entry->n_block++;
        if (entry->block[entry->n_block - 1].key == NULL ||
            entry->block[entry->n_block - 1].value == NULL) {
            return UV_ENOMEM;
        }
    }
    return 0;
}

/* Give @s the keys of [DEFAULT] that it does not have itself. */
static int add_defaults(struct ini_section *s, const struct ini_section *from)
{
    struct ini_entry *entry;
    size_t i;
    int rv;

    for (i = 0; i < from->n; i++) {
        if (ini_entry(s, from->entries[i].key) != NULL) {
            continue;
        }
        rv = grow((void **)&s->entries, s->n, &s->cap, sizeof *s->entries);
        if (rv != 0) {
            return rv;
        }
        entry = &s->entries[s->n++];
        *entry = (struct ini_entry){0};
        entry->key = mem_strdup(from->entries[i].key);
        entry->value = mem_strdup(from->entries[i].value);
        if (entry->key == NULL || entry->value == NULL) {
            return UV_ENOMEM;
        }
    }
    return 0;
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
        rv = add_defaults(s, &ps->defaults);
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

/* Free what one section holds. */
static void section_free(struct ini_section *s)
{
    size_t i, k;

    for (i = 0; i < s->n; i++) {
        for (k = 0; k < s->entries[i].n_block; k++) {
            mem_free(s->entries[i].block[k].key);
            wipe_free(s->entries[i].block[k].value);
        }
        mem_free(s->entries[i].block);
        mem_free(s->entries[i].key);
        wipe_free(s->entries[i].value);
    }
    mem_free(s->entries);
    mem_free(s->name);
}

int ini_parse(struct ini *ini, const char *text, size_t len, struct err *e)
{
    struct parser ps = {.ini = ini, .e = e};
    struct span rest = {text, text + len};
    struct span line;
    int rv;

    *ini = (struct ini){0};
    rv = check_text(text, len, e);
    while (rv == 0 && rest.p < rest.end) {
        ps.line++;
        line.p = rest.p;
        line.end = line_end(rest.p, rest.end, false);
        rest.p = line.end;
        if (rest.end - rest.p >= 2 && memcmp(rest.p, "\r\n", 2) == 0) {
            rest.p++;
        }
        rest.p += rest.p < rest.end;
        rv = on_line(&ps, line);
    }
    if (rv == 0) {
        rv = finish(&ps);
    }
    buf_wipe(&ps.value);
    section_free(&ps.defaults);
    if (rv != 0) {
        ini_free(ini);
        if (rv != ERR_PARSE) {
            err_set_uv(e, rv, "configuration file");
        }
    }
    return rv;
}

const struct ini_section *ini_section(const struct ini *ini, const char *name)
{
    uint32_t hash = hash_of(name, strlen(name));
    size_t i;

    for (i = 0; i < ini->n; i++) {
        if (ini->sections[i].hash == hash &&
            strcmp(ini->sections[i].name, name) == 0) {
            return &ini->sections[i];
        }
    }
    return NULL;
}

const struct ini_entry *ini_entry(const struct ini_section *s, const char *key)
{
    size_t i;

    for (i = 0; s != NULL && i < s->n; i++) {
        if (strcmp(s->entries[i].key, key) == 0) {
            return &s->entries[i];
        }
    }
    return NULL;
}

const char *ini_value(const struct ini_section *s, const char *key)
{
    const struct ini_entry *entry = ini_entry(s, key);

    return entry != NULL && !entry->is_block ? entry->value : NULL;
}

const char *ini_block_value(const struct ini_section *s, const char *key,
                            const char *inner)
{
    const struct ini_entry *entry = ini_entry(s, key);
    size_t i;

    /* The last of equal keys wins, as in a Python dict. */
    for (i = entry != NULL ? entry->n_block : 0; i > 0; i--) {
        if (strcmp(entry->block[i - 1].key, inner) == 0) {
            return entry->block[i - 1].value;
        }
    }
    return NULL;
}

void ini_free(struct ini *ini)
{
    size_t i;

    for (i = 0; i < ini->n; i++) {
        section_free(&ini->sections[i]);
    }
    mem_free(ini->sections);
    *ini = (struct ini){0};
}
