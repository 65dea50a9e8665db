// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CMusterSystem.h"

#include <errno.h>
#include <unistd.h>

int muster_copy_file(int from, int to, off_t size) {
    off_t at = 0;
    while (at < size) {
        ssize_t count = copy_file_range(from, &at, to, NULL, (size_t)(size - at), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        if (count == 0) return EIO; // The file is shorter than it was.
    }
    return 0;
}
