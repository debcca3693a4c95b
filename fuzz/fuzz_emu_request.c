/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_emu_request.c - any request, unsigned or signed by chance: the first
 * line is "METHOD PATH?QUERY", then headers, an empty line, a body.  It is
 * answered, and nobody is let through the gate. */
#include <stdlib.h>
#include <string.h>

#include "emu_bed.h"
#include "fuzz.h"
#include "gate.h"
#include "verify.h"

enum { MAX_HEADERS = 16 };

/* Cut @text up into @req; what is missing is empty. */
static void cut(char *text, size_t size, struct http_request *req,
                struct http_header *headers)
{
    char *end = text + size;
    char *line = strchr(text, '\n');
    char *space = strchr(text, ' ');
    char *mark;

    if (line != NULL) {
        *line++ = '\0';
    } else {
        line = end;
    }
    req->method = text;
    req->path = "";
    req->query = "";
    if (space != NULL && space < line) {
        *space = '\0';
        req->path = space + 1;
        mark = strchr(space + 1, '?');
        if (mark != NULL) {
            *mark = '\0';
            req->query = mark + 1;
        }
    }
    while (line < end && *line != '\n' && req->n_headers < MAX_HEADERS) {
        char *next = strchr(line, '\n');
        char *colon;

        if (next == NULL) {
            next = end;
        } else {
            *next++ = '\0';
        }
        colon = strstr(line, ": ");
        if (colon != NULL) {
            *colon = '\0';
            headers[req->n_headers].name = line;
            headers[req->n_headers++].value = colon + 2;
        }
        line = next;
    }
    if (line < end) {
        line++;
    }
    req->headers = headers;
    req->body = line;
    req->body_len = (size_t)(end - line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    struct http_header headers[MAX_HEADERS];
    struct http_request req = {.peer_ip = "127.0.0.1"};
    struct verify_claim claim;
    char message[512];
    char signature[VERIFY_SIGNATURE_SIZE];
    struct http_answer answer;
    struct gate_answer gate;

    cut(text, size, &req, headers);
    if (verify_claim_read(&req, &claim, message) == VERIFY_OK) {
        verify_signature(&req, &claim, "secret", true, signature);
        verify_signature(&req, &claim, "secret", false, signature);
    }
    gate_open(emu_bed(), &req, "11111111-2222-4333-8444-555555555555", &gate);
    FUZZ_ASSERT(gate.status >= 400);
    http_answer_init(&answer);
    emu_api_handle(emu_bed(), &req, &answer, NULL);
    FUZZ_ASSERT(answer.status >= 200 && answer.status < 600);
    FUZZ_ASSERT(buf_error(&answer.body) == 0);
    http_answer_free(&answer);
    free(text);
    return 0;
}
