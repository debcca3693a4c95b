/* SPDX-License-Identifier: Apache-2.0 */
/* state.c - what changed since the world file, to disk and back. */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "file.h"
#include "impl.h"
#include "mem.h"
#include "wipe.h"

char *world_state(struct world *w, size_t *len)
{
    json_t *doc = json_pack("{s:i, s:o, s:o, s:o}", "version", 1, "endpoints",
                            endpoints_save(w), "sessions", sessions_save(w),
                            "tokens", tokens_save(w));
    char *dumped = doc != NULL ? json_dumps(doc, JSON_INDENT(1)) : NULL;
    char *text = NULL;

    json_decref(doc);
    *len = dumped != NULL ? strlen(dumped) : 0;
    if (dumped != NULL) {
        text = mem_strdup(dumped);
        wipe(dumped, *len);
        free(dumped); /* jansson's */
    }
    return text;
}

int world_save(struct world *w, const char *path, struct err *e)
{
    size_t len;
    char *text = world_state(w, &len);
    int rv;

    if (text == NULL) {
        return err_set_uv(e, UV_ENOMEM, path);
    }
    rv = file_replace(path, text, len, e);
    file_free(text, len);
    return rv;
}

/* Saved state as a whole. */
struct file_state {
    int64_t version;
    json_t *endpoints;
    json_t *sessions;
    json_t *tokens;
};

#define AT(member) offsetof(struct file_state, member)

static const struct field state_fields[] = {
    {.key = "version",
     .kind = FIELD_INT,
     .required = true,
     .offset = AT(version),
     .min = 1,
     .max = 1},
    {.key = "endpoints", .kind = FIELD_ANY, .offset = AT(endpoints)},
    {.key = "sessions", .kind = FIELD_ANY, .offset = AT(sessions)},
    {.key = "tokens", .kind = FIELD_ANY, .offset = AT(tokens)},
};
static const struct record state_record = {
    .size = sizeof(struct file_state),
    .fields = state_fields,
    .n_fields = sizeof state_fields / sizeof state_fields[0],
};

/* The saved endpoints are all there are: those of the world file that are
 * missing from them were deleted. */
static void forget_endpoints(struct world *w)
{
    while (w->n_endpoints > 0) {
        endpoint_free(w->endpoints[--w->n_endpoints]);
    }
}

int world_restore(struct world *w, const char *path, struct err *e)
{
    struct file_state state = {0};
    struct arena arena = {0}; /* What is read here is copied */
    struct reader r = {.file = path, .arena = &arena, .e = e, .path = "$"};
    char *text;
    size_t len;
    json_t *doc;
    int rv = file_read(path, &text, &len, e);

    if (rv == UV_ENOENT) {
        err_clear(e);
        return 0;
    }
    if (rv != 0) {
        return rv;
    }
    doc = reader_document(path, text, len, e);
    file_free(text, len);
    if (doc == NULL) {
        return ERR_PARSE;
    }
    rv = reader_object(&r, doc, &state_record, &state);
    if (rv == 0 && state.endpoints != NULL) {
        forget_endpoints(w);
        rv = endpoints_read(w, &r, state.endpoints, false);
    }
    rv = rv != 0 ? rv : sessions_restore(w, &r, state.sessions);
    rv = rv != 0 ? rv : tokens_restore(w, &r, state.tokens);
    arena_free(&arena);
    json_decref(doc);
    return rv;
}
