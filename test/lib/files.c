/* SPDX-License-Identifier: Apache-2.0 */
/* files.c - whole files and sorted directories. */
#include "files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The environment's word, or the build's. */
static const char *dir_of(const char *variable, const char *built)
{
    const char *dir = getenv(variable);

    return dir != NULL && dir[0] != '\0' ? dir : built;
}

const char *test_vectors_dir(void)
{
    return dir_of("EICE_TEST_VECTORS", TEST_VECTORS_DIR);
}

const char *test_shared_vectors_dir(void)
{
    return dir_of("EICE_SHARED_VECTORS", SHARED_VECTORS_DIR);
}

char *test_read_file(const char *dir, const char *name, size_t *len)
{
    char path[4096];
    struct stat st;
    char *text = NULL;
    FILE *f;

    snprintf(path, sizeof path, "%s%s%s", dir, name != NULL ? "/" : "",
             name != NULL ? name : "");
    f = fopen(path, "rb");
    if (f == NULL) {
        return NULL;
    }
    if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode)) {
        text = malloc((size_t)st.st_size + 1);
    }
    if (text != NULL) {
        *len = fread(text, 1, (size_t)st.st_size, f);
        text[*len] = '\0';
    }
    fclose(f);
    return text;
}

static int by_name(const void *a, const void *b)
{
    char *const *x = a;
    char *const *y = b;

    return strcmp(*x, *y);
}

char **test_list_dir(const char *dir, const char *suffix)
{
    size_t end = strlen(suffix);
    char **names = NULL;
    struct dirent *entry;
    size_t n = 0;
    DIR *d = opendir(dir);

    if (d == NULL) {
        return NULL;
    }
    names = calloc(1, sizeof *names);
    while (names != NULL && (entry = readdir(d)) != NULL) {
        size_t len = strlen(entry->d_name);
        char **more;

        if (entry->d_name[0] == '.' || len < end ||
            strcmp(entry->d_name + len - end, suffix) != 0) {
            continue;
        }
        more = realloc(names, (n + 2) * sizeof *names);
        if (more == NULL) {
            break;
        }
        names = more;
        names[n++] = strdup(entry->d_name);
        names[n] = NULL;
    }
    closedir(d);
    if (names != NULL) {
        qsort(names, n, sizeof *names, by_name);
    }
    return names;
}

void test_free_names(char **names)
{
    size_t i;

    for (i = 0; names != NULL && names[i] != NULL; i++) {
        free(names[i]);
    }
    free(names);
}
