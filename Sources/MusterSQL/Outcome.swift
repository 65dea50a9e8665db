// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What one piece of work comes to. The first who says it, the work or one who no longer waits for it, is believed.
final class Outcome<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Result<Value, SQLError>, Never>)
        case resolved(Result<Value, SQLError>)
    }

    private let state = Mutex(State.open)

    /// - Returns: false when it was said before.
    @discardableResult
    func resolve(_ result: Result<Value, SQLError>) -> Bool {
        let (isFirst, waiting) = state.withLock {
            state -> (Bool, CheckedContinuation<Result<Value, SQLError>, Never>?) in
            switch state {
            case .resolved: return (false, nil)
            case .open:
                state = .resolved(result)
                return (true, nil)
            case .awaited(let continuation):
                state = .resolved(result)
                return (true, continuation)
            }
        }
        waiting?.resume(returning: result)
        return isFirst
    }

    /// To be awaited once.
    var result: Result<Value, SQLError> {
        get async {
            await withCheckedContinuation { continuation in
                let known = state.withLock { state -> Result<Value, SQLError>? in
                    if case .resolved(let result) = state { return result }
                    state = .awaited(continuation)
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        }
    }
}
