/* SPDX-License-Identifier: Apache-2.0 */
/* config_block.c - editing between marks. */
#include "config_block.h"

#include <string.h>

#include "buf.h"
#include "err.h"

static const char begin_mark[] = "# BEGIN eice";
static const char end_mark[] = "# END eice\n";

/* The line that begins with @mark, from @text on; NULL when there is none. */
static const char *line_find(const char *text, const char *mark)
{
    const char *p;

    for (p = strstr(text, mark); p != NULL; p = strstr(p + 1, mark)) {
        if (p == text || p[-1] == '\n') {
            return p;
        }
    }
    return NULL;
}

static void add_block(struct buf *out, const char *block)
{
    buf_addf(out, "%s: written by eice ssh-config, which also removes it\n",
             begin_mark);
    buf_adds(out, block);
    buf_adds(out, end_mark);
}

int config_block_set(struct buf *out, const char *old, const char *block,
                     struct err *e)
{
    const char *begin = line_find(old, begin_mark);
    const char *end = begin != NULL ? line_find(begin, "# END eice") : NULL;
    size_t len;

    if (begin != NULL && end == NULL) {
        return err_set(e, ERR_PARSE,
                       "there is a line \"%s\" without \"# END eice\" after it",
                       begin_mark);
    }
    if (begin == NULL) {
        len = strlen(old);
        buf_add(out, old, len);
        if (block != NULL && len > 0) {
            buf_adds(out, old[len - 1] != '\n' ? "\n\n" : "\n");
        }
        if (block != NULL) {
            add_block(out, block);
        }
        return 0;
    }
    len = (size_t)(begin - old);
    end += strcspn(end, "\n");
    end += *end != '\0';
    if (block == NULL && len > 1 && old[len - 1] == '\n' &&
        old[len - 2] == '\n') {
        len--; /* The empty line came with the block. */
    }
    buf_add(out, old, len);
    if (block != NULL) {
        add_block(out, block);
    }
    buf_adds(out, end);
    return 0;
}
