// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

extension RunState {
    /// An engine goes on with the run: what had begun no effect is asked anew from its beginning, and an effect whose end
    /// nobody heard of is read back.
    mutating func resume(_ body: RunResumed, _ time: Timestamp) {
        for at in active { resumeStep(at, time) }
        for at in undoing { resumeUndo(at) }
    }

    private mutating func resumeStep(_ at: Int, _ time: Timestamp) {
        switch steps[at].phase {
        case .checking, .observing, .ready, .applying(begun: false):
            steps[at].phase = .checking
        case .verifying where definitions[at].effect == .none:
            steps[at].phase = .checking
        case .applying(begun: true):
            steps[at].failure = StepFailure(
                kind: .unknownOutcome, code: "engine.cut-off",
                message: "The engine ended while the effect was under way, so nobody heard of its end.")
            steps[at].retryAt = time
            steps[at].cutOffs += 1
            steps[at].phase = .readingBack
        default: break
        }
    }

    /// An undo looks before it does anything, so it may begin anew at any point.
    private mutating func resumeUndo(_ at: Int) {
        switch steps[at].undoing {
        case .checking, .observing, .ready, .calling, .proving: steps[at].undoing = undoStart(at)
        default: break
        }
    }
}
