// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// One statement on its way, for those who must stop it from another thread.
final class RunningStatement: Sendable {
    enum StopReason { case cancelled, timedOut }

    private struct State {
        var reason: StopReason?
        var isEnded = false
        /// Set while the statement runs.
        var askDriver: (@Sendable () -> Void)?
        var isAsking = false
    }

    private let state = Mutex(State())
    /// Comes when the driver has answered a request that was on its way at the statement's end.
    private let answered = Semaphore()

    /// Why it was asked to stop; nil when it was not.
    var reason: StopReason? { state.withLock { $0.reason } }

    /// From now on the driver is told when the statement must stop. False when it must not begin.
    ///
    /// - Parameter askDriver: asks it once, and may block for as long as the driver likes.
    func begin(askDriver: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.reason == nil { state.askDriver = askDriver }
            return state.reason == nil
        }
    }

    /// The driver is asked no more, and its handle may be freed afterwards. Blocks while the driver is being asked.
    func end() {
        let isAsking = state.withLock { state in
            state.isEnded = true
            state.askDriver = nil
            return state.isAsking
        }
        if isAsking { answered.wait() }
    }

    /// Asks the driver to stop, again and again until the statement has ended or the grace is over: a request that comes
    /// before the driver has sent the statement is lost.
    ///
    /// The first reason is the one that counts. Never blocks: whoever cancels a task waits for this.
    ///
    /// - Returns: false when it has not begun, and never will.
    func stop(_ reason: StopReason, grace: Duration) -> Bool {
        let (isFirst, hasBegun) = state.withLock { state in
            defer { state.reason = state.reason ?? reason }
            return (state.reason == nil && !state.isEnded, state.askDriver != nil || state.isEnded)
        }
        guard isFirst, hasBegun else { return hasBegun }
        let rounds = Int(grace / Self.pause)
        // Asking may block as well: some drivers open a connection for it. Without a thread the statement's own time limit
        // remains, and the one who waits does so no longer than the grace.
        try? startThread {
            for _ in 0..<rounds where self.askToStop() { usleep(UInt32(Self.pause / .microseconds(1))) }
        }
        return true
    }

    private static let pause = Duration.milliseconds(50)

    /// False when there is nothing more to stop.
    private func askToStop() -> Bool {
        // The driver is asked without the lock, which those who stop and those who look for the reason need meanwhile.
        let askDriver = state.withLock { state in
            state.isAsking = state.askDriver != nil
            return state.askDriver
        }
        guard let askDriver else { return false }
        askDriver()
        let isEnded = state.withLock { state in
            state.isAsking = false
            return state.isEnded
        }
        if isEnded { answered.post() }
        return !isEnded
    }
}
