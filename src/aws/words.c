/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - a pass over the characters that remembers which quote is open. */
#include "words.h"

#include <stdbool.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "mem.h"

/* Add the word gathered in @word to @w. */
static int add_word(struct words *w, struct buf *word)
{
    char **v = mem_realloc(w->v, (w->n + 2) * sizeof *v);

    if (v == NULL) {
        return UV_ENOMEM;
    }
    w->v = v;
    w->v[w->n] = buf_detach(word);
    if (w->v[w->n] == NULL) {
        return UV_ENOMEM;
    }
    w->v[++w->n] = NULL;
    return 0;
}

/* Whether @c separates words. */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Append the run inside the quote at *@p, which is left behind its end. */
static int take_quoted(const char **p, struct buf *word, struct err *e)
{
    char quote = *(*p)++;

    for (; **p != quote; (*p)++) {
        if (**p == '\0') {
            return err_set(e, ERR_PARSE, "No closing quotation");
        }
        if (quote == '"' && **p == '\\') {
            if ((*p)[1] == '\0') {
                return err_set(e, ERR_PARSE, "No escaped character");
            }
            if ((*p)[1] == '"' || (*p)[1] == '\\') {
                (*p)++;
            } else {
                buf_addc(word, *(*p)++);
            }
        }
        buf_addc(word, **p);
    }
    (*p)++;
    return 0;
}

/* Append one word beginning at *@p. */
static int take_word(const char **p, struct buf *word, struct err *e)
{
    int rv = 0;

    while (rv == 0 && **p != '\0' && !is_blank(**p)) {
        if (**p == '\'' || **p == '"') {
            rv = take_quoted(p, word, e);
            continue;
        }
        if (**p == '\\' && *++*p == '\0') {
            return err_set(e, ERR_PARSE, "No escaped character");
        }
        buf_addc(word, *(*p)++);
    }
    return rv;
}

int words_split(struct words *w, const char *text, struct err *e)
{
    struct buf word;
    int rv = 0;

    *w = (struct words){0};
    buf_init(&word, strlen(text));
    for (;;) {
        while (is_blank(*text)) {
            text++;
        }
        if (*text == '\0') {
            break;
        }
        rv = take_word(&text, &word, e);
        if (rv == 0) {
            rv = add_word(w, &word);
            if (rv != 0) {
                err_set_uv(e, rv, "command line");
            }
        }
        if (rv != 0) {
            break;
        }
    }
    buf_free(&word);
    if (rv != 0) {
        words_free(w);
    }
    return rv;
}

void words_free(struct words *w)
{
    size_t i;

    for (i = 0; i < w->n; i++) {
        mem_free(w->v[i]);
    }
    mem_free(w->v);
    *w = (struct words){0};
}
