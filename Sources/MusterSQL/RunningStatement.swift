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
        /// A pointer as a number, which every thread may hold: only under ``asking`` is it a statement's.
        var handle: UInt?
    }

    /// Never held across a call of the driver, so that nobody waits for it.
    private let state = Mutex(State())
    /// Held while the driver is asked to stop, which may take long: the handle is not freed meanwhile. Only threads that may
    /// block take it, and always before ``state``.
    private let asking = Mutex(())
    private let cancel: @Sendable (UnsafeMutableRawPointer) -> Void

    /// - Parameter cancel: asks the driver to stop; what it answers does not matter, for the statement's own end tells.
    init(cancel: @escaping @Sendable (UnsafeMutableRawPointer) -> Void = { SQLCancel($0) }) { self.cancel = cancel }

    /// Why it was asked to stop; nil when it was not.
    var reason: StopReason? { state.withLock { $0.reason } }

    /// From now on the driver is told when the statement must stop. False when it must not begin.
    func begin(_ handle: SQLHANDLE) -> Bool {
        state.withLock { state in
            if state.reason == nil { state.handle = UInt(bitPattern: handle) }
            return state.reason == nil
        }
    }

    /// The handle may be freed afterwards. Waits for a driver that is being asked to stop.
    func end() {
        state.withLock { $0.isEnded = true }
        asking.withLock { _ in state.withLock { $0.handle = nil } }
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
        asking.withLock { _ in
            let handle = state.withLock { $0.isEnded ? nil : $0.handle }
            guard let handle = handle.flatMap(UnsafeMutableRawPointer.init(bitPattern:)) else { return false }
            cancel(handle)
            return state.withLock { !$0.isEnded }
        }
    }
}
