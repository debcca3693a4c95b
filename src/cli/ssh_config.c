/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_config.c - eice ssh-config: a Host block for plain ssh and all that uses
 * it.
 *
 * The happy path is: a key of ours is made if there is none, the block is
 * printed or put into the file.  What can go wrong: files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <eice/eice.h>

#include "argv.h"
#include "buf.h"
#include "child.h"
#include "client_command.h"
#include "commands.h"
#include "config_block.h"
#include "err.h"
#include "error.h"
#include "host_keys.h"
#include "key_file.h"
#include "mem.h"
#include "program.h"
#include "program_path.h"
#include "quote.h"
#include "say.h"
#include "values.h"

enum { PATH_SIZE = 4096, FILE_LIMIT = 1 << 20 };

/* Values of the options. */
struct args {
    bool install;
    bool remove;
    char *file;
    char *key;
    char *os_user;
};

#define AT(field) offsetof(struct args, field)

static const struct option options[] = {
    {"install", OPTION_FLAG, AT(install), NULL,
     "Put the block into the file, in place of an earlier one", NULL,
     OPTION_OURS, 0},
    {"remove", OPTION_FLAG, AT(remove), NULL, "Take it out again", NULL,
     OPTION_OURS, 0},
    {"file", OPTION_STRING, AT(file), "FILE",
     "The file, instead of ~/.ssh/config", NULL, OPTION_OURS, 0},
    {"key", OPTION_STRING, AT(key), "FILE",
     "Log in with this key, whose public half is pushed; without it with "
     "~/.ssh/eice_ed25519, which is made if it is not there",
     NULL, OPTION_OURS, 0},
    {"os-user", OPTION_STRING, AT(os_user), "NAME",
     "Who to log in as if ssh is not told (default ec2-user)", NULL,
     OPTION_OURS, 0},
    {.name = NULL},
};

/* Whether ssh can ask us about host keys. */
static bool ssh_asks(void)
{
    static const char *const words[] = {
        "ssh", "-F", "none", "-G", "-o", "KnownHostsCommand=none", "x"};
    struct argv argv = {0};
    struct buf out;
    bool asks;
    size_t i;

    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        argv_add(&argv, words[i]);
    }
    buf_init(&out, FILE_LIMIT);
    asks = !argv.failed && child_capture(argv.list, &out, NULL) == 0;
    buf_free(&out);
    argv_free(&argv);
    return asks;
}

/* Write the block. */
static int block_write(struct buf *out, struct program *p, const struct args *a,
                       struct err *e)
{
    char program[PATH_SIZE];
    char identity[PATH_SIZE];
    char public[PATH_SIZE + 16];
    struct buf text;
    int rv;

    buf_init(&text, FILE_LIMIT);
    rv = key_file_public(&text, identity, sizeof identity, a->key, e);
    buf_free(&text);
    if (rv != 0) {
        return rv;
    }
    program_path(program, sizeof program);
    snprintf(public, sizeof public, "file://%s.pub", identity);
    buf_addf(out, "Host i-* *.eice\n    User %s\n    ProxyCommand ",
             a->os_user != NULL ? a->os_user : "ec2-user");
    quote_proxy(out, program);
    buf_adds(out,
             " open-tunnel --target %h --remote-port %p "
             "--instance-os-user %r --host-keys console --ssh-public-key ");
    quote_proxy(out, public);
    client_globals(out, p->globals);
    buf_adds(out, "\n    IdentityFile ");
    quote_file(out, identity);
    buf_adds(out, "\n    IdentitiesOnly yes\n    UserKnownHostsFile ");
    buf_init(&text, PATH_SIZE);
    host_keys_path(&text);
    quote_file(out, buf_str(&text));
    buf_free(&text);
    buf_adds(out, "\n    HashKnownHosts no\n    ServerAliveInterval 15\n");
    if (ssh_asks()) {
        buf_adds(out, "    KnownHostsCommand ");
        quote_proxy(out, program);
        buf_adds(out, " __host-key %H %t %K\n");
    }
    return buf_error(out) == 0 ? 0 : err_set_uv(e, UV_ENOMEM, "ssh-config");
}

/* The file's path, behind any symbolic link. */
static void path_find(char path[static PATH_SIZE], const struct args *a)
{
    const char *home = getenv("HOME");
    char *real;

    if (a->file != NULL) {
        snprintf(path, PATH_SIZE, "%s", a->file);
    } else {
        host_keys_prepare(); /* Makes ~/.ssh. */
        snprintf(path, PATH_SIZE, "%s/.ssh/config", home != NULL ? home : "");
    }
    real = realpath(path, NULL);
    if (real != NULL) {
        snprintf(path, PATH_SIZE, "%s", real);
        free(real);
    }
}

/* Put @text in place of the file at @path, all of it or nothing. */
static int file_replace(const char *path, const struct buf *text, struct err *e)
{
    char next[PATH_SIZE + 16];
    struct stat st;
    ssize_t n = -1;
    int error;
    int fd;

    snprintf(next, sizeof next, "%s.eice-XXXXXX", path);
    fd = mkstemp(next);
    if (fd == -1) {
        return err_set_uv(e, uv_translate_sys_error(errno), path);
    }
    if (fchmod(fd, stat(path, &st) == 0 ? st.st_mode & 0777 : 0600) == 0) {
        n = write(fd, buf_str(text), text->len);
    }
    error = n == -1 ? errno : ENOSPC;
    close(fd);
    if (n == (ssize_t)text->len && rename(next, path) == 0) {
        return 0;
    }
    error = n == (ssize_t)text->len ? errno : error;
    (void)unlink(next);
    return err_set_uv(e, uv_translate_sys_error(error), path);
}

/* Put @block into the file, or take ours out. */
static int file_edit(const struct args *a, const char *block, struct err *e)
{
    char path[PATH_SIZE];
    char url[PATH_SIZE + 8];
    char *old = NULL;
    struct stat st;
    struct buf text;
    int rv;

    path_find(path, a);
    snprintf(url, sizeof url, "file://%s", path);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return err_set(e, UV_EINVAL, "%s is no regular file.", path);
    }
    if (access(path, F_OK) == 0) {
        rv = value_string(url, "file", true, &old, e);
        if (rv != 0) {
            return rv;
        }
    }
    buf_init(&text, 2 * FILE_LIMIT);
    rv = config_block_set(&text, old != NULL ? old : "", block, e);
    if (rv != 0) {
        err_wrap(e, "%s", path);
    } else if (strcmp(buf_str(&text), old != NULL ? old : "") != 0) {
        rv = file_replace(path, &text, e);
    }
    buf_free(&text);
    mem_free(old);
    return rv;
}

static int run(struct program *p, void *args, const char *const *words,
               size_t n_words)
{
    const struct args *a = args;
    struct eice_error error;
    struct err e = {0};
    struct buf block;
    int rv = 0;

    (void)words;
    (void)n_words;
    buf_init(&block, FILE_LIMIT);
    if (a->install && a->remove) {
        rv = err_set(&e, ERR_USAGE,
                     "--install and --remove cannot be combined.");
    } else if (!a->remove) {
        rv = block_write(&block, p, a, &e);
    }
    if (rv == 0 && (a->install || a->remove)) {
        rv = file_edit(a, a->install ? buf_str(&block) : NULL, &e);
    } else if (rv == 0) {
        say_text(STDOUT_FILENO, buf_str(&block));
    }
    buf_free(&block);
    if (rv != 0) {
        error_from(&error, &e);
        return error_print(&p->style, &error);
    }
    return 0;
}

const struct command command_ssh_config = {
    .name = "ssh-config",
    .summary = "Make plain ssh, and all that uses it, reach instances",
    .synopsis = "eice ssh-config [--install|--remove] [options]",
    .description =
        "Prints a Host block for ~/.ssh/config, or puts it there: 'ssh i-...' "
        "and\n"
        "'ssh NAME.eice' work then, and so do VS Code, Ansible, rsync and git. "
        "The options\n"
        "of every command that are given become part of it.\n",
    .examples = "  eice ssh-config --install\n"
                "  eice --profile work ssh-config --install --os-user ubuntu\n"
                "  eice ssh-config --remove\n",
    .options = options,
    .args_size = sizeof(struct args),
    .run = run,
};
