// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

extension RunFold {
    /// What people did with the run, as far as the plan had it otherwise, by kind and in the order in which it happened.
    /// A pause is none: nothing was done otherwise.
    func peopleDeviations(_ steps: [StepRecord]) -> DeviationsByKind {
        let decided = steps.flatMap { step in (step.decisions ?? []).compactMap { decision(step, $0) } }
        return DeviationsByKind(all: resumes.compactMap(takenOver) + rollbacks.map(rolledBack) + decided)
    }

    private func takenOver(_ resume: ResumeRecord) -> Deviation? {
        guard let takeOver = resume.takeOver else { return nil }
        return Deviation(
            kind: .takenOver, steps: cut(by: resume).map(\.step.id),
            says:
                "Taken over from \(takeOver.from) to \(resume.host) at \(resume.at.timeOfDay) UTC by "
                + "\(personName(resume.by)), who knew "
                + "the journal up to line \(takeOver.knownUpTo.lineNumber); what \(takeOver.from) did after that is not in "
                + "this record: \(takeOver.reason)",
            person: resume.by, reason: takeOver.reason)
    }

    private func rolledBack(_ rollback: RollbackRecord) -> Deviation {
        let to = rollback.to.map { " to step \"\($0)\"" } ?? ""
        return Deviation(
            kind: .rolledBack, steps: [],
            says: "Rolled back\(to) at \(rollback.at.timeOfDay) UTC by \(personName(rollback.by)): \(rollback.reason)",
            person: rollback.by, reason: rollback.reason)
    }

    private func decision(_ step: StepRecord, _ decision: DecisionRecord) -> Deviation? {
        let isByHand = step.undos?.contains { $0.vouched == decision } ?? false
        let (kind, what): (Deviation.Kind, String) =
            switch decision.choice {
            case .retry: (.retryDecided, "had it tried again")
            case .undo: (.undone, "had it undone")
            case .skip where step.effect != nil: (.skipped, "went on without it, and its effect is or may be in place")
            case .skip: (.skipped, "went on without it")
            case .done where isByHand:
                (.putBackByHand, "vouches that it is put back by hand; no read of Muster shows it")
            case .done: (.declared, "vouches that it is done; no read of Muster shows it")
            case .abandon: (.abandoned, "gave the run up here")
            }
        return Deviation(
            kind: kind, steps: [step.id], says: "\(personName(decision.person)) \(what): \(decision.reason)",
            person: decision.person, reason: decision.reason)
    }

    /// The gravest first: what failed may be half done, and what is blocked only waits for that.
    func undoFailures(_ steps: [StepRecord]) -> [Deviation] {
        [UndoRecord.Result.failed, .irreversible, .blocked].flatMap { result in
            steps.filter { $0.standingUndo?.result == result && !isToStay($0) }.compactMap(undoFailed)
        }
    }

    /// An earlier rollback could not reach the step, and the newest one leaves it in place, as asked.
    private func isToStay(_ step: StepRecord) -> Bool {
        guard step.standingUndo?.result == .blocked, rollbacks.last?.to != nil else { return false }
        return state?.state(of: step.id).map { $0.undoing == nil } ?? false
    }

    /// What of the step's effect is, or may be, still there though it was to be undone.
    private func undoFailed(_ step: StepRecord) -> Deviation? {
        guard let undo = steps[step.number - 1].newestUndo, step.effect != nil else { return nil }
        let what: String
        switch undo.result {
        case .failed: what = "Could not be undone"
        case .blocked: what = "Was not undone"
        case .irreversible: what = "Cannot be undone"
        case .running, .proven, .nothingThere, .byHand: return nil
        }
        return Deviation(
            kind: .undoFailed, steps: [step.id],
            says: "\(what), so that it is or may be in place: \(undo.failure?.message ?? "no reason given")",
            person: undo.by, reason: undo.reason)
    }

    func leaseDeviations(_ whats: [LeaseChanged.What]) -> [Deviation] {
        whats.flatMap { what in leases.filter { $0.what == what }.compactMap(leaseDeviation) }
    }

    private func leaseDeviation(_ lease: LeaseRecord) -> Deviation? {
        let (kind, what): (Deviation.Kind, String)
        switch lease.what {
        case .lost: (kind, what) = (.leaseLost, "The lease on \(lease.lock) was lost")
        case .without: (kind, what) = (.withoutLease, "Ran without a lease on \(lease.lock)")
        case .takenOver: (kind, what) = (.leaseTakenOver, "The lease on \(lease.lock) was taken over")
        case .late:
            (kind, what) = (
                .leaseLate, "The lease on \(lease.lock) ran out, and no effect began until it was held again"
            )
        case .taken, .renewed: return nil
        }
        return Deviation(kind: kind, steps: [], says: "\(what) at \(lease.at.timeOfDay) UTC: \(lease.says)")
    }

    /// Engines that ended without a word, with the steps that they were in the middle of. A take-over says it itself.
    var cutOffs: [Deviation] {
        resumes.filter { $0.after == .cutOff && $0.takeOver == nil }.map { resume in
            let cut = cut(by: resume)
            let begun = cut.filter { $0.record.cutOffs.contains { $0.resumedAt == resume.at && $0.hadBegun } }
            let what =
                cut.isEmpty
                ? "nothing was under way"
                : begun.isEmpty
                    ? "no effect was under way"
                    : "an effect of \(begun.map(\.step.id).joined(separator: ", ")) was under way, and was read back first"
            return Deviation(
                kind: .cutOff, steps: cut.map(\.step.id),
                says: "The engine ended without a word and \(personName(resume.by)) took the run up again "
                    + "\(duration(resume.silentMilliseconds)) later, at \(resume.at.timeOfDay) UTC: \(what)",
                person: resume.by)
        }
    }

    private func cut(by resume: ResumeRecord) -> [StepFold] {
        steps.filter { $0.record.cutOffs.contains { $0.resumedAt == resume.at } }
    }
}

struct DeviationsByKind {
    let all: [Deviation]
    subscript(kind: Deviation.Kind) -> [Deviation] { all.filter { $0.kind == kind } }
}

extension StepRecord {
    /// Every time that an attempt at it, or at its undo, ended with its engine.
    var cutOffs: [CutOffRecord] {
        (attempts + (undos ?? []).flatMap(\.attempts)).flatMap { $0.cutOffs ?? [] }
    }
}

extension Int64 {
    /// Of an entry's `seq`, from 1 as editors count.
    fileprivate var lineNumber: Int64 { self == .max ? self : self + 1 }
}
