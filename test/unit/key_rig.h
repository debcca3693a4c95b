/* SPDX-License-Identifier: Apache-2.0 */
/* key_rig.h - SSH public keys of each kind, and pushing them at a rig. */
#ifndef KEY_RIG_H
#define KEY_RIG_H

#include "emu_rig.h"

/* The running instance of the rig's own world. */
#define WEB "i-0123456789abcdef0"

#define ED25519                                                                \
    "ssh-ed25519 "                                                             \
    "AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+jD"
#define RSA_2048_B64                                                           \
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQCWj/69N9yVMTePrwr190G1YVNuP8oxaQF3jx04"     \
    "P3N8+7bQ4cg2IHdTE8NYy9SClXVcqcyjpgE9AoOLS6W5ocfavMoMITbCYq1nxF3hkjUE"     \
    "BzCugqhNlOhu5X9Wl29rExR0SACt4SZvXXW5lXvAv8Ji8idjuXgmHicfiO5HJcMaTCB1"     \
    "r4/psOZHQ/rA/buS07dJXjcjj41HZvmvxocjoqUcFTwAkLZLlmkH2ZPTqlx4JFMJ8vjO"     \
    "/HZ+W+Z/UTqV5qSAq/EzMMSpXTQOBh5TuMDLOvXsmoSr3avEVDpCq3xvRPiIzdjZrc9H"     \
    "+h/3YAnVC/ljJfRwW0325enX0OstJRul"
#define RSA_2048 "ssh-rsa " RSA_2048_B64
#define RSA_3072                                                               \
    "ssh-rsa "                                                                 \
    "AAAAB3NzaC1yc2EAAAADAQABAAABgQCOtLYpPe/NS4zWghEsGi1bwBgwbQAvbIWki5b6"     \
    "bqCIKuhGxIOVmo2lBNpGMsBAAZfKUwegKT+z6z9xMKTlgu+C2qaSAh6NMjqpu3EkAlYa"     \
    "UzxVf91Vd4w03cyeWsaIe3O934NLAFLlUrTBo40hsgkQ6IpeMt3ZfkojgKgdqRxwfKq/"     \
    "s5BhbTDJqcNk1UYND3RVJTDpUD0k3y/3+lbZod5Wdh5RtvaMBlVkW/21CL9h0HHPdWVX"     \
    "UPIYjUEahWa55sZUfPuFeYeMhqjT+Gc/fR11r5Zswa38obVDrPkEiqgRLefW+qrieXqf"     \
    "0c3t6GCt4ZmcBNFF3U31ZhHQolG3doAe1uzf6ObmkYKAVmG5IUK4bvlpd3c0JBAXqX49"     \
    "MKHlWqGUxixDMllScxvBNuUBzIHXvQwDyq7eGOX2Bc/Afv56XCYxdcArNfoH1uu2FKr0"     \
    "KG1T8ZHwG5SrR1ZH/1yshTpSS02EwxkO8LTuqyhWNXp9foFv57Jmf2HVgs34Lu2sRVE="
#define ECDSA                                                                  \
    "ecdsa-sha2-nistp256 "                                                     \
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOBVyX/N/8USpvjT"     \
    "Evuyc3t65PpKZVTBh5ANTTlW8rxmaeMJYFPuX5mGrXljfdR4HINb8ISSX/lOo9emQzlH"     \
    "Sb4="

/* SendSSHPublicKey with these members; NULL leaves one out.  The answer is in
 * @r. */
void key_push(struct rig *r, const char *id, const char *user, const char *key,
              const char *zone);

#endif /* KEY_RIG_H */
