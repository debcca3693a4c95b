/* SPDX-License-Identifier: Apache-2.0 */
/* fact_cache.c - facts in files, and the public look at them. */
#include "fact_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "buf.h"
#include "context.h"
#include "err.h"
#include "fault.h"
#include "hex.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "paths.h"
#include "resolution_json.h"
#include "resolve.h"
#include "settings.h"

enum {
    VERSION = 1,         /* Of the files; another one is not read */
    FILE_MAX = 64 << 10, /* An instance has fifty tags at most */
    KEY_MAX = 16 << 10,
    NAME_BYTES = 16 /* Of the digest, in a file's name */
};

static const char suffix[] = ".json";

/* The directory; NULL: there is no home, or no memory. */
static char *cache_dir(const struct eice *eice)
{
    const struct env *env = settings_environment(eice->settings);
    const char *base = env_get(env, "XDG_CACHE_HOME");
    char *home;
    char *dir;

    if (base != NULL && base[0] == '/') {
        return mem_printf("%s/eice", base);
    }
    home = path_expand_home(env, "~/.cache");
    dir = home != NULL && home[0] == '/' ? mem_printf("%s/eice", home) : NULL;
    mem_free(home);
    return dir;
}

/* A line of the key; what is not given differs from what is empty. */
static void key_line(struct buf *key, const char *value)
{
    buf_addf(key, "%s%s\n", value != NULL ? "=" : "",
             value != NULL ? value : "");
}

/* Who asks, as far as that is known without asking. */
static void key_identity(struct buf *key, const struct settings *s)
{
    const char *id = settings_profile_is_flag(s)
                         ? NULL
                         : settings_env(s, "AWS_ACCESS_KEY_ID");

    key_line(key, id);
    if (id == NULL) {
        key_line(key, settings_profile(s));
        key_line(key, settings_config_path(s));
        key_line(key, settings_credentials_path(s));
    }
}

char *fact_cache_path(const struct eice *eice, const struct resolve_query *q)
{
    const struct settings *s = eice->settings;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char name[2 * NAME_BYTES + 1];
    struct endpoint endpoint;
    char *path = NULL;
    struct buf key;
    struct err e;
    char *dir;

    if (!eice->use_cache || settings_endpoint(s, SERVICE_EC2, eice->region,
                                              true, &endpoint, &e) != 0) {
        return NULL;
    }
    buf_init(&key, KEY_MAX);
    key_identity(&key, s);
    key_line(&key, eice->region);
    key_line(&key, endpoint.url);
    key_line(&key, settings_use_fips(s) ? "fips" : NULL);
    key_line(&key, q->private_ip != NULL ? NULL : q->instance_id);
    key_line(&key, q->private_ip);
    key_line(&key, q->endpoint_id);
    key_line(&key, q->endpoint_dns_name);
    dir = cache_dir(eice);
    if (buf_error(&key) == 0 && dir != NULL) {
        SHA256((const unsigned char *)buf_str(&key), key.len, digest);
        hex_encode(name, digest, NAME_BYTES);
        path = mem_printf("%s/%s%s", dir, name, suffix);
    }
    mem_free(dir);
    buf_free(&key);
    return path;
}

/* Read the file @path, if it is ours alone to write. */
static bool read_file(const char *path, struct buf *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char part[4096];
    struct stat st;
    ssize_t n = -1;

    if (fd == -1) {
        return false;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
        (st.st_mode & 022) == 0) {
        while ((n = read(fd, part, sizeof part)) > 0) {
            buf_add(text, part, (size_t)n);
        }
    }
    close(fd);
    return n == 0 && buf_error(text) == 0;
}

/* The whole file as JSON, and its age; NULL: there is none that is good. */
static json_t *read_entry(const char *path, int64_t *age_s)
{
    int64_t version = 0;
    int64_t learnt = 0;
    struct buf text;
    json_t *o = NULL;
    struct err e;

    buf_init(&text, FILE_MAX);
    if (read_file(path, &text)) {
        o = js_parse(buf_str(&text), text.len, &e);
    }
    buf_free(&text);
    js_int(o, "version", &version);
    js_int(o, "learnt", &learnt);
    *age_s = (int64_t)time(NULL) - learnt;
    if (version != VERSION || *age_s < 0 || *age_s > FACT_KEPT_S) {
        json_decref(o);
        return NULL;
    }
    return o;
}

bool fact_cache_load(const struct eice *eice, const char *path,
                     struct resolution *r, int64_t *age_s)
{
    json_t *o = read_entry(path, age_s);
    struct err e = {0};
    int rv;

    if (o == NULL) {
        return false;
    }
    rv = resolution_from_json(r, js_obj(o, "facts"), &e);
    json_decref(o);
    if (rv != 0) {
        log_debug(&eice->log, API, 0, "kept facts not used: %s", e.msg);
        return false;
    }
    log_debug(&eice->log, API, 0, "facts of %lld seconds ago",
              (long long)*age_s);
    return true;
}

/* Make the directory of @path, and the one above it. */
static void make_dirs(const char *path)
{
    char *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
    char *end = dir != NULL ? strrchr(dir, '/') : NULL;

    if (end != NULL && mkdir(dir, 0700) != 0 && errno == ENOENT) {
        *end = '\0';
        mkdir(dir, 0700);
        *end = '/';
        mkdir(dir, 0700);
    }
    mem_free(dir);
}

/* Write @text beside @path and put it in its place. */
static int replace_file(const char *path, const struct buf *text)
{
    char *beside = mem_printf("%s.XXXXXX", path);
    int rv = -1;
    int fd;

    if (beside == NULL) {
        return -1;
    }
    make_dirs(path);
    fd = mkostemp(beside, O_CLOEXEC); /* Mode 0600 */
    if (fd != -1) {
        bool whole = write(fd, text->data, text->len) == (ssize_t)text->len;

        rv = close(fd) == 0 && whole ? rename(beside, path) : -1;
        if (rv != 0) {
            unlink(beside);
        }
    }
    mem_free(beside);
    return rv;
}

void fact_cache_save(const struct eice *eice, const char *path,
                     const struct resolution *r)
{
    json_t *o = json_pack("{s:i, s:I, s:s, s:o}", "version", (int)VERSION,
                          "learnt", (json_int_t)time(NULL), "region",
                          eice->region, "facts", resolution_to_json(r));
    struct buf text;

    buf_init(&text, FILE_MAX);
    if (o != NULL) {
        js_write(&text, o, JS_PRETTY);
        buf_adds(&text, "\n");
    }
    json_decref(o);
    if (buf_error(&text) != 0 || text.len == 0 ||
        replace_file(path, &text) != 0) {
        log_debug(&eice->log, API, 0, "facts not kept: %s", path);
    }
    buf_free(&text);
}

void fact_cache_drop(const struct eice *eice, const char *path)
{
    if (unlink(path) == 0) {
        log_debug(&eice->log, API, 0, "kept facts dropped");
    }
}

/* ---- Public ------------------------------------------------------------ */

/* Whether @name is one of our files. */
static bool is_ours(const char *name)
{
    size_t n = strlen(name);

    return n == 2 * NAME_BYTES + sizeof suffix - 1 &&
           strspn(name, "0123456789abcdef") == 2 * NAME_BYTES &&
           strcmp(name + 2 * NAME_BYTES, suffix) == 0;
}

/* Show one file to @cb, or remove it when there is none. */
static bool visit(const char *path, eice_cache_cb cb, void *data)
{
    const json_t *facts, *instance, *endpoint;
    struct eice_cache_entry entry;
    int64_t age_s;
    json_t *o;

    if (cb == NULL) {
        return unlink(path) == 0;
    }
    o = read_entry(path, &age_s);
    facts = js_obj(o, "facts");
    if (facts == NULL) {
        json_decref(o);
        return false;
    }
    instance = js_obj(facts, "instance");
    endpoint = js_obj(facts, "endpoint");
    entry = (struct eice_cache_entry){
        .region = js_str(o, "region"),
        .instance_id = js_str(instance, "instance_id"),
        .address = js_str(facts, "address"),
        .vpc_id = js_str(instance, "vpc_id"),
        .subnet_id = js_str(instance, "subnet_id"),
        .endpoint_id = js_str(facts, "endpoint_id"),
        .endpoint_dns_name = js_str(facts, "dns_name"),
        .endpoint_state = js_str(endpoint, "state"),
        .age_s = age_s,
        .fresh = age_s <= FACT_FRESH_S,
    };
    cb(data, &entry);
    json_decref(o);
    return true;
}

unsigned eice_cache_visit(struct eice *eice, eice_cache_cb cb, void *data)
{
    char *dir = cache_dir(eice);
    uv_fs_t req;
    uv_dirent_t found;
    unsigned n = 0;

    if (dir == NULL) {
        return 0;
    }
    if (uv_fs_scandir(NULL, &req, dir, 0, NULL) >= 0) {
        while (uv_fs_scandir_next(&req, &found) == 0) {
            char *path = is_ours(found.name)
                             ? mem_printf("%s/%s", dir, found.name)
                             : NULL;

            n += path != NULL && visit(path, cb, data);
            mem_free(path);
        }
    }
    uv_fs_req_cleanup(&req);
    mem_free(dir);
    return n;
}
