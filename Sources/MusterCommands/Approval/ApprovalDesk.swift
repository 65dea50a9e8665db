// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSigning
internal import MusterSystem

/// Where a plan, its statements, both policies and the persons come together: it finds out what pure code then judges.
struct ApprovalDesk {
    let plan: Plan
    let digest: Digest
    let git: Catalog
    let state: RepositoryState
    /// At the plan's commit, and at the newest; nil: it is not there any more.
    let environment: Environment
    private let newestEnvironment: Environment?
    let pinned: PolicyAt
    let newest: PolicyAt
    /// Nil where the catalog never had a policy on this machine.
    let trust: PolicyApplied.Trust?
    let tool: any SignatureTool
    let folders: StateFolder
    let recordsBranch: String

    /// Reads both policies, and makes sure that the newest one holds.
    ///
    /// - Parameters:
    ///   - tool: what checks signatures.
    ///   - isKept: whether the machine remembers the policy that it finds.
    /// - Throws: `policy.not-consented`, `policy.memory-damaged`; document errors of a policy.
    init(
        _ plan: Plan, digest: Digest, environment: Environment, git: Catalog, state: RepositoryState,
        tool: any SignatureTool = SSHKeygen(), isKept: Bool = true
    ) throws(MusterError) {
        guard let commit = plan.commit, let head = state.head else {
            throw MusterError(
                code: "approval.no-commit", "A plan of uncommitted work is rehearsed, and nobody approves it.",
                help: "Commit the catalog's documents and plan again.")
        }
        self.plan = plan
        self.digest = digest
        self.environment = environment
        self.git = git
        self.state = state
        self.tool = tool
        folders = try StateFolder()
        pinned = try PolicyAt(git, at: commit)
        newest = commit == head ? pinned : try PolicyAt(git, at: head)
        newestEnvironment = commit == head ? environment : try Self.environment(plan.environment, git, at: head)
        recordsBranch =
            try Records.configuration(git, state)?.recordsBranch ?? Configuration.standardRecordsBranch
        trust = try PolicyTrust(folders: folders, git: git, place: state.gitFolder, tool: tool).holding(
            newest, now: readClocks().wall, isKept: isKept)?.0
    }

    private static func environment(
        _ planned: Plan.Environment, _ git: Catalog, at commit: ObjectID
    ) throws(MusterError) -> Environment? {
        guard let path = planned.document?.path, let file = try git.file(path, at: commit) else { return nil }
        return try Environment.parse(file.content.bytes, file: path).get()
    }

    /// The same with the catalog's newest commit of now.
    func renewed() throws(MusterError) -> ApprovalDesk {
        try ApprovalDesk(
            plan, digest: digest, environment: environment, git: git, state: try git.state(), tool: tool)
    }

    /// What both policies ask for here; nil: nothing.
    var rule: ApprovalRule? { admission(run: nil, operators: [], authors: [], now: readClocks().wall).rule }

    /// The change window that is open, else the next one; nil where nothing limits changes.
    func window(after now: Timestamp) throws(MusterError) -> ChangeWindow? {
        guard let commit = plan.commit else { return nil }
        let rules = try ChangeRules.binding(plan.environment.name, git, state, plannedAt: commit)
        let calendar = try WindowCalendar(rules)
        return calendar.windows(around: now)?.first { $0.closes > now }
    }

    /// What a record says of the policy where it asks for nobody's word and this machine believed it without knowing one before.
    var firstUse: PolicyApplied? {
        guard trust == .firstUse else { return nil }
        return PolicyApplied(
            policy: pinned.files.digest, newest: newest.files.digest, newestCommit: newest.commit, trust: .firstUse,
            require: [], authors: [], operatorPerson: nil)
    }

    /// Whether anybody's word is asked for: before the run, or at a gate of it.
    var isAsking: Bool { rule != nil || plan.hasGates }

    func admission(run: RunID?, operators: Set<String>, authors: Set<String>, now: Timestamp) -> Admission {
        Admission(
            pinned: pinned.ground(environment), newest: newest.ground(newestEnvironment ?? environment),
            plan: ApprovedPlan(plan, digest: digest),
            run: run, operators: operators, authors: authors, now: now)
    }

    // MARK: Persons

    /// The person whose key it is, by both policies, as git's own configuration must have it, too.
    ///
    /// - Throws: `approval.unknown-key`, `approval.other-identity`.
    func person(ofKey key: String) throws(MusterError) -> String {
        let base64 = try tool.publicKey(of: key).base64
        guard let person = newest.person(ofKey: base64), pinned.person(ofKey: base64) == person else {
            throw MusterError(
                code: "approval.unknown-key", "The key \(visibleText(key)) is no person's of this policy.",
                help: "\(AllowedSigners.path) names whose keys count, at the plan's commit and at the newest.",
                status: .preconditionUnmet)
        }
        return person
    }

    /// Whoever starts a run shows by a key who it is, and git's configuration must say the same: a record names people by it.
    func operatorPerson(ofKey key: String) throws(MusterError) -> String {
        let person = try person(ofKey: key)
        let email = state.user?.email ?? ""
        guard newest.policy.person(email: email) == person else {
            let named = newest.policy.person(email: email).map { "\($0)'s" } ?? "nobody's of the policy"
            throw MusterError(
                code: "approval.other-identity",
                "The key is \(person)'s, and the address in git's configuration, \(visibleText(email)), is \(named).",
                help: "Set user.email of this repository to an address that muster.yaml has for \(person).",
                status: .preconditionUnmet)
        }
        return person
    }

    /// The persons who published the runbook and the definitions that the plan uses.
    ///
    /// - Throws: `approval.unknown-author`: somebody whom nobody could exclude.
    func authors() throws(MusterError) -> Set<String> {
        guard rule?.excludesAuthors == true, let commit = plan.commit else { return [] }
        // What the history says, not what the lock does: whoever writes a lock could name anybody's commit in it.
        let documents = [plan.runbook.document] + plan.definitions.values.compactMap(\.document)
        let histories = try git.histories(of: documents.map(\.path), from: commit)
        var commits = Set(plan.definitions.values.compactMap(\.commit))
        for (document, history) in zip(documents, histories) {
            commits.formUnion(history.versions.filter { $0.blob == document.blob }.map(\.commit))
        }
        let addresses = Set(try git.authors(of: commits.sorted { $0.hex < $1.hex }).map { $0.email.lowercased() })
        var persons: Set<String> = []
        for address in addresses.sorted() {
            let found = [pinned, newest].compactMap { $0.policy.person(email: address) }
            guard !found.isEmpty else {
                throw MusterError(
                    code: "approval.unknown-author",
                    "A part of what the plan uses was written by \(visibleText(address)), who is no person of the policy.",
                    help:
                        "exclude-authors needs to know them: add the address to a person of muster.yaml; they need no key.",
                    status: .preconditionUnmet)
            }
            persons.formUnion(found)
        }
        return persons
    }

    // MARK: Statements

    /// Finds out about each statement what only the world knows: whether its signature holds, and who used it.
    func examine(
        _ offered: [OfferedStatement], now: Timestamp, notices: inout [StatementRefusal]
    ) throws(MusterError) -> [ExaminedStatement] {
        var seen: Set<String> = []
        var parsed: [(OfferedStatement, ApprovalStatement)] = []
        for one in offered {
            guard let statement = one.parsed else {
                notices.append(
                    StatementRefusal(
                        "approval.unreadable",
                        "\(visibleText(one.origin)) is no statement of Muster's with its signature"))
                continue
            }
            if seen.insert(statement.id + one.signature).inserted { parsed.append((one, statement)) }
        }
        let used = UsedStatements(folders: folders)
        let uses = StatementUses(
            Records(git: git, branch: recordsBranch), since: parsed.map(\.1.issued).min())
        return try parsed.map { (one, statement) throws(MusterError) in
            var run = used.onThisMachine(statement.id)
            if run == nil { run = try uses.runs(of: one, statement).first }
            return ExaminedStatement(
                offered: one, statement: statement, flaw: try flaw(one, statement, now), usedBy: run)
        }
    }

    /// By the signers of the plan's commit and of the newest: whoever was taken out since does not count any more.
    func flaw(
        _ offered: OfferedStatement, _ statement: ApprovalStatement, _ now: Timestamp
    ) throws(MusterError) -> String? {
        for signers in pinned.signersBytes == newest.signersBytes
            ? [pinned.signersBytes] : [pinned.signersBytes, newest.signersBytes]
        {
            let verdict = try tool.verdict(
                on: offered.signature, over: Array(offered.statement.utf8), person: statement.approver,
                signers: signers, namespace: ApprovalStatement.namespace, at: now)
            if case .bad(let why) = verdict { return why }
        }
        return nil
    }

    func missing(_ verdict: Admission.Verdict, notices: [StatementRefusal]) -> MusterError {
        let refused = (notices + verdict.refused).map { Diagnostic(code: $0.code, visibleText($0.summary)) }
        return MusterError(
            code: "approval.missing",
            "The plan \(digest.short) is not approved: \(visibleText(verdict.missing.joined(separator: ", "))).",
            help:
                "Whoever may approves it with: muster approve PLAN --key FILE. Nothing was changed.",
            status: .waitsForPerson, diagnostics: refused)
    }
}
