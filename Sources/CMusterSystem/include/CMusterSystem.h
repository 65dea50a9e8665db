// SPDX-License-Identifier: Apache-2.0
// System calls that Swift's Glibc module does not show, or that must happen between fork and exec.
#ifndef CMUSTERSYSTEM_H
#define CMUSTERSYSTEM_H

#include <sys/types.h>

// Starts the file at `path` with these arguments and exactly this environment.
// The child gets `in`, `out`, `err` as 0, 1, 2, no other descriptor, its own process group, an empty signal mask and
// default signal actions. 0, or an errno value.
int muster_spawn(pid_t *pid, const char *path, char *const *argv, char *const *envp, int in, int out, int err);

// A pipe whose ends are closed on exec.
int muster_pipe(int ends[2]);

// A descriptor that becomes readable when the process ends; -1 with errno set when there is none.
int muster_pidfd_open(pid_t pid);

// Makes orphans of this process's descendants its own children, so that they can be found and ended.
int muster_become_subreaper(void);

// Blocks these signals for the calling thread and all that it starts, and returns a descriptor (not blocking, closed on
// exec) from which muster_next_signal reads them; -1 with errno set when there is none.
int muster_signal_descriptor(const int *signals, int count);

// The next signal that waits on the descriptor, or 0.
int muster_next_signal(int descriptor);

#endif
