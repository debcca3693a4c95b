/* SPDX-License-Identifier: Apache-2.0 */
/* os_user.c - user names by image, as the EC2 guide ("Default usernames")
 * lists them. */
#include "os_user.h"

#include <stddef.h>
#include <string.h>

/* What an image's name holds, in any case; the first row that fits counts. */
static const struct {
    const char *word;
    const char *user;
} rows[] = {
    {"ubuntu", "ubuntu"},         {"debian", "admin"},
    {"centos", "centos"},         {"fedora", "fedora"},
    {"rocky", "rocky"},           {"almalinux", "ec2-user"},
    {"bitnami", "bitnami"},       {"freebsd", "ec2-user"},
    {"rhel", "ec2-user"},         {"red hat", "ec2-user"},
    {"suse", "ec2-user"},         {"sles", "ec2-user"},
    {"amzn", "ec2-user"},         {"al20", "ec2-user"},
    {"oracle", "ec2-user"},       {"coreos", "core"},
    {"flatcar", "core"},          {"kali", "kali"},
    {"bottlerocket", "ec2-user"}, {"archlinux", "arch"},
    {"arch-linux", "arch"},
};

/* The row that fits @text, or NULL. */
static const char *find(const char *text)
{
    size_t i;

    for (i = 0; text != NULL && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcasestr(text, rows[i].word) != NULL) {
            return rows[i].user;
        }
    }
    return NULL;
}

const char *os_user_default(const char *image_name,
                            const char *platform_details)
{
    const char *user = find(image_name);

    user = user != NULL ? user : find(platform_details);
    return user != NULL ? user : "ec2-user";
}
