/* SPDX-License-Identifier: Apache-2.0 */
/* provider_legacy.c - two places where keys were kept before there were
 * profiles: the file of the first EC2 tools and that of boto. */
#include <stdbool.h>
#include <string.h>
#include <uv.h>

#include "creds.h"
#include "ini.h"
#include "key_lines.h"
#include "mem.h"
#include "paths.h"
#include "provider.h"
#include "settings.h"
#include "shared_file.h"
#include "wipe.h"

enum { FILE_MAX = 256 * 1024 };

static const char *const boto_paths[] = {"/etc/boto.cfg", "~/.boto"};

struct legacy {
    struct provider base;
    struct shared_file *file; /* While one is read */
    size_t next;              /* Of boto_paths, the one to try after it */
};

/* Done with the file. */
static void drop(struct legacy *l)
{
    shared_file_close(l->file);
    l->file = NULL;
}

/* Begin to read @path as it is configured. */
static void read_file(struct legacy *l, char *path, shared_file_cb cb)
{
    struct err e;

    drop(l);
    if (path != NULL) {
        l->file = shared_file_new(l->base.ctx, path, FILE_MAX);
    }
    mem_free(path);
    if (l->file == NULL) {
        err_set_uv(&e, UV_ENOMEM, "credentials");
        provider_bad(&l->base, &e);
        return;
    }
    shared_file_read(l->file, cb, l);
}

/* The file of the EC2 tools was read. */
static void on_ec2_file(void *data, int status, const char *text, size_t len)
{
    struct legacy *l = data;
    char *id, *secret;
    struct err e;

    (void)len;
    if (status != 0) {
        err_set(&e, ERR_CREDENTIALS,
                "The specified config file (%s) could not be found.",
                shared_file_path(l->file));
        drop(l);
        provider_bad(&l->base, &e);
        return;
    }
    id = key_line_value(text, "AWSAccessKeyId");
    secret = key_line_value(text, "AWSSecretKey");
    drop(l);
    if (id == NULL) {
        provider_pass(&l->base, "AWS_CREDENTIAL_FILE has no AWSAccessKeyId");
    } else if (secret == NULL) {
        provider_fail(&l->base, "Partial credentials found in "
                                "ec2-credentials-file, missing: AWSSecretKey");
    } else {
        provider_keys(&l->base, id, secret, NULL, NULL, 0);
    }
    wipe_free(id);
    wipe_free(secret);
}

static void ec2_fetch(struct provider *p)
{
    struct legacy *l = (struct legacy *)p;
    const struct settings *s = p->ctx->settings;
    const char *path = settings_env(s, "AWS_CREDENTIAL_FILE");

    if (path == NULL) {
        provider_pass(p, "AWS_CREDENTIAL_FILE is not set");
        return;
    }
    read_file(l, path_expand_home(settings_environment(s), path), on_ec2_file);
}

static void try_next(struct legacy *l);

/* Answer from boto's file, or pass on to the next one. */
static void take_boto(struct legacy *l, const struct ini *ini)
{
    const struct ini_section *s = ini_section(ini, "Credentials");
    const char *id = ini_value(s, "aws_access_key_id");
    const char *secret = ini_value(s, "aws_secret_access_key");

    if (id == NULL) {
        try_next(l);
        return;
    }
    drop(l);
    if (secret == NULL) {
        provider_fail(&l->base, "Partial credentials found in boto-config, "
                                "missing: aws_secret_access_key");
    } else {
        provider_keys(&l->base, id, secret, NULL, NULL, 0);
    }
}

/* A file of boto was read, or is not there. */
static void on_boto_file(void *data, int status, const char *text, size_t len)
{
    struct legacy *l = data;
    struct err why, e;
    struct ini ini;
    int rv;

    if (status != 0) {
        try_next(l);
        return;
    }
    rv = ini_parse(&ini, text, len, &why);
    if (rv != 0) {
        err_set(&e, rv, "Unable to parse config file: %s (%s)",
                shared_file_path(l->file), why.msg);
        drop(l);
        provider_bad(&l->base, &e);
        return;
    }
    take_boto(l, &ini);
    ini_free(&ini);
}

/* Read the next place where boto's file may be. */
static void try_next(struct legacy *l)
{
    const struct settings *s = l->base.ctx->settings;
    const char *path = settings_env(s, "BOTO_CONFIG");

    if (path != NULL && l->next > 0) {
        l->next = sizeof boto_paths / sizeof boto_paths[0];
    }
    if (l->next == sizeof boto_paths / sizeof boto_paths[0]) {
        drop(l);
        provider_pass(&l->base, "no boto configuration holds credentials");
        return;
    }
    if (path == NULL) {
        path = boto_paths[l->next];
    }
    l->next++;
    read_file(l, path_expand(settings_environment(s), path), on_boto_file);
}

static void boto_fetch(struct provider *p)
{
    struct legacy *l = (struct legacy *)p;

    l->next = 0;
    try_next(l);
}

static void legacy_stop(struct provider *p)
{
    drop((struct legacy *)p);
}

static void legacy_free(struct provider *p)
{
    drop((struct legacy *)p);
    mem_free(p);
}

static const struct provider_ops ec2_ops = {
    .name = "ec2-credentials-file",
    .fetch = ec2_fetch,
    .stop = legacy_stop,
    .free = legacy_free,
};

static const struct provider_ops boto_ops = {
    .name = "boto-config",
    .fetch = boto_fetch,
    .stop = legacy_stop,
    .free = legacy_free,
};

/* Either of the two. */
static struct provider *make(const struct provider_spec *spec,
                             const struct provider_ops *ops)
{
    struct legacy *l = mem_zalloc(sizeof *l);

    if (l == NULL) {
        return NULL;
    }
    l->base = (struct provider){.ops = ops, .ctx = spec->ctx};
    return &l->base;
}

struct provider *provider_ec2_file_new(const struct provider_spec *spec)
{
    return make(spec, &ec2_ops);
}

struct provider *provider_boto_new(const struct provider_spec *spec)
{
    return make(spec, &boto_ops);
}
