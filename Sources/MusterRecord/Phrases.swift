// SPDX-License-Identifier: Apache-2.0

package import MusterMachine

extension StepRecord.Result {
    /// As people read it.
    package var phrase: String {
        switch self {
        case .pending: "waiting its turn"
        case .running: "running"
        case .verified: "verified"
        case .unverified: "unverified"
        case .alreadySo: "already so, no effect"
        case .shown: "shown"
        case .declared: "done, a person says"
        case .failed: "failed"
        case .inDoubt: "in doubt"
        case .skipped: "skipped"
        case .notReached: "not reached"
        }
    }

    /// What the word claims, for readers of a page who do not know Muster.
    var explanation: String? {
        switch self {
        case .verified: "*Verified*: the effect was shown by a read of its own."
        case .unverified: "*Unverified*: reported as done, but no read could show it."
        case .alreadySo: "*Already so*: the target was as wanted before."
        case .shown: "*Shown*: a step without an effect proved what it had to, or a person confirmed it."
        case .declared: "*Done, a person says*: somebody vouches for it; nothing that Muster read shows it."
        case .inDoubt: "*In doubt*: an effect was begun and its end is not known."
        case .notReached: "*Not reached*: the run ended before its turn came."
        case .pending, .running, .failed, .skipped: nil
        }
    }
}

extension UndoRecord.Result {
    /// As people read it.
    package var phrase: String {
        switch self {
        case .running: "being undone"
        case .proven: "undone"
        case .nothingThere: "undone, nothing was there"
        case .byHand: "put back by hand, a person says"
        case .failed: "could not be undone"
        case .blocked: "not undone, for a step that needs it is in place"
        case .irreversible: "cannot be undone, a point of no return"
        }
    }
}

extension StepDecided.Choice {
    /// What it means for the step, for somebody who has to choose.
    var meaning: String {
        switch self {
        case .retry: "look at the target, and try again where nothing of the effect is there"
        case .undo: "put its effect back, then decide again"
        case .skip: "go on without it"
        case .done: "you vouch that it is done"
        case .abandon: "give the run up; what brings things back to normal still runs"
        }
    }
}

extension StepRecord {
    /// The result as people read it.
    package var phrase: String { result == .shown && confirmation != nil ? "confirmed" : result.phrase }

    /// The undo that says how the step stands; nil where an attempt came after it.
    package var standingUndo: UndoRecord? {
        guard let undo = undos?.last, undo.startedAt >= attempts.last?.startedAt ?? undo.startedAt else { return nil }
        return undo
    }

    /// An effect of it was there and is undone.
    package var isTakenBack: Bool { standingUndo?.result.isGone ?? false }

    /// An undo left it, or may have left it, in place.
    package var isLeftByUndo: Bool {
        guard let undo = standingUndo?.result else { return false }
        return effect != nil && !undo.isGone && undo != .running
    }

    /// A person went on without it once its effect was undone.
    private var wasUndoneFirst: Bool {
        guard skipped == .decision, let undo = standingUndo, undo.result.isGone, undo.result != .byHand,
            let finishedAt, let undoneAt = undo.finishedAt
        else { return false }
        return undoneAt <= finishedAt && undo.startedAt < finishedAt
    }

    /// The result, and what an undo made of it.
    package func fullPhrase(in record: RunRecord) -> String {
        if wasUndoneFirst { return "undone, then \(phrase)" }
        return ([phrase] + [standingUndo?.shortPhrase(in: record)].compactMap(\.self)).joined(separator: ", ")
    }

    func emphasizedPhrase(in record: RunRecord) -> String {
        if wasUndoneFirst { return fullPhrase(in: record) }
        let isGrave = [.failed, .inDoubt, .unverified].contains(result)
        let text = isGrave ? "**\(phrase)**" : phrase
        guard let undo = standingUndo else { return text }
        let short = undo.shortPhrase(in: record)
        return "\(text), " + (undo.result.isGone ? short : "**\(short)**")
    }
}

extension UndoRecord {
    /// - Parameter record: the run's. An undo that had begun, and was cut off, is the run's: what a look then does not find, it
    ///   has taken away. Earlier rules did not tell that, nor what was kept on purpose.
    package func phrase(in record: RunRecord) -> String {
        if wasCutOff(in: record) { return Result.proven.phrase }
        return isKept(in: record) ? "kept, for a condition of its undo does not hold" : result.phrase
    }

    /// Behind a step's result.
    fileprivate func shortPhrase(in record: RunRecord) -> String {
        isKept(in: record) ? "kept" : result.shortPhrase
    }

    func wasCutOff(in record: RunRecord) -> Bool {
        result == .nothingThere && begunAt != nil && (record.rules ?? 1) >= 3
    }

    private func isKept(in record: RunRecord) -> Bool { !refusals.isEmpty && (record.rules ?? 1) >= 3 }
}

extension RunRecord {
    /// Before the notes by which a person would take away what an undo was not allowed to; nil where nothing speaks
    /// against that.
    package func caution(on step: StepRecord) -> String? {
        guard (rules ?? 1) >= 3, let refusals = step.standingUndo?.refusals, !refusals.isEmpty else { return nil }
        let reasons = refusals.map { $0.seen.hasSuffix(".") ? $0.seen : $0.seen + "." }
        return "Kept: \(reasons.joined(separator: " ")) See to that before anything is done by hand:"
    }
}

extension UndoRecord.Result {
    fileprivate var shortPhrase: String {
        switch self {
        case .running: "being undone"
        case .proven, .nothingThere: "then undone"
        case .byHand: "put back by hand, a person says"
        case .failed: "undo failed"
        case .blocked: "undo blocked"
        case .irreversible: "cannot be undone"
        }
    }
}

extension RunRecord.Outcome {
    /// As people read it.
    package var phrase: String {
        switch self {
        case .running, .succeeded, .failed, .cancelled, .stuck: rawValue
        case .paused: "paused, at rest"
        case .waiting: "waits for a decision"
        case .rolledBack: "rolled back"
        }
    }
}

extension RunKind {
    /// `Drill`
    package var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}

extension LeaseChanged.What {
    var phrase: String {
        switch self {
        case .taken: "taken"
        case .takenOver: "taken over"
        case .late: "run out"
        case .renewed: "held again"
        case .lost: "lost"
        case .without: "ran without one"
        }
    }
}

/// Each text once, in the order in which they came, with how often where it came again.
func counted(_ texts: [String]) -> [String] {
    var order: [String] = []
    var times: [String: Int] = [:]
    for text in texts {
        if times[text] == nil { order.append(text) }
        times[text, default: 0] += 1
    }
    return order.map { times[$0] == 1 ? $0 : "\($0), \(times[$0] ?? 0) times" }
}
