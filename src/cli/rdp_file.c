/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_file.c - .rdp files have lines of name:type:value, i for a number and s
 * for a string, and Windows' line ends. */
#include "rdp_file.h"

#include "buf.h"

/* @text as far as it cannot begin a line of its own. */
static void add_value(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        buf_addc(out, *text == '\r' || *text == '\n' ? ' ' : *text);
    }
}

void rdp_file_rdp(struct buf *out, int port, const char *user)
{
    buf_addf(out, "full address:s:127.0.0.1:%d\r\n", port);
    buf_adds(out, "username:s:");
    add_value(out, user);
    buf_adds(out, "\r\n"
                  "prompt for credentials:i:1\r\n"
                  "authentication level:i:2\r\n"
                  "autoreconnection enabled:i:1\r\n");
}

void rdp_file_remmina(struct buf *out, int port, const char *user,
                      const char *name)
{
    buf_adds(out, "[remmina]\nprotocol=RDP\nname=");
    add_value(out, name);
    buf_addf(out, "\nserver=127.0.0.1:%d\nusername=", port);
    add_value(out, user);
    buf_addc(out, '\n');
}
