// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A descriptor to wait for, and for what.
package struct PollTarget: Hashable, Sendable {
    package var descriptor: Int32
    package var wantsWrite: Bool

    package init(reading descriptor: Int32) {
        self.descriptor = descriptor
        wantsWrite = false
    }

    package init(writing descriptor: Int32) {
        self.descriptor = descriptor
        wantsWrite = true
    }
}

/// Waits until one of the descriptors is ready (or closed, or broken) or the time is over; returns those that are.
///
/// - Parameter timeout: nil waits without end. An interrupting signal ends the wait early with an empty answer.
package func waitUntilReady(_ targets: [PollTarget], timeout: Duration?) -> Set<PollTarget> {
    var entries = targets.map { pollfd(fd: $0.descriptor, events: Int16($0.wantsWrite ? POLLOUT : POLLIN), revents: 0) }
    // Rounded up, so that a wait for 0.4 ms does not become a busy loop.
    let milliseconds: Int32 =
        if let timeout {
            Int32(
                clamping: max(
                    0,
                    timeout.components.seconds * 1000 + (timeout.components.attoseconds + 999_999_999_999_999)
                        / 1_000_000_000_000_000))
        } else { -1 }
    guard poll(&entries, nfds_t(entries.count), milliseconds) > 0 else { return [] }
    return Set(zip(targets, entries).filter { $0.1.revents != 0 }.map(\.0))
}
