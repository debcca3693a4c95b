/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h - what a fuzz target is: one function, called with any bytes. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Feed @size bytes to the code under test and assert what must hold for all
 * input.  Returns 0.  The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a string: a copy with a NUL after it, so that a read past the
 * end is seen by a sanitizer.  free() it. */
char *fuzz_string(const uint8_t *data, size_t size);

/* End the run when @what does not hold. */
#define FUZZ_ASSERT(what)                                                      \
    do {                                                                       \
        if (!(what)) {                                                         \
            fuzz_failed(#what, __FILE__, __LINE__);                            \
        }                                                                      \
    } while (0)
_Noreturn void fuzz_failed(const char *what, const char *file, int line);

#endif /* FUZZ_H */
