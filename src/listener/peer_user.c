/* SPDX-License-Identifier: Apache-2.0 */
/* peer_user.c - whose process holds the other end of a connection. */
#include "peer_user.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"

#ifdef __linux__
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#endif

/* As much of /proc/net/tcp as is read: some 27,000 sockets. */
enum { TABLE_LIMIT = 4 << 20 };

/* An address of any family; unix ones are cut, which does not matter. */
union address {
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    struct sockaddr any;
};

/* ::ffff:1.2.3.4 as the IPv4 address it stands for; others as they are. */
static void unmap(union address *addr)
{
    struct sockaddr_in four = {.sin_family = AF_INET};

    if (addr->any.sa_family != AF_INET6 ||
        !IN6_IS_ADDR_V4MAPPED(&addr->six.sin6_addr)) {
        return;
    }
    four.sin_port = addr->six.sin6_port;
    memcpy(&four.sin_addr, &addr->six.sin6_addr.s6_addr[12], 4);
    addr->four = four;
}

/* The bytes and the number of bytes of an address. */
static const void *bytes_of(const struct sockaddr *a, size_t *len)
{
    if (a->sa_family == AF_INET) {
        *len = 4;
        return &((const struct sockaddr_in *)a)->sin_addr;
    }
    *len = 16;
    return &((const struct sockaddr_in6 *)a)->sin6_addr;
}

/* The port, in network order; at the same place in both families. */
static uint16_t port_of(const struct sockaddr *a)
{
    return ((const struct sockaddr_in *)a)->sin_port;
}

/* Whether @a is 127.0.0.0/8 or ::1. */
static bool is_loopback(const struct sockaddr *a)
{
    size_t len;
    const unsigned char *b = bytes_of(a, &len);

    return len == 4 ? b[0] == 127
                    : IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)b);
}

/* One end as /proc/net prints it: words in the byte order of the machine. */
static void end_print(char *out, size_t size, const struct sockaddr *a,
                      bool as_six)
{
    size_t len;
    const void *b = bytes_of(a, &len);
    uint32_t w[4] = {0, 0, htonl(0xffff), 0};
    unsigned port = ntohs(port_of(a));

    if (len == 4) {
        memcpy(&w[3], b, 4);
    } else {
        memcpy(w, b, 16);
    }
    if (as_six || len == 16) {
        snprintf(out, size,
                 "%08" PRIX32 "%08" PRIX32 "%08" PRIX32 "%08" PRIX32 ":%04X",
                 w[0], w[1], w[2], w[3], port);
    } else {
        snprintf(out, size, "%08" PRIX32 ":%04X", w[3], port);
    }
}

/* Search for one way of writing the two ends. */
static enum peer_user search_as(const char *table, const struct sockaddr *own,
                                const struct sockaddr *other, bool as_six,
                                uid_t *uid)
{
    char ends[2][48];
    char key[100];
    unsigned long user;
    unsigned long inode;
    const char *at;

    end_print(ends[0], sizeof ends[0], own, as_six);
    end_print(ends[1], sizeof ends[1], other, as_six);
    snprintf(key, sizeof key, " %s %s ", ends[0], ends[1]);
    at = strstr(table, key);
    if (at == NULL) {
        return PEER_USER_UNKNOWN;
    }
    at += strlen(key);
    /* st tx:rx tr:when retransmits uid timeout inode */
    if (sscanf(at, "%*x %*x:%*x %*x:%*x %*x %lu %*u %lu", &user, &inode) != 2) {
        return PEER_USER_UNKNOWN;
    }
    if (inode == 0) {
        return PEER_USER_GONE; /* Nobody holds it; the user means nothing. */
    }
    *uid = (uid_t)user;
    return PEER_USER_KNOWN;
}

enum peer_user peer_user_search(const char *table, const struct sockaddr *own,
                                const struct sockaddr *other, uid_t *uid)
{
    enum peer_user found = search_as(table, own, other, false, uid);

    if (found == PEER_USER_UNKNOWN && own->sa_family == AF_INET) {
        found = search_as(table, own, other, true, uid);
    }
    return found;
}

#ifdef __linux__
/* A question about one socket. */
struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 req;
};

/* Fill the question for the socket bound to @own, connected to @other. */
static void question_fill(struct question *q, const struct sockaddr *own,
                          const struct sockaddr *other)
{
    const void *b;
    size_t len;

    *q = (struct question){
        .head = {.nlmsg_len = sizeof *q,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST,
                 .nlmsg_seq = 1},
        .req = {
            .sdiag_family = (uint8_t)own->sa_family,
            .sdiag_protocol = IPPROTO_TCP,
            .idiag_states = UINT32_MAX,
            .id = {.idiag_sport = port_of(own),
                   .idiag_dport = port_of(other),
                   .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}}};
    b = bytes_of(own, &len);
    memcpy(q->req.id.idiag_src, b, len);
    b = bytes_of(other, &len);
    memcpy(q->req.id.idiag_dst, b, len);
}

/* Ask the kernel.  0 with the answer, or an errno: ENOENT when there is no
 * such socket, others when it cannot be asked. */
static int diag_ask(const struct sockaddr *own, const struct sockaddr *other,
                    struct inet_diag_msg *msg)
{
    union {
        struct nlmsghdr head;
        char bytes[4096];
    } answer = {0};
    const struct nlmsgerr *nlerr;
    struct question q;
    ssize_t n;
    int fd;

    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                NETLINK_SOCK_DIAG);
    if (fd == -1) {
        return errno;
    }
    question_fill(&q, own, other);
    n = send(fd, &q, sizeof q, 0);
    if (n == (ssize_t)sizeof q) {
        n = recv(fd, &answer, sizeof answer, 0);
    }
    if (n < 0) {
        n = errno;
        close(fd);
        return (int)n;
    }
    close(fd);
    if (!NLMSG_OK(&answer.head, (size_t)n)) {
        return EPROTO;
    }
    if (answer.head.nlmsg_type == NLMSG_ERROR) {
        nlerr = NLMSG_DATA(&answer.head);
        return nlerr->error != 0 ? -nlerr->error : EPROTO;
    }
    if (answer.head.nlmsg_len < NLMSG_LENGTH(sizeof *msg)) {
        return EPROTO;
    }
    memcpy(msg, NLMSG_DATA(&answer.head), sizeof *msg);
    return 0;
}

/* Search a file of the kernel's; memory of its own, so no disk is waited for.
 */
static enum peer_user proc_search(const char *path, const struct sockaddr *own,
                                  const struct sockaddr *other, uid_t *uid)
{
    enum peer_user found = PEER_USER_UNKNOWN;
    char part[4096];
    struct buf text;
    ssize_t n;
    int fd;

    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return PEER_USER_UNKNOWN;
    }
    buf_init(&text, TABLE_LIMIT);
    while ((n = read(fd, part, sizeof part)) > 0 && buf_error(&text) == 0) {
        buf_add(&text, part, (size_t)n);
    }
    close(fd);
    found = peer_user_search(buf_str(&text), own, other, uid);
    buf_free(&text);
    return found;
}

/* Whose is the local socket bound to @own and connected to @other? */
static enum peer_user owner_of(const struct sockaddr *own,
                               const struct sockaddr *other, uid_t *uid)
{
    struct inet_diag_msg msg = {0};
    enum peer_user found;
    int rv;

    rv = diag_ask(own, other, &msg);
    if (rv == 0) {
        if (msg.idiag_inode == 0) {
            return PEER_USER_GONE; /* Closed; the user means nothing now. */
        }
        *uid = msg.idiag_uid;
        return PEER_USER_KNOWN;
    }
    if (rv == ENOENT && !is_loopback(own)) {
        return PEER_USER_UNKNOWN;
    }
    /* ENOENT: no such socket, or a kernel without these diagnostics. */
    found = PEER_USER_UNKNOWN;
    if (own->sa_family == AF_INET) {
        found = proc_search("/proc/net/tcp", own, other, uid);
    }
    if (found == PEER_USER_UNKNOWN) {
        found = proc_search("/proc/net/tcp6", own, other, uid);
    }
    return found;
}

/* The user at the other end of a unix socket. */
static enum peer_user unix_peer(int fd, uid_t *uid)
{
    struct ucred cred;
    socklen_t len = sizeof cred;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) {
        return PEER_USER_UNKNOWN;
    }
    *uid = cred.uid;
    return PEER_USER_KNOWN;
}
#else
static enum peer_user owner_of(const struct sockaddr *own,
                               const struct sockaddr *other, uid_t *uid)
{
    (void)own;
    (void)other;
    (void)uid;
    return PEER_USER_UNKNOWN;
}

static enum peer_user unix_peer(int fd, uid_t *uid)
{
    gid_t gid;

    return getpeereid(fd, uid, &gid) == 0 ? PEER_USER_KNOWN : PEER_USER_UNKNOWN;
}
#endif

/* Whether the other side has closed or reset the connection. */
static bool hung_up(int fd)
{
#ifdef POLLRDHUP
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};
#else
    struct pollfd p = {.fd = fd, .events = 0};
#endif

    return poll(&p, 1, 0) == 1;
}

enum peer_user peer_user_of(int fd, uid_t *uid)
{
    union address own = {0};
    union address other = {0};
    socklen_t len = sizeof own;
    enum peer_user found;

    if (getsockname(fd, &own.any, &len) != 0) {
        return PEER_USER_GONE;
    }
    if (own.any.sa_family == AF_UNIX) {
        return unix_peer(fd, uid);
    }
    len = sizeof other;
    if (getpeername(fd, &other.any, &len) != 0) {
        return PEER_USER_GONE; /* ENOTCONN: reset before we looked. */
    }
    unmap(&own);
    unmap(&other);
    found = owner_of(&other.any, &own.any, uid);
    if (found != PEER_USER_UNKNOWN) {
        return found;
    }
    if (!is_loopback(&other.any)) {
        return PEER_USER_REMOTE;
    }
    return hung_up(fd) ? PEER_USER_GONE : PEER_USER_UNKNOWN;
}
