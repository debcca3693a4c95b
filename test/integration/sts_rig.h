/* SPDX-License-Identifier: Apache-2.0 */
/* sts_rig.h - an STS that says what it is told to, and a home that asks it. */
#ifndef STS_RIG_H
#define STS_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "aws_home.h"
#include "fake_http.h"

/* Configurations: keys to begin with, and a role they may assume. */
#define BASE                                                                   \
    "[profile base]\naws_access_key_id = AKBASE\n"                             \
    "aws_secret_access_key = base-secret\n"
#define ROLE                                                                   \
    "[default]\nregion = eu-central-1\nrole_arn = arn:aws:iam::1:role/r\n"     \
    "source_profile = base\n" BASE

/* An STS and what it says. */
struct sts {
    struct aws_home home;
    struct fake_http http;
    int64_t lifetime_s;
    const char *refuse; /* A code, */
    unsigned refuse_n;  /* this many times */
    bool garbage;
    bool stall;
};

/* A home with @config that knows this STS, whose credentials last an hour. */
void sts_setup(struct sts *s, const char *config);

/* All is closed and gone, and no secret was logged. */
void sts_teardown(struct sts *s);

#endif /* STS_RIG_H */
