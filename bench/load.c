/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - both ends of a measured connection: a target that sends, swallows
 * or echoes, and a client that times it.
 *
 *   load serve PORT                  the target behind the tunnel
 *   load greet PORT                  one that speaks first, as sshd does
 *   load down WHERE BYTES            how fast bytes come from the target
 *   load up WHERE BYTES              how fast they go to it
 *   load echo WHERE COUNT            round trips of one byte
 *   load first WHERE                 from start to a greeter's byte
 *   load rate WHERE COUNT            greetings one after the other
 *
 * WHERE is tcp:HOST:PORT, or exec:COMMAND for a program that carries the
 * connection on its stdin and stdout, as ssh's ProxyCommand does.  Answers are
 * one JSON object on stdout.  Plain blocking calls: the measuring side must
 * cost little and be easy to trust. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, HELLO = 9 };

static char chunk[CHUNK];

/* A connection as two descriptors, which may be the same. */
struct line {
    int in;
    int out;
    pid_t child; /* 0 for a plain socket */
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Write all @len bytes; false when the reader went away. */
static bool put(int fd, const void *data, size_t len)
{
    const char *p = data;

    while (len > 0) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* Read up to @len bytes; 0 at the end or on an error. */
static size_t get(int fd, void *data, size_t len)
{
    ssize_t n;

    do {
        n = read(fd, data, len);
    } while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

/* Read exactly @len bytes. */
static bool get_all(int fd, void *data, size_t len)
{
    char *p = data;

    while (len > 0) {
        size_t n = get(fd, p, len);

        if (n == 0) {
            return false;
        }
        p += n;
        len -= n;
    }
    return true;
}

/* One accepted connection: a letter and a count say what to do. */
static void serve_one(int fd)
{
    unsigned char hello[HELLO];
    uint64_t count;

    if (!get_all(fd, hello, sizeof hello)) {
        return;
    }
    memcpy(&count, hello + 1, sizeof count);
    switch (hello[0]) {
    case 'd':
        while (count > 0) {
            size_t n = count < CHUNK ? (size_t)count : CHUNK;

            if (!put(fd, chunk, n)) {
                return;
            }
            count -= n;
        }
        break;
    case 'u':
        while (count > 0) {
            size_t n = get(fd, chunk, CHUNK);

            if (n == 0) {
                return;
            }
            count -= n < count ? n : count;
        }
        put(fd, "k", 1);
        break;
    default:
        for (;;) {
            size_t n = get(fd, chunk, CHUNK);

            if (n == 0 || !put(fd, chunk, n)) {
                return;
            }
        }
    }
    get(fd, chunk, 1); /* Let the client be the first to close. */
}

/* One accepted connection of a target that speaks first. */
static void greet_one(int fd)
{
    put(fd, "k", 1);
    get(fd, chunk, CHUNK); /* The client's end */
}

/* Accept until killed, a child process each. */
static int serve(const char *port, void (*serve_fd)(int fd))
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atoi(port)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0) {
        die("socket");
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, 1024) != 0) {
        die("listen");
    }
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int s = accept(fd, NULL, NULL);

        if (s < 0) {
            continue;
        }
        if (fork() == 0) {
            close(fd);
            setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            serve_fd(s);
            _exit(0);
        }
        close(s);
    }
}

/* Run @command with our end of two pipes as its stdin and stdout. */
static struct line open_exec(const char *command)
{
    struct line l;
    int to[2];
    int from[2];

    if (pipe(to) != 0 || pipe(from) != 0) {
        die("pipe");
    }
    l.child = fork();
    if (l.child == 0) {
        char *shell;

        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[0]);
        close(to[1]);
        close(from[0]);
        close(from[1]);
        if (asprintf(&shell, "exec %s", command) > 0) {
            execl("/bin/sh", "sh", "-c", shell, (char *)NULL);
        }
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    l.in = from[0];
    l.out = to[1];
    return l;
}

/* Connect to "HOST:PORT". */
static struct line open_tcp(const char *where)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    const char *colon = strrchr(where, ':');
    struct line l = {0};
    char host[256];
    int one = 1;

    if (colon == NULL) {
        fprintf(stderr, "load: no port in %s\n", where);
        exit(2);
    }
    snprintf(host, sizeof host, "%.*s", (int)(colon - where), where);
    if (getaddrinfo(host, colon + 1, &hints, &list) != 0) {
        die(where);
    }
    l.in = socket(list->ai_family, SOCK_STREAM, 0);
    if (l.in < 0 || connect(l.in, list->ai_addr, list->ai_addrlen) != 0) {
        die(where);
    }
    freeaddrinfo(list);
    setsockopt(l.in, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    l.out = l.in;
    return l;
}

static struct line open_line(const char *where)
{
    if (strncmp(where, "exec:", 5) == 0) {
        return open_exec(where + 5);
    }
    if (strncmp(where, "tcp:", 4) == 0) {
        return open_tcp(where + 4);
    }
    fprintf(stderr, "load: %s is neither tcp:... nor exec:...\n", where);
    exit(2);
}

/* Wait for @child a second, then make it end: some do not when both their
 * ends are gone.  False: it had to be made to, and its CPU says nothing. */
static bool reap(pid_t child, struct rusage *use)
{
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
    double from = now();

    while (now() - from < 1) {
        if (wait4(child, NULL, WNOHANG, use) == child) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return false;
}

/* Close; returns the CPU seconds and peak KiB of an exec: child, 0 when they
 * cannot be told. */
static void close_line(struct line *l, double *cpu, long *peak_kb)
{
    struct rusage use;

    *cpu = 0;
    *peak_kb = 0;
    close(l->out);
    if (l->in != l->out) {
        close(l->in);
    }
    if (l->child > 0 && reap(l->child, &use)) {
        *cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
               (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
        *peak_kb = use.ru_maxrss;
    }
}

static bool say(const struct line *l, char what, uint64_t count)
{
    unsigned char hello[HELLO];

    hello[0] = (unsigned char)what;
    memcpy(hello + 1, &count, sizeof count);
    return put(l->out, hello, sizeof hello);
}

/* Move @bytes one way and print the speed. */
static int bulk(const char *where, char way, uint64_t bytes)
{
    struct line l = open_line(where);
    uint64_t left = bytes;
    double cpu;
    double from;
    long peak;

    /* One round trip first, so that set-up is not part of the figure. */
    from = now();
    if (!say(&l, way, bytes)) {
        die("hello");
    }
    if (way == 'd' && get_all(l.in, chunk, 1)) {
        left--;
        from = now();
    }
    while (left > 0) {
        size_t n = left < CHUNK ? (size_t)left : CHUNK;

        if (way == 'd') {
            n = get(l.in, chunk, n);
        } else if (!put(l.out, chunk, n)) {
            n = 0;
        }
        if (n == 0) {
            fprintf(stderr, "load: ended %" PRIu64 " bytes early\n", left);
            return 1;
        }
        left -= n;
    }
    if (way == 'u' && !get_all(l.in, chunk, 1)) {
        fprintf(stderr, "load: the target did not confirm\n");
        return 1;
    }
    from = now() - from;
    close_line(&l, &cpu, &peak);
    printf("{\"way\": \"%s\", \"bytes\": %" PRIu64 ", \"seconds\": %.6f, "
           "\"mb_per_s\": %.1f, \"cpu_s\": %.3f, \"peak_kb\": %ld}\n",
           way == 'd' ? "down" : "up", bytes, from, (double)bytes / from / 1e6,
           cpu, peak);
    return 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* @count round trips of one byte; prints the percentiles in microseconds. */
static int echo(const char *where, uint64_t count)
{
    struct line l = open_line(where);
    double *took = calloc(count, sizeof *took);
    double cpu;
    long peak;
    uint64_t i;
    char byte = 'x';

    if (took == NULL || count == 0 || !say(&l, 'e', 0)) {
        die("echo");
    }
    for (i = 0; i < count + 50; i++) { /* The first fifty warm up. */
        double from = now();

        if (!put(l.out, &byte, 1) || !get_all(l.in, &byte, 1)) {
            fprintf(stderr, "load: echo ended early\n");
            free(took);
            return 1;
        }
        if (i >= 50) {
            took[i - 50] = (now() - from) * 1e6;
        }
    }
    close_line(&l, &cpu, &peak);
    qsort(took, count, sizeof *took, by_value);
    printf("{\"way\": \"echo\", \"count\": %" PRIu64 ", \"p50_us\": %.1f, "
           "\"p99_us\": %.1f}\n",
           count, took[count / 2], took[count * 99 / 100]);
    free(took);
    return 0;
}

/* Time from starting the program (or connecting) to the target's first byte.
 */
static int first(const char *where)
{
    double from = now();
    struct line l = open_line(where);
    double cpu;
    long peak;

    if (!get_all(l.in, chunk, 1)) {
        fprintf(stderr, "load: no byte came\n");
        return 1;
    }
    from = now() - from;
    close_line(&l, &cpu, &peak);
    printf("{\"way\": \"first\", \"ms\": %.3f, \"cpu_ms\": %.3f, "
           "\"peak_kb\": %ld}\n",
           from * 1e3, cpu * 1e3, peak);
    return 0;
}

/* @count connections, each as long as one byte takes to come. */
static int rate(const char *where, uint64_t count)
{
    double from = now();
    double cpu;
    long peak;
    uint64_t i;

    for (i = 0; i < count; i++) {
        struct line l = open_line(where);

        if (!get_all(l.in, chunk, 1)) {
            fprintf(stderr, "load: no byte came\n");
            return 1;
        }
        close_line(&l, &cpu, &peak);
    }
    from = now() - from;
    printf("{\"way\": \"rate\", \"count\": %" PRIu64 ", \"per_s\": %.1f}\n",
           count, (double)count / from);
    return 0;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 3 && strcmp(argv[1], "serve") == 0) {
        return serve(argv[2], serve_one);
    }
    if (argc == 3 && strcmp(argv[1], "greet") == 0) {
        return serve(argv[2], greet_one);
    }
    if (argc == 3 && strcmp(argv[1], "first") == 0) {
        return first(argv[2]);
    }
    if (argc == 4 && strcmp(argv[1], "down") == 0) {
        return bulk(argv[2], 'd', strtoull(argv[3], NULL, 10));
    }
    if (argc == 4 && strcmp(argv[1], "up") == 0) {
        return bulk(argv[2], 'u', strtoull(argv[3], NULL, 10));
    }
    if (argc == 4 && strcmp(argv[1], "echo") == 0) {
        return echo(argv[2], strtoull(argv[3], NULL, 10));
    }
    if (argc == 4 && strcmp(argv[1], "rate") == 0) {
        return rate(argv[2], strtoull(argv[3], NULL, 10));
    }
    fprintf(stderr, "usage: load serve|greet PORT | down WHERE BYTES | "
                    "up WHERE BYTES | echo WHERE COUNT | first WHERE | "
                    "rate WHERE COUNT\n");
    return 2;
}
