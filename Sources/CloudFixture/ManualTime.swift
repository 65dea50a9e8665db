// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
package import MusterModel
internal import Synchronization

/// Time that passes only by sleeping, or when it is told to.
package final class ManualTime: Sendable {
    /// When it begins, where a test does not say.
    package static let start = Timestamp("2026-03-10T12:00:00Z")!

    private let start: Timestamp
    private let state = Mutex((passed: Int64(0), slept: [Duration]()))

    package init(_ start: Timestamp = ManualTime.start) { self.start = start }

    package var now: Timestamp { instant.wall }

    /// Each wait that was slept through, in order.
    package var slept: [Duration] { state.withLock { $0.slept } }

    package func advance(_ duration: Duration) { state.withLock { $0.passed += duration.milliseconds } }

    /// For a client under test; each of its random numbers is a half.
    package var source: TimeSource {
        TimeSource(
            read: { [self] in instant },
            sleep: { [self] duration in
                state.withLock {
                    $0.slept.append(duration)
                    $0.passed += duration.milliseconds
                }
            },
            random: { 0.5 })
    }

    private var instant: Instant {
        let passed = state.withLock { $0.passed }
        return Instant(wall: start.advanced(by: .milliseconds(passed)), boot: passed * 1_000_000)
    }
}
