// SPDX-License-Identifier: Apache-2.0

internal import CODBC
internal import Glibc
internal import Synchronization

/// One statement on its way, for those who must stop it from another thread.
final class RunningStatement: Sendable {
    enum StopReason { case cancelled, timedOut }

    private struct State {
        var reason: StopReason?
        var isEnded = false
        /// A pointer as a number, which every thread may hold: only under the lock is it a statement's.
        var handle: UInt?
    }

    private let state = Mutex(State())

    /// Why it was asked to stop; nil when it was not.
    var reason: StopReason? { state.withLock { $0.reason } }

    /// From now on the driver is told when the statement must stop. False when it must not begin.
    func begin(_ handle: SQLHANDLE) -> Bool {
        state.withLock { state in
            if state.reason == nil { state.handle = UInt(bitPattern: handle) }
            return state.reason == nil
        }
    }

    /// The handle may be freed afterwards.
    func end() {
        state.withLock { state in
            state.isEnded = true
            state.handle = nil
        }
    }

    /// Asks the driver to stop, again and again until the statement has ended or the grace is over: a request that comes
    /// before the driver has sent the statement is lost.
    ///
    /// The first reason is the one that counts.
    ///
    /// - Returns: false when it has not begun, and never will.
    func stop(_ reason: StopReason, grace: Duration) -> Bool {
        let (isFirst, hasBegun) = state.withLock { state in
            defer { state.reason = state.reason ?? reason }
            return (state.reason == nil && !state.isEnded, state.handle != nil || state.isEnded)
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
        state.withLock { state in
            // What the driver answers does not matter: the statement's own end tells.
            if let handle = state.handle { SQLCancel(SQLHANDLE(bitPattern: handle)) }
            return !state.isEnded
        }
    }
}
