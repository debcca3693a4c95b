/* SPDX-License-Identifier: Apache-2.0 */
/* globals.c - the options every subcommand has. */
#include "globals.h"

#include <string.h>

#include "answer.h"
#include "err.h"
#include "url.h"

#define AT(field) offsetof(struct globals, field)

static const char *const outputs[] = {"json",        "text", "table", "yaml",
                                      "yaml-stream", "off",  NULL};
static const char *const colors[] = {"on", "off", "auto", NULL};
static const char *const binary_formats[] = {"base64", "raw-in-base64-out",
                                             NULL};
static const char *const error_formats[] = {
    "legacy", "json", "yaml", "text", "table", "enhanced", NULL};
static const char *const log_formats[] = {"text", "json", NULL};

const struct option globals_options[] = {
    {"debug", OPTION_FLAG, AT(debug), NULL,
     "Show every step on stderr, without a secret in it", NULL, 0, 0},
    {"endpoint-url", OPTION_STRING, AT(endpoint_url), "URL",
     "Send API calls there", NULL, 0, 0},
    {"no-verify-ssl", OPTION_FLAG, AT(no_verify_ssl), NULL,
     "Accept any certificate, for API calls and tunnels", NULL, 0, 0},
    {"no-paginate", OPTION_FLAG, AT(ignored_flag), NULL,
     "Accepted, without effect", NULL, OPTION_IGNORED, 0},
    {"output", OPTION_CHOICE, AT(output), "FORMAT", "How answers are printed",
     outputs, 0, 0},
    {"query", OPTION_STRING, AT(query), "JMESPATH",
     "Print only what this JMESPath expression finds in the answer", NULL, 0,
     0},
    {"profile", OPTION_STRING, AT(profile), "NAME",
     "Use this profile of the AWS configuration files", NULL, 0, 0},
    {"region", OPTION_STRING, AT(region), "NAME", "Use this region", NULL, 0,
     0},
    {"version", OPTION_FLAG, AT(version), NULL,
     "Print the versions of eice and its libraries", NULL, 0, 0},
    {"color", OPTION_CHOICE, AT(ignored_choice[0]), "WHEN",
     "Accepted, without effect", colors, OPTION_IGNORED, 0},
    {"no-sign-request", OPTION_FLAG, AT(no_sign_request), NULL,
     "Do not sign, and load no credentials", NULL, 0, 0},
    {"ca-bundle", OPTION_STRING, AT(ca_bundle), "FILE",
     "Trust the certificates in this file, for API calls and tunnels", NULL, 0,
     0},
    {"cli-read-timeout", OPTION_INT, AT(read_timeout_s), "SECONDS",
     "Wait so long for an answer to an API call; 0: for ever", NULL, 0, 0},
    {"cli-connect-timeout", OPTION_INT, AT(connect_timeout_s), "SECONDS",
     "Wait so long for a connection for an API call; 0: for ever", NULL, 0, 0},
    {"cli-binary-format", OPTION_CHOICE, AT(ignored_choice[1]), "FORMAT",
     "Accepted, without effect", binary_formats, OPTION_IGNORED, 0},
    {"no-cli-pager", OPTION_FLAG, AT(ignored_flag), NULL,
     "Accepted, without effect", NULL, OPTION_IGNORED, 0},
    {"cli-auto-prompt", OPTION_FLAG, AT(auto_prompt), NULL,
     "Accepted, without effect", NULL, OPTION_IGNORED, 0},
    {"no-cli-auto-prompt", OPTION_FLAG, AT(no_auto_prompt), NULL,
     "Accepted, without effect", NULL, OPTION_IGNORED, 0},
    {"cli-error-format", OPTION_CHOICE, AT(error_format), "FORMAT",
     "How errors are printed: enhanced, legacy, json, yaml, text, table",
     error_formats, 0, 0},
    {"help", OPTION_FLAG, AT(help), NULL, "Print a short help", NULL,
     OPTION_OURS, 'h'},
    {"verbose", OPTION_COUNT, AT(verbose), NULL,
     "Say more on stderr; twice: as --debug; three times: everything", NULL,
     OPTION_OURS, 'v'},
    {"log", OPTION_STRING, AT(log), "SPEC",
     "Say more of some groups: \"tls,ws:debug\", \"net:trace,api:info\"", NULL,
     OPTION_OURS, 0},
    {"log-format", OPTION_CHOICE, AT(log_format), "FORMAT",
     "Write the log and errors as text or as json, one object a line",
     log_formats, OPTION_OURS, 0},
    {"no-cache", OPTION_FLAG, AT(no_cache), NULL,
     "Ask where an instance and its endpoint are, whatever is remembered", NULL,
     OPTION_OURS, 0},
    {.name = NULL},
};
void globals_init(struct globals *g)
{
    *g = (struct globals){.read_timeout_s = OPTION_UNSET,
                          .connect_timeout_s = OPTION_UNSET};
}

struct option_set globals_set(struct globals *g)
{
    return (struct option_set){globals_options, g};
}

/* --endpoint-url, with the AWS CLI's words for its one check. */
static int check_endpoint_url(const char *text, struct err *e)
{
    struct err why;
    struct url url;

    if (strstr(text, "://") == NULL) {
        return err_set(e, ERR_USAGE,
                       "Bad value for --endpoint-url \"%s\": scheme is "
                       "missing.  Must be of the form http://<hostname>/ or "
                       "https://<hostname>/",
                       text);
    }
    if (url_split(&url, text, &why) != 0) {
        return err_set(e, ERR_USAGE, "Bad value for --endpoint-url: %s",
                       why.msg);
    }
    if (strcmp(url.scheme, "http") != 0 && strcmp(url.scheme, "https") != 0) {
        return err_set(e, ERR_USAGE,
                       "Bad value for --endpoint-url: the scheme must be http "
                       "or https, not %s",
                       url.scheme);
    }
    return 0;
}

/* A timeout makes sense. */
static int check_timeout(int64_t seconds, const char *name, struct err *e)
{
    if (seconds == OPTION_UNSET || (seconds >= 0 && seconds <= INT32_MAX)) {
        return 0;
    }
    return err_set(e, ERR_USAGE,
                   "argument --%s: expected 0 or a number of seconds", name);
}

int globals_check(const struct globals *g, struct err *e)
{
    int rv = 0;

    if (g->auto_prompt && g->no_auto_prompt) {
        return err_set(e, ERR_USAGE,
                       "Both --cli-auto-prompt and --no-cli-auto-prompt cannot "
                       "be specified at the same time.");
    }
    if (g->query != NULL) {
        rv = answer_check_query(g->query, e);
    }
    if (rv == 0 && g->endpoint_url != NULL) {
        rv = check_endpoint_url(g->endpoint_url, e);
    }
    if (rv == 0) {
        rv = check_timeout(g->read_timeout_s, "cli-read-timeout", e);
    }
    if (rv == 0) {
        rv = check_timeout(g->connect_timeout_s, "cli-connect-timeout", e);
    }
    return rv;
}
