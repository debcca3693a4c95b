/* SPDX-License-Identifier: Apache-2.0 */
/* version.c - which eice this is, and on what it stands. */
#include <eice/eice.h>

#include <curl/curl.h>
#include <expat.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>

const char *eice_version(void)
{
    return EICE_VERSION;
}

int eice_version_number(void)
{
    return EICE_VERSION_NUMBER;
}

char *eice_library_versions(char *buf, size_t size)
{
    XML_Expat_Version expat = XML_ExpatVersionInfo();

    snprintf(buf, size,
             "libuv/%s libcurl/%s OpenSSL/%s expat/%d.%d.%d jansson/%s",
             uv_version_string(), curl_version_info(CURLVERSION_NOW)->version,
             OpenSSL_version(OPENSSL_VERSION_STRING), expat.major, expat.minor,
             expat.micro, jansson_version_str());
    return buf;
}
