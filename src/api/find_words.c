/* SPDX-License-Identifier: Apache-2.0 */
/* find_words.c - instance ids, addresses, DNS names and Name tags, told apart
 * by their form alone. */
#include "find_words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ip.h"

enum { ID_DIGITS_MIN = 8, ID_DIGITS_MAX = 32 };

/* "i-" and hexadecimal digits, as many as EC2 gives. */
static bool is_instance_id(const char *word)
{
    size_t n;

    if (strncmp(word, "i-", 2) != 0) {
        return false;
    }
    n = strspn(word + 2, "0123456789abcdef");
    return word[2 + n] == '\0' && n >= ID_DIGITS_MIN && n <= ID_DIGITS_MAX;
}

/* Read an address, with or without brackets around IPv6. */
static bool address_read(struct ip *ip, const char *word)
{
    char bare[IP_TEXT_SIZE];
    size_t len = strlen(word);

    if (word[0] != '[') {
        return ip_parse(ip, word);
    }
    if (len < 2 || word[len - 1] != ']' || len - 2 >= sizeof bare) {
        return false;
    }
    snprintf(bare, sizeof bare, "%.*s", (int)(len - 2), word + 1);
    return ip_parse(ip, bare) && ip->version == 6;
}

/* A host name of EC2's own, in capitals or not; a Name tag hardly is one. */
static bool is_aws_name(const char *word)
{
    static const char *const ends[] = {".internal", ".amazonaws.com",
                                       ".amazonaws.com.cn"};
    size_t len = strlen(word);
    size_t i;

    for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t n = strlen(ends[i]);

        if (len > n && strcasecmp(word + len - n, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* EC2's filters mind capitals, host names do not. */
static void lower(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z') {
            *text = (char)(*text - 'A' + 'a');
        }
    }
}

static void add(struct find_plan *plan, const char *filter)
{
    plan->filters[plan->n++] = filter;
}

void find_plan_id(struct find_plan *plan, const char *word)
{
    *plan = (struct find_plan){.is_id = true};
    snprintf(plan->value, sizeof plan->value, "%s", word);
    add(plan, "instance-id");
}

bool find_plan(struct find_plan *plan, const char *word)
{
    size_t len = strlen(word);
    struct ip ip;

    *plan = (struct find_plan){0};
    if (len == 0 || len >= sizeof plan->value) {
        return false;
    }
    memcpy(plan->value, word, len + 1);
    if (is_instance_id(plan->value)) {
        find_plan_id(plan, word);
    } else if (address_read(&ip, word)) {
        ip_format(plan->value, &ip);
        if (ip.version == 4) {
            add(plan, "private-ip-address");
            add(plan, "ip-address");
        } else {
            add(plan, "ipv6-address");
            add(plan, "network-interface.ipv6-addresses.ipv6-address");
        }
    } else {
        if (is_aws_name(word)) {
            lower(plan->value);
        }
        if (strchr(word, '.') != NULL) {
            add(plan, "private-dns-name");
            add(plan, "dns-name");
        }
        add(plan, "tag:Name");
    }
    return true;
}
