/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h - SSH keys pushed by SendSSHPublicKey, while they live.
 *
 * A key lives a minute (world setting pushed_key_seconds) for one user of one
 * instance.  Besides answering who has keys now, this module keeps each
 * instance's authorized_keys file current when the world names one. */
#ifndef EMU_KEYS_H
#define EMU_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct keys;
struct log;
struct world;
struct world_instance;

/* One live key. */
struct pushed_key {
    struct pushed_key *next;
    const struct world_instance *instance;
    char user[33];
    char *line;   /* OpenSSH, one line */
    char *caller; /* ARN of who pushed it */
    char *request_id;
    int64_t expires_ms;
    char *record; /* Cached signed record for IMDS, or NULL */
};

/* An empty set over @w.  NULL when out of memory. */
struct keys *keys_new(struct world *w, const struct log *log);

/* Writes a file in the background: @path shall hold @len bytes of @text.  0, or
 * a code when it will not. */
typedef int (*keys_writer)(void *data, const char *path, const char *text,
                           size_t len);

/* Have @put write the files from now on; without, they are written at once. */
void keys_set_writer(struct keys *k, keys_writer put, void *data);

/* Forget all keys, empty the files, free; NULL is fine. */
void keys_free(struct keys *k);

/* Push @line for @user of @in.  0, UV_ENOMEM, or ERR_FULL when too many keys
 * live.  A file that cannot be written is logged, not an error. */
int keys_push(struct keys *k, const struct world_instance *in, const char *user,
              const char *line, const char *caller, const char *request_id);

/* Drop what has expired and rewrite files that change by it.  To be called
 * when keys_next_ms() has come; every other function does it, too. */
void keys_settle(struct keys *k);

/* When the next key expires, in ms of the world's clock; INT64_MAX: none. */
int64_t keys_next_ms(const struct keys *k);

/* The first live key of @user (NULL: of any user) on @in, oldest first; and
 * the one after @from. */
struct pushed_key *keys_first(struct keys *k, const struct world_instance *in,
                              const char *user);
struct pushed_key *keys_after(struct pushed_key *from, const char *user);

#endif /* EMU_KEYS_H */
