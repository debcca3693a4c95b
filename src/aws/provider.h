/* SPDX-License-Identifier: Apache-2.0 */
/* provider.h - the one small interface behind which each source of
 * credentials has its own file; internal to the chain.
 *
 * A provider is asked with provider_fetch() and answers once: good (here they
 * are), pass (this source is not configured, try the next) or bad (it is, and
 * failed; the chain stops).  It is asked again when the credentials have to be
 * refreshed.  Between questions it holds no handles. */
#ifndef PROVIDER_H
#define PROVIDER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "err.h"

struct creds;
struct log;
struct net;
struct provider;
struct settings;

/* What all providers of a chain share; embedded in the chain. */
struct provider_ctx {
    uv_loop_t *loop;
    struct net *net;
    const struct log *log;
    const struct settings *settings;
    int64_t clock_skew_s; /* The services' clock minus ours */
    unsigned n_open;      /* Handles and jobs not yet gone */
    /* Called whenever @n_open falls to 0. */
    void (*idle_cb)(struct provider_ctx *ctx);
};

/* Something that the loop still has to finish (a handle that closes, a job in
 * the pool) has begun, or is gone.  The chain outlives it. */
void provider_hold(struct provider_ctx *ctx);
void provider_release(struct provider_ctx *ctx);

/* The wall clock in seconds since 1970.  Expiry is always judged by it, so
 * that a machine that slept wakes up knowing that time has passed. */
int64_t provider_now(void);

enum provider_answer {
    PROVIDER_GOOD, /* @creds are the receiver's (one reference) */
    PROVIDER_PASS, /* Not configured */
    PROVIDER_BAD   /* @err says why */
};

/* The answer.  May come before provider_fetch() returns.  The receiver may
 * fetch again or free @p from inside. */
typedef void (*provider_cb)(struct provider *p, enum provider_answer answer,
                            struct creds *creds, const struct err *err);

/* What is asked for. */
struct provider_need {
    bool quiet; /* Nobody is waiting for it: do not ask the user anything */
    const char *avoid; /* Access key id that was refused: do not take it from a
                          cache; NULL or borrowed until the answer */
};

struct provider_ops {
    const char *name; /* As the AWS CLI calls it; also creds->source */
    void (*fetch)(struct provider *p);
    /* Stop what fetch began; no answer will come. */
    void (*stop)(struct provider *p);
    /* Free @p, which is not fetching. */
    void (*free)(struct provider *p);
};

/* Embedded as the first member of each kind of provider. */
struct provider {
    const struct provider_ops *ops;
    struct provider_ctx *ctx;
    struct provider_need need; /* While fetching */
    provider_cb cb;            /* NULL: not fetching */
    void *data;                /* For the receiver */
};

/* For the owner: ask, stop asking, free (stops first; NULL is fine). */
void provider_fetch(struct provider *p, const struct provider_need *need,
                    provider_cb cb, void *data);
void provider_stop(struct provider *p);
void provider_free(struct provider *p);

/* For the provider: the three answers.  Each is the last thing a function of
 * the provider does. */
void provider_good(struct provider *p, struct creds *creds);
void provider_pass(struct provider *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void provider_bad(struct provider *p, const struct err *err);

/* provider_bad() with a sentence of its own and ERR_CREDENTIALS. */
void provider_fail(struct provider *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* provider_good() with creds_new() of these, or provider_bad(). */
void provider_keys(struct provider *p, const char *access_key_id,
                   const char *secret, const char *token,
                   const char *account_id, int64_t expires_at);

/* --- The kinds; each returns NULL when memory is short. ----------------- */

/* Whose configuration a provider looks at. */
struct provider_spec {
    struct provider_ctx *ctx;
    const char *profile; /* Lives as long as the settings */
    bool ignore_env;     /* Variables do not count */
    bool no_disk_cache;  /* What comes from it is for assuming a role only */
};

typedef struct provider *provider_make(const struct provider_spec *spec);

provider_make provider_env_new;
provider_make provider_role_new;
provider_make provider_web_new;
provider_make provider_sso_new;
provider_make provider_shared_file_new;
provider_make provider_login_new;
provider_make provider_process_new;
provider_make provider_config_file_new;
provider_make provider_ec2_file_new;
provider_make provider_boto_new;
provider_make provider_container_new;
provider_make provider_imds_new;

/* Several in a row: the first that does not pass is the answer, and from then
 * on the only one that is asked. */
provider_make provider_default_list_new; /* AWS-REFERENCE B1 */
provider_make provider_profile_list_new; /* What a source_profile may use */

#endif /* PROVIDER_H */
