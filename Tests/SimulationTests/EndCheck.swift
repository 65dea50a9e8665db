// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport

/// Holds what a run says of its end against what the clouds hold.
struct EndCheck {
    let state: RunState
    private(set) var cloud: SimulatedCloud
    private(set) var wrong: [String] = []
    /// Targets of which nobody can know, because something landed after the last look.
    private(set) var late = 0

    init(_ state: RunState, _ cloud: SimulatedCloud) {
        self.state = state
        self.cloud = cloud
        self.cloud.settle(.max)
        guard case .finished(let outcome) = state.phase else { return }
        let inPlace = Set(state.inPlace)
        for at in state.steps.indices { check(at, outcome, isTold: inPlace.contains(at)) }
        checkOutcome(outcome)
    }

    private mutating func check(_ at: Int, _ outcome: RunFinished.Outcome, isTold: Bool) {
        let step = state.steps[at]
        let id = state.plan.steps[at].id
        if !step.phase.isEnded { wrong.append("\(id) has not ended: \(step.phase)") }
        if step.phase == .done(.shown), state.definition(at: at).reference.isBuiltIn == false, cloud.shown[id] != true {
            wrong.append("\(id) counts as shown and was not")
        }
        guard let target = cloud.targets[id], !target.isOfPerson else { return }
        let untrue = untruths(at, target, outcome, isTold: isTold)
        if target.hasLandedUnseen { late += untrue.count } else { wrong += untrue }
    }

    /// What the run says of the step's target and is not so.
    private func untruths(
        _ at: Int, _ target: SimulatedCloud.Target, _ outcome: RunFinished.Outcome, isTold: Bool
    ) -> [String] {
        let (step, planned) = (state.steps[at], state.plan.steps[at])
        let id = planned.id
        var wrong: [String] = []
        let isChanged = target.value != target.initial
        if isChanged, !isTold { wrong.append("\(id) is \(target.value), and the run says that nothing is left of it") }
        if isChanged, planned.section == .steps, outcome == .rolledBack {
            wrong.append("\(id) is left after the rollback")
        }
        let isClaimed = step.phase == .done(.verified) || step.phase == .done(.satisfied)
        switch step.undoing {
        case .undone: if isChanged { wrong.append("\(id) counts as undone and is \(target.value)") }
        case nil: if isClaimed, target.value != .new { wrong.append("\(id) is \(step.phase) and \(target.value)") }
        default: break
        }
        return wrong
    }

    private mutating func checkOutcome(_ outcome: RunFinished.Outcome) {
        let open = state.steps.filter { step in
            switch step.undoing {
            case .undone, .undoneByHand: false
            case .failed: step.undo != nil
            default: step.phase == .inDoubt
            }
        }
        if !open.isEmpty, outcome != .stuck { wrong.append("\(outcome), with \(open.count) open ends") }
        guard outcome == .succeeded else { return }
        for at in state.steps.indices {
            let step = state.plan.steps[at]
            switch state.steps[at].phase {
            case .done, .skipped(.condition), .skipped(.decision), .skipped(.dependency): break
            case .failed where step.onFailure == .continue && step.section == .steps: break
            default: wrong.append("\(step.id) is \(state.steps[at].phase) and the run succeeded")
            }
        }
    }
}
