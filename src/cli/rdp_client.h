/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_client.h - the RDP clients there are, and how each is told where to
 * connect, as whom, and with which certificate.
 *
 * No password is ever among the words: those who can take one read it from
 * their standard input. */
#ifndef RDP_CLIENT_H
#define RDP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct argv;
struct err;

/* One client; const. */
struct rdp_client;

/* Where we look for one. */
struct rdp_place {
    const char *path;    /* PATH */
    const char *display; /* DISPLAY */
    const char *wayland; /* WAYLAND_DISPLAY */
    bool mac;            /* On a Mac, which has a program to open URLs */
};

enum { RDP_PATH_SIZE = 4096 }; /* Of a client's program */

/* What there is to draw on. */
enum { RDP_SCREEN_X11 = 1, RDP_SCREEN_WAYLAND = 2, RDP_SCREEN_MAC = 4 };

/* What it is told. */
struct rdp_facts {
    int port;
    const char *user;
    bool password;          /* It will be on standard input */
    const char *thumbprint; /* Of the certificate, or "" */
    const char *instance_id;
    const char *title;
    const char *profile;      /* For those who need one: a file */
    const char *const *words; /* The user's own, at the end */
    size_t n_words;
};

/* This machine. */
struct rdp_place rdp_place_here(void);

/* What there is to draw on there, added up. */
unsigned rdp_place_screens(const struct rdp_place *place);

/* Look for the program @name along the place's PATH; its path goes to
 * @path. */
bool rdp_place_program(const struct rdp_place *place, const char *name,
                       char *path, size_t size);

/* Find the first client that is installed and has a display to draw on, or the
 * one @wanted (a name, or a path that ends in one).  Its path goes to @path.
 * NULL with @e when there is none. */
const struct rdp_client *rdp_client_find(const struct rdp_place *place,
                                         const char *wanted, char *path,
                                         size_t size, struct err *e);

/* Append the command for the program @path. */
void rdp_client_command(struct argv *out, const struct rdp_client *c,
                        const char *path, const struct rdp_facts *f);

/* Its name, for people. */
const char *rdp_client_name(const struct rdp_client *c);

/* Whether it reads a password from standard input. */
bool rdp_client_takes_password(const struct rdp_client *c);

/* Whether it compares the certificate with a thumbprint, unless @words say
 * something else about certificates. */
bool rdp_client_pins(const struct rdp_client *c, const char *const *words,
                     size_t n_words);

/* Whether it shows a certificate's thumbprint and asks, on standard input,
 * what to do. */
bool rdp_client_asks(const struct rdp_client *c);

/* Whether it needs a profile. */
bool rdp_client_needs_profile(const struct rdp_client *c);

/* Whether it may end while another process goes on with the connection. */
bool rdp_client_hands_over(const struct rdp_client *c);

/* Our exit code for its: 0 when the session ended as sessions do. */
int rdp_client_code(const struct rdp_client *c, int code);

#endif /* RDP_CLIENT_H */
