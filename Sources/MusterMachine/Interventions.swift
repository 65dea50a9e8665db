// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

// What people, and engines that come after one that ended, do with a run that is under way.

/// An engine took the run up: after a pause, after the one before it ended without a word, or to reopen a finished run.
package struct RunResumed: Hashable, Sendable, Codable {
    /// Who resumed it: `name <email>`.
    package var by: String
    package var host: String
    package var bootID: String
    package var processID: Int32
    package var engine: String
    /// Why this machine took the run over from another one; nil on the machine that had it.
    package var takeOver: TakeOver?
    /// How the change window stood then; nil where no window limits it, and in journals of before.
    package var window: WindowAssessment?
    /// How the change ticket stood just before; nil where nobody was asked for one.
    package var ticket: TicketAssessment?

    package init(
        by: String, host: String, bootID: String, processID: Int32, engine: String, takeOver: TakeOver? = nil,
        window: WindowAssessment? = nil, ticket: TicketAssessment? = nil
    ) {
        self.by = by
        self.host = host
        self.bootID = bootID
        self.processID = processID
        self.engine = engine
        self.takeOver = takeOver
        self.window = window
        self.ticket = ticket
    }
}

/// A person's decision that another machine's run goes on here.
package struct TakeOver: Hashable, Sendable, Codable {
    package var reason: String
    /// The machine that had the run before.
    package var from: String
    /// The last line that this machine knows of: what came after it was never published, and may have had effects.
    package var knownUpTo: Int64

    package init(reason: String, from: String, knownUpTo: Int64) {
        self.reason = reason
        self.from = from
        self.knownUpTo = knownUpTo
    }
}

package struct PauseRequested: Hashable, Sendable, Codable {
    /// A person's name, or the part of the engine that asked.
    package var by: String
    package var reason: String
    package init(by: String, reason: String) {
        self.by = by
        self.reason = reason
    }
}

/// The run came to rest: nothing is under way, and its engine ends.
package struct RunPaused: Hashable, Sendable, Codable {
    /// Steps that wait for a person's decision.
    package var waitsFor: [String]
    package init(waitsFor: [String]) { self.waitsFor = waitsFor }
}

/// A person decided what becomes of a step that waits for it.
package struct StepDecided: Hashable, Sendable, Codable {
    package enum Choice: String, Sendable, Codable, CaseIterable {
        /// Look at the target, and try again where nothing of the effect is there.
        case retry
        /// Put its effect back, and then ask again.
        case undo
        /// Go on without it.
        case skip
        /// The person vouches: what the step should do, or what its undo should, is so.
        case done
        /// Give the run up: `finally` runs, and the run ends.
        case abandon
    }

    package var step: String
    package var choice: Choice
    package var person: String
    package var reason: String
    package init(step: String, choice: Choice, person: String, reason: String) {
        self.step = step
        self.choice = choice
        self.person = person
        self.reason = reason
    }
}

/// What this run did is to be undone, in reverse order of completion.
package struct RollbackRequested: Hashable, Sendable, Codable {
    /// A person's name, or the engine for `on-failure: rollback`.
    package var by: String
    package var reason: String
    /// This step, and what was completed before it, stays in place; nil: nothing does.
    package var to: String?
    package init(by: String, reason: String, to: String? = nil) {
        self.by = by
        self.reason = reason
        self.to = to
    }
}

/// What became of this run's hold on its targets.
package struct LeaseChanged: Hashable, Sendable, Codable {
    package enum What: String, Sendable, Codable {
        case taken
        /// Taken over from a run that had not given it back, by a person's decision.
        case takenOver = "taken-over"
        /// Its time ran out; no effect begins until it is held again.
        case late
        /// Held again, by the same run.
        case renewed
        /// Another run has it.
        case lost
        /// The remote could not be reached at the start, and `leases: remote` lets the run go on without.
        case without
    }

    package var what: What
    /// The lock's name in the runbook.
    package var lock: String
    /// Grows with each change of holder; 0 where there is none.
    package var epoch: Int64
    /// Who holds it, or why it is not held, in one sentence.
    package var says: String
    package init(what: What, lock: String, epoch: Int64, says: String) {
        self.what = what
        self.lock = lock
        self.epoch = epoch
        self.says = says
    }
}
