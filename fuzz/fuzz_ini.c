/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_ini.c - any text as a configuration file, on its own and as either of
 * the two files that make profiles. */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "fuzz.h"
#include "ini.h"
#include "profiles.h"
#include "role_config.h"
#include "sso_config.h"

/* Every key of every section is found again, and no value is without end. */
static void look(const struct ini *ini)
{
    const struct ini_section *s;
    const struct ini_entry *entry;
    size_t i, k, b;

    for (i = 0; i < ini->n; i++) {
        s = &ini->sections[i];
        FUZZ_ASSERT(ini_section(ini, s->name) == s);
        for (k = 0; k < s->n; k++) {
            entry = &s->entries[k];
            FUZZ_ASSERT(ini_entry(s, entry->key) == entry);
            FUZZ_ASSERT(entry->is_block == (entry->value[0] == '\n'));
            FUZZ_ASSERT((ini_value(s, entry->key) == NULL) == entry->is_block);
            for (b = 0; b < entry->n_block; b++) {
                FUZZ_ASSERT(ini_block_value(s, entry->key,
                                            entry->block[b].key) != NULL);
            }
        }
    }
}

/* Ask for what a run of the program asks for. */
static void use(const struct profiles *p)
{
    static const char *const names[] = {"default", "a", "b", "my"};
    struct role_config links[ROLE_CHAIN_MAX];
    struct sso_config sso;
    struct err e;
    size_t i, n;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)profiles_get(p, names[i], "region");
        (void)profiles_services(p, names[i]);
        if (role_config_present(p, names[i])) {
            e.msg[0] = '\0';
            FUZZ_ASSERT(role_config_read(p, names[i], links, &n, &e) == 0 ||
                        e.msg[0] != '\0');
            FUZZ_ASSERT(n >= 1 && n <= ROLE_CHAIN_MAX);
        }
        if (sso_config_present(p, names[i])) {
            e.msg[0] = '\0';
            FUZZ_ASSERT(sso_config_read(p, names[i], &sso, &e) == 0 ||
                        e.msg[0] != '\0');
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    size_t half = size / 2;
    struct profiles *p;
    struct err e = {.code = 0};
    struct ini ini;

    if (ini_parse(&ini, text, size, &e) == 0) {
        look(&ini);
        ini_free(&ini);
    } else {
        FUZZ_ASSERT(ini.n == 0 && e.code != 0 && e.msg[0] != '\0');
    }
    if (profiles_parse(&p, text, half, "c", text + half, size - half, "d",
                       &e) == 0) {
        use(p);
        profiles_free(p);
    }
    if (profiles_parse(&p, text, size, "c", NULL, 0, "d", &e) == 0) {
        use(p);
        profiles_free(p);
    }
    free(text);
    return 0;
}
