// SPDX-License-Identifier: Apache-2.0

package import MusterModel
internal import MusterSystem

/// Clock, waiting and chance, given from outside so that tests need none of them.
package struct TimeSource: Sendable {
    package var read: @Sendable () -> Instant
    package var sleep: @Sendable (Duration) async throws -> Void
    /// From 0 up to 1.
    package var random: @Sendable () -> Double

    package init(
        read: @escaping @Sendable () -> Instant, sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.read = read
        self.sleep = sleep
        self.random = random
    }

    /// The machine's own.
    package static let system = TimeSource(
        read: readClocks, sleep: { try await Task.sleep(for: $0) }, random: { Double.random(in: 0..<1) })

    package var now: Timestamp { read().wall }

    /// Waits; false when the task was cancelled meanwhile.
    package func pause(_ duration: Duration) async -> Bool {
        // Cancellation is the only reason that a sleep fails for.
        (try? await sleep(duration)) != nil
    }
}

/// The latest moment of a piece of work, on the clock that never jumps.
package struct Deadline: Hashable, Sendable {
    /// Nanoseconds since boot.
    package var boot: Int64

    package init(boot: Int64) { self.boot = boot }

    package init(after duration: Duration, from time: TimeSource) {
        let (nanoseconds, overflow) = duration.milliseconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, second) = time.read().boot.addingReportingOverflow(overflow ? .max : nanoseconds)
        boot = overflow || second ? .max : sum
    }

    package func remaining(_ time: TimeSource) -> Duration { .nanoseconds(boot - time.read().boot) }
}
