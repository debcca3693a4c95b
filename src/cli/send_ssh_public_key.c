/* SPDX-License-Identifier: Apache-2.0 */
/* send_ssh_public_key.c - eice send-ssh-public-key: push a key for a minute.
 *
 * The happy path is: the key is pushed, the answer is printed.  What can go
 * wrong: the arguments, the configuration, the service's refusal, a signal. */
#include <stddef.h>
#include <string.h>

#include <eice/eice.h>

#include "answer.h"
#include "buf.h"
#include "commands.h"
#include "err.h"
#include "error.h"
#include "json.h"
#include "options.h"
#include "program.h"
#include "question.h"

enum { NAMES_LIMIT = 200 };

/* Values of the options. */
struct args {
    char *instance_id;
    char *os_user;
    char *public_key;
    char *zone;
};

#define AT(field) offsetof(struct args, field)

static const struct option options[] = {
    {"instance-id", OPTION_STRING, AT(instance_id), "ID", "The instance", NULL,
     OPTION_FILES, 0},
    {"instance-os-user", OPTION_STRING, AT(os_user), "NAME",
     "Who may log in with the key", NULL, OPTION_FILES, 0},
    {"ssh-public-key", OPTION_STRING, AT(public_key), "KEY",
     "The public key itself, or file://PATH", NULL, OPTION_FILES, 0},
    {"availability-zone", OPTION_STRING, AT(zone), "ZONE",
     "The instance's availability zone; not needed", NULL, OPTION_FILES, 0},
    {.name = NULL},
};

/* The service has answered. */
static void on_pushed(void *data, const char *request_id, bool success,
                      const struct eice_error *error)
{
    struct question *q = data;
    json_t *answer;

    if (error != NULL) {
        question_fail(q, error);
        return;
    }
    answer = json_pack("{s:s, s:b}", "RequestId", request_id, "Success",
                       (int)success);
    q->exit_code = answer_print(q->p, NULL, "SendSSHPublicKey", answer);
    json_decref(answer);
    question_end(q);
}

/* What the AWS CLI requires. */
static int check(const struct args *a, struct eice_error *error)
{
    const char *const required[][2] = {
        {"--instance-id", a->instance_id},
        {"--instance-os-user", a->os_user},
        {"--ssh-public-key", a->public_key},
    };
    struct buf names;
    size_t i;
    int rv = 0;

    buf_init(&names, NAMES_LIMIT);
    for (i = 0; i < sizeof required / sizeof required[0]; i++) {
        if (required[i][1] == NULL) {
            buf_addf(&names, "%s%s", names.len > 0 ? ", " : "", required[i][0]);
        }
    }
    if (names.len > 0) {
        rv = error_set(error, ERR_USAGE,
                       "the following arguments are required: %s",
                       buf_str(&names));
    }
    buf_free(&names);
    return rv;
}

static int run(struct program *p, void *args, const char *const *words,
               size_t n_words)
{
    const struct args *a = args;
    struct eice_ssh_key key = {
        .size = sizeof key,
        .instance_id = a->instance_id,
        .os_user = a->os_user,
        .public_key = a->public_key,
        .availability_zone = a->zone,
        .use_endpoint_url = true,
    };
    struct question q;
    struct eice_error error = {0};
    int rv;

    (void)words;
    (void)n_words;
    rv = check(a, &error);
    if (rv == 0) {
        rv = question_start(&q, p, &error);
    }
    if (rv != 0) {
        return error_print(&p->style, &error);
    }
    rv = eice_send_ssh_key(&q.op, p->eice, &key, on_pushed, &q, &error);
    return question_run(&q, rv, &error);
}

const struct command command_send_ssh_public_key = {
    .name = "send-ssh-public-key",
    .summary = "Push a public key to an instance for 60 seconds",
    .synopsis = "eice send-ssh-public-key --instance-id ID "
                "--instance-os-user NAME --ssh-public-key KEY",
    .description =
        "Lets whoever has the private key log in as that user for the next "
        "60 seconds.\n"
        "'eice ssh' does this by itself.\n",
    .examples =
        "  eice send-ssh-public-key --instance-id i-0123456789abcdef0 \\\n"
        "      --instance-os-user ec2-user \\\n"
        "      --ssh-public-key file://~/.ssh/id_ed25519.pub\n",
    .options = options,
    .args_size = sizeof(struct args),
    .is_aws = true,
    .run = run,
};
