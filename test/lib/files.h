/* SPDX-License-Identifier: Apache-2.0 */
/* files.h - reading test data. */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include <stddef.h>

/* Where the project's vectors are, and those that may stand beside it. */
const char *test_vectors_dir(void);
const char *test_shared_vectors_dir(void);

/* The whole file @dir/@name (or @dir when @name is NULL) and a NUL after it;
 * free() it.  NULL when it cannot be read. */
char *test_read_file(const char *dir, const char *name, size_t *len);

/* The names in @dir that end in @suffix, sorted, as a NULL-terminated list;
 * give it to test_free_names().  NULL when there is no such directory. */
char **test_list_dir(const char *dir, const char *suffix);
void test_free_names(char **names);

#endif /* TEST_FILES_H */
