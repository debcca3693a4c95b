/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_key_lines.c - any text as the file of the first EC2 tools. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "key_lines.h"
#include "wipe.h"

/* A value is of one line, has no blanks around it, and is found again when it
 * is written as its own line. */
static void check(const char *text, const char *key)
{
    char *value = key_line_value(text, key);
    char *line, *again;
    size_t len, room;

    if (value == NULL) {
        return;
    }
    len = strlen(value);
    FUZZ_ASSERT(strpbrk(value, "\r\n") == NULL);
    FUZZ_ASSERT(len == 0 || (strchr(" \t", value[0]) == NULL &&
                             strchr(" \t", value[len - 1]) == NULL));
    room = strlen(key) + len + 3;
    line = malloc(room);
    FUZZ_ASSERT(line != NULL);
    snprintf(line, room, "%s=%s\n", key, value);
    again = key_line_value(line, key);
    FUZZ_ASSERT(again != NULL && strcmp(again, value) == 0);
    free(line);
    wipe_free(again);
    wipe_free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);

    check(text, "AWSAccessKeyId");
    check(text, "AWSSecretKey");
    free(text);
    return 0;
}
