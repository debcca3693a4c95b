/* SPDX-License-Identifier: Apache-2.0 */
/* driver.c - a fuzz target as an ordinary test: no clang, no chance.
 *
 * Every file of the corpus is run as it is, cut short at every length (up to
 * a limit), and changed in ROUNDS ways by a generator with a fixed seed.  The
 * same files always give the same runs.
 *
 *     fuzz-run-xml [-n ROUNDS] FILE-OR-DIRECTORY...
 *
 * A failing input is written to ./fuzz-failed.bin before it is run. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum {
    DEFAULT_ROUNDS = 2000,
    INPUT_LIMIT = 1 << 20,
    MAX_CUTS = 512, /* Lengths tried of one file */
    MAX_GROWTH = 64 /* Bytes one change may add */
};

/* The run under way, for the handler that saves a failing input. */
static const uint8_t *now_data;
static size_t now_size;

struct driver {
    unsigned rounds;
    uint64_t seed;
    unsigned files;
    unsigned long runs;
};

/* Save the input that is being run, then die of the signal. */
static void on_abort(int number)
{
    int fd = open("fuzz-failed.bin", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t n;

    if (fd >= 0) {
        n = write(fd, now_data, now_size);
        (void)n; /* We are dying already */
        close(fd);
    }
    signal(number, SIG_DFL);
    raise(number);
}

/* The next number of a xorshift generator. */
static uint64_t next_random(struct driver *d)
{
    d->seed ^= d->seed << 13;
    d->seed ^= d->seed >> 7;
    d->seed ^= d->seed << 17;
    return d->seed;
}

/* Run one input from a block of exactly its size. */
static void run(struct driver *d, const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size > 0 ? size : 1);

    if (exact == NULL) {
        abort();
    }
    if (size > 0) {
        memcpy(exact, data, size);
    }
    now_data = exact;
    now_size = size;
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    d->runs++;
}

/* Change @size bytes at @data in one way; room for MAX_GROWTH more.  Returns
 * the new size. */
static size_t change(struct driver *d, uint8_t *data, size_t size)
{
    static const char odd[] = {'\0', '\n', '"', '\\', '%', '*', '&',    '<',
                               '{',  '}',  '[', ']',  ':', '/', '\x7f', '\xff'};
    size_t at = size > 0 ? next_random(d) % size : 0;
    size_t n = next_random(d) % MAX_GROWTH;

    if (size == 0) {
        data[0] = (uint8_t)next_random(d);
        return 1;
    }
    switch (next_random(d) % 6) {
    case 0: /* Flip a bit */
        data[at] ^= (uint8_t)(1U << next_random(d) % 8);
        return size;
    case 1: /* Another byte */
        data[at] = (uint8_t)next_random(d);
        return size;
    case 2: /* A byte that means something to some parser */
        data[at] = (uint8_t)odd[next_random(d) % sizeof odd];
        return size;
    case 3: /* Take some bytes out */
        n = n < size - at ? n : size - at;
        memmove(data + at, data + at + n, size - at - n);
        return size - n;
    case 4: /* Repeat some bytes */
        n = n < size - at ? n : size - at;
        memmove(data + at + n, data + at, size - at);
        return size + n;
    default: /* Put some bytes elsewhere */
        n = n < size - at ? n : size - at;
        memmove(data + next_random(d) % (size - n + 1), data + at, n);
        return size;
    }
}

/* Run @data cut short and changed. */
static void run_variants(struct driver *d, const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + (size_t)8 * MAX_GROWTH + 1);
    size_t cuts = size < MAX_CUTS ? size : MAX_CUTS;
    size_t i;

    if (copy == NULL) {
        abort();
    }
    for (i = 0; i < cuts; i++) {
        run(d, data, i);
    }
    for (i = 0; i < d->rounds; i++) {
        unsigned changes = 1 + (unsigned)(next_random(d) % 8);
        size_t now = size;

        if (size > 0) {
            memcpy(copy, data, size);
        }
        while (changes-- > 0) {
            now = change(d, copy, now);
        }
        run(d, copy, now);
    }
    free(copy);
}

/* Run everything that comes of one file. */
static bool run_file(struct driver *d, const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_LIMIT);
    size_t size;

    if (f == NULL || data == NULL) {
        perror(path);
        free(data);
        if (f != NULL) {
            fclose(f);
        }
        return false;
    }
    size = fread(data, 1, INPUT_LIMIT, f);
    fclose(f);
    d->files++;
    d->seed = UINT64_C(0x9e3779b97f4a7c15) ^ size; /* The same for each file */
    run(d, data, size);
    run_variants(d, data, size);
    free(data);
    return true;
}

/* For scandir(): no hidden files. */
static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Run a file, or the files of a directory in order. */
static bool run_path(struct driver *d, const char *path)
{
    struct dirent **entries;
    char file[4096];
    bool good = true;
    struct stat st;
    int n;
    int i;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return run_file(d, path);
    }
    n = scandir(path, &entries, is_visible, alphasort);
    if (n < 0) {
        perror(path);
        return false;
    }
    for (i = 0; i < n; i++) {
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        good = run_file(d, file) && good;
        free(entries[i]);
    }
    free(entries);
    return good;
}

int main(int argc, char **argv)
{
    struct driver d = {.rounds = DEFAULT_ROUNDS};
    bool good = true;
    int option;

    while ((option = getopt(argc, argv, "n:")) != -1) {
        if (option != 'n') {
            return 2;
        }
        d.rounds = (unsigned)strtoul(optarg, NULL, 10);
    }
    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    for (; optind < argc; optind++) {
        good = run_path(&d, argv[optind]) && good;
    }
    printf("%u files, %lu runs\n", d.files, d.runs);
    return good && d.files > 0 ? 0 : 1;
}
