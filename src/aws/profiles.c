/* SPDX-License-Identifier: Apache-2.0 */
/* profiles.c - which section header means which profile. */
#include "profiles.h"

#include <string.h>
#include <uv.h>

#include "buf.h"
#include "ini.h"
#include "mem.h"
#include "paths.h"
#include "words.h"

enum { FILE_MAX = 1 << 20 };

/* What a section of the config file is. */
enum kind { KIND_PROFILE, KIND_SSO_SESSION, KIND_SERVICES, KIND_COUNT };

static const char *const kind_prefix[KIND_COUNT] = {
    [KIND_PROFILE] = "profile",
    [KIND_SSO_SESSION] = "sso-session",
    [KIND_SERVICES] = "services",
};

/* A section of the config file under the name it is asked for by. */
struct named {
    enum kind kind;
    char *name;
    const struct ini_section *section;
};

struct profiles {
    struct ini config;
    struct ini credentials;
    struct named *named; /* Sections of the config file with a meaning */
    size_t n_named;
};

/* Find the meaning of @s: its kind and, in *@name (to be freed), the name in
 * it; *@name stays NULL when the section means nothing to us. */
static int name_section(const struct ini_section *s, enum kind *kind,
                        char **name)
{
    struct words w;
    unsigned k;
    int rv;

    *name = NULL;
    for (k = 0; k < KIND_COUNT; k++) {
        if (strncmp(s->name, kind_prefix[k], strlen(kind_prefix[k])) == 0) {
            break;
        }
    }
    if (k == KIND_COUNT) {
        *kind = KIND_PROFILE;
        if (strcmp(s->name, "default") == 0) {
            *name = mem_strdup(s->name);
            return *name == NULL ? UV_ENOMEM : 0;
        }
        return 0;
    }
    *kind = (enum kind)k;
    rv = words_split(&w, s->name, NULL);
    if (rv == UV_ENOMEM) {
        return rv;
    }
    if (w.n == 2) { /* "[profilez]" and "[profile a b]" are dropped */
        *name = mem_strdup(w.v[1]);
        rv = *name == NULL ? UV_ENOMEM : 0;
    } else {
        rv = 0;
    }
    words_free(&w);
    return rv;
}

/* List the sections of the config file that mean something. */
static int name_sections(struct profiles *p)
{
    struct named *n;
    size_t i;
    int rv;

    if (p->config.n == 0) {
        return 0;
    }
    p->named = mem_zalloc(p->config.n * sizeof *p->named);
    if (p->named == NULL) {
        return UV_ENOMEM;
    }
    for (i = 0; i < p->config.n; i++) {
        n = &p->named[p->n_named];
        n->section = &p->config.sections[i];
        rv = name_section(n->section, &n->kind, &n->name);
        if (rv != 0) {
            return rv;
        }
        p->n_named += n->name != NULL;
    }
    return 0;
}

/* The section of @kind called @name; of several the last one in the file
 * replaces the others wholesale. */
static const struct ini_section *find_named(const struct profiles *p,
                                            enum kind kind, const char *name)
{
    size_t i;

    for (i = p->n_named; i > 0; i--) {
        if (p->named[i - 1].kind == kind &&
            strcmp(p->named[i - 1].name, name) == 0) {
            return p->named[i - 1].section;
        }
    }
    return NULL;
}

/* Parse one text; a fault gets the CLI's words and the place. */
static int parse_file(struct ini *ini, const char *text, size_t len,
                      const char *path, struct err *e)
{
    struct err why;
    int rv;

    if (text == NULL) {
        return 0;
    }
    rv = ini_parse(ini, text, len, &why);
    if (rv == ERR_PARSE) {
        return err_set(e, rv, "Unable to parse config file: %s (%s)", path,
                       why.msg);
    }
    return rv == 0 ? 0 : err_set_uv(e, rv, path);
}

int profiles_parse(struct profiles **out, const char *config, size_t config_len,
                   const char *config_path, const char *credentials,
                   size_t credentials_len, const char *credentials_path,
                   struct err *e)
{
    struct profiles *p = mem_zalloc(sizeof *p);
    int rv;

    if (p == NULL) {
        return err_set_uv(e, UV_ENOMEM, "profiles");
    }
    rv = parse_file(&p->config, config, config_len, config_path, e);
    if (rv == 0) {
        rv = parse_file(&p->credentials, credentials, credentials_len,
                        credentials_path, e);
    }
    if (rv == 0) {
        rv = name_sections(p);
        if (rv != 0) {
            err_set_uv(e, rv, "profiles");
        }
    }
    if (rv != 0) {
        profiles_free(p);
        return rv;
    }
    *out = p;
    return 0;
}

/* Read @path into @b; *@text stays NULL when there is no such file. */
static int read_file(const char *path, struct buf *b, const char **text,
                     struct err *e)
{
    int rv;

    *text = NULL;
    buf_init(b, FILE_MAX);
    rv = path_read(path, b, e);
    if (rv == UV_ENOENT) {
        return 0;
    }
    *text = buf_str(b);
    return rv;
}

int profiles_load(struct profiles **out, const char *config_path,
                  const char *credentials_path, struct err *e)
{
    struct buf config, credentials;
    const char *config_text, *credentials_text;
    int rv;

    buf_init(&credentials, 0);
    rv = read_file(config_path, &config, &config_text, e);
    if (rv == 0) {
        rv = read_file(credentials_path, &credentials, &credentials_text, e);
    }
    if (rv == 0) {
        rv = profiles_parse(out, config_text, config.len, config_path,
                            credentials_text, credentials.len, credentials_path,
                            e);
    }
    buf_wipe(&config);
    buf_wipe(&credentials);
    return rv;
}

void profiles_free(struct profiles *p)
{
    size_t i;

    if (p == NULL) {
        return;
    }
    for (i = 0; i < p->n_named; i++) {
        mem_free(p->named[i].name);
    }
    mem_free(p->named);
    ini_free(&p->config);
    ini_free(&p->credentials);
    mem_free(p);
}

bool profiles_has(const struct profiles *p, const char *name)
{
    return profiles_in_config(p, name) != NULL ||
           profiles_in_credentials(p, name) != NULL;
}

const char *profiles_get(const struct profiles *p, const char *name,
                         const char *key)
{
    const struct ini_section *s = profiles_in_credentials(p, name);

    if (ini_entry(s, key) != NULL) {
        return ini_value(s, key);
    }
    return ini_value(profiles_in_config(p, name), key);
}

const struct ini_section *profiles_in_config(const struct profiles *p,
                                             const char *name)
{
    return find_named(p, KIND_PROFILE, name);
}

const struct ini_section *profiles_in_credentials(const struct profiles *p,
                                                  const char *name)
{
    return ini_section(&p->credentials, name);
}

const struct ini_section *profiles_sso_session(const struct profiles *p,
                                               const char *name)
{
    return find_named(p, KIND_SSO_SESSION, name);
}

const struct ini_section *profiles_services(const struct profiles *p,
                                            const char *name)
{
    return find_named(p, KIND_SERVICES, name);
}
