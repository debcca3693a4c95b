/* SPDX-License-Identifier: Apache-2.0 */
/* trail.c - events in the shape of the CloudTrail documents. */
#include "trail.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include "call.h"
#include "err.h"
#include "iso8601.h"
#include "json.h"
#include "mem.h"

enum { MAX_LINE = 256 * 1024 };

struct trail {
    trail_sink sink;
    void *data;
    int fd; /* -1 without a file */
};

/* --- where lines go ----------------------------------------------------- */

/* One write per line, so that lines of several processes do not mix. */
static void to_file(void *data, const char *line)
{
    struct trail *t = data;
    struct iovec parts[] = {
        {.iov_base = (char *)(uintptr_t)line, .iov_len = strlen(line)},
        {.iov_base = (char[]){'\n'}, .iov_len = 1}};
    ssize_t n;

    do {
        n = writev(t->fd, parts, 2);
    } while (n < 0 && errno == EINTR);
}

struct trail *trail_new(trail_sink sink, void *data)
{
    struct trail *t = mem_zalloc(sizeof *t);

    if (t != NULL) {
        t->sink = sink;
        t->data = data;
        t->fd = -1;
    }
    return t;
}

int trail_open(struct trail **out, const char *path, struct err *e)
{
    struct trail *t = trail_new(to_file, NULL);

    *out = NULL;
    if (t == NULL) {
        return err_set_uv(e, UV_ENOMEM, path);
    }
    t->data = t;
    t->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (t->fd < 0) {
        int code = uv_translate_sys_error(errno);

        trail_free(t);
        return err_set_uv(e, code, path);
    }
    *out = t;
    return 0;
}

void trail_free(struct trail *t)
{
    if (t != NULL) {
        if (t->fd >= 0) {
            close(t->fd);
        }
        mem_free(t);
    }
}

/* What a client sent as JSON, which only UTF-8 can be. */
static json_t *sent(const char *text)
{
    json_t *out = json_string(text);

    return out != NULL ? out : json_string("?");
}

/* --- the event ---------------------------------------------------------- */

/* What is known of somebody whose signature did not verify. */
static json_t *unknown_identity(const struct api_call *c)
{
    json_t *id = json_pack("{s:s}", "type", "Unknown");

    if (c->key_id[0] != '\0') {
        json_object_set_new(id, "accessKeyId", sent(c->key_id));
    }
    return id;
}

/* sessionContext of temporary credentials. */
static json_t *session_context(const struct world_principal *who)
{
    const struct world_session *s = who->session;
    char created[ISO8601_EXTENDED_SIZE];
    json_t *context;

    iso8601_extended(created, s->issued_ms / 1000);
    context = json_pack("{s:{s:s, s:s}}", "attributes", "creationDate", created,
                        "mfaAuthenticated", s->mfa ? "true" : "false");
    if (who->role != NULL) {
        json_object_set_new(context, "sessionIssuer",
                            json_pack("{s:s, s:s, s:s, s:s, s:s}", "type",
                                      "Role", "principalId", who->role->id,
                                      "arn", who->role->arn, "accountId",
                                      who->account->id, "userName",
                                      who->role->name));
    }
    if (s->source_identity != NULL) {
        json_object_set_new(context, "sourceIdentity",
                            json_string(s->source_identity));
    }
    return context;
}

static json_t *identity(const struct api_call *c)
{
    const struct world_principal *who = &c->who;
    char arn[WORLD_ARN_SIZE];
    char id[WORLD_USERID_SIZE];
    json_t *out;

    if (!c->verified) {
        return unknown_identity(c);
    }
    out = json_pack("{s:s, s:s, s:s, s:s, s:s}", "type",
                    who->role != NULL ? "AssumedRole"
                    : who->user->root ? "Root"
                                      : "IAMUser",
                    "principalId", world_principal_userid(who, id), "arn",
                    world_principal_arn(c->w, who, arn), "accountId",
                    who->account->id, "accessKeyId", who->key_id);
    if (who->role == NULL && !who->user->root) {
        json_object_set_new(out, "userName", json_string(who->user->name));
    }
    if (who->session != NULL) {
        json_object_set_new(out, "sessionContext", session_context(who));
    }
    return out;
}

/* Parameters that are of the protocol or secret. */
static bool is_hidden(const char *name)
{
    static const char *const hidden[] = {"Action", "Version", "TokenCode",
                                         "WebIdentityToken", "ClientToken"};
    size_t i;

    for (i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        if (strcmp(hidden[i], name) == 0) {
            return true;
        }
    }
    return strncmp(name, "X-Amz-", 6) == 0;
}

/* Query parameters as an object, names beginning lower case. */
static json_t *query_params(const struct api_call *c)
{
    json_t *out = json_object();
    size_t i;

    for (i = 0; i < c->params.n; i++) {
        const char *name = c->params.v[i].name;
        char lower[128];

        if (is_hidden(name) || strlen(name) >= sizeof lower) {
            continue;
        }
        strcpy(lower, name);
        if (lower[0] >= 'A' && lower[0] <= 'Z') {
            lower[0] = (char)(lower[0] - 'A' + 'a');
        }
        json_object_set_new(out, lower, json_string(c->params.v[i].value));
    }
    if (json_object_size(out) == 0) {
        json_decref(out);
        return json_null();
    }
    return out;
}

/* SendSSHPublicKey and its like, in the documents' words. */
static json_t *key_params(const struct api_call *c)
{
    const char *user = js_str(c->body, "InstanceOSUser");
    const char *id = js_str(c->body, "InstanceId");
    const char *key = js_str(c->body, "SSHPublicKey");
    json_t *out = json_object();

    if (id != NULL) {
        json_object_set_new(out, "instanceId", json_string(id));
    }
    if (user != NULL) {
        json_object_set_new(out, "osUser", json_string(user));
    }
    if (key != NULL) {
        json_object_set_new(out, "SSHKey",
                            json_pack("{s:s}", "publicKey", key));
    }
    return out;
}

static json_t *request_params(const struct api_call *c)
{
    if (c->trail_params != NULL) {
        return json_incref(c->trail_params);
    }
    return c->body != NULL ? key_params(c) : query_params(c);
}

static json_t *resources(const struct api_call *c)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < c->n_resources; i++) {
        json_array_append_new(
            list, json_pack("{s:s?, s:s, s:s}", "accountId",
                            c->verified ? c->who.account->id : NULL, "type",
                            c->resources[i].type, "ARN", c->resources[i].arn));
    }
    return list;
}

/* "ec2.amazonaws.com" */
static const char *event_source(const struct api_call *c, char out[static 64])
{
    snprintf(out, 64, "%s.amazonaws.com", c->service);
    return out;
}

/* Describe and Get calls change nothing. */
static bool is_read_only(const char *action)
{
    return strncmp(action, "Describe", 8) == 0 ||
           strncmp(action, "Get", 3) == 0 || strncmp(action, "Assume", 6) == 0;
}

static json_t *event(struct api_call *c)
{
    char when[ISO8601_EXTENDED_SIZE];
    char id[UUID_SIZE];
    char source[64];
    const char *agent = http_header(c->req, "user-agent");
    json_t *out = json_object();

    iso8601_extended(when, world_now_ms(c->w) / 1000);
    world_uuid(c->w, id);
    json_object_set_new(out, "eventVersion", json_string("1.08"));
    json_object_set_new(out, "userIdentity", identity(c));
    json_object_set_new(out, "eventTime", json_string(when));
    json_object_set_new(out, "eventSource",
                        json_string(event_source(c, source)));
    json_object_set_new(out, "eventName", sent(c->action));
    json_object_set_new(
        out, "awsRegion",
        sent(c->region[0] != '\0' ? c->region : world_settings(c->w)->region));
    json_object_set_new(out, "sourceIPAddress", json_string(c->req->peer_ip));
    json_object_set_new(out, "userAgent", sent(agent != NULL ? agent : "-"));
    if (c->failed) {
        json_object_set_new(out, "errorCode", json_string(c->error_code));
        json_object_set_new(out, "errorMessage", json_string(c->error_message));
    }
    json_object_set_new(out, "requestParameters", request_params(c));
    json_object_set_new(out, "responseElements",
                        c->trail_response != NULL
                            ? json_incref(c->trail_response)
                            : json_null());
    json_object_set_new(out, "requestID", json_string(c->request_id));
    json_object_set_new(out, "eventID", json_string(id));
    json_object_set_new(out, "readOnly", json_boolean(is_read_only(c->action)));
    if (c->n_resources > 0) {
        json_object_set_new(out, "resources", resources(c));
    }
    json_object_set_new(out, "eventType", json_string("AwsApiCall"));
    json_object_set_new(out, "managementEvent", json_true());
    json_object_set_new(out, "recipientAccountId",
                        c->verified ? json_string(c->who.account->id)
                                    : json_null());
    json_object_set_new(out, "eventCategory", json_string("Management"));
    return out;
}

void trail_call(struct trail *t, struct api_call *c)
{
    struct buf line;
    json_t *e;

    if (t == NULL) {
        return;
    }
    e = event(c);
    buf_init(&line, MAX_LINE);
    js_write(&line, e, JS_COMPACT);
    if (buf_error(&line) == 0) {
        t->sink(t->data, buf_str(&line));
    }
    buf_free(&line);
    json_decref(e);
}
