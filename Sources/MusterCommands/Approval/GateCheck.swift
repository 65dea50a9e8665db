// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

/// Holds a statement that was brought to a run which has begun against the run as its journal tells it, and both policies
/// as they are now.
struct GateCheck {
    let stored: StoredRun
    let desk: ApprovalDesk
    /// What the run takes up in the same moment.
    var more: [ApprovalRecorded] = []

    /// - Parameter git: a connection of its own; the record writer's may be at work.
    init(_ stored: StoredRun, git: Catalog) throws(MusterError) {
        self.stored = stored
        let state = try git.state()
        guard let commit = stored.plan.commit else {
            throw MusterError(code: "approval.no-commit", "Nobody approves anything in a rehearsal.")
        }
        let documents = CatalogDocuments(git: git, state: state, source: .commit(commit))
        let environment = try documents.environment(stored.plan.environment.name).environment
        desk = try ApprovalDesk(
            stored.plan, digest: stored.state.created?.plan ?? Digest(of: []), environment: environment, git: git,
            state: state)
    }

    /// The statement as the run may take it up.
    ///
    /// - Throws: `approval.refused`, and why; nothing was marked then.
    func taken(_ offered: OfferedStatement) throws(MusterError) -> ApprovalRecorded {
        let now = readClocks().wall
        guard let statement = offered.parsed else { throw Self.refused("it is no statement of Muster's") }
        guard !stored.state.approvals.contains(where: { $0.id == statement.id }) else {
            throw Self.refused("the run has it already")
        }
        let recorded = (stored.state.approvals + more).filter { !$0.id.isEmpty }
        let operators = Set(recorded.filter { $0.decision == .operate }.map(\.approver))
        let admission = desk.admission(
            run: stored.run, operators: operators, authors: try desk.authors(), now: now)
        var notices: [StatementRefusal] = []
        let examined = try desk.examine(
            recorded.map { OfferedStatement(statement: $0.statement, signature: $0.signature, origin: "the run") }
                + [offered], now: now, notices: &notices)
        let verdict = try verdict(admission, statement, examined)
        guard verdict.counted.contains(where: { $0.statement.id == statement.id }) else {
            let why = (notices + verdict.refused).last?.summary ?? "a later word of the same person stands"
            throw Self.refused(why)
        }
        try refuseIncomplete(statement, verdict)
        try UsedStatements(folders: desk.folders).claim([statement.id], for: stored.run)
        return ApprovalRecorded(offered, statement)
    }

    /// The last word that a gate waits for opens it; by then none of those before it may have ended.
    private func refuseIncomplete(_ statement: ApprovalStatement, _ verdict: Admission.Verdict) throws(MusterError) {
        guard statement.decision == .approve, let step = statement.gate?.step, let at = stored.state.positions[step],
            let gate = stored.state.gate(at: at)
        else { return }
        let soFar = stored.state.steps[at].approvers + more.filter { $0.step == step }.map(\.approver)
        guard Set(soFar + [statement.approver]).count >= gate.count, !verdict.isMet else { return }
        throw Self.refused(
            "with it the gate would open, and an earlier word does not count any more (\(verdict.missing.joined(separator: ", "))); whose it is signs anew first"
        )
    }

    private func verdict(
        _ admission: Admission, _ statement: ApprovalStatement, _ examined: [ExaminedStatement]
    ) throws(MusterError) -> Admission.Verdict {
        // The one that was brought last, so that a refusal of it is the last of the refusals.
        let ofPlan = admission.verdict(on: examined)
        guard let bound = statement.gate else { return ofPlan }
        guard let at = stored.state.positions[bound.step], stored.state.waitingForApproval.contains(at),
            let gate = stored.state.gate(at: at)
        else { throw Self.refused("the run does not wait for approvals at \(bound.step)") }
        guard ofPlan.isMet || stored.state.breakGlass != nil else {
            throw Self.refused(
                "the plan's own approvals do not hold any more (\(ofPlan.missing.joined(separator: ", "))); approve the plan anew and bring that to the run"
            )
        }
        return admission.verdict(
            at: bound.step, examined.filter { $0.statement.gate?.step == bound.step },
            require: GroupCount(group: gate.group, count: gate.count), lines: lines(since: bound.step))
    }

    /// Digests of the journal's lines from the gate's last opening on: what an approver can have known of it.
    private func lines(since gate: String) -> Set<String> {
        let entries = stored.reading.entries
        let opening = entries.lastIndex { entry in
            if case .approvalAwaited(let body) = entry.event { body.step == gate } else { false }
        }
        guard let opening else { return [] }
        var digests = Set(entries[(opening + 1)...].map(\.previous))
        if let last = entries.last, let line = try? last.line() {  // it was read from such a line
            digests.insert(Digest(of: line).hex)
        }
        return digests
    }

    static func refused(_ why: String) -> MusterError {
        MusterError(
            code: "approval.refused", "The approval does not count: \(visibleText(why)).",
            help: "See where the run stands: muster status", status: .preconditionUnmet)
    }

    /// The reason alone, without a full stop, for a sentence that says already that the statement does not count.
    static func reason(_ error: MusterError) -> String {
        var text = error.summary
        let prefix = "The approval does not count: "
        if text.hasPrefix(prefix) { text.removeFirst(prefix.count) }
        while text.hasSuffix(".") { text.removeLast() }
        return text
    }
}

extension StoredRun {
    /// SHA-256 in hex of the journal's last line: what a word at a gate is bound to.
    var lastLine: String {
        guard let last = reading.entries.last, let line = try? last.line() else {  // it was read from such a line
            return JournalEntry.firstPrevious
        }
        return Digest(of: line).hex
    }
}
