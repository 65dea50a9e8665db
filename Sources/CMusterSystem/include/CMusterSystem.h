// SPDX-License-Identifier: Apache-2.0
// System calls that Swift's Glibc module does not show, or that must happen between fork and exec.
#ifndef CMUSTERSYSTEM_H
#define CMUSTERSYSTEM_H

#include <sys/types.h>

// What a child is started with. The descriptors stay the caller's.
typedef struct {
    // The file to execute: this open descriptor when it is not negative, else the one at `path`.
    int program;
    const char *path;
    char *const *argv;
    // The whole environment: nothing is passed on.
    char *const *envp;
    // Become 0, 1 and 2 of the child, which gets no other descriptor (but see `is_script`).
    int in, out, err;
    // With `program`: the child keeps it as descriptor 3, because the interpreter named on its first line opens it.
    int is_script;
    // No core dumps, which would hold secrets, and no rights from set-user-id files.
    int is_confined;
} muster_start;

// Starts a child in a process group of its own, with an empty signal mask and default signal actions. 0, or an errno
// value.
int muster_spawn(pid_t *pid, const muster_start *start);

// A pipe whose ends are closed on exec.
int muster_pipe(int ends[2]);

// A descriptor that becomes readable when the process ends; -1 with errno set when there is none.
int muster_pidfd_open(pid_t pid);

// Sends the signal to the very process that the descriptor was opened for; -1 with errno set when that failed.
int muster_pidfd_send_signal(int pidfd, int signal);

// Blocks these signals for the calling thread and all that it starts, and returns a descriptor (not blocking, closed on
// exec) from which muster_next_signal reads them; -1 with errno set when there is none.
int muster_signal_descriptor(const int *signals, int count);

// The next signal that waits on the descriptor, or 0.
int muster_next_signal(int descriptor);

// Copies `size` bytes from the start of one open file to the other's position, by the kernel: where the file system can share
// them, nothing is copied. 0, or an errno value.
int muster_copy_file(int from, int to, off_t size);

// The variables of this process, each `NAME=value`, with a null pointer behind the last. Nothing here changes them.
char **muster_environment(void);

/// Accepts a visitor of the same user, or of root, without waiting; -1 when none is there, -2 for one that was shown out.
int muster_accept_own_user(int listener);

/// The process that listens at the other end of a connection; 0 where that is not known.
pid_t muster_listening_process(int visitor);

/// Bytes that were sent and that the other end has not read; -1 with errno set where that is not known.
int muster_unread_bytes(int visitor);

#endif
