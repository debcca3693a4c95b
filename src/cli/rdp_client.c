/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_client.c - one row a client. */
#include "rdp_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "argv.h"
#include "buf.h"
#include "err.h"
#include "percent.h"

enum { URL_LIMIT = 4096 };

enum kind { FREERDP, RDESKTOP, REMMINA, OPEN };

enum { X11 = RDP_SCREEN_X11, WAYLAND = RDP_SCREEN_WAYLAND };

struct rdp_client {
    const char *name;
    enum kind kind;
    unsigned screens; /* That they draw on */
};

/* The best first. */
static const struct rdp_client clients[] = {
    {"xfreerdp3", FREERDP, X11},         {"xfreerdp", FREERDP, X11},
    {"wlfreerdp3", FREERDP, WAYLAND},    {"wlfreerdp", FREERDP, WAYLAND},
    {"remmina", REMMINA, X11 | WAYLAND}, {"rdesktop", RDESKTOP, X11},
    {"open", OPEN, RDP_SCREEN_MAC},
};

enum { N_CLIENTS = sizeof clients / sizeof clients[0] };

struct rdp_place rdp_place_here(void)
{
    struct rdp_place place = {
        .path = getenv("PATH"),
        .display = getenv("DISPLAY"),
        .wayland = getenv("WAYLAND_DISPLAY"),
    };

#ifdef __APPLE__
    place.mac = true;
#endif
    return place;
}

/* Whether @path is a program. */
static bool is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           access(path, X_OK) == 0;
}

bool rdp_place_program(const struct rdp_place *place, const char *name,
                       char *path, size_t size)
{
    const char *dirs = place->path;
    const char *end;
    int n;

    for (; dirs != NULL; dirs = *end == ':' ? end + 1 : NULL) {
        end = dirs + strcspn(dirs, ":");
        n = end > dirs
                ? snprintf(path, size, "%.*s/%s", (int)(end - dirs), dirs, name)
                : snprintf(path, size, "./%s", name);
        if (n > 0 && (size_t)n < size && is_program(path)) {
            return true;
        }
    }
    return false;
}

unsigned rdp_place_screens(const struct rdp_place *place)
{
    unsigned screens = place->mac ? RDP_SCREEN_MAC : 0;

    if (place->display != NULL && place->display[0] != '\0') {
        screens |= X11;
    }
    if (place->wayland != NULL && place->wayland[0] != '\0') {
        screens |= WAYLAND;
    }
    return screens;
}

/* The client somebody named. */
static const struct rdp_client *find_named(const struct rdp_place *place,
                                           const char *wanted, char *path,
                                           size_t size, struct err *e)
{
    const char *slash = strrchr(wanted, '/');
    const char *name = slash != NULL ? slash + 1 : wanted;
    bool found;
    size_t i;

    for (i = 0; i < N_CLIENTS && strcmp(clients[i].name, name) != 0; i++) {
    }
    if (i == N_CLIENTS) {
        err_set(e, ERR_USAGE, "'%s' is no RDP client that is known here.",
                wanted);
        err_hint(e, "those are xfreerdp3, xfreerdp, wlfreerdp3, wlfreerdp, "
                    "remmina and rdesktop; any other can connect to the port "
                    "of --no-client");
        return NULL;
    }
    found = slash != NULL ? is_program(wanted) &&
                                snprintf(path, size, "%s", wanted) < (int)size
                          : rdp_place_program(place, name, path, size);
    if (!found) {
        err_set(e, ERR_CONFIG, "There is no program %s.", wanted);
        err_hint(e, "install it, or leave out --client to use another");
        return NULL;
    }
    return &clients[i];
}

const struct rdp_client *rdp_client_find(const struct rdp_place *place,
                                         const char *wanted, char *path,
                                         size_t size, struct err *e)
{
    unsigned screens = rdp_place_screens(place);
    size_t i;

    if (wanted != NULL) {
        return find_named(place, wanted, path, size, e);
    }
    if (screens == 0) {
        err_set(e, ERR_CONFIG,
                "There is no display to show a desktop on: neither DISPLAY nor "
                "WAYLAND_DISPLAY is set.");
        err_hint(e, "run this in a desktop session, or listen with "
                    "--no-client and connect from where there is one");
        return NULL;
    }
    for (i = 0; i < N_CLIENTS; i++) {
        if ((clients[i].screens & screens) != 0 &&
            rdp_place_program(place, clients[i].name, path, size)) {
            return &clients[i];
        }
    }
    err_set(e, ERR_CONFIG, "There is no RDP client on this machine.");
    err_hint(e, "install FreeRDP (on Debian and Ubuntu: apt install "
                "freerdp2-x11 or freerdp3-x11), or listen with --no-client and "
                "connect any other");
    return NULL;
}

/* Whether the user's own words say what to do with certificates. */
static bool has_certificate_words(const char *const *words, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (strncmp(words[i], "/cert", 5) == 0 ||
            strncmp(words[i], "+cert", 5) == 0 ||
            strncmp(words[i], "-cert", 5) == 0) {
            return true;
        }
    }
    return false;
}

/* FreeRDP, 2.x and 3.x. */
static void add_freerdp(struct argv *out, const struct rdp_facts *f)
{
    argv_addf(out, "/v:127.0.0.1:%d", f->port);
    argv_addf(out, "/u:%s", f->user);
    argv_addf(out, "/t:%s", f->title);
    if (f->password) {
        argv_add(out, "/from-stdin:force");
    }
    argv_add(out, "+auto-reconnect");
    if (has_certificate_words(f->words, f->n_words)) {
        return;
    }
    if (f->thumbprint[0] != '\0') {
        argv_addf(out, "/cert:deny,fingerprint:sha1:%s", f->thumbprint);
    } else {
        argv_addf(out, "/cert:tofu,name:%s", f->instance_id);
    }
}

/* "open -W rdp://full%20address=s:127.0.0.1:3389&username=s:me". */
static void add_open(struct argv *out, const struct rdp_facts *f)
{
    struct buf url;

    buf_init(&url, URL_LIMIT);
    buf_addf(&url, "rdp://full%%20address=s:127.0.0.1:%d&username=s:", f->port);
    percent_encode(&url, f->user, strlen(f->user));
    argv_add(out, "-W");
    argv_add(out, buf_str(&url));
    buf_free(&url);
}

void rdp_client_command(struct argv *out, const struct rdp_client *c,
                        const char *path, const struct rdp_facts *f)
{
    size_t i;

    argv_add(out, path);
    switch (c->kind) {
    case FREERDP:
        add_freerdp(out, f);
        break;
    case RDESKTOP:
        argv_add(out, "-u");
        argv_add(out, f->user);
        argv_add(out, "-T");
        argv_add(out, f->title);
        if (f->password) {
            argv_add(out, "-p");
            argv_add(out, "-");
        }
        break;
    case REMMINA:
        argv_add(out, "-c");
        argv_add(out, f->profile);
        break;
    case OPEN:
        add_open(out, f);
        break;
    }
    for (i = 0; i < f->n_words; i++) {
        argv_add(out, f->words[i]);
    }
    if (c->kind == RDESKTOP) {
        argv_addf(out, "127.0.0.1:%d", f->port);
    }
}

const char *rdp_client_name(const struct rdp_client *c)
{
    return c->name;
}

bool rdp_client_takes_password(const struct rdp_client *c)
{
    return c->kind == FREERDP || c->kind == RDESKTOP;
}

bool rdp_client_pins(const struct rdp_client *c, const char *const *words,
                     size_t n_words)
{
    return c->kind == FREERDP && !has_certificate_words(words, n_words);
}

bool rdp_client_asks(const struct rdp_client *c)
{
    return c->kind == RDESKTOP;
}

bool rdp_client_needs_profile(const struct rdp_client *c)
{
    return c->kind == REMMINA;
}

bool rdp_client_hands_over(const struct rdp_client *c)
{
    return c->kind == REMMINA || c->kind == OPEN;
}

int rdp_client_code(const struct rdp_client *c, int code)
{
    /* Disconnected or logged off, by the server or by the user, are the ends
     * sessions have; both number them as the protocol does ([MS-RDPBCGR]
     * 2.2.5.1.1), and rdesktop has one more for its window. */
    static const int ends[] = {1, 2, 11, 12};
    size_t i;

    if (c->kind == FREERDP || c->kind == RDESKTOP) {
        for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            if (code == ends[i]) {
                return 0;
            }
        }
    }
    return c->kind == RDESKTOP && code == 62 ? 0 : code;
}
