// SPDX-License-Identifier: Apache-2.0
// For accept4 and struct ucred, which Swift's Glibc does not see.
#define _GNU_SOURCE
#include "CMusterSystem.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int muster_accept_own_user(int listener) {
    int visitor = accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (visitor < 0) return -1;
    struct ucred peer;
    socklen_t size = sizeof peer;
    int known = getsockopt(visitor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    if (known && (peer.uid == geteuid() || peer.uid == 0)) return visitor;
    close(visitor);
    return -2;
}

pid_t muster_listening_process(int visitor) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(visitor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

int muster_unread_bytes(int visitor) {
    int count;
    return ioctl(visitor, SIOCOUTQ, &count) == 0 ? count : -1;
}
