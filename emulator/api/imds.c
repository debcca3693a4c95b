/* SPDX-License-Identifier: Apache-2.0 */
/* imds.c - what an instance can ask at 169.254.169.254.
 *
 * Session tokens hold their own end and a MAC over it by a key of the world,
 * so none need be remembered. */
#include "imds.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base64.h"
#include "hex.h"
#include "json.h"
#include "keys.h"
#include "role_document.h"
#include "signer.h"
#include "world.h"

enum { MAX_TTL_S = 21600, MAC_HEX = 64, MAX_PAGE = 64 * 1024 };

/* One request while it is answered. */
struct ask {
    struct emu_api *api;
    struct world *w;
    const struct http_request *req;
    struct http_answer *answer;
    const struct world_instance *in;
};

/* --- answers ------------------------------------------------------------ */

/* A plain page for an error, as the service has it. */
static void refuse(struct ask *a, int status, const char *title)
{
    a->answer->status = status;
    a->answer->content_type = "text/html";
    buf_clear(&a->answer->body);
    buf_addf(&a->answer->body,
             "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n"
             "<html><head><title>%d - %s</title></head>"
             "<body><h1>%d - %s</h1></body></html>\n",
             status, title, status, title);
}

/* Text; 404 when there is none. */
static void give(struct ask *a, const char *text)
{
    if (text == NULL || text[0] == '\0') {
        refuse(a, 404, "Not Found");
        return;
    }
    a->answer->status = 200;
    a->answer->content_type = "text/plain";
    buf_adds(&a->answer->body, text);
}

/* --- tokens ------------------------------------------------------------- */

/* The MAC of a token that ends at @end_ms, as hex. */
static void token_mac(struct ask *a, const char *end_ms,
                      char out[static MAC_HEX + 1])
{
    unsigned char mac[EVP_MAX_MD_SIZE] = {0};
    size_t key_len;
    const unsigned char *key = world_secret(a->w, &key_len);

    HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)end_ms,
         strlen(end_ms), mac, NULL);
    hex_encode(out, mac, MAC_HEX / 2);
}

/* PUT /latest/api/token */
static void put_token(struct ask *a)
{
    const char *text =
        http_header(a->req, "x-aws-ec2-metadata-token-ttl-seconds");
    size_t len = text != NULL ? strlen(text) : 0;
    char end[32];
    char mac[MAC_HEX + 1];
    long ttl;

    if (http_header(a->req, "x-forwarded-for") != NULL) {
        refuse(a, 403, "Forbidden");
        return;
    }
    if (len == 0 || len > 6 || strspn(text, "0123456789") != len) {
        refuse(a, 400, "Bad Request");
        return;
    }
    ttl = strtol(text, NULL, 10);
    if (ttl < 1 || ttl > MAX_TTL_S) {
        refuse(a, 400, "Bad Request");
        return;
    }
    snprintf(end, sizeof end, "%lld",
             (long long)(world_now_ms(a->w) + (int64_t)ttl * 1000));
    token_mac(a, end, mac);
    a->answer->status = 200;
    a->answer->content_type = "text/plain";
    buf_addf(&a->answer->headers,
             "x-aws-ec2-metadata-token-ttl-seconds: %ld\r\n", ttl);
    buf_addf(&a->answer->body, "%s.%s", end, mac);
}

/* Whether the request may read: by its token, or without one if the world
 * still allows version 1. */
static bool may_read(struct ask *a)
{
    const char *token = http_header(a->req, "x-aws-ec2-metadata-token");
    char end[32];
    char mac[MAC_HEX + 1];
    size_t n;

    if (token == NULL) {
        return world_imds(a->w)->v1;
    }
    n = strcspn(token, ".");
    if (n == 0 || n >= sizeof end || token[n] != '.' ||
        strlen(token + n + 1) != MAC_HEX) {
        return false;
    }
    memcpy(end, token, n);
    end[n] = '\0';
    token_mac(a, end, mac);
    return CRYPTO_memcmp(mac, token + n + 1, MAC_HEX) == 0 &&
           strtoll(end, NULL, 10) > world_now_ms(a->w);
}

/* --- credentials -------------------------------------------------------- */

static void role_credentials(struct ask *a, const char *name)
{
    const struct world_role *role = a->in->role;
    const struct world_session *s;

    if (role == NULL) {
        refuse(a, 404, "Not Found");
        return;
    }
    if (name[0] == '\0') {
        give(a, role->name);
        return;
    }
    if (strcmp(name, role->name) != 0) {
        refuse(a, 404, "Not Found");
        return;
    }
    s = role_session(a->w, role, a->in->id, world_imds(a->w)->credentials_s);
    if (s == NULL) {
        refuse(a, 500, "Internal Server Error");
        return;
    }
    role_document(a->answer, s, NULL);
}

/* --- managed-ssh-keys --------------------------------------------------- */

/* All live keys of a user as signed records. */
static void active_keys(struct ask *a, const char *user)
{
    struct pushed_key *key = keys_first(a->api->keys, a->in, user);

    if (key == NULL || a->api->signer == NULL) {
        refuse(a, 404, "Not Found");
        return;
    }
    a->answer->status = 200;
    a->answer->content_type = "text/plain";
    for (; key != NULL; key = keys_after(key, user)) {
        if (key->record == NULL) {
            key->record = signer_record(a->api->signer, key);
        }
        if (key->record != NULL) {
            buf_addf(&a->answer->body, "%s\n", key->record);
        }
    }
}

static void managed_keys(struct ask *a, const char *path)
{
    struct signer *signer = a->api->signer;
    struct buf text;

    if (strncmp(path, "active-keys/", 12) == 0 && path[12] != '\0') {
        active_keys(a, path + 12);
        return;
    }
    buf_init(&text, MAX_PAGE);
    if (signer != NULL && strcmp(path, "signer-cert") == 0) {
        signer_chain(signer, &text);
    } else if (signer != NULL && strcmp(path, "signer-ocsp") == 0) {
        signer_ocsp_names(signer, &text);
    } else if (signer != NULL && strncmp(path, "signer-ocsp/", 12) == 0) {
        signer_ocsp(signer, path + 12, &text);
    }
    give(a, buf_str(&text));
    buf_free(&text);
}

/* --- everything else ---------------------------------------------------- */

static void give_ip(struct ask *a, const struct ip *ip)
{
    char text[IP_TEXT_SIZE];

    if (ip == NULL) {
        refuse(a, 404, "Not Found");
        return;
    }
    ip_format(text, ip);
    give(a, text);
}

static void identity_document(struct ask *a)
{
    const struct world_instance *in = a->in;
    char ip[IP_TEXT_SIZE] = "";
    json_t *doc;

    if (in->private_ip != NULL) {
        ip_format(ip, in->private_ip);
    }
    doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
                    "accountId", in->subnet->vpc->account->id, "architecture",
                    in->architecture, "availabilityZone", in->subnet->zone,
                    "imageId", in->image_id, "instanceId", in->id,
                    "instanceType", in->type, "privateIp", ip, "region",
                    in->subnet->vpc->region, "version", "2017-09-30");
    a->answer->status = 200;
    a->answer->content_type = "text/plain";
    js_write(&a->answer->body, doc, JS_PRETTY);
    json_decref(doc);
}

static void profile_info(struct ask *a)
{
    char text[1024];
    const struct world_role *role = a->in->role;

    if (role == NULL) {
        refuse(a, 404, "Not Found");
        return;
    }
    snprintf(text, sizeof text,
             "{\n  \"Code\" : \"Success\",\n  \"InstanceProfileArn\" : "
             "\"arn:%s:iam::%s:instance-profile/%s\",\n"
             "  \"InstanceProfileId\" : \"%s\"\n}",
             world_settings(a->w)->partition, role->account->id, role->name,
             role->id);
    give(a, text);
}

/* The tag at "tags/instance/KEY". */
static const char *tag_value(const struct world_instance *in, const char *key)
{
    size_t i;

    for (i = 0; i < in->n_tags; i++) {
        if (strcmp(in->tags[i].key, key) == 0) {
            return in->tags[i].value;
        }
    }
    return NULL;
}

static const char top[] =
    "ami-id\nhostname\niam/\ninstance-id\ninstance-type\nipv6\n"
    "local-hostname\nlocal-ipv4\nmanaged-ssh-keys/\nplacement/\n"
    "public-hostname\npublic-ipv4\nservices/\ntags/";

/* A page of meta-data, without a trailing slash in @path. */
static void meta_data(struct ask *a, const char *path)
{
    const struct world_instance *in = a->in;
    const struct {
        const char *path;
        const char *value;
    } pages[] = {
        {"", top},
        {"ami-id", in->image_id},
        {"hostname", in->private_dns},
        {"iam", in->role != NULL ? "info\nsecurity-credentials/" : NULL},
        {"instance-id", in->id},
        {"instance-type", in->type},
        {"local-hostname", in->private_dns},
        {"managed-ssh-keys", "active-keys/\nsigner-cert\nsigner-ocsp/"},
        {"placement", "availability-zone\navailability-zone-id\nregion"},
        {"placement/availability-zone", in->subnet->zone},
        {"placement/availability-zone-id", in->subnet->zone_id},
        {"placement/region", in->subnet->vpc->region},
        {"public-hostname", in->public_dns},
        {"services", "domain\npartition"},
        {"services/domain", world_settings(a->w)->dns_suffix},
        {"services/partition", world_settings(a->w)->partition},
    };
    size_t i;

    for (i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(pages[i].path, path) == 0) {
            give(a, pages[i].value);
            return;
        }
    }
    if (strcmp(path, "local-ipv4") == 0) {
        give_ip(a, in->private_ip);
    } else if (strcmp(path, "public-ipv4") == 0) {
        give_ip(a, in->public_ip);
    } else if (strcmp(path, "ipv6") == 0) {
        give_ip(a, in->n_ipv6 > 0 ? &in->ipv6[0] : NULL);
    } else if (strcmp(path, "iam/info") == 0) {
        profile_info(a);
    } else if (strcmp(path, "iam/security-credentials") == 0) {
        role_credentials(a, "");
    } else if (strncmp(path, "iam/security-credentials/", 25) == 0) {
        role_credentials(a, path + 25);
    } else if (strncmp(path, "managed-ssh-keys/", 17) == 0) {
        managed_keys(a, path + 17);
    } else if (strncmp(path, "tags/instance/", 14) == 0) {
        give(a, tag_value(in, path + 14));
    } else {
        refuse(a, 404, "Not Found");
    }
}

bool imds_is_path(const char *path)
{
    return strncmp(path, "/latest/", 8) == 0 || strcmp(path, "/latest") == 0;
}

/* A page that needs a token. */
static void get(struct ask *a)
{
    char path[256];
    size_t len = strlen(a->req->path);

    if (len >= sizeof path) {
        refuse(a, 404, "Not Found");
        return;
    }
    memcpy(path, a->req->path, len + 1);
    while (len > 1 && path[len - 1] == '/') {
        path[--len] = '\0';
    }
    if (strcmp(path, "/latest") == 0) {
        give(a, "dynamic\nmeta-data");
    } else if (strcmp(path, "/latest/meta-data") == 0) {
        meta_data(a, "");
    } else if (strncmp(path, "/latest/meta-data/", 18) == 0) {
        meta_data(a, path + 18);
    } else if (strcmp(path, "/latest/dynamic/instance-identity/document") ==
               0) {
        identity_document(a);
    } else {
        refuse(a, 404, "Not Found");
    }
}

void emu_imds_handle(struct emu_api *api, const struct http_request *req,
                     struct http_answer *answer)
{
    struct ask a = {.api = api,
                    .w = api->world,
                    .req = req,
                    .answer = answer,
                    .in = world_imds(api->world)->instance};
    bool put = strcmp(req->method, "PUT") == 0;

    world_settle(api->world);
    if (!world_imds(api->world)->enabled || a.in == NULL) {
        refuse(&a, 403, "Forbidden");
    } else if (strcmp(req->path, "/latest/api/token") == 0) {
        if (put) {
            put_token(&a);
        } else {
            refuse(&a, 405, "Method Not Allowed");
        }
    } else if (strcmp(req->method, "GET") != 0 &&
               strcmp(req->method, "HEAD") != 0) {
        refuse(&a, 405, "Method Not Allowed");
    } else if (!may_read(&a)) {
        refuse(&a, 401, "Unauthorized");
    } else {
        get(&a);
    }
}
