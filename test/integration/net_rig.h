/* SPDX-License-Identifier: Apache-2.0 */
/* net_rig.h - what the tests of net have in common: a loop, an authority, a
 * net, and a log that is kept and searched for secrets at the end. */
#ifndef NET_RIG_H
#define NET_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "log.h"
#include "net.h"
#include "test_loop.h"
#include "test_pki.h"

/* What no log line and no error may ever hold. */
#define NET_RIG_SECRET "hush-hush"

/* Owned by the test, one at a time; the first members are for it. */
struct net_rig {
    struct test_loop t;
    struct test_pki pki;
    struct net *net;
    struct log log;
    char *lines; /* Everything logged */
    size_t lines_len;
    bool net_closed;
};

/* A loop and an authority, without a net; proxy and CA variables are unset. */
void net_rig_init(struct net_rig *rig);

/* The net of @rig, believing the CA file @ca (NULL: the system's). */
void net_rig_net(struct net_rig *rig, const char *ca, bool no_verify);

/* Close the net if there is one, run out the loop, check that nothing is left
 * and that the log has no secret in it. */
void net_rig_close(struct net_rig *rig);

/* Fail if @text holds the secret. */
void net_rig_check_secret(const char *text);

/* Names that the resolver knows, besides real ones: nosuch.test does not exist,
 * slow.test takes until net_rig_end_slow() (a minute at most), any other *.test
 * is 127.0.0.1.  How often the resolver was asked.  False: names cannot be
 * faked on this system. */
bool net_rig_fakes_names(void);
void net_rig_end_slow(void);
unsigned net_rig_lookups(void);

#endif /* NET_RIG_H */
