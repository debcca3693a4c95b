/* SPDX-License-Identifier: Apache-2.0 */
/* imds.c - a token, then documents.
 *
 * The happy path is: PUT for a token, GET with it, the text is handed up;
 * further documents use the same token.
 *
 * What can go wrong is that nobody is there (most machines are no instances):
 * that ends in silence after the timeout, a second by default.  An old service
 * refuses the PUT, or a hop limit swallows its answer; then documents are asked
 * for without a token unless that is forbidden. */
#include "imds.h"

#include <stdbool.h>
#include <string.h>
#include <uv.h>

#include "imds_settings.h"
#include "log.h"
#include "mem.h"
#include "net.h"
#include "request.h"
#include "settings.h"
#include "wipe.h"

enum { IMDS_MAX = 64 * 1024, TOKEN_MAX = 4096 };

enum stage { STAGE_TOKEN, STAGE_DOCUMENT };

struct imds {
    struct net *net;
    const struct log *log;
    const struct imds_settings *settings;
    enum stage stage;
    bool asked;  /* A token was asked for */
    char *token; /* or NULL: IMDSv1 */
    char *path;  /* Of the document */
    char *url;   /* Of the present request */
    struct header header;
    struct request *request;
    imds_check check;
    imds_cb cb;
    void *data;
};

/* Report the end. */
static void report(struct imds *i, const char *text, size_t len,
                   const struct err *err)
{
    imds_cb cb = i->cb;

    i->cb = NULL;
    cb(i->data, text, len, err); /* Last: @i may be closed. */
}

/* The present request is done with. */
static void drop_request(struct imds *i)
{
    if (i->request != NULL) {
        request_close(i->request);
        i->request = NULL;
    }
    mem_free(i->url);
    i->url = NULL;
}

/* Describe the present request. */
static int on_prepare(struct request *r, unsigned n, struct attempt *a,
                      struct err *e)
{
    struct imds *i = request_data(r);

    (void)n;
    (void)e;
    if (i->stage == STAGE_TOKEN) {
        i->header =
            (struct header){"x-aws-ec2-metadata-token-ttl-seconds", "21600"};
    } else {
        i->header = (struct header){"x-aws-ec2-metadata-token", i->token};
    }
    *a = (struct attempt){
        .method = i->stage == STAGE_TOKEN ? "PUT" : "GET",
        .url = i->url,
        .headers = &i->header,
        .n_headers = i->header.value != NULL ? 1 : 0,
    };
    return 0;
}

/* Whether the token's answer or a document is worth another try. */
static enum verdict on_judge(struct request *r, const struct response *resp,
                             int status)
{
    const struct imds *i = request_data(r);

    if (i->stage == STAGE_TOKEN) {
        if (resp == NULL) { /* Silence means a hop limit: no token, then */
            return status == UV_ETIMEDOUT ? VERDICT_DONE : VERDICT_RETRY;
        }
        return resp->status == 200 || resp->status == 400 ||
                       resp->status == 403 || resp->status == 404 ||
                       resp->status == 405
                   ? VERDICT_DONE
                   : VERDICT_RETRY;
    }
    return resp != NULL && resp->status == 200 && resp->body_len > 0 &&
                   (i->check == NULL || i->check(resp->body, resp->body_len))
               ? VERDICT_DONE
               : VERDICT_RETRY;
}

static void on_done(struct request *r, const struct response *resp,
                    const struct err *err);

/* Ask for the token or for the document. */
static void ask(struct imds *i, enum stage stage)
{
    struct request_config cfg = {
        .label = stage == STAGE_TOKEN ? "IMDS token" : "IMDS",
        .connect_timeout_ms = (uint64_t)i->settings->timeout_s * 1000,
        .timeout_ms = (uint64_t)i->settings->timeout_s * 1000,
        .max_attempts = i->settings->attempts,
        .max_body = IMDS_MAX,
        .prepare = on_prepare,
        .judge = on_judge,
    };
    struct err e;

    i->stage = stage;
    i->url = mem_printf("%s%s", i->settings->base_url,
                        stage == STAGE_TOKEN ? "latest/api/token" : i->path);
    i->request = i->url != NULL ? request_new(i->net, &cfg, i) : NULL;
    if (i->request == NULL) {
        err_set_uv(&e, UV_ENOMEM, "IMDS");
        report(i, NULL, 0, &e);
        return;
    }
    request_start(i->request, on_done);
}

/* Ask for the document, with the token or, where it is allowed, without. */
static void ask_document(struct imds *i)
{
    struct err e;

    if (i->token == NULL && i->settings->v1_disabled) {
        err_set(&e, ERR_CREDENTIALS,
                "Error retrieving metadata: Unable to retrieve token for use "
                "in IMDSv2 call and IMDSv1 has been disabled");
        report(i, NULL, 0, &e);
        return;
    }
    ask(i, STAGE_DOCUMENT);
}

/* Whether @err means that nobody is there at all, so that asking once more,
 * without a token, would only waste another timeout. */
static bool is_absent(const struct err *err)
{
    return err->code == ERR_CONNECT || err->code == ERR_DNS ||
           (err->code == UV_ETIMEDOUT &&
            strncmp(err->msg, "Connect", strlen("Connect")) == 0);
}

/* The token's request is over. */
static void take_token(struct imds *i, const struct response *resp,
                       const struct err *err)
{
    struct err e;

    i->asked = true;
    if (resp != NULL && resp->status == 400) {
        log_debug(i->log, CREDS, 0, "IMDS: it calls our request bad");
        drop_request(i);
        report(i, NULL, 0, NULL);
        return;
    }
    if (resp != NULL && resp->status == 200 && resp->body_len <= TOKEN_MAX &&
        resp->body[strcspn(resp->body, "\r\n")] == '\0') {
        i->token = mem_strdup(resp->body);
        if (i->token == NULL) {
            err_set_uv(&e, UV_ENOMEM, "IMDS");
            report(i, NULL, 0, &e);
            return;
        }
    } else {
        log_debug(i->log, CREDS, 0, "IMDS: no session token, asking without");
    }
    drop_request(i);
    if (err != NULL && is_absent(err) && !i->settings->v1_disabled) {
        report(i, NULL, 0, NULL);
    } else {
        ask_document(i);
    }
}

/* A request is over. */
static void on_done(struct request *r, const struct response *resp,
                    const struct err *err)
{
    struct imds *i = request_data(r);

    if (err != NULL) {
        log_debug(i->log, CREDS, 0, "IMDS: %s", err->msg);
    }
    if (i->stage == STAGE_TOKEN) {
        take_token(i, resp, err);
        return;
    }
    if (resp == NULL || resp->status != 200 || resp->body_len == 0) {
        log_debug(i->log, CREDS, 0, "IMDS: %s: HTTP %d", i->path,
                  resp != NULL ? resp->status : 0);
        report(i, NULL, 0, NULL);
        return;
    }
    report(i, resp->body, resp->body_len, NULL);
}

struct imds *imds_new(struct net *net, const struct log *log,
                      const struct settings *settings)
{
    struct imds *i = mem_zalloc(sizeof *i);

    if (i != NULL) {
        i->net = net;
        i->log = log;
        i->settings = settings_imds(settings);
    }
    return i;
}

void imds_get(struct imds *i, const char *path, imds_check check, imds_cb cb,
              void *data)
{
    struct err e;

    i->cb = cb;
    i->data = data;
    i->check = check;
    drop_request(i);
    mem_free(i->path);
    i->path = mem_strdup(path);
    if (i->path == NULL) {
        err_set_uv(&e, UV_ENOMEM, "IMDS");
        report(i, NULL, 0, &e);
    } else if (i->settings->disabled || i->settings->attempts == 0) {
        log_debug(i->log, CREDS, 0, "access to EC2 metadata has been disabled");
        report(i, NULL, 0, NULL);
    } else if (i->asked) {
        ask_document(i);
    } else {
        ask(i, STAGE_TOKEN);
    }
}

void imds_close(struct imds *i)
{
    if (i == NULL) {
        return;
    }
    drop_request(i);
    wipe_free(i->token);
    mem_free(i->path);
    mem_free(i);
}
