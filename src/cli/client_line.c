/* SPDX-License-Identifier: Apache-2.0 */
/* client_line.c - telling options, values and operands of OpenSSH's clients
 * and of rsync apart. */
#include "client_line.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "options.h"

const struct client client_ssh = {
    .program = "ssh",
    .kind = CLIENT_SSH,
    .valued = "bceilmopBDEFIJLOPQRSwW",
    .port = "p",
};
const struct client client_scp = {
    .program = "scp",
    .kind = CLIENT_COPY,
    .valued = "ciloDFJMPSX",
    .port = "P",
};
const struct client client_sftp = {
    .program = "sftp",
    .kind = CLIENT_SFTP,
    .valued = "bcilosBDFJPRSX",
    .port = "P",
};
const struct client client_rsync = {
    .program = "rsync",
    .kind = CLIENT_COPY,
    .valued = "efBMT@",
    .port = "",
    .long_options = true,
    .rsh = true,
};

/* rsync's long options whose value may be the next word. */
static const char *const rsync_valued[] = {"address",
                                           "backup-dir",
                                           "block-size",
                                           "bwlimit",
                                           "cc",
                                           "checksum-choice",
                                           "checksum-seed",
                                           "chmod",
                                           "chown",
                                           "compare-dest",
                                           "compress-choice",
                                           "compress-level",
                                           "contimeout",
                                           "copy-as",
                                           "copy-dest",
                                           "debug",
                                           "early-input",
                                           "exclude",
                                           "exclude-from",
                                           "files-from",
                                           "filter",
                                           "groupmap",
                                           "iconv",
                                           "include",
                                           "include-from",
                                           "info",
                                           "link-dest",
                                           "log-file",
                                           "log-file-format",
                                           "max-alloc",
                                           "max-delete",
                                           "max-size",
                                           "min-size",
                                           "modify-window",
                                           "only-write-batch",
                                           "out-format",
                                           "outbuf",
                                           "partial-dir",
                                           "password-file",
                                           "port",
                                           "protocol",
                                           "read-batch",
                                           "remote-option",
                                           "rsh",
                                           "rsync-path",
                                           "skip-compress",
                                           "sockopts",
                                           "stop-after",
                                           "stop-at",
                                           "suffix",
                                           "temp-dir",
                                           "timeout",
                                           "usermap",
                                           "write-batch",
                                           "zc",
                                           "zl",
                                           NULL};

/* Whether a long option of the client needs the next word. */
static bool long_needs_next(const char *word)
{
    size_t i;

    for (i = 0; rsync_valued[i] != NULL; i++) {
        if (strcmp(word + 2, rsync_valued[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the option @word ("-v", "-vp", "-p22", "--x") needs the next one as
 * its value. */
static bool needs_next(const struct client *c, const char *word)
{
    const char *p;

    if (word[1] == '-') {
        return c->long_options && long_needs_next(word);
    }
    for (p = word + 1; *p != '\0'; p++) {
        if (strchr(c->valued, *p) != NULL) {
            return p[1] == '\0';
        }
    }
    return false;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* Our option that @word stands for, or NULL. */
static const struct option *ours_find(const struct client *c,
                                      const struct option *own,
                                      const struct option *globals,
                                      const char *word)
{
    const struct option *o = option_find(own, word);

    o = o != NULL ? o : option_find(globals, word);
    if (o != NULL && c->long_options &&
        strncmp(o->name, word + 2, strcspn(word + 2, "=")) != 0) {
        return NULL;
    }
    if (o != NULL && c->long_options &&
        strlen(o->name) != strcspn(word + 2, "=")) {
        return NULL; /* Shortened names may be the client's. */
    }
    return o;
}

/* Where the words for the client begin to be only its own. */
struct splitter {
    const struct client *c;
    const struct option *own;
    const struct option *globals;
    bool target_seen;
    bool closed; /* The rest is the client's */
};

/* How many words from @words on are ours; 0: the first is the client's. */
static size_t ours_take(const struct splitter *s, const char *const *words,
                        size_t n)
{
    const struct option *o;

    if (s->closed) {
        return 0;
    }
    if (strcmp(words[0], "-h") == 0 && !s->target_seen) {
        return 1; /* None of the clients has it for anything else. */
    }
    if (strncmp(words[0], "--", 2) != 0 || words[0][2] == '\0') {
        return 0;
    }
    o = ours_find(s->c, s->own, s->globals, words[0]);
    if (o == NULL) {
        return s->c->long_options ? 0 : 1; /* Ours to complain of. */
    }
    return option_takes_value(o) && strchr(words[0], '=') == NULL && n > 1 ? 2
                                                                           : 1;
}

/* How many words from @words on belong together for the client. */
static size_t theirs_take(struct splitter *s, const char *const *words,
                          size_t n)
{
    if (s->closed) {
        return 1;
    }
    if (s->c->long_options || strcmp(words[0], "--") == 0) {
        s->closed =
            s->c->long_options || s->target_seen || s->c->kind != CLIENT_SSH;
        return 1;
    }
    if (is_option(words[0])) {
        return needs_next(s->c, words[0]) && n > 1 ? 2 : 1;
    }
    s->closed = s->c->kind == CLIENT_SSH && s->target_seen;
    s->target_seen = true;
    return 1;
}

/* Whether @words name the target by --instance-id, before any other word. */
static bool names_instance(const struct option *own, const char *word)
{
    const struct option *o =
        strncmp(word, "--", 2) == 0 ? option_find(own, word) : NULL;

    return o != NULL && strcmp(o->name, "instance-id") == 0;
}

size_t client_split(const struct client *c, const struct option *own,
                    const struct option *globals, const char *const *words,
                    size_t n, const char **out)
{
    struct splitter s = {.c = c, .own = own, .globals = globals};
    size_t n_out = 0;
    size_t pass;
    size_t i;
    size_t k;

    for (pass = 0; pass < 2; pass++) {
        s.target_seen = false;
        s.closed = false;
        for (i = 0; i < n; i += k) {
            k = ours_take(&s, words + i, n - i);
            s.target_seen |= k > 0 && names_instance(own, words[i]);
            if (k > 0 && pass == 0) {
                memcpy(out + n_out, words + i, k * sizeof *out);
                n_out += k;
            } else if (k == 0) {
                k = theirs_take(&s, words + i, n - i);
                if (pass == 1) {
                    memcpy(out + n_out, words + i, k * sizeof *out);
                    n_out += k;
                }
            }
        }
        if (pass == 0) {
            out[n_out++] = "--";
        }
    }
    return n_out;
}

/* Copy a part; false when it is too long. */
static bool part_copy(char *out, size_t size, const char *from, size_t len)
{
    if (len >= size) {
        return false;
    }
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

bool client_target_read(struct client_target *out, const char *word, bool colon)
{
    const char *slash = strchr(word, '/');
    const char *end = colon && slash != NULL ? slash : word + strlen(word);
    const char *host = word;
    const char *p;
    size_t len;

    *out = (struct client_target){.rest = ""};
    /* The user ends at the last '@' before the host's end. */
    for (p = word; p < end && (*p != ':' || !colon); p++) {
        if (*p == '@') {
            host = p + 1;
        }
    }
    if (host > word && !part_copy(out->user, sizeof out->user, word,
                                  (size_t)(host - word - 1))) {
        return false;
    }
    if (host[0] == '[' && strchr(host, ']') != NULL) {
        len = (size_t)(strchr(host, ']') - host) + 1;
        out->rest = host + len;
        host++;
        len -= 2;
    } else {
        len = colon ? strcspn(host, ":") : strlen(host);
        out->rest = host + len;
    }
    out->remote = !colon || (out->rest[0] == ':' && out->rest < end + 1);
    return part_copy(out->host, sizeof out->host, host, len);
}

/* The value of "Key=value" or "Key value" if the key is @key, or NULL. */
static const char *setting(const char *text, const char *key)
{
    size_t len = strlen(key);

    if (strncasecmp(text, key, len) != 0 ||
        (text[len] != '=' && text[len] != ' ')) {
        return NULL;
    }
    text += len;
    return text + strspn(text, " =");
}

/* Note what option letter @c with @value says; the first of a kind counts, as
 * for ssh. */
static void note(struct client_line *line, const struct client *client, char c,
                 const char *value)
{
    const char *found;

    if (client->rsh) {
        line->rsh = c == 'e' ? value : line->rsh;
        return;
    }
    if (c == 'l' && client->kind == CLIENT_SSH && line->user == NULL) {
        line->user = value;
    } else if (c == 'i' && line->identity == NULL) {
        line->identity = value;
    } else if (c == 'o') {
        found = setting(value, "User");
        line->user = line->user == NULL ? found : line->user;
        found = setting(value, "IdentityFile");
        line->identity = line->identity == NULL ? found : line->identity;
        found = setting(value, "ForwardAgent");
        line->forwards_agent |=
            found != NULL && strncasecmp(found, "yes", 3) == 0;
    }
}

/* Read one option; @next is what follows it, or NULL.  Returns how many words
 * it took. */
static size_t option_read(struct client_line *line, const struct client *c,
                          const char *word, const char *next)
{
    const char *p;

    if (word[1] == '-') {
        if (c->rsh && strncmp(word, "--rsh=", 6) == 0) {
            line->rsh = word + 6;
        } else if (c->rsh && strcmp(word, "--rsh") == 0) {
            line->rsh = next;
        }
        return needs_next(c, word) && next != NULL ? 2 : 1;
    }
    for (p = word + 1; *p != '\0'; p++) {
        if (strchr(c->valued, *p) != NULL) {
            if (p[1] != '\0') {
                note(line, c, *p, p + 1);
                return 1;
            }
            if (next == NULL) {
                line->unfinished = *p;
                return 1;
            }
            line->at_home |= *p == 'Q' && c->kind == CLIENT_SSH;
            note(line, c, *p, next);
            return 2;
        }
        line->forwards_agent |= *p == 'A' && !c->rsh;
        line->verbose |= *p == 'v' && !c->rsh;
        line->at_home |= *p == 'V' && c->kind == CLIENT_SSH;
    }
    return 1;
}

void client_line_read(struct client_line *line, const struct client *c,
                      bool has_target, const char *const *words, size_t n)
{
    struct client_target t;
    bool only_words = false;
    size_t i = 0;

    *line =
        (struct client_line){.words = words, .n = n, .target = n, .command = n};
    while (i < n) {
        if (!only_words && strcmp(words[i], "--") == 0) {
            if (c->kind == CLIENT_SSH && (line->target < n || !has_target)) {
                line->command = i;
                return;
            }
            only_words = c->kind != CLIENT_SSH;
            i++;
        } else if (!only_words && is_option(words[i])) {
            i +=
                option_read(line, c, words[i], i + 1 < n ? words[i + 1] : NULL);
        } else if (c->kind == CLIENT_SSH && (line->target < n || !has_target)) {
            line->command = i;
            return;
        } else {
            if (line->target == n &&
                (c->kind != CLIENT_COPY ||
                 (client_target_read(&t, words[i], true) && t.remote))) {
                line->target = i;
            }
            i++;
        }
    }
}

bool client_is_operand(const struct client_line *line, const struct client *c,
                       size_t at)
{
    bool only_words = false;
    size_t i = 0;

    while (i < line->n && i <= at) {
        if (!only_words && strcmp(line->words[i], "--") == 0) {
            only_words = true;
            i++;
        } else if (!only_words && is_option(line->words[i])) {
            i += needs_next(c, line->words[i]) ? 2 : 1;
        } else if (i == at) {
            return true;
        } else {
            i++;
        }
    }
    return false;
}
