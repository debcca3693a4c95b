/* SPDX-License-Identifier: Apache-2.0 */
/* child.c - start, serve, wait.
 *
 * The happy path is: the child runs, asks the agent once, ends; its exit code
 * is ours.  What can go wrong: it cannot be started (the child tells through a
 * pipe that exec would have closed), its user stops it (we stop, too, so that
 * the shell gets the terminal back), it is killed, or we are. */
#include "child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "agent.h"
#include "buf.h"
#include "err.h"
#include "hold.h"

enum { SIGNAL_EXIT = 128, PART = 4096 };

/* One run. */
struct child {
    pid_t pid;
    int code;
    struct sigaction interrupt; /* What was done on SIGINT and SIGQUIT */
    struct sigaction quit;
    const sigset_t *mask; /* What is blocked while it runs */
    uv_signal_t ended;    /* SIGCHLD */
    uv_signal_t passed[2];
    struct agent *agent;
    struct child_agent *served; /* What it serves, and whether it did */
};

/* In the child: become the program, or tell why not. */
static void become(char *const *argv, int report, pid_t parent,
                   const sigset_t *mask)
{
    int error;

    signal(SIGPIPE, SIG_DFL);
#ifdef __linux__
    /* What we started does not outlive us, even when we are killed. */
    (void)prctl(PR_SET_PDEATHSIG, SIGHUP);
    if (getppid() != parent) {
        _exit(SIGNAL_EXIT + SIGHUP);
    }
#else
    (void)parent;
#endif
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);
    error = errno;
    (void)!write(report, &error, sizeof error);
    _exit(127);
}

/* Fork and exec with @mask, or ours; @in and @out are -1 or become 0 and 1,
 * stderr is lost then.  Returns the process, or -1 with errno. */
static pid_t spawn(char *const *argv, int in, int out, const sigset_t *mask)
{
    pid_t parent = getpid();
    int report[2];
    int error = 0;
    sigset_t all;
    sigset_t old;
    ssize_t n;
    pid_t pid;

    if (pipe(report) != 0) {
        return -1;
    }
    (void)fcntl(report[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(report[1], F_SETFD, FD_CLOEXEC);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    pid = fork();
    if (pid == 0) {
        if (in != -1) {
            dup2(in, STDIN_FILENO);
            dup2(out, STDOUT_FILENO);
            dup2(in, STDERR_FILENO);
        }
        become(argv, report[1], parent, mask != NULL ? mask : &old);
    }
    error = errno;
    sigprocmask(SIG_SETMASK, &old, NULL);
    close(report[1]);
    if (pid != -1) {
        do {
            n = read(report[0], &error, sizeof error);
        } while (n == -1 && errno == EINTR);
        if (n == (ssize_t)sizeof error) {
            waitpid(pid, NULL, 0);
            pid = -1;
        }
    }
    close(report[0]);
    errno = error;
    return pid;
}

/* What a shell would say of @status. */
static int code_of(int status)
{
    return WIFSIGNALED(status) ? SIGNAL_EXIT + WTERMSIG(status)
                               : WEXITSTATUS(status);
}

int child_capture(char *const *argv, struct buf *out, const sigset_t *mask)
{
    char part[PART];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int ends[2];
    int status = -1;
    ssize_t n;
    pid_t pid;

    if (null == -1 || pipe(ends) != 0) {
        if (null != -1) {
            close(null);
        }
        return -1;
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    pid = spawn(argv, null, ends[1], mask);
    close(ends[1]);
    close(null);
    while (pid != -1 && (n = read(ends[0], part, sizeof part)) != 0) {
        if (n > 0) {
            buf_add(out, part, (size_t)n);
        } else if (errno != EINTR) {
            break;
        }
    }
    close(ends[0]);
    if (pid == -1 || waitpid(pid, &status, 0) == -1) {
        return -1;
    }
    return code_of(status);
}

/* Close what the loop waits for. */
static void child_over(struct child *c)
{
    hold_begin(); /* There is tidying up to do. */
    uv_close((uv_handle_t *)&c->ended, NULL);
    uv_close((uv_handle_t *)&c->passed[0], NULL);
    uv_close((uv_handle_t *)&c->passed[1], NULL);
    c->served->refused = c->agent != NULL && agent_refused(c->agent);
    agent_close(c->agent);
}

/* The child has ended, or was stopped. */
static void on_child(uv_signal_t *handle, int signum)
{
    struct child *c = handle->data;
    int status = 0;
    pid_t pid;

    (void)signum;
    pid = waitpid(c->pid, &status, WNOHANG | WUNTRACED);
    if (pid != c->pid) {
        return;
    }
    if (WIFSTOPPED(status)) {
        /* Whoever sends SIGSTOP to it alone will continue it alone, and would
         * leave us asleep; the others come from the terminal, or "~^Z". */
        if (WSTOPSIG(status) != SIGSTOP) {
            raise(SIGSTOP); /* Until the shell wants us in the foreground. */
            kill(c->pid, SIGCONT);
        }
        return;
    }
    c->code = code_of(status);
    child_over(c);
}

/* SIGTERM or SIGHUP: it is the child's to end. */
static void on_passed(uv_signal_t *handle, int signum)
{
    struct child *c = handle->data;

    kill(c->pid, signum);
}

/* Say why @argv was not started. */
static int start_failed(const char *program, int error, struct err *e)
{
    assert(program != NULL);
    if (error == ENOENT) {
        err_set(e, ERR_CONFIG, "%s not available.",
                strcmp(program, "ssh") == 0 ? "SSH" : program);
        err_hint(e, "install %s, or put it into PATH",
                 strcmp(program, "rsync") == 0 ? "rsync"
                                               : "the OpenSSH client");
    } else {
        err_set_uv(e, uv_translate_sys_error(error), program);
    }
    return -1;
}

/* Let the signals in: SIGTERM and SIGHUP are passed on, the keyboard's two
 * reach the child as well, which decides; not so those that came before there
 * was one. */
static void signals_divide(struct child *c)
{
    static const int passed[] = {SIGTERM, SIGHUP};
    int early = hold_pending();
    size_t i;

    for (i = 0; i < 2; i++) {
        uv_signal_start(&c->passed[i], on_passed, passed[i]);
    }
    if (early == SIGINT || early == SIGQUIT) {
        kill(c->pid, early);
    }
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    hold_end(c->mask);
}

/* Start the child and everything that watches it. */
static int child_start(struct child *c, uv_loop_t *loop, char *const *argv,
                       struct err *e)
{
    size_t i;
    int rv;

    rv = uv_signal_init(loop, &c->ended);
    assert(rv == 0);
    c->ended.data = c;
    uv_signal_start(&c->ended, on_child, SIGCHLD);
    for (i = 0; i < 2; i++) {
        rv = uv_signal_init(loop, &c->passed[i]);
        assert(rv == 0);
        c->passed[i].data = c;
    }
    if (hold_pending() != 0) {
        c->code = SIGNAL_EXIT + hold_pending();
        child_over(c);
        return 0;
    }
    c->pid = spawn(argv, -1, -1, c->mask);
    if (c->pid == -1) {
        rv = start_failed(argv[0] != NULL ? argv[0] : "", errno, e);
        child_over(c);
        return rv;
    }
    signals_divide(c);
    on_child(&c->ended, SIGCHLD); /* It may have ended already. */
    return 0;
}

int child_run(char *const *argv, struct child_agent *agent,
              const sigset_t *mask, struct err *e)
{
    struct child c = {.code = -1, .mask = mask, .served = agent};
    uv_loop_t loop;
    int rv;

    sigaction(SIGINT, NULL, &c.interrupt);
    sigaction(SIGQUIT, NULL, &c.quit);
    rv = uv_loop_init(&loop);
    if (rv != 0) {
        err_set_uv(e, rv, "event loop");
        return -1;
    }
    if (agent->key != NULL) {
        rv = agent_start(&c.agent, &loop, agent->path, agent->key, e);
    }
    if (rv == 0) {
        rv = child_start(&c, &loop, argv, e);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    sigaction(SIGINT, &c.interrupt, NULL);
    sigaction(SIGQUIT, &c.quit, NULL);
    uv_loop_close(&loop);
    return rv == 0 ? c.code : -1;
}
