/* SPDX-License-Identifier: Apache-2.0 */
/* clipboard.c - the tools there are, by what they need. */
#include "clipboard.h"

#include <stdbool.h>
#include <stddef.h>

#include "argv.h"
#include "err.h"
#include "guest.h"
#include "rdp_client.h"

enum { PATH_SIZE = 4096, MAX_WORDS = 4 };

static const struct {
    unsigned screens;
    const char *words[MAX_WORDS];
} tools[] = {
    {RDP_SCREEN_MAC, {"pbcopy"}},
    {RDP_SCREEN_WAYLAND, {"wl-copy"}},
    {RDP_SCREEN_X11, {"xclip", "-selection", "clipboard"}},
    {RDP_SCREEN_X11, {"xsel", "--clipboard", "--input"}},
};

/* Append the command that takes the text from its standard input. */
static int command_find(struct argv *out, const struct rdp_place *place,
                        struct err *e)
{
    unsigned screens = rdp_place_screens(place);
    char path[PATH_SIZE];
    size_t i;
    size_t k;

    for (i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        if ((tools[i].screens & screens) == 0 ||
            !rdp_place_program(place, tools[i].words[0], path, sizeof path)) {
            continue;
        }
        argv_add(out, path);
        for (k = 1; k < MAX_WORDS && tools[i].words[k] != NULL; k++) {
            argv_add(out, tools[i].words[k]);
        }
        return 0;
    }
    err_set(e, ERR_CONFIG, "There is no program to fill the clipboard with.");
    err_hint(e, "install wl-clipboard, xclip or xsel, or use --password-only "
                "alone, which prints the password");
    return ERR_CONFIG;
}

int clipboard_put(struct guest *g, uv_loop_t *loop, const char *text,
                  guest_cb cb, struct err *e)
{
    struct rdp_place place = rdp_place_here();
    struct argv argv = {0};
    int rv;

    rv = command_find(&argv, &place, e);
    if (rv == 0 && argv.failed) {
        rv = err_set_uv(e, UV_ENOMEM, "the command");
    }
    if (rv == 0) {
        rv = guest_start(g, loop, argv.list, GUEST_TELL | GUEST_QUIET, text, cb,
                         e);
    }
    argv_free(&argv);
    return rv;
}
