// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

extension RunState {
    /// The wall clock moved by itself: what waits for a time goes with it, so that it waits as long as it was to.
    mutating func moveDues(by jump: Duration) {
        for at in active {
            steps[at].retryAt = steps[at].retryAt?.advanced(by: jump)
            switch steps[at].phase {
            case .waitingToRetry(let until): steps[at].phase = .waitingToRetry(until: until.advanced(by: jump))
            case .waiting(let until): steps[at].phase = .waiting(until: until.advanced(by: jump))
            default: break
            }
        }
        for at in undoing {
            if case .waitingToRetry(let until) = steps[at].undoing {
                steps[at].undoing = .waitingToRetry(until: until.advanced(by: jump))
            }
        }
    }
}
