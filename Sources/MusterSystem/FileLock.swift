// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Frees the lock (flock) that an open file holds, and closes it.
///
/// The lock is the open file's, not the descriptor's: a child that was forked a moment ago and has not yet begun its program has
/// the same open file, and would keep the lock until it closes it. See flock(2).
package func unlockAndClose(_ descriptor: Int32) {
    // What cannot be unlocked is freed with the last descriptor of it.
    flock(descriptor, LOCK_UN)
    close(descriptor)
}
