// SPDX-License-Identifier: Apache-2.0

/// When a plugin's time is up, and what to do then. Times are nanoseconds of the boot clock. Knows no clock and no
/// process.
struct PluginDeadlines {
    enum Reason: Hashable {
        case handshake
        case call(Int64)
        case outputClosed
        case shutdown
    }

    enum Action: Hashable {
        case cancel(Int64)
        case terminate(Reason)
        case kill
    }

    private struct CallDeadline {
        var at: Int64
        var isCancelled = false
    }

    /// How long a process may live on after it closed its standard output.
    private static let afterOutputClosed = Duration.seconds(1)

    /// Keeps a nonsensical time-out from overflowing the clock.
    private static let longestCall = Duration.seconds(366 * 86_400)

    private let limits: PluginLimits
    private var terminations: [Reason: Int64]
    private var calls: [Int64: CallDeadline] = [:]
    private var killAt: Int64?
    private var isTerminating = false

    init(limits: PluginLimits, startedAt: Int64) {
        self.limits = limits
        terminations = [.handshake: startedAt + limits.handshake.nanoseconds]
    }

    mutating func handshakeDone() { terminations[.handshake] = nil }

    mutating func callBegan(_ id: Int64, timeout: Duration, now: Int64) {
        calls[id] = CallDeadline(at: now + min(timeout, Self.longestCall).nanoseconds)
    }

    mutating func callEnded(_ id: Int64) { calls[id] = nil }

    mutating func outputClosed(now: Int64) {
        if terminations[.shutdown] == nil { terminations[.outputClosed] = now + Self.afterOutputClosed.nanoseconds }
    }

    mutating func terminateAt(_ now: Int64, after grace: Duration) {
        terminations[.shutdown] = now + grace.nanoseconds
    }

    var next: Int64? {
        if isTerminating { return killAt }
        return (Array(terminations.values) + calls.values.map(\.at)).min()
    }

    /// What is to be done now; each thing is said once.
    mutating func overdue(now: Int64) -> [Action] {
        if isTerminating {
            guard let time = killAt, time <= now else { return [] }
            killAt = nil
            return [.kill]
        }
        var actions: [Action] = []
        for (id, call) in calls.sorted(by: { $0.key < $1.key }) where call.at <= now {
            if call.isCancelled { return actions + [terminate(.call(id), now)] }
            actions.append(.cancel(id))
            calls[id] = CallDeadline(at: call.at + limits.grace.nanoseconds, isCancelled: true)
        }
        if let (reason, _) = terminations.filter({ $0.value <= now }).min(by: { $0.value < $1.value }) {
            actions.append(terminate(reason, now))
        }
        return actions
    }

    private mutating func terminate(_ reason: Reason, _ now: Int64) -> Action {
        isTerminating = true
        killAt = now + limits.termination.nanoseconds
        return .terminate(reason)
    }
}

extension Duration {
    /// Whole nanoseconds, as the boot clock counts.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
