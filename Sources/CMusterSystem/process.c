// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CMusterSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Why not posix_spawn: it can execute neither an open descriptor nor set limits and no_new_privs in the child.

// Runs in the child, on the parent's memory: only system calls, and nothing is written but `*error`.
static void become_program(const muster_start *start, volatile int *error) {
    int program = -1;
    // Out of the way of 0 to 3 first, so that none of them is overwritten before it was copied.
    int in = fcntl(start->in, F_DUPFD_CLOEXEC, 10);
    int out = fcntl(start->out, F_DUPFD_CLOEXEC, 10);
    int err = fcntl(start->err, F_DUPFD_CLOEXEC, 10);
    if (in < 0 || out < 0 || err < 0) goto failed;
    if (start->program >= 0 && (program = fcntl(start->program, F_DUPFD_CLOEXEC, 10)) < 0) goto failed;
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) goto failed;
    if (start->is_script && program >= 0 && (program = dup2(program, 3)) < 0) goto failed;
    // Closed on exec rather than now: `program` is still needed.
    int first = start->is_script && program >= 0 ? 4 : 3;
    if (syscall(SYS_close_range, first, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) != 0) goto failed;
    if (setpgid(0, 0) != 0) goto failed;
    if (start->is_confined) {
        struct rlimit none = {0, 0};
        if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) goto failed;
    }
    struct sigaction ordinary = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &ordinary, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (program >= 0)
        syscall(SYS_execveat, program, "", start->argv, start->envp, AT_EMPTY_PATH);
    else
        execve(start->path, start->argv, start->envp);
failed:
    *error = errno;
}

int muster_spawn(pid_t *pid, const muster_start *start) {
    volatile int error = 0;
    sigset_t all, before;
    sigfillset(&all);
    // No handler of the parent may run in the child while both share their memory.
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t child = vfork();
    if (child == 0) {
        become_program(start, &error);
        _exit(127);
    }
    if (child < 0) error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (child > 0 && error != 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    }
    *pid = child;
    return error;
}

int muster_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int muster_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int muster_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

extern char **environ;

char **muster_environment(void) { return environ; }
