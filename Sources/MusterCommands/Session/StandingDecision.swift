// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// A decision about a run at rest, which the next `muster resume` acts on.
struct StandingDecision: Hashable {
    var decision: StepDecided
    var at: Timestamp

    /// As in: Ada decided retry at 14:03:02: the vault is back.
    var says: String { "\(decision.person) decided \(decision.choice.rawValue) at \(at): \(decision.reason)" }

    /// Those that nobody has acted on yet, in the order in which they were taken; none of a run that does not rest.
    static func all(_ entries: [JournalEntry]) -> [StandingDecision] {
        var standing: [StandingDecision] = []
        var isAtRest = false
        for entry in entries {
            switch entry.event {
            case .runPaused: isAtRest = true
            case .runResumed: (standing, isAtRest) = ([], false)
            case .stepDecided(let body) where isAtRest: standing.append(StandingDecision(decision: body, at: entry.at))
            default: break
            }
        }
        return isAtRest ? standing : []
    }
}

extension StoredRun {
    var standingDecisions: [StandingDecision] { StandingDecision.all(reading.entries) }
}
