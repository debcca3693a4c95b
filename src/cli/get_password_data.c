/* SPDX-License-Identifier: Apache-2.0 */
/* get_password_data.c - eice get-password-data: what EC2 says, decrypted if a
 * key is given.
 *
 * The happy path is: the key is read, EC2 is asked, the answer is printed.
 * What can go wrong: the arguments, the key (before anything is sent), the
 * call, a password of another key's, a signal. */
#include <stddef.h>
#include <string.h>

#include <eice/eice.h>

#include "answer.h"
#include "commands.h"
#include "err.h"
#include "error.h"
#include "iso8601.h"
#include "json.h"
#include "options.h"
#include "passphrase.h"
#include "password.h"
#include "program.h"
#include "rsa_key.h"

/* Values of the options. */
struct args {
    char *instance_id;
    char *key;
    bool wait;
};

#define AT(field) offsetof(struct args, field)

static const struct option options[] = {
    {"instance-id", OPTION_STRING, AT(instance_id), "ID",
     "The Windows instance", NULL, OPTION_FILES, 0},
    {"priv-launch-key", OPTION_STRING, AT(key), "FILE",
     "The private key of the key pair it was launched with; decrypts the "
     "password",
     NULL, 0, 0},
    {"wait", OPTION_FLAG, AT(wait), NULL,
     "Wait until there is a password, for at most 20 minutes", NULL,
     OPTION_OURS, 0},
    {.name = NULL},
};

/* One run of the command. */
struct run {
    struct program *p;
    struct password password;
    bool over;
    int exit_code;
};

static void finish(struct run *r)
{
    if (!r->over) {
        r->over = true;
        password_close(&r->password);
        program_finish(r->p, r->exit_code);
    }
}

static void on_stop(struct program *p, void *data)
{
    (void)p;
    finish(data);
}

/* The time as the AWS CLI prints it; what is no time as it is. */
static json_t *time_of(const char *text)
{
    char out[ISO8601_OFFSET_SIZE];
    int64_t seconds;

    if (iso8601_parse(text, &seconds, NULL) != 0) {
        return json_string(text);
    }
    iso8601_offset(out, seconds);
    return json_string(out);
}

/* Print the answer. */
static int print(const struct run *r)
{
    const struct password *w = &r->password;
    const char *text = buf_str(w->text.len > 0 ? &w->text : &w->data);
    json_t *answer =
        json_pack("{s:s, s:o, s:s}", "InstanceId", w->instance, "Timestamp",
                  time_of(w->timestamp), "PasswordData", text);
    int rv = answer_print(r->p, NULL, "GetPasswordData", answer);

    js_wipe(answer);
    return rv;
}

static void on_password(void *data, const struct eice_error *error)
{
    struct run *r = data;

    if (error != NULL) {
        r->exit_code = error_print(&r->p->style, error);
    } else {
        r->exit_code = print(r);
    }
    finish(r);
}

/* Read the key, asking for its passphrase. */
static int key_read(struct rsa_key **key, const struct args *a,
                    struct eice_error *error)
{
    struct err e;

    if (a->instance_id == NULL) {
        return error_set(error, ERR_USAGE,
                         "the following arguments are required: --instance-id");
    }
    if (a->key != NULL && rsa_key_load(key, a->key, passphrase_ask, &e) != 0) {
        error_from(error, &e);
        return error->code;
    }
    return 0;
}

static int run(struct program *p, void *args, const char *const *words,
               size_t n_words)
{
    const struct args *a = args;
    struct run r = {.p = p};
    struct eice_error error = {0};
    struct rsa_key *key = NULL;
    int rv;

    (void)words;
    (void)n_words;
    rv = key_read(&key, a, &error);
    if (rv == 0) {
        rv = program_start(p, on_stop, &r, &error);
    }
    if (rv != 0) {
        rsa_key_free(key);
        return error_print(&p->style, &error);
    }
    r.password = (struct password){
        .p = p, .instance_id = a->instance_id, .key = key, .wait = a->wait};
    if (password_start(&r.password, on_password, &r, &error) != 0) {
        r.exit_code = error_print(&p->style, &error);
        finish(&r);
    }
    rv = program_run(p);
    password_clear(&r.password);
    rsa_key_free(key);
    return rv;
}

const struct command command_get_password_data = {
    .name = "get-password-data",
    .summary = "Show the administrator password of a Windows instance",
    .synopsis = "eice get-password-data --instance-id ID "
                "[--priv-launch-key FILE]",
    .description =
        "Asks EC2 for the password Windows made at its first start. It is "
        "encrypted for the\n"
        "key pair of the launch; with its private key the password itself is "
        "shown.\n"
        "'eice rdp' does all of it, and connects.\n",
    .examples =
        "  eice get-password-data --instance-id i-0fedcba9876543210 \\\n"
        "      --priv-launch-key ~/keys/windows.pem --wait\n"
        "  eice get-password-data --instance-id i-0fedcba9876543210 \\\n"
        "      --priv-launch-key ~/keys/windows.pem \\\n"
        "      --query PasswordData --output text\n",
    .options = options,
    .args_size = sizeof(struct args),
    .is_ec2 = true,
    .run = run,
};
