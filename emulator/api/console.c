/* SPDX-License-Identifier: Apache-2.0 */
/* console.c - host key fingerprints and keys, framed as cloud-init does. */
#include "console.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "buf.h"
#include "file.h"
#include "sshkey.h"
#include "world.h"

/* "256 SHA256:... root@ip-10-0-1-5 (ED25519)" for one public key line. */
static void add_fingerprint(struct buf *out, const char *line,
                            const char *comment)
{
    struct sshkey key;
    struct buf print;

    if (sshkey_parse(&key, line) != NULL) {
        return;
    }
    buf_init(&print, 128);
    sshkey_fingerprint(&key, &print);
    buf_addf(out, "%u %s %s (%s)\r\n", key.bits, buf_str(&print), comment,
             key.kind == SSHKEY_RSA ? "RSA" : "ED25519");
    buf_free(&print);
    sshkey_free(&key);
}

/* Type and blob of the line, with our comment. */
static void add_key(struct buf *out, const char *line, const char *comment)
{
    size_t type = strcspn(line, " \t");
    const char *blob = line + type + strspn(line + type, " \t");
    size_t len = strcspn(blob, " \t\r\n");

    buf_add(out, line, type);
    buf_addc(out, ' ');
    buf_add(out, blob, len);
    buf_addf(out, " %s\r\n", comment);
}

/* Call @add for every host key of @in. */
static void each_key(const struct world_instance *in, struct buf *out,
                     const char *comment,
                     void (*add)(struct buf *, const char *, const char *))
{
    size_t i;

    for (i = 0; i < in->n_host_keys; i++) {
        add(out, in->host_keys[i], comment);
    }
    for (i = 0; i < in->n_host_key_files; i++) {
        char *text;
        size_t len;

        if (file_read(in->host_key_files[i], &text, &len, NULL) == 0) {
            add(out, text, comment);
            file_free(text, len);
        }
    }
}

void console_output(const struct world_instance *in, struct buf *out)
{
    char comment[80];

    if (in->console_output != NULL) {
        buf_adds(out, in->console_output);
        return;
    }
    if (in->platform != NULL) {
        buf_adds(out, "Windows is Ready to use\r\n");
        return;
    }
    snprintf(comment, sizeof comment, "root@%.*s",
             (int)strcspn(in->private_dns, "."), in->private_dns);
    buf_adds(out, "[    0.000000] Linux version\r\n"
                  "ci-info: no authorized SSH keys fingerprints found\r\n");
    if (in->n_host_keys + in->n_host_key_files > 0) {
        buf_adds(out, "-----BEGIN SSH HOST KEY FINGERPRINTS-----\r\n");
        each_key(in, out, comment, add_fingerprint);
        buf_adds(out, "-----END SSH HOST KEY FINGERPRINTS-----\r\n"
                      "-----BEGIN SSH HOST KEY KEYS-----\r\n");
        each_key(in, out, comment, add_key);
        buf_adds(out, "-----END SSH HOST KEY KEYS-----\r\n");
    }
    buf_adds(out, "login: ");
}
