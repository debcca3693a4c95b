/* SPDX-License-Identifier: Apache-2.0 */
/* passphrase.c - asked through OpenSSL, which puts the terminal back as it was
 * even when a signal comes. */
#include "passphrase.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ui.h>
#include <stdbool.h>
#include <unistd.h>
#include <uv.h>

#include "err.h"

/* Without a terminal OpenSSL would read stdin, which is not ours to read. */
static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    if (fd == -1) {
        return false;
    }
    close(fd);
    return true;
}

int passphrase_ask(const char *text, char *out, size_t size, struct err *e)
{
    int rv = -1;
    UI *ui;

    if (!has_terminal()) {
        err_set(e, ERR_USAGE,
                "A passphrase is needed, and there is no terminal to ask for "
                "it.");
        err_hint(e, "run this in a terminal, or use a key file without a "
                    "passphrase");
        return ERR_USAGE;
    }
    ui = UI_new_method(UI_OpenSSL());
    if (ui != NULL &&
        UI_add_input_string(ui, text, 0, out, 0, (int)size - 1) >= 0) {
        rv = UI_process(ui);
    }
    UI_free(ui);
    ERR_clear_error();
    return rv == 0 ? 0 : err_set(e, UV_ECANCELED, "No passphrase was entered.");
}
