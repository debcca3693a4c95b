/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_describe.c - the one way all Describe actions go: ids, filters, pages. */
#include <stdio.h>
#include <string.h>

#include "ec2.h"
#include "page.h"

enum { MAX_IDS = 1000 };

/* What a call asked for. */
struct wish {
    const char *ids[MAX_IDS];
    size_t n_ids;
    struct filters filters;
    struct page page;
};

bool ec2_fits(const struct filter *f, const struct ec2_text *texts, size_t n,
              const struct world_tag *tags, size_t n_tags)
{
    bool is_tag;
    bool match = filter_tags(f, tags, n_tags, &is_tag);
    size_t i;

    for (i = 0; i < n && !is_tag; i++) {
        if (strcmp(texts[i].name, f->name) == 0 &&
            filter_has(f, texts[i].value)) {
            return true;
        }
    }
    return match;
}

/* The item with this id, if the caller may see it. */
static const void *find(struct api_call *c, const struct ec2_describe *d,
                        const char *id)
{
    size_t i;

    for (i = 0; i < d->count(c->w); i++) {
        const void *item = d->at(c->w, i);

        if (strcmp(d->id(item), id) == 0 && ec2_visible(c, d->vpc(item))) {
            return item;
        }
    }
    return NULL;
}

static bool too_many(struct api_call *c, const struct ec2_describe *d)
{
    return call_fail(c, 400, "InvalidParameterValue",
                     "The maximum number of %s is %d", d->ids_name, MAX_IDS);
}

/* Every id that was named must be there. */
static bool check_ids(struct api_call *c, const struct ec2_describe *d,
                      const struct wish *wish)
{
    struct buf missing;
    size_t n = 0;
    size_t i;

    buf_init(&missing, 512);
    for (i = 0; i < wish->n_ids; i++) {
        const char *id = wish->ids[i];

        if (find(c, d, id) != NULL) {
            continue;
        }
        if (!ec2_id_well_formed(d->prefix, id)) {
            buf_free(&missing);
            return call_fail(c, 400, d->malformed, "Invalid id: \"%.64s\"", id);
        }
        buf_addf(&missing, "%s%s", n++ > 0 ? ", " : "", id);
    }
    if (n > 0) {
        call_fail(c, 400, d->not_found,
                  n == 1 ? "%s '%s%s%s' does not exist"
                         : "%ss '%s%s%s' do not exist",
                  d->noun, d->brackets ? "[" : "", buf_str(&missing),
                  d->brackets ? "]" : "");
    }
    buf_free(&missing);
    return n == 0;
}

/* Names stand for ids. */
static bool read_names(struct api_call *c, const struct ec2_describe *d,
                       struct wish *wish)
{
    const char **names = wish->ids + wish->n_ids;
    size_t n = params_list(&c->params, d->names, names, MAX_IDS - wish->n_ids);
    size_t i;

    if (n > MAX_IDS - wish->n_ids) {
        return too_many(c, d);
    }
    for (i = 0; i < n; i++) {
        names[i] = d->named(c, names[i]);
        if (names[i] == NULL) {
            return false;
        }
    }
    wish->n_ids += n;
    return true;
}

/* Read ids, filters, page; refuse what does not go together. */
static bool read_wish(struct api_call *c, const struct ec2_describe *d,
                      struct wish *wish)
{
    wish->n_ids = params_list(&c->params, d->ids, wish->ids, MAX_IDS);
    if (wish->n_ids > MAX_IDS) {
        return too_many(c, d);
    }
    if (!filters_read(c, d->filters, &wish->filters) ||
        !page_read(c, d->least, d->most, &wish->page)) {
        return false;
    }
    if (wish->n_ids > 0 && params_get(&c->params, "MaxResults") != NULL &&
        strcmp(d->prefix, "i-") == 0) {
        return call_fail(c, 400, "InvalidParameterCombination",
                         "The parameter %s cannot be used with the parameter "
                         "maxResults",
                         d->ids_name);
    }
    return check_ids(c, d, wish) &&
           (d->names == NULL || read_names(c, d, wish));
}

/* Whether @item was asked for. */
static bool wanted(struct api_call *c, const struct ec2_describe *d,
                   const struct wish *wish, const void *item)
{
    size_t i;
    bool named = wish->n_ids == 0;

    if (!ec2_visible(c, d->vpc(item)) ||
        (d->wanted != NULL && !d->wanted(c, item))) {
        return false;
    }
    for (i = 0; i < wish->n_ids && !named; i++) {
        named = strcmp(wish->ids[i], d->id(item)) == 0;
    }
    for (i = 0; i < wish->filters.n && named; i++) {
        named = d->fits(c, item, &wish->filters.v[i]);
    }
    return named;
}

/* Where the page begins: after the item it names, which may have moved. */
static size_t page_start(struct api_call *c, const struct ec2_describe *d,
                         const struct page *page)
{
    size_t n = d->count(c->w);
    size_t i;

    for (i = 0; page->after[0] != '\0' && i < n; i++) {
        if (strcmp(d->id(d->at(c->w, i)), page->after) == 0) {
            return i + 1;
        }
    }
    return page->start > 0 ? page->start - 1 : 0;
}

static void write_page(struct api_call *c, const struct ec2_describe *d,
                       const struct wish *wish)
{
    size_t n = d->count(c->w);
    size_t start =
        wish->page.after[0] != '\0' ? page_start(c, d, &wish->page) : 0;
    size_t shown = 0;
    size_t last = 0;
    bool more = false;
    size_t i;

    call_xml_begin(c);
    call_xml_open(c, d->set);
    for (i = start; i < n && !more; i++) {
        const void *item = d->at(c->w, i);

        if (!wanted(c, d, wish, item)) {
            continue;
        }
        if (shown == wish->page.max) {
            more = true;
            break;
        }
        call_xml_open(c, "item");
        d->write(c, item);
        call_xml_close(c, "item");
        shown++;
        last = i;
    }
    call_xml_close(c, d->set);
    if (more) {
        page_next(c, last, d->id(d->at(c->w, last)));
    }
    call_xml_end(c);
}

void ec2_describe(struct api_call *c, const struct ec2_describe *d)
{
    struct access a = {.action = d->permission, .resource = "*"};
    struct wish wish = {0};

    if (ec2_permit(c, &a) && read_wish(c, d, &wish)) {
        write_page(c, d, &wish);
    }
    filters_free(&wish.filters);
}
