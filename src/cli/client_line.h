/* SPDX-License-Identifier: Apache-2.0 */
/* client_line.h - the command lines of ssh, scp, sftp and rsync: which words
 * are ours, which are theirs, and what theirs say.  Pure.
 *
 * Theirs are never changed or reordered, except that the words naming an
 * instance get its id. */
#ifndef CLIENT_LINE_H
#define CLIENT_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct option;

/* How a client's words are to be read. */
enum client_kind {
    CLIENT_SSH,  /* A target, then a command */
    CLIENT_SFTP, /* A target, perhaps with a path */
    CLIENT_COPY  /* Files, some of them remote */
};

/* One of the programs we stand before. */
struct client {
    const char *program; /* "ssh" */
    enum client_kind kind;
    const char *valued; /* Letters that take a value */
    const char *port;   /* The letter for the port; "" when it has none */
    bool long_options;  /* It has some itself, as rsync */
    bool rsh;           /* Talks through ssh by way of -e */
};

extern const struct client client_ssh;
extern const struct client client_scp;
extern const struct client client_sftp;
extern const struct client client_rsync;

/* Divide @words among us and @c: @out, which has room for @n + 1, gets our
 * options (those in @own and @globals, with their values), then "--", then the
 * client's words, all in their order.  Returns how many.  Our options are
 * long ones; they end where the remote command begins, and for a client with
 * long options of its own at the first word that is not ours. */
size_t client_split(const struct client *c, const struct option *own,
                    const struct option *globals, const char *const *words,
                    size_t n, const char **out);

/* "[user@]host" or "[user@]host:rest" taken apart. */
struct client_target {
    char user[64];    /* "" when not given */
    char host[304];   /* Without brackets */
    const char *rest; /* ":path" or "" */
    bool remote;      /* It names a host at all */
};

/* Read an operand.  @colon: a host needs a colon after it, else it is a local
 * file.  False when user or host are too long. */
bool client_target_read(struct client_target *out, const char *word,
                        bool colon);

/* What the client's words say; points into them. */
struct client_line {
    const char *const *words;
    size_t n;
    size_t target;    /* Position of the (first) word that names a host; @n when
                         there is none */
    size_t command;   /* ssh: where the remote command begins, or @n */
    const char *user; /* -l or -o User, or NULL */
    const char *identity; /* -i or -o IdentityFile, or NULL */
    const char *rsh;      /* rsync's -e, or NULL */
    bool forwards_agent;  /* -A */
    bool verbose;         /* -v */
    bool at_home;         /* ssh's -V or -Q: it needs no instance */
    char unfinished;      /* The letter of a last option without its value, or 0
                           */
};

/* Read @words.  @has_target is false when the target was named elsewhere, so
 * that ssh's first word begins the command. */
void client_line_read(struct client_line *line, const struct client *c,
                      bool has_target, const char *const *words, size_t n);

/* Whether the word at @i is an operand (no option, nor an option's value). */
bool client_is_operand(const struct client_line *line, const struct client *c,
                       size_t i);

#endif /* CLIENT_LINE_H */
