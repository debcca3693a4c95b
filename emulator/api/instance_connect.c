/* SPDX-License-Identifier: Apache-2.0 */
/* instance_connect.c - SendSSHPublicKey and SendSerialConsoleSSHPublicKey.
 *
 * The order: members, IAM, the instance, its state, the key. */
#include "instance_connect.h"

#include <stdio.h>
#include <string.h>

#include "authorize.h"
#include "call.h"
#include "constraint.h"
#include "err.h"
#include "json.h"
#include "keys.h"
#include "sshkey.h"

/* --- what members must be ----------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* [A-Za-z0-9@._-] */
static bool is_middle(char c)
{
    return is_letter(c) || is_digit(c) || c == '@' || c == '.' || c == '_' ||
           c == '-';
}

/* ^i-[a-f0-9]+$ */
static bool fits_instance(const char *s, size_t len)
{
    return len > 2 && strncmp(s, "i-", 2) == 0 &&
           strspn(s + 2, "0123456789abcdef") == len - 2;
}

/* Whether s[from..] is made of middle characters, but for a final '$'. */
static bool fits_rest(const char *s, size_t len, size_t from)
{
    size_t i;

    for (i = from; i < len; i++) {
        if (!is_middle(s[i]) && !(s[i] == '$' && i + 1 == len)) {
            return false;
        }
    }
    return true;
}

/* A user name that begins with a letter or underscore: up to 30 middle
 * characters and one last of letters, digits, $, _ or -. */
static bool fits_plain_user(const char *s, size_t len)
{
    if (len == 0 || !(is_letter(s[0]) || s[0] == '_') || len > 32 ||
        !fits_rest(s, len, 1)) {
        return false;
    }
    return len < 32 || (s[31] != '@' && s[31] != '.');
}

/* One that begins with digits: at least one character that is none must
 * follow, and it is no '$'. */
static bool fits_digit_user(const char *s, size_t len)
{
    size_t digits = strspn(s, "0123456789");

    return digits > 0 && len >= 2 && len <= 32 && digits < len &&
           is_middle(s[digits]) && fits_rest(s, len, digits + 1);
}

static bool fits_user(const char *s, size_t len)
{
    return fits_plain_user(s, len) || fits_digit_user(s, len);
}

/* ^(\w+-){2,3}\d+\w+$ */
static bool fits_zone(const char *s, size_t len)
{
    size_t dashes = 0;
    size_t word = 0;
    size_t i;

    for (i = 0; i < len; i++) {
        if (s[i] == '-') {
            if (word == 0) {
                return false;
            }
            dashes++;
            word = 0;
        } else if (is_letter(s[i]) || is_digit(s[i]) || s[i] == '_') {
            word++;
        } else {
            return false;
        }
    }
    return dashes >= 2 && dashes <= 3 && word >= 2 && is_digit(s[len - word]);
}

static const struct constraint instance_id = {.member = "InstanceId",
                                              .required = true,
                                              .least = 10,
                                              .most = 32,
                                              .pattern = "^i-[a-f0-9]+$",
                                              .fits = fits_instance};
static const struct constraint os_user = {
    .member = "InstanceOSUser",
    .required = true,
    .least = 1,
    .most = 32,
    .pattern = "(^[A-Za-z_][A-Za-z0-9\\@\\._-]{0,30}[A-Za-z0-9\\$_-]?$)|"
               "(^(?=.{2,32}$)[0-9]{1,32}[A-Za-z\\@\\._-]"
               "[A-Za-z0-9\\@\\._-]*[A-Za-z0-9\\$_-]?$)",
    .fits = fits_user};
static const struct constraint public_key = {
    .member = "SSHPublicKey", .required = true, .least = 80, .most = 4096};
static const struct constraint zone = {.member = "AvailabilityZone",
                                       .least = 6,
                                       .most = 32,
                                       .pattern = "^(\\w+-){2,3}\\d+\\w+$",
                                       .fits = fits_zone};

/* --- what both actions do ----------------------------------------------- */

/* The instance by its id, if the caller may see it. */
static const struct world_instance *find(struct api_call *c, const char *id)
{
    const struct world_instance *in = world_instance(c->w, id);

    if (in == NULL || in->subnet->vpc->account != c->who.account ||
        strcmp(in->subnet->vpc->region, c->region) != 0) {
        return NULL;
    }
    return in;
}

/* IAM on the instance, by id even when it is not there. */
static bool permit(struct api_call *c, const char *action, const char *id,
                   const struct world_instance *in, const char *user)
{
    struct access_key key = {"ec2:osuser", user};
    char arn[WORLD_ARN_SIZE];
    struct access a = {.action = action, .resource = arn};

    snprintf(arn, sizeof arn, "arn:%s:ec2:%s:%s:instance/%s",
             world_settings(c->w)->partition, c->region, c->who.account->id,
             id);
    call_resource(c, "AWS::EC2::Instance", "%s", arn);
    if (in != NULL) {
        a.resource_tags = in->tags;
        a.n_resource_tags = in->n_tags;
    }
    if (user != NULL) {
        a.keys = &key;
        a.n_keys = 1;
    }
    return access_demand(c, &a);
}

static bool check_state(struct api_call *c, const struct world_instance *in)
{
    switch (in->state) {
    case WORLD_RUNNING:
        return true;
    case WORLD_PENDING:
        return call_fail(c, 400, "EC2InstanceUnavailableException",
                         "The instance is currently unavailable. Wait a few "
                         "minutes and try again.");
    default:
        return call_fail(c, 400, "EC2InstanceStateInvalidException",
                         "The instance is not in a valid state for this "
                         "operation: it is %s",
                         in->state_name);
    }
}

/* Read the key; the caller frees it. */
static bool read_key(struct api_call *c, const char *text, struct sshkey *key)
{
    const char *why = sshkey_parse(key, text);

    if (why == NULL && key->kind == SSHKEY_RSA && key->bits != 2048 &&
        key->bits != 4096) {
        sshkey_free(key);
        why = "RSA - SSH Public key length is not supported";
    }
    return why == NULL ||
           call_fail(c, 400, "InvalidArgsException",
                     "Invalid input parameter received for Illegal argument "
                     "exception: %s",
                     why);
}

static void answer(struct api_call *c)
{
    call_json(
        c, "application/x-amz-json-1.1",
        json_pack("{s:s, s:b}", "RequestId", c->request_id, "Success", 1));
}

/* --- SendSSHPublicKey --------------------------------------------------- */

static void send_ssh_public_key(struct api_call *c)
{
    struct constraints cs;
    const struct world_instance *in;
    const char *id;
    const char *user;
    const char *text;
    const char *az;
    struct sshkey key;
    char arn[WORLD_ARN_SIZE];
    int rv;

    constraints_init(&cs);
    id = constraints_string(&cs, c, &instance_id);
    user = constraints_string(&cs, c, &os_user);
    text = constraints_string(&cs, c, &public_key);
    az = constraints_string(&cs, c, &zone);
    if (!constraints_end(&cs, c, "InvalidArgsException")) {
        return;
    }
    in = find(c, id);
    if (!permit(c, "ec2-instance-connect:SendSSHPublicKey", id, in, user)) {
        return;
    }
    if (in == NULL || (az != NULL && strcmp(az, in->subnet->zone) != 0)) {
        call_fail(c, 400, "EC2InstanceNotFoundException",
                  "The specified instance was not found.");
        return;
    }
    if (!check_state(c, in) || !read_key(c, text, &key)) {
        return;
    }
    rv = keys_push(c->api->keys, in, user, key.line,
                   world_principal_arn(c->w, &c->who, arn), c->request_id);
    sshkey_free(&key);
    if (rv == ERR_FULL) {
        call_fail(c, 400, "ThrottlingException", "Rate exceeded");
    } else if (rv != 0) {
        call_no_memory(c);
    } else {
        answer(c);
    }
}

/* --- SendSerialConsoleSSHPublicKey -------------------------------------- */

/* Families that are not built on Nitro have no serial console. */
static bool has_serial_console(const char *type)
{
    static const char *const old[] = {
        "c1.", "c3.", "c4.", "d2.", "g2.", "g3.", "h1.", "i2.", "i3.", "m1.",
        "m2.", "m3.", "m4.", "p2.", "p3.", "r3.", "r4.", "t1.", "t2.", "x1."};
    size_t i;

    for (i = 0; i < sizeof old / sizeof old[0]; i++) {
        if (strncmp(type, old[i], strlen(old[i])) == 0) {
            return false;
        }
    }
    return true;
}

static bool check_serial(struct api_call *c, const struct world_instance *in)
{
    if (!world_settings(c->w)->serial_console_access) {
        return call_fail(c, 403, "SerialConsoleAccessDisabledException",
                         "Your account is not authorized to use the EC2 "
                         "Serial Console. To authorize your account, run the "
                         "EnableSerialConsoleAccess API.");
    }
    if (!has_serial_console(in->type)) {
        return call_fail(c, 400, "EC2InstanceTypeInvalidException",
                         "The instance type %s is not supported for "
                         "connecting via the serial console. Only Nitro "
                         "instance types are currently supported.",
                         in->type);
    }
    if (!in->serial_console) {
        return call_fail(c, 400, "SerialConsoleSessionUnsupportedException",
                         "Your instance's BIOS version is unsupported for "
                         "serial console connection. Reboot your instance to "
                         "update its BIOS, and then try again to connect.");
    }
    return true;
}

static void send_serial_console_key(struct api_call *c)
{
    json_t *port = json_object_get(c->body, "SerialPort");
    struct constraints cs;
    const struct world_instance *in;
    const char *id;
    const char *text;
    struct sshkey key;

    constraints_init(&cs);
    id = constraints_string(&cs, c, &instance_id);
    text = constraints_string(&cs, c, &public_key);
    if (!constraints_end(&cs, c, "InvalidArgsException")) {
        return;
    }
    if (port != NULL &&
        (!json_is_integer(port) || json_integer_value(port) != 0)) {
        call_fail(c, 400, "InvalidArgsException",
                  "1 validation error detected: Value at 'serialPort' failed "
                  "to satisfy constraint: Member must have value less than or "
                  "equal to 0");
        return;
    }
    in = find(c, id);
    if (!permit(c, "ec2-instance-connect:SendSerialConsoleSSHPublicKey", id, in,
                NULL)) {
        return;
    }
    if (in == NULL) {
        call_fail(c, 400, "EC2InstanceNotFoundException",
                  "The specified instance was not found.");
        return;
    }
    if (check_state(c, in) && check_serial(c, in) && read_key(c, text, &key)) {
        sshkey_free(&key);
        answer(c);
    }
}

void instance_connect_handle(struct api_call *c)
{
    if (strcmp(c->action, "SendSSHPublicKey") == 0) {
        send_ssh_public_key(c);
    } else if (strcmp(c->action, "SendSerialConsoleSSHPublicKey") == 0) {
        send_serial_console_key(c);
    } else {
        call_fail(c, 400, "UnknownOperationException", "%s", "");
    }
}
