// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterDocuments
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// What lets a run begin, or go on, under a policy: found out before anybody is asked, and again at the last moment.
struct RunAdmission {
    struct Request {
        /// The operator's key; nil: the variable MUSTER_KEY names it.
        var key: String?
        var offered: [OfferedStatement] = []
        /// Why the run goes on without the approvals; nil: it does not.
        var breakGlass: String?
        /// Why the remote was not asked for statements; nil: it was.
        var notAsked: String?
    }

    private(set) var desk: ApprovalDesk
    let request: Request
    let operatorPerson: String
    let authors: Set<String>
    private let key: String
    /// Statements that the run has taken up before, and who operated it.
    let taken: [ApprovalRecorded]

    /// Nil where nothing is asked for in this environment.
    ///
    /// - Throws: `approval.missing`, with all that is missing and each statement that does not count; what stands against
    ///   the operator; `approval.no-break-glass`.
    init?(_ desk: ApprovalDesk, _ request: Request, taken: [ApprovalRecorded] = [], run: RunID? = nil)
        throws(MusterError)
    {
        guard desk.isAsking else { return nil }
        self.desk = desk
        self.request = request
        self.taken = taken
        key = try signingKey(request.key, for: "show who operates the run")
        operatorPerson = try desk.operatorPerson(ofKey: key)
        authors = try desk.authors()
        _ = try verdict(run: run, at: readClocks().wall)
    }

    /// Whether the run goes on without the approvals, and outside of windows; whoever made this was found to be allowed to.
    var breaksGlass: Bool { request.breakGlass != nil }

    private var operators: Set<String> {
        Set(taken.filter { $0.decision == .operate }.map(\.approver)).union([operatorPerson])
    }

    /// - Throws: `approval.missing`, `approval.no-break-glass`.
    private func verdict(run: RunID?, at now: Timestamp) throws(MusterError) -> Admission.Verdict {
        var notices: [StatementRefusal] = []
        let old = taken.filter { $0.step == nil && !$0.id.isEmpty }.map {
            OfferedStatement(statement: $0.statement, signature: $0.signature, origin: "the run's journal")
        }
        let examined = try desk.examine(old + request.offered, now: now, notices: &notices)
        let admission = desk.admission(run: run, operators: operators, authors: authors, now: now)
        let verdict = admission.verdict(on: examined)
        if request.breakGlass != nil {
            guard admission.mayBreakGlass(operatorPerson) else {
                throw MusterError(
                    code: "approval.no-break-glass",
                    "\(operatorPerson) may not run without the approvals in \(desk.plan.environment.name).",
                    help: admission.rule == nil
                        ? "No rule is for this environment, so its gates are passed by approvals alone. Under approvals in muster.yaml one may say who breaks the glass: break-glass: [GROUP]."
                        : "break-glass under approvals in muster.yaml names the groups that may.",
                    status: .preconditionUnmet)
            }
            return verdict
        }
        guard verdict.isMet else { throw desk.missing(verdict, notices: notices) }
        return verdict
    }

    /// Judges once more, marks the statements as this run's, and has the operator sign for it.
    ///
    /// - Returns: what the journal begins with, or goes on with.
    /// - Throws: what ``init(_:_:taken:run:)`` throws, and `approval.used`.
    func events(for run: RunID, by name: String) throws(MusterError) -> [Event] {
        // Since the first look the catalog may have moved on, and with it the policy.
        var last = self
        last.desk = try desk.renewed()
        guard try last.desk.operatorPerson(ofKey: key) == operatorPerson else {
            throw GateCheck.refused("the key is another person's now")
        }
        return try last.finalEvents(for: run, by: name)
    }

    private func finalEvents(for run: RunID, by name: String) throws(MusterError) -> [Event] {
        let now = readClocks().wall
        let verdict = try verdict(run: run, at: now)
        let maker = StatementMaker(desk: desk, key: key, person: operatorPerson, now: now)
        let statement = try maker.statement(.operate, life: .seconds(3600), comment: request.breakGlass)
        let signed = try maker.sign(statement)
        let known = Set(taken.map(\.id))
        // A rejection that was taken back is told as well, before the word that took it back.
        let new = (verdict.takenBack + verdict.counted).filter { !known.contains($0.statement.id) }
        try UsedStatements(folders: desk.folders).claim(new.map(\.statement.id) + [statement.id], for: run)
        let policy = PolicyApplied(
            policy: desk.pinned.files.digest, newest: desk.newest.files.digest, newestCommit: desk.newest.commit,
            trust: desk.trust ?? .known,
            require: (desk.rule?.require ?? []).map { .init(group: $0.group, count: $0.count) },
            authors: authors.sorted(), operatorPerson: operatorPerson, notAsked: request.notAsked)
        let glass = request.breakGlass.map {
            Event.breakGlass(BreakGlass(by: name, person: operatorPerson, reason: $0))
        }
        return [.policyApplied(policy), .approvalRecorded(ApprovalRecorded(signed, statement))]
            + new.map { .approvalRecorded(ApprovalRecorded($0.offered, $0.statement)) } + [glass].compactMap(\.self)
    }
}
