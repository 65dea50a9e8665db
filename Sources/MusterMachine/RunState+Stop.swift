// SPDX-License-Identifier: Apache-2.0

extension RunState {
    /// Whether the stop that was asked for ends the step where it stands, without waiting for a call that is under way.
    ///
    /// That is so as long as its attempt has begun no effect: nothing that it could still find out is of use any more, and
    /// it may take long. Once an effect was begun the step goes on to its end, with its read-back and its verification.
    func isGivenUp(_ at: Int) -> Bool {
        guard stop != nil else { return false }
        switch steps[at].phase {
        case .checking, .observing, .ready, .applying(begun: false), .waitingToRetry, .waiting, .waitingForPerson:
            return true
        // A proof, or an effect that turned out not to be needed.
        case .verifying: return steps[at].undo == nil
        case .applying(begun: true), .readingBack, .deciding, .pending, .done, .failed, .inDoubt, .skipped: return false
        }
    }
}
