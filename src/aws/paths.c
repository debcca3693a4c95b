/* SPDX-License-Identifier: Apache-2.0 */
/* paths.c - expansion as the AWS CLI does it, and a plain blocking read. */
#include "paths.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "buf.h"
#include "mem.h"
#include "wipe.h"

enum { PATH_MAX_LEN = 64 * 1024 };

const char *env_get(const struct env *env, const char *name)
{
    return env->get != NULL ? env->get(env->data, name) : getenv(name);
}

/* Whether @c may stand in the name of a variable. */
static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Append the variable at @p ("$..."), or the '$' itself when there is no such
 * variable; returns what follows. */
static const char *add_variable(struct buf *out, const struct env *env,
                                const char *p)
{
    bool braces = p[1] == '{';
    const char *from = p + (braces ? 2 : 1);
    const char *to = from;
    const char *value = NULL;
    char *name;

    while (braces ? *to != '}' && *to != '\0' : is_name(*to)) {
        to++;
    }
    if (to > from && (!braces || *to == '}')) {
        name = mem_strndup(from, (size_t)(to - from));
        if (name == NULL) {
            out->error = UV_ENOMEM;
            return to;
        }
        value = env_get(env, name);
        mem_free(name);
    }
    if (value == NULL) {
        buf_addc(out, '$');
        return p + 1;
    }
    buf_adds(out, value);
    return braces ? to + 1 : to;
}

/* The home directory of @user, or NULL; the caller copies it at once. */
static const char *home_of(const struct env *env, const char *user)
{
    const struct passwd *pw;
    const char *home;

    if (*user == '\0') {
        home = env_get(env, "HOME");
        if (home != NULL) {
            return home;
        }
        pw = getpwuid(getuid());
    } else {
        pw = getpwnam(user);
    }
    return pw != NULL ? pw->pw_dir : NULL;
}

char *path_expand_home(const struct env *env, const char *path)
{
    const char *rest = path + strcspn(path, "/");
    const char *home;
    char *user;
    char *out;
    size_t len;

    if (*path != '~') {
        return mem_strdup(path);
    }
    user = mem_strndup(path + 1, (size_t)(rest - path - 1));
    if (user == NULL) {
        return NULL;
    }
    home = home_of(env, user);
    mem_free(user);
    if (home == NULL) {
        return mem_strdup(path);
    }
    len = strlen(home);
    while (len > 0 && home[len - 1] == '/') {
        len--;
    }
    out = mem_printf("%.*s%s", (int)len, home, rest);
    if (out != NULL && *out == '\0') { /* "~" at home in "/" */
        mem_free(out);
        out = mem_strdup("/");
    }
    return out;
}

char *path_expand(const struct env *env, const char *path)
{
    struct buf out;
    char *text;
    char *expanded;

    buf_init(&out, PATH_MAX_LEN);
    while (*path != '\0') {
        if (*path == '$') {
            path = add_variable(&out, env, path);
        } else {
            buf_addc(&out, *path++);
        }
    }
    text = buf_detach(&out);
    buf_free(&out);
    if (text == NULL) {
        return NULL;
    }
    expanded = path_expand_home(env, text);
    mem_free(text);
    return expanded;
}

/* Append what is left to read from @fd. */
static int read_all(int fd, struct buf *out)
{
    char chunk[8192];
    ssize_t n;

    do {
        n = read(fd, chunk, sizeof chunk);
        if (n > 0) {
            buf_add(out, chunk, (size_t)n);
        }
    } while ((n > 0 && buf_error(out) == 0) || (n < 0 && errno == EINTR));
    wipe(chunk, sizeof chunk);
    return n < 0 ? uv_translate_sys_error(errno) : buf_error(out);
}

int path_read(const char *path, struct buf *out, struct err *e)
{
    struct stat st;
    /* Not to be held up by a FIFO that lies where a file should. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int rv;

    if (fd < 0) {
        return UV_ENOENT;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return UV_ENOENT;
    }
    rv = read_all(fd, out);
    close(fd);
    if (rv != 0) {
        err_set_uv(e, rv, path);
    }
    return rv;
}
