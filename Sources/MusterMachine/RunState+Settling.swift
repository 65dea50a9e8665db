// SPDX-License-Identifier: Apache-2.0

package import MusterModel

extension RunState {
    /// Takes the events, then all that follows from them without a call to anybody, as an engine would.
    ///
    /// - Returns: the events, those that followed among them. Where calls are needed next, ``tasks`` is not empty.
    /// - Throws: ``IllegalTransition`` for an event that cannot happen now; the state is then somewhere between.
    package mutating func settle(after events: [Event], at time: Timestamp) throws(IllegalTransition) -> [Event] {
        var all: [Event] = []
        var next = events
        while !next.isEmpty {
            for event in next { try apply(event, at: time) }
            all += next
            next = isFinished || !tasks.isEmpty ? [] : decisions(now: time)
        }
        return all
    }
}
