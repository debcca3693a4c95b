/* SPDX-License-Identifier: Apache-2.0 */
/* home.c - making and removing what a person's settings are read from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "home.h"

const char *home_env(void *home, const char *name)
{
    struct home *h = home;
    size_t i;

    for (i = 0; i < h->n_env; i++) {
        if (strcmp(h->env[i][0], name) == 0) {
            return h->env[i][1];
        }
    }
    return NULL;
}

void home_set(struct home *h, const char *name, const char *value)
{
    assert_true(h->n_env < HOME_MAX_ENV);
    h->env[h->n_env][0] = name;
    h->env[h->n_env++][1] = value;
}

/* Write @text to @path. */
static void spill(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    fclose(f);
}

void home_make(struct home *h, const char *config, const char *credentials)
{
    *h = (struct home){0};
    strcpy(h->dir, "/tmp/eice-settings-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    snprintf(h->config, sizeof h->config, "%s/.aws/config", h->dir);
    snprintf(h->credentials, sizeof h->credentials, "%s/.aws/credentials",
             h->dir);
    h->config[strlen(h->config) - strlen("/config")] = '\0';
    assert_int_equal(mkdir(h->config, 0700), 0);
    snprintf(h->config, sizeof h->config, "%s/.aws/config", h->dir);
    if (config != NULL) {
        spill(h->config, config);
    }
    if (credentials != NULL) {
        spill(h->credentials, credentials);
    }
    home_set(h, "HOME", h->dir);
}

void home_drop(struct home *h)
{
    char dir[96];

    unlink(h->config);
    unlink(h->credentials);
    snprintf(dir, sizeof dir, "%s/.aws", h->dir);
    rmdir(dir);
    rmdir(h->dir);
}

struct settings_input home_no_flags(struct home *h)
{
    return (struct settings_input){.connect_timeout_s = -1,
                                   .read_timeout_s = -1,
                                   .env = home_env,
                                   .env_data = h};
}

struct settings *home_load(struct home *h)
{
    struct settings_input in = home_no_flags(h);
    struct settings *s = NULL;
    struct err e = {0};

    if (settings_load(&s, &in, NULL, &e) != 0) {
        fail_msg("%s", e.msg);
    }
    return s;
}
