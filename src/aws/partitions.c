/* SPDX-License-Identifier: Apache-2.0 */
/* partitions.c - the table of partitions and the exceptions to it. */
#include "partitions.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* One partition.  A region belongs to it when it is one of the @prefixes
 * followed by "-word-digits". */
struct partition {
    const char *name;
    const char *prefixes; /* Separated by blanks */
    const char *suffix;
    const char *dual_suffix;
    const char *signin;  /* Behind "REGION." for the plain signin host */
    bool has_dual_stack; /* The CLI can build such hosts */
};

static const struct partition partitions[] = {
    {"aws-cn", "cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn",
     "signin.amazonaws.cn", true},
    {"aws-us-gov", "us-gov", "amazonaws.com", "api.aws",
     "signin.amazonaws-us-gov.com", true},
    {"aws-iso", "us-iso", "c2s.ic.gov", "api.aws.ic.gov",
     "signin.c2shome.ic.gov", true},
    {"aws-iso-b", "us-isob", "sc2s.sgov.gov", "api.aws.scloud",
     "signin.sc2shome.sgov.gov", true},
    {"aws-iso-e", "eu-isoe", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk",
     "signin.csphome.adc-e.uk", false},
    {"aws-iso-f", "us-isof", "csp.hci.ic.gov", "api.aws.hci.ic.gov",
     "signin.csphome.hci.ic.gov", false},
    {"aws-eusc", "eusc-de", "amazonaws.eu", "api.amazonwebservices.eu",
     "signin.amazonaws-eusc.eu", true},
    /* Last: it also takes what nobody knows. */
    {"aws", "us eu ap sa ca me af il mx", "amazonaws.com", "api.aws",
     "signin.aws.amazon.com", true},
};

enum { N_PARTITIONS = sizeof partitions / sizeof partitions[0] };

/* The name of each service in host names. */
static const char *const host_names[SERVICE_COUNT] = {
    [SERVICE_EC2] = "ec2",
    [SERVICE_EC2_INSTANCE_CONNECT] = "ec2-instance-connect",
    [SERVICE_STS] = "sts",
    [SERVICE_SSO] = "portal.sso",
    [SERVICE_SSO_OIDC] = "oidc",
    [SERVICE_SIGNIN] = "signin",
};

bool region_valid(const char *region)
{
    size_t len = strlen(region);

    if (len == 0) {
        return true;
    }
    return len <= 63 && region[0] != '-' && region[len - 1] != '-' &&
           strspn(region, "0123456789") != len &&
           strspn(region, "abcdefghijklmnopqrstuvwxyz"
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == len;
}

/* Take every @what out of @text. */
static bool cut(char *text, const char *what)
{
    size_t n = strlen(what);
    bool found = false;

    while ((text = strstr(text, what)) != NULL) {
        memmove(text, text + n, strlen(text + n) + 1);
        found = true;
    }
    return found;
}

bool region_strip_fips(const char *region, char out[static REGION_SIZE])
{
    bool found;

    snprintf(out, REGION_SIZE, "%s", region);
    found = cut(out, "fips-");
    return cut(out, "-fips") || found;
}

/* Whether @p is "-word-digits" and nothing more. */
static bool is_rest(const char *p)
{
    const char *q;

    if (*p++ != '-') {
        return false;
    }
    for (q = p; isalnum((unsigned char)*p) || *p == '_'; p++) {
    }
    if (p == q || *p++ != '-') {
        return false;
    }
    return *p != '\0' && p[strspn(p, "0123456789")] == '\0';
}

/* Whether @region is one of the regions of @part. */
static bool in_partition(const struct partition *part, const char *region)
{
    const char *p = part->prefixes;
    size_t n;

    while (*p != '\0') {
        n = strcspn(p, " ");
        if (strncmp(region, p, n) == 0 && is_rest(region + n)) {
            return true;
        }
        p += n + (p[n] == ' ');
    }
    return false;
}

/* The partition of @region. */
static const struct partition *partition_of(const char *region)
{
    size_t i;

    for (i = 0; i < N_PARTITIONS - 1; i++) {
        if (in_partition(&partitions[i], region)) {
            break;
        }
    }
    return &partitions[i];
}

const char *region_partition(const char *region)
{
    return partition_of(region)->name;
}

/* Whether FIPS is what the plain host of @service does anyway. */
static bool plain_is_fips(const struct partition *part, enum service service)
{
    return strcmp(part->name, "aws-us-gov") == 0 &&
           (service == SERVICE_EC2 || service == SERVICE_STS ||
            service == SERVICE_SSO || service == SERVICE_SSO_OIDC);
}

int partition_host(enum service service, const char *region, bool fips,
                   bool dual_stack, char out[static HOST_SIZE],
                   char signing_region[static REGION_SIZE], struct err *e)
{
    const struct partition *part = partition_of(region);
    const char *name = host_names[service];

    snprintf(signing_region, REGION_SIZE, "%s", region);
    if (dual_stack && !part->has_dual_stack) {
        return err_set(e, ERR_SETTING,
                       "Unable to construct a modeled endpoint with the "
                       "following variant(s) ['dualstack']: ");
    }
    if (service == SERVICE_STS && strcmp(region, "aws-global") == 0) {
        snprintf(out, HOST_SIZE, "sts%s.amazonaws.com", fips ? "-fips" : "");
        snprintf(signing_region, REGION_SIZE, "us-east-1");
        return 0;
    }
    if (service == SERVICE_SIGNIN && !fips && !dual_stack) {
        snprintf(out, HOST_SIZE, "%s.%s", region, part->signin);
        return 0;
    }
    if (service == SERVICE_SIGNIN && fips && !dual_stack &&
        strcmp(part->name, "aws-us-gov") == 0) {
        snprintf(out, HOST_SIZE, "signin-fips.amazonaws-us-gov.com");
        return 0;
    }
    if (!dual_stack && plain_is_fips(part, service)) {
        fips = false;
    }
    snprintf(out, HOST_SIZE, "%s%s.%s.%s", name, fips ? "-fips" : "", region,
             dual_stack ? part->dual_suffix : part->suffix);
    return 0;
}
