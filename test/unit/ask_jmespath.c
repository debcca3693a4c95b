/* SPDX-License-Identifier: Apache-2.0 */
/* ask_jmespath.c - answers questions on stdin, for test_jmespath.py.
 *
 * A line is ["expression", value]; the answer is {"is": result}, {"bad": why}
 * for an expression that is none, or {"failed": why}. */
#include <stdio.h>
#include <stdlib.h>

#include "buf.h"
#include "jmespath.h"

/* One question. */
static void answer(const char *expression, json_t *value)
{
    struct jmespath *q;
    struct buf why;
    json_t *result;
    json_t *out;

    buf_init(&why, 1 << 20);
    if (jmespath_compile(&q, expression, &why) != 0) {
        out = json_pack("{s:s}", "bad", buf_str(&why));
    } else if (jmespath_search(q, value, &result, &why) != 0) {
        out = json_pack("{s:s}", "failed", buf_str(&why));
    } else {
        out = json_pack("{s:o}", "is", result);
    }
    jmespath_free(q);
    json_dumpf(out, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    putchar('\n');
    json_decref(out);
    buf_free(&why);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    while ((n = getline(&line, &size, stdin)) > 0) {
        json_t *question = json_loadb(line, (size_t)n, 0, NULL);

        if (question == NULL) {
            return EXIT_FAILURE;
        }
        answer(json_string_value(json_array_get(question, 0)),
               json_array_get(question, 1));
        json_decref(question);
    }
    free(line);
    return EXIT_SUCCESS;
}
