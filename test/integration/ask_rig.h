/* SPDX-License-Identifier: Apache-2.0 */
/* ask_rig.h - one HTTP request under test, and servers for it to meet. */
#ifndef ASK_RIG_H
#define ASK_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "net_rig.h"
#include "request.h"
#include "test_http.h"

/* One request under test and what became of it. */
struct ask {
    struct net_rig *rig;
    struct request *req;
    char url[256];
    const char *method;
    const struct header *headers;
    size_t n_headers;
    const char *body;
    int prepare_result;    /* What prepare returns */
    bool close_in_prepare; /* Instead of going on */
    bool close_in_judge;
    enum verdict verdict; /* What judge returns, if it is set */
    unsigned n_prepared;
    unsigned last_n;
    unsigned n_judged;
    unsigned n_done;
    bool done;
    bool keep;  /* Do not close when done */
    int status; /* HTTP status, 0 for a failure */
    char body_got[4096];
    size_t body_len;
    char type_got[64];
    char retries[64];
    struct err err;
    bool net_closed;
};

/* What most tests ask for: no real waiting between tries. */
extern const struct request_config ask_quick;

/* For other configs, and for request_start(). */
enum verdict ask_on_judge(struct request *r, const struct response *resp,
                          int status);
void ask_on_done(struct request *r, const struct response *resp,
                 const struct err *err);

/* A net that believes the rig's authority; and a server in it, without TLS,
 * that answers by @answer with @data. */
void ask_setup(struct net_rig *rig);
struct test_http *ask_server(struct net_rig *rig, test_http_handler answer,
                             void *data);

/* The server goes, then the rig. */
void ask_end(struct net_rig *rig, struct test_http *h);

/* Make and start a request to @path of the server at @port. */
void ask_start(struct ask *ask, struct net_rig *rig,
               const struct request_config *config, const char *scheme,
               const char *host, unsigned port, const char *path);

/* The same over plain HTTP, as ask_quick says. */
void ask_plain(struct ask *ask, struct net_rig *rig, const struct test_http *h,
               const char *path);

/* And wait until it is over. */
void ask_whole(struct ask *ask, struct net_rig *rig, const struct test_http *h,
               const char *path);

/* Servers, for test_http_start().  Send back what was sent. */
void ask_echo(const struct test_http_request *req);

/* Answers whose framing is the point; the path says which. */
void ask_odd_answers(const struct test_http_request *req);

/* Answer, then close the connection that the client would use again. */
void ask_close_after(const struct test_http_request *req);

/* Fail in different ways until the number of tries in *data is reached. */
void ask_fail_at_first(const struct test_http_request *req);

#endif /* ASK_RIG_H */
