// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterMachine
import MusterModel
import MusterTestSupport

/// The simulated people: they answer with what is offered, and say at any time what came to their minds.
extension DrillWorld {
    func ticketed(_ make: (Int) -> EngineInput) -> EngineInput {
        let input = make(tickets.count)
        tickets.append(input)
        return input
    }

    /// Whoever says *done* has done it by hand, as a rule.
    func decide(_ step: String, _ trouble: Trouble, _ choices: [StepDecided.Choice]) -> StepDecided {
        patience -= 1
        let choice = patience > 0 ? random.pick(choices) : .abandon
        if choice == .done {
            cloud.vouched(step)
            if random.chance(80) { cloud.byHand(step, trouble == .undoFailed ? initial(step) : .new) }
        }
        return StepDecided(step: step, choice: choice, person: "op", reason: "seen \(patience)")
    }

    private func initial(_ step: String) -> SimulatedCloud.Value { cloud.targets[step]?.initial ?? .old }

    /// Something that a person says unasked, sensible or not.
    func randomWord() -> EngineInput {
        let step = random.pick(plan.steps).id
        switch random.number(0...9) {
        case 0...3: return .pause(PauseRequested(by: "op", reason: "lunch"))
        case 4...5:
            return .stop(StopRequested(by: "op", reason: "enough", runsFinally: random.pick([nil, true])))
        case 6...7: return ticketed { .rollBack(rollback(step), $0) }
        default:
            // Not done: nobody has put anything anywhere.
            let choice = random.pick([StepDecided.Choice.retry, .undo, .skip, .abandon])
            let decision = StepDecided(step: step, choice: choice, person: "op", reason: "unasked \(tickets.count)")
            return ticketed { .decided(decision, $0) }
        }
    }

    func rollback(_ step: String) -> RollbackRequested {
        RollbackRequested(by: "op", reason: "back \(tickets.count)", to: random.chance(30) ? step : nil)
    }

    /// What a person says with the command that takes the run up again.
    func openingWords(_ state: RunState) -> [Event] {
        var candidates: [Event] = []
        for at in state.steps.indices {
            let id = plan.steps[at].id
            if case .waitingForDecision(let trouble) = state.steps[at].phase, random.chance(70) {
                let choices = state.choices(for: id)
                if !choices.isEmpty { candidates.append(.stepDecided(decide(id, trouble, choices))) }
            } else if state.steps[at].undoing == .failed, random.chance(50) {
                candidates.append(.stepDecided(decide(id, .undoFailed, [.done])))
            }
        }
        let step = random.pick(plan.steps).id
        if random.chance(15) || state.isFinished { candidates.append(.rollbackRequested(rollback(step))) }
        if random.chance(8) {
            candidates.append(
                .stopRequested(StopRequested(by: "op", reason: "enough", runsFinally: random.pick([nil, true]))))
        }
        return candidates
    }
}
