/* SPDX-License-Identifier: Apache-2.0 */
/* imds_settings.c - the variables and keys about IMDS, within bounds. */
#include "imds_settings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sources.h"
#include "urls.h"

/* The base URL, by its own setting or by the mode. */
static int read_url(struct imds_settings *out, const struct sources *from,
                    struct err *e)
{
    const char *mode =
        sources_text(from, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                     "ec2_metadata_service_endpoint_mode");
    const char *url = sources_text(from, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                   "ec2_metadata_service_endpoint");
    bool v6 = sources_bool(from, "AWS_IMDS_USE_IPV6", "imds_use_ipv6");
    size_t len;

    if (mode != NULL) {
        v6 = strcasecmp(mode, "ipv6") == 0;
        if (!v6 && strcasecmp(mode, "ipv4") != 0) {
            return err_set(e, ERR_SETTING,
                           "Invalid EC2 Instance Metadata endpoint mode: %s "
                           "Valid endpoint modes (case-insensitive): "
                           "('ipv4', 'ipv6').",
                           mode);
        }
    }
    if (url == NULL || *url == '\0') {
        url = v6 ? "http://[fd00:ec2::254]/" : "http://169.254.169.254/";
    }
    len = strlen(url);
    if (!url_valid(url) || len + 2 > sizeof out->base_url) {
        return err_set(e, ERR_SETTING,
                       "Invalid endpoint EC2 Instance Metadata endpoint: %s",
                       url);
    }
    snprintf(out->base_url, sizeof out->base_url, "%s%s", url,
             url[len - 1] == '/' ? "" : "/");
    return 0;
}

int imds_settings_read(struct imds_settings *out, const struct sources *from,
                       struct err *e)
{
    int64_t timeout, attempts;
    int rv;

    rv = sources_int(from, "AWS_METADATA_SERVICE_TIMEOUT",
                     "metadata_service_timeout", 1, &timeout, e);
    if (rv == 0) {
        rv = sources_int(from, "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
                         "metadata_service_num_attempts", 1, &attempts, e);
    }
    if (rv == 0) {
        rv = read_url(out, from, e);
    }
    if (rv != 0) {
        return rv;
    }
    out->timeout_s = timeout < 1 ? 1 : timeout < 600 ? (unsigned)timeout : 600;
    out->attempts = attempts < 0     ? 0
                    : attempts < 100 ? (unsigned)attempts
                                     : 100;
    out->v1_disabled = sources_bool(from, "AWS_EC2_METADATA_V1_DISABLED",
                                    "ec2_metadata_v1_disabled");
    out->disabled = sources_bool(from, "AWS_EC2_METADATA_DISABLED", NULL);
    return 0;
}
