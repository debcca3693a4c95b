/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath.c - a question to a JSON value: read, ask, free. */
#include "jmespath.h"

#include <uv.h>

#include "buf.h"
#include "err.h"
#include "jp_eval.h"
#include "jp_lex.h"
#include "jp_parse.h"
#include "mem.h"

struct jmespath {
    struct jp_node *root;  /* What is asked first */
    struct jp_node *nodes; /* All of them, to be freed */
};

int jmespath_compile(struct jmespath **q, const char *text, struct buf *why)
{
    struct jmespath *made;
    struct jp_tokens tokens = {0};
    int rv;

    *q = NULL;
    if (text[0] == '\0') {
        buf_adds(why, "Invalid JMESPath expression: cannot be empty.");
        return ERR_PARSE;
    }
    made = mem_zalloc(sizeof *made);
    rv = made == NULL ? UV_ENOMEM : jp_lex(&tokens, text, why);
    if (rv == 0) {
        rv = jp_parse(&made->root, &made->nodes, &tokens, text, why);
    }
    jp_tokens_free(&tokens);
    if (rv != 0) {
        if (why->len == 0) {
            buf_adds(why, "not enough memory");
        }
        jmespath_free(made);
        return rv;
    }
    *q = made;
    return 0;
}

int jmespath_search(const struct jmespath *q, json_t *value, json_t **result,
                    struct buf *why)
{
    struct jp_eval v = {.why = why, .steps = JMESPATH_MAX_STEPS};
    int rv = jp_visit(&v, q->root, value, result);

    if (rv == 0) {
        /* Parts may be shared: it could be larger than can be printed. */
        rv = jp_charge(&v, *result);
        if (rv != 0) {
            json_decref(*result);
            *result = NULL;
        }
    }
    return rv;
}

void jmespath_free(struct jmespath *q)
{
    if (q != NULL) {
        jp_nodes_free(q->nodes);
        mem_free(q);
    }
}
