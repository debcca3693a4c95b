/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_net.c - header lines, NO_PROXY lists and CA files. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "answer.h"
#include "ca_file.h"
#include "err.h"
#include "fuzz.h"
#include "proxy.h"

/* Each line of the input is a header line, as libcurl would bring it. */
static void try_answer(const char *data, size_t size)
{
    struct answer a;
    size_t i;

    answer_init(&a, 100);
    while (size > 0) {
        const char *end = memchr(data, '\n', size);
        size_t n = end != NULL ? (size_t)(end - data) + 1 : size;

        if (!answer_add_line(&a, data, n) || !answer_add_body(&a, data, n)) {
            FUZZ_ASSERT(answer_error(&a) == ERR_TOO_BIG);
            answer_reset(&a);
            return;
        }
        data += n;
        size -= n;
    }
    FUZZ_ASSERT(answer_finish(&a, 200) == 0);
    FUZZ_ASSERT(a.resp.body_len <= 100);
    for (i = 0; i < a.resp.n_headers; i++) {
        const struct header *h = &a.resp.headers[i];

        size_t n = strlen(h->value);

        FUZZ_ASSERT(strpbrk(h->name, "\n:ABC") == NULL);
        FUZZ_ASSERT(n == 0 || (h->value[0] != ' ' && h->value[n - 1] != '\n'));
        FUZZ_ASSERT(response_header(&a.resp, h->name) != NULL);
    }
    answer_reset(&a);
}

/* A host on the first line, the list on the rest. */
static void try_no_proxy(const char *text)
{
    size_t n = strcspn(text, "\n");
    char *host = strndup(text, n);
    const char *list = text + n + (text[n] != '\0');
    bool covered;

    FUZZ_ASSERT(host != NULL);
    covered = proxy_bypassed(list, host, 443);
    FUZZ_ASSERT(!covered || *list != '\0');
    FUZZ_ASSERT(proxy_bypassed("*", host, 443) || n >= 256);
    (void)proxy_default_port(text);
    free(host);
}

/* A CA file: certificates, or an error with its place. */
static void try_ca_file(const char *text)
{
    struct ca_file *f = NULL;
    struct err e = {0};

    if (ca_file_parse(&f, "FILE", text, &e) != 0) {
        FUZZ_ASSERT(e.code != 0 && strstr(e.msg, "FILE") != NULL);
        FUZZ_ASSERT(f == NULL);
    } else {
        FUZZ_ASSERT(ca_file_count(f) > 0);
    }
    FUZZ_ASSERT(ERR_peek_error() == 0);
    ca_file_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);

    try_answer((const char *)data, size);
    try_no_proxy(text);
    try_ca_file(text);
    free(text);
    return 0;
}
