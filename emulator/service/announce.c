/* SPDX-License-Identifier: Apache-2.0 */
/* announce.c - saying where a running emulator can be reached. */
#include "announce.h"

#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "emulator.h"
#include "err.h"
#include "json.h"
#include "reach.h"

enum { URL_LIMIT = 256 };

void announce_json(struct buf *out, const struct emulator *emu)
{
    const char *id = "", *secret = "";
    json_t *doc = json_object();
    const char *listen = emulator_address(emu);
    struct buf url;

    (void)emulator_test_key(emu, &id, &secret);
    (void)json_object_set_new(doc, "https_port",
                              json_integer(emulator_https_port(emu)));
    (void)json_object_set_new(doc, "http_port",
                              json_integer(emulator_http_port(emu)));
    (void)json_object_set_new(doc, "ca_file",
                              json_string(emulator_ca_file(emu)));
    (void)json_object_set_new(doc, "pid", json_integer((json_int_t)getpid()));
    (void)json_object_set_new(doc, "state_dir",
                              json_string(emulator_state_dir(emu)));
    (void)json_object_set_new(doc, "region", json_string(emulator_region(emu)));
    (void)json_object_set_new(doc, "access_key_id", json_string(id));
    (void)json_object_set_new(doc, "secret_access_key", json_string(secret));
    (void)json_object_set_new(doc, "address",
                              json_string(reach_address(listen)));
    buf_init(&url, URL_LIMIT);
    reach_add_url(&url, "https", listen, emulator_https_port(emu));
    (void)json_object_set_new(doc, "endpoint_url", json_string(buf_str(&url)));
    buf_clear(&url);
    reach_add_url(&url, "http", listen, emulator_http_port(emu));
    (void)json_object_set_new(doc, "metadata_url", json_string(buf_str(&url)));
    buf_free(&url);
    js_write(out, doc, JS_COMPACT);
    json_decref(doc);
}

/* What the two texts are made of. */
struct facts {
    json_t *doc;
    const char *url, *ca, *id, *secret, *region, *metadata, *state_dir;
    int64_t pid;
};

static int read_facts(struct facts *f, const char *json)
{
    struct err e;

    *f = (struct facts){.doc = js_parse(json, strlen(json), &e)};
    if (js_need_str(f->doc, "endpoint_url", &f->url, &e) != 0 ||
        js_need_str(f->doc, "ca_file", &f->ca, &e) != 0 ||
        js_need_str(f->doc, "access_key_id", &f->id, &e) != 0 ||
        js_need_str(f->doc, "secret_access_key", &f->secret, &e) != 0 ||
        js_need_str(f->doc, "region", &f->region, &e) != 0 ||
        js_need_str(f->doc, "metadata_url", &f->metadata, &e) != 0 ||
        js_need_str(f->doc, "state_dir", &f->state_dir, &e) != 0 ||
        !js_int(f->doc, "pid", &f->pid)) {
        json_decref(f->doc);
        return ERR_PARSE;
    }
    return 0;
}

/* export NAME='value', with the value safe for any shell. */
static void add_export(struct buf *out, const char *name, const char *value)
{
    buf_addf(out, "export %s='", name);
    for (; *value != '\0'; value++) {
        if (*value == '\'') {
            buf_adds(out, "'\\''");
        } else {
            buf_addc(out, *value);
        }
    }
    buf_adds(out, "'\n");
}

int announce_env(struct buf *out, const char *json)
{
    struct facts f;
    char pid[32];

    if (read_facts(&f, json) != 0) {
        return ERR_PARSE;
    }
    snprintf(pid, sizeof pid, "%lld", (long long)f.pid);
    buf_adds(out, "unset AWS_PROFILE AWS_SESSION_TOKEN\n");
    add_export(out, "AWS_ENDPOINT_URL", f.url);
    add_export(out, "AWS_CA_BUNDLE", f.ca);
    add_export(out, "AWS_ACCESS_KEY_ID", f.id);
    add_export(out, "AWS_SECRET_ACCESS_KEY", f.secret);
    add_export(out, "AWS_REGION", f.region);
    add_export(out, "AWS_DEFAULT_REGION", f.region);
    add_export(out, "AWS_EC2_METADATA_SERVICE_ENDPOINT", f.metadata);
    add_export(out, "EICE_EMULATOR_PID", pid);
    add_export(out, "EICE_EMULATOR_STATE_DIR", f.state_dir);
    json_decref(f.doc);
    return buf_error(out);
}

int announce_text(struct buf *out, const char *json)
{
    struct facts f;

    if (read_facts(&f, json) != 0) {
        return ERR_PARSE;
    }
    buf_addf(out,
             "eice-emulator is ready.  In another shell:\n\n"
             "  export AWS_ENDPOINT_URL=%s\n"
             "  export AWS_CA_BUNDLE=%s\n"
             "  export AWS_ACCESS_KEY_ID=%s\n"
             "  export AWS_SECRET_ACCESS_KEY=%s\n"
             "  export AWS_REGION=%s\n\n"
             "and then, say,\n\n"
             "  aws ec2 describe-instance-connect-endpoints\n"
             "  ssh -o ProxyCommand='eice open-tunnel --instance-id %%h' "
             "i-0123456789abcdef0\n\n"
             "Instance metadata and container credentials: %s\n"
             "Certificates and state: %s\n"
             "Ctrl-C ends it.\n",
             f.url, f.ca, f.id, f.secret, f.region, f.metadata, f.state_dir);
    json_decref(f.doc);
    return buf_error(out);
}
