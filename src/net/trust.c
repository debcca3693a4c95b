/* SPDX-License-Identifier: Apache-2.0 */
/* trust.c - looking for the system's certificates, or reading the user's. */
#include "trust.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/x509.h>
#include <uv.h>

#include "ca_file.h"
#include "err.h"
#include "mem.h"

/* Where systems keep hashed certificates, besides OpenSSL's own idea. */
static const char *const common_dirs[] = {
    "/etc/ssl/certs",                                 /* Debian, SUSE, Arch */
    "/etc/pki/ca-trust/extracted/pem/directory-hash", /* Fedora */
    "/etc/openssl/certs",                             /* NetBSD */
};

/* Where systems keep bundles. */
static const char *const common_files[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, Arch */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora */
    "/etc/ssl/ca-bundle.pem",             /* SUSE */
    "/etc/ssl/cert.pem",                  /* macOS, BSD */
};

/* Bundles that hold what a hashed directory beside them holds: both are made by
 * the system's own tool, and the directory is much faster. */
static const struct {
    const char *file;
    const char *dir;
} twins[] = {
    {"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs"},
    {"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
     "/etc/pki/ca-trust/extracted/pem/directory-hash"},
};

/* Whether @name is that of a hash link: 8 hex digits, a dot, a number. */
static bool is_hash_name(const char *name)
{
    size_t i;

    for (i = 0; i < 8; i++) {
        if (!isxdigit((unsigned char)name[i])) {
            return false;
        }
    }
    return name[8] == '.' && isdigit((unsigned char)name[9]);
}

/* Whether the directory @path has a hash link. */
static bool has_hash_link(const char *path)
{
    DIR *d = opendir(path);
    const struct dirent *entry;
    bool found = false;

    if (d == NULL) {
        return false;
    }
    while (!found && (entry = readdir(d)) != NULL) {
        found = is_hash_name(entry->d_name);
    }
    closedir(d);
    return found;
}

bool trust_dir_usable(const char *dir)
{
    bool found = false;

    while (!found && *dir != '\0') {
        size_t n = strcspn(dir, ":");
        char *one = mem_strndup(dir, n);

        found = one != NULL && has_hash_link(one);
        mem_free(one);
        dir += n + (dir[n] == ':');
    }
    return found;
}

/* A variable that is set to something, or NULL. */
static const char *env(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

/* The system's hashed directory, or NULL. */
static const char *find_dir(void)
{
    size_t i;

    if (trust_dir_usable(X509_get_default_cert_dir())) {
        return X509_get_default_cert_dir();
    }
    for (i = 0; i < sizeof common_dirs / sizeof common_dirs[0]; i++) {
        if (trust_dir_usable(common_dirs[i])) {
            return common_dirs[i];
        }
    }
    return NULL;
}

/* The system's bundle, or NULL. */
static const char *find_file(void)
{
    size_t i;

    if (access(X509_get_default_cert_file(), R_OK) == 0) {
        return X509_get_default_cert_file();
    }
    for (i = 0; i < sizeof common_files / sizeof common_files[0]; i++) {
        if (access(common_files[i], R_OK) == 0) {
            return common_files[i];
        }
    }
    return NULL;
}

/* The hashed directory that is as good as the bundle @file, or NULL. */
static const char *twin_of(const char *file)
{
    char real[PATH_MAX];
    size_t i;

    if (realpath(file, real) == NULL) {
        return NULL;
    }
    for (i = 0; i < sizeof twins / sizeof twins[0]; i++) {
        if (strcmp(real, twins[i].file) == 0 &&
            trust_dir_usable(twins[i].dir)) {
            return twins[i].dir;
        }
    }
    return NULL;
}

/* What the environment names, else what the system offers. */
static int use_system(struct trust *t, struct err *e)
{
    const char *file = env("CURL_CA_BUNDLE");
    const char *dir = NULL;

    if (file == NULL) {
        file = env(X509_get_default_cert_file_env());
        dir = env(X509_get_default_cert_dir_env());
        if (dir != NULL && !trust_dir_usable(dir)) {
            dir = NULL;
        }
    }
    if (file != NULL && twin_of(file) != NULL) {
        dir = dir != NULL ? dir : twin_of(file);
        file = NULL;
    }
    if (file == NULL && dir == NULL) {
        dir = find_dir();
    }
    if (file == NULL && dir == NULL) {
        file = find_file();
    }
    t->file = file != NULL ? mem_strdup(file) : NULL;
    t->dir = dir != NULL ? mem_strdup(dir) : NULL;
    if ((file != NULL && t->file == NULL) || (dir != NULL && t->dir == NULL)) {
        return err_set_uv(e, UV_ENOMEM, "CA store");
    }
    if (t->file != NULL && ca_file_load(&t->ca, t->file, NULL) == UV_ENOMEM) {
        return err_set_uv(e, UV_ENOMEM, "CA store");
    }
    return 0; /* A file that cannot be read is left to libcurl. */
}

/* A directory the user named. */
static int use_dir(struct trust *t, const char *path, struct err *e)
{
    if (!trust_dir_usable(path)) {
        return err_set(e, ERR_SETTING,
                       "CA directory %s: holds no certificate under its hash "
                       "(openssl rehash makes them)",
                       path);
    }
    t->dir = mem_strdup(path);
    return t->dir != NULL ? 0 : err_set_uv(e, UV_ENOMEM, "CA store");
}

int trust_init(struct trust *t, const char *ca, bool no_verify, struct err *e)
{
    struct stat st;

    *t = (struct trust){.no_verify = no_verify};
    if (no_verify) {
        return 0;
    }
    if (ca == NULL) {
        return use_system(t, e);
    }
    if (stat(ca, &st) != 0) {
        return err_set(e, ERR_SETTING, "CA file %s: %s", ca,
                       uv_strerror(uv_translate_sys_error(errno)));
    }
    if (S_ISDIR(st.st_mode) || twin_of(ca) != NULL) {
        return use_dir(t, S_ISDIR(st.st_mode) ? ca : twin_of(ca), e);
    }
    t->file = mem_strdup(ca);
    if (t->file == NULL) {
        return err_set_uv(e, UV_ENOMEM, "CA store");
    }
    return ca_file_load(&t->ca, ca, e);
}

void trust_free(struct trust *t)
{
    mem_free(t->dir);
    mem_free(t->file);
    ca_file_free(t->ca);
    *t = (struct trust){0};
}

const char *trust_shown(const struct trust *t)
{
    if (t->no_verify) {
        return "nothing is verified";
    }
    if (t->dir != NULL) {
        return t->dir;
    }
    return t->file != NULL ? t->file : "libcurl's own";
}
