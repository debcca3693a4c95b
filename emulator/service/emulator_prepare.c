/* SPDX-License-Identifier: Apache-2.0 */
/* emulator_prepare.c - everything of an emulator that needs no loop.
 *
 * In this order: the state directory and its lock, the certificate authority,
 * the world with what an earlier run changed in it, the faults, the trail and
 * the pushed keys.  Each later one stands on the earlier ones. */
#include <string.h>
#include <unistd.h>

#include "ca.h"
#include "emulator_impl.h"
#include "err.h"
#include "faults.h"
#include "keys.h"
#include "mem.h"
#include "signer.h"
#include "state_dir.h"
#include "trail.h"
#include "world.h"

/* The directory given, or one for this run. */
static int prepare_dir(struct emulator *emu, const char *dir, struct err *e)
{
    int rv;

    if (dir == NULL) {
        emu->temporary = true;
        emu->state_dir = state_dir_temporary(e);
        return emu->state_dir != NULL
                   ? state_dir_lock(emu->state_dir, &emu->lock_fd, e)
                   : ERR_CONFIG;
    }
    emu->state_dir = mem_strdup(dir);
    if (emu->state_dir == NULL) {
        return err_set_uv(e, UV_ENOMEM, "state directory");
    }
    rv = state_dir_make(dir, e);
    return rv != 0 ? rv : state_dir_lock(dir, &emu->lock_fd, e);
}

/* "10.0.1.5:22=127.0.0.1:2222" */
static int add_route(struct emulator *emu, const char *route, struct err *e)
{
    const char *mark = strchr(route, '=');
    char *from =
        mark != NULL ? mem_strndup(route, (size_t)(mark - route)) : NULL;
    int rv;

    if (mark == NULL) {
        return err_set(e, ERR_USAGE, "route %s: expected ADDRESS:PORT=TO:PORT",
                       route);
    }
    if (from == NULL) {
        return err_set_uv(e, UV_ENOMEM, "route");
    }
    rv = world_set_route(emu->api.world, from, mark + 1, e);
    mem_free(from);
    return rv;
}

/* The world from its file or text, what an earlier run changed in it, and
 * what the command line does. */
static int prepare_world(struct emulator *emu,
                         const struct emulator_config *config, struct err *e)
{
    const struct world_config wc = {.clock_offset_ms = config->clock_offset_ms};
    int rv;

    if (config->world_path != NULL || config->world_text == NULL) {
        rv = world_load(&emu->api.world, config->world_path, &wc, e);
    } else {
        rv = world_parse(&emu->api.world, config->world_text,
                         strlen(config->world_text), "world", &wc, e);
    }
    if (rv != 0) {
        return rv;
    }
    if (config->any_port) {
        world_settings_mut(emu->api.world)->any_port = true;
    }
    for (size_t i = 0; i < config->n_routes && rv == 0; i++) {
        rv = add_route(emu, config->routes[i], e);
    }
    emu->keeps = !emu->temporary && !config->ephemeral;
    if (rv == 0 && emu->keeps) {
        emu->state_file = mem_printf("%s/world-state.json", emu->state_dir);
        rv = emu->state_file != NULL
                 ? world_restore(emu->api.world, emu->state_file, e)
                 : err_set_uv(e, UV_ENOMEM, "state file");
    }
    emu->saved = world_generation(emu->api.world);
    return rv;
}

/* What the world wants to go wrong with tunnels. */
static int prepare_faults(struct emulator *emu, struct err *e)
{
    char path[64];
    int rv = 0;

    emu->faults = fault_table_new();
    if (emu->faults == NULL) {
        return err_set_uv(e, UV_ENOMEM, "faults");
    }
    for (size_t i = 0; i < world_n_endpoints(emu->api.world) && rv == 0; i++) {
        const struct world_endpoint *ep = world_endpoint_at(emu->api.world, i);

        snprintf(path, sizeof path, "$.endpoints[%zu].faults", i);
        rv = fault_table_set(emu->faults, ep->id, ep->faults, path, e);
    }
    return rv;
}

/* Everything the API works on. */
static int prepare_api(struct emulator *emu,
                       const struct emulator_config *config, struct err *e)
{
    int rv = prepare_world(emu, config, e);

    emu->api.log = emu->log;
    if (rv != 0) {
        return rv;
    }
    rv = faults_new(&emu->api.faults, world_faults(emu->api.world), "$.faults",
                    e);
    if (rv == 0) {
        rv = trail_log_open(&emu->trail_log, config->cloudtrail, emu->log, e);
    }
    if (rv != 0) {
        return rv;
    }
    rv = prepare_faults(emu, e);
    if (rv != 0) {
        return rv;
    }
    emu->api.trail = trail_new(trail_log_line, &emu->trail_log);
    emu->api.keys = keys_new(emu->api.world, emu->log);
    if (emu->api.trail == NULL || emu->api.keys == NULL) {
        return err_set_uv(e, UV_ENOMEM, "emulator");
    }
    return 0;
}

/* Copy a string of the configuration. */
static int copy(char **out, const char *text, struct err *e)
{
    if (text == NULL || text[0] == '\0') {
        return 0;
    }
    *out = mem_strdup(text);
    return *out != NULL ? 0 : err_set_uv(e, UV_ENOMEM, "emulator");
}

int emulator_prepare(struct emulator *emu, const struct emulator_config *config,
                     struct err *e)
{
    const char *domain = config->endpoint_domain;
    int rv;

    emu->trail_log.fd = -1;
    emu->lock_fd = -1;
    rv = prepare_dir(emu, config->state_dir, e);
    if (rv == 0) {
        rv = copy(&emu->address, config->address, e);
    }
    if (rv == 0) {
        rv = copy(&emu->domain, domain != NULL ? domain : "localhost", e);
    }
    if (rv == 0) {
        rv = ca_open(&emu->ca, emu->state_dir, emu->address, emu->log, e);
    }
    return rv != 0 ? rv : prepare_api(emu, config, e);
}

void emulator_free(struct emulator *emu)
{
    signer_free(emu->api.signer);
    keys_free(emu->api.keys);
    trail_free(emu->api.trail);
    faults_free(emu->api.faults);
    trail_log_close(&emu->trail_log);
    fault_table_free(emu->faults);
    world_free(emu->api.world);
    ca_free(emu->ca);
    if (emu->lock_fd >= 0) {
        close(emu->lock_fd);
    }
    if (emu->temporary && emu->state_dir != NULL) {
        state_dir_remove(emu->state_dir);
    }
    mem_free(emu->state_dir);
    mem_free(emu->state_file);
    mem_free(emu->address);
    mem_free(emu->domain);
    mem_free(emu);
}
