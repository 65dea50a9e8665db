// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSigning

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Prove a record from git alone: chain, fold, page, plan, definitions. Ends with 6 when something is wrong.",
        discussion: """
            It proves that the journal's lines follow each other unchanged, that record.json, README.md and the evidence are \
            what the journal says, that the plan is the one that ran, that the definitions are those of the plan and of \
            the runbook's lock, published where the lock says, that the approvals which the policy asked for were signed \
            by who could give them, and that the log holds what this machine and the remotes saw of it. Fetch first: \
            verify asks no network.
            """)

    @Argument(help: "Runs: ids, ends of them, or last.") var runs: [String] = []
    @Flag(help: "Every record of the log, and every run's branch that is here.") var all = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if runs.isEmpty == !all { throw ValidationError("Name runs, or give --all.") }
    }

    func run() throws {
        let records = try Records(folder: common.catalog)
        try records.requireLog()
        let damaged = all ? try damagedBranches(records) : [:]
        let ids = all ? try everyRun(records, damaged.keys) : try runs.map { try records.find($0) }
        let terminal = Terminal()
        let isGrown = try checkGrowth(records, terminal)
        if ids.isEmpty, !common.json {
            terminal.out("Nothing to verify: there is neither a log nor a run's branch here.")
        }
        var results: [JSON] = []
        var isSound = isGrown
        let uses = StatementUses(records, since: all ? Timestamp(milliseconds: 0) : nil)
        let policies = try PolicyChain(records)
        for id in ids {
            let findings = try damaged[id].map { [$0] } ?? proof(records, id, uses, policies)
            let errors = findings.filter { $0.severity == .error }
            isSound = isSound && errors.isEmpty
            results.append([
                "run": .string(id.text), "verified": .bool(errors.isEmpty), "findings": try JSON(encoding: findings),
            ])
            if common.json { continue }
            terminal.out(
                errors.isEmpty
                    ? terminal.style("✓ \(id): verified", .good)
                    : terminal.style("✗ \(id): \(errors.count) findings", .bad))
            for finding in findings { terminal.error(finding.description) }
        }
        if common.json { terminal.out(JSON.array(results).canonicalText) }
        if !isSound { throw CommandEnd(status: .verificationFailed) }
    }

    /// The log holds what this machine has seen of it before, and what was fetched of remotes' tells the same; from now on also
    /// what it holds now.
    private func checkGrowth(_ records: Records, _ terminal: Terminal) throws(MusterError) -> Bool {
        let state = try records.git.state()
        let folders = try StateFolder()
        let remotes = RemoteLogs(git: records.git, branch: records.branch, state: state, folders: folders)
        let findings = try remotes.findings()
        for finding in findings { terminal.error(finding.description) }
        let memory = LogMemory(
            records.git, gitFolder: state.gitFolder, branch: records.branch, folders: folders)
        do {
            try memory.remember()
            return !findings.contains { $0.severity == .error }
        } catch  where error.code == "record.log-rewound" {
            terminal.error(error.description)
            return false
        } catch  where error.code == "state.cannot-write" {
            // An auditor may have no place to write to.
            terminal.error("note: Where the log is now was not kept: \(error.summary)")
            return true
        }
    }
}

/// Runs of the log, and those whose branch is here: one that was taken out of the log is missed by its branch.
private func everyRun(_ records: Records, _ damaged: some Sequence<RunID>) throws(MusterError) -> [RunID] {
    let logged = try records.git.records(RecordQuery(branch: records.branch, limit: .max)).map(\.run)
    return Set(logged).union(try records.git.runTips().map(\.run)).union(damaged).sorted().reversed()
}

/// Runs whose branch is here and cannot be read: nothing can be proven of them.
private func damagedBranches(_ records: Records) throws(MusterError) -> [RunID: Diagnostic] {
    try records.git.damagedRunRefs().reduce(into: [:]) { findings, ref in
        guard let run = RunID(branch: ref) else { return }
        findings[run] = Diagnostic(
            .error, code: "record.branch-damaged", "The branch \(ref) holds no commit's id.",
            help: "Look after the disk, then get the branch back: git fetch REMOTE +\(ref):\(ref), or git reflog \(ref)"
        )
    }
}

/// What is wrong with one record. A tree that nobody may trust, or could go through, is a finding, and so is a signature that no
/// verdict can be had of: the other records are proven still.
private func proof(
    _ records: Records, _ run: RunID, _ uses: StatementUses, _ policies: PolicyChain
) throws(MusterError) -> [Diagnostic] {
    do {
        return try RecordProof(records: records, run: run, uses: uses, policies: policies).findings()
    } catch  where ["git.too-large", "git.unsafe-entry", "signing.no-verdict"].contains(error.code) {
        return [Diagnostic(code: error.code, error.summary, help: error.help)]
    }
}

/// Everything about one record that can be proven from the clone.
struct RecordProof {
    let records: Records
    let run: RunID
    /// Who used which statement, by all records.
    let uses: StatementUses
    /// What the record is held to.
    let policies: PolicyChain

    func findings() throws(MusterError) -> [Diagnostic] {
        let files = try records.files(of: run)
        var findings = try againstBranch(files) + otherWays(files["journal.jsonl"] ?? [])
        findings += verifyRecord(files, run: run, engine: musterVersion, render: renderTemplate)
        let reviews = try reviewed(files)
        findings += reviews.findings
        findings += try sealed(files)
        // A plan that cannot be read was reported just above.
        if let bytes = files["plan.json"], let plan = try? JSON.parse(bytes).decode(Plan.self) {
            findings += replayed(plan, files) + (try pinned(plan, files)) + (try governed(plan, files))
            findings += believed(plan)
            findings += try approved(plan, files, isClosed: reviews.isAccepted)
        }
        return findings
    }

    /// The log of executions and the run's own branch tell the same; neither may lose what the other has.
    private func againstBranch(_ files: [String: [UInt8]]) throws(MusterError) -> [Diagnostic] {
        if try records.hasGrownBeyondLog(run) { return try againstBeginning(files) }
        let log = try records.git.recordFiles(RecordPlace(run: run, branch: records.branch))
        let branch = try records.git.recordFiles(RecordPlace(run: run, branch: nil))
        let isOver = Self.isOver(files)
        var findings: [Diagnostic] = []
        if log == nil, isOver {
            let what = "The run is over and the log of executions, \(records.branch), does not hold it."
            findings.append(
                finding("record.not-in-log", what + " If it ended on this machine, muster publish adds it."))
        }
        if let log, let branch, log.map(\.path) != branch.map(\.path) || log.map(\.id) != branch.map(\.id) {
            findings.append(
                Diagnostic(
                    code: "record.differs-from-branch", "The log's record is not what the run's branch ends with.",
                    help:
                        "Where one of them only lacks a review, muster publish brings it in. Else compare them: git diff \(run.ref) \(records.branch):\(run.recordPath)"
                ))
        }
        if log != nil, !isOver { findings.append(noEnd) }
        return findings
    }

    /// One that cannot be read is reported by the record's own checks.
    private static func isOver(_ files: [String: [UInt8]]) -> Bool {
        let outcome = files["record.json"].flatMap { try? JSON.parse($0) }?["outcome"]?.string  // reported there
        return outcome.flatMap(RunRecord.Outcome.init(rawValue:))?.isOver ?? true
    }

    private var noEnd: Diagnostic { finding("record.no-end", "The log holds a run that has no end.") }

    /// A run that was over was taken up once more: the log holds it as it was, and gets the rest at its new end.
    private func againstBeginning(_ files: [String: [UInt8]]) throws(MusterError) -> [Diagnostic] {
        let logged = try records.files(at: RecordPlace(run: run, branch: records.branch))
        var findings = verifyRecord(logged, run: run, engine: musterVersion, render: renderTemplate)
        if !Self.isOver(logged) { findings.append(noEnd) }
        if Self.isOver(files) {
            let what = "The log of executions, \(records.branch), holds the run as it was before its last end."
            findings.append(
                finding("record.not-in-log", what + " If it ended on this machine, muster publish adds it."))
        }
        return findings
    }

    /// The interpreter takes every event of the journal in order, or the journal tells what cannot have happened.
    private func replayed(_ plan: Plan, _ files: [String: [UInt8]]) -> [Diagnostic] {
        // A journal that cannot be read, and a plan that no planner makes, are reported by the record's own checks.
        guard let bytes = files["journal.jsonl"], let reading = try? JournalReading(bytes) else { return [] }
        guard plan.isWellFormed else {
            return [finding("record.impossible-plan", "The plan is not one that a planner makes.")]
        }
        var state = RunState(plan: plan)
        for entry in reading.entries {
            do { try state.apply(entry.event, at: entry.at) } catch {
                return [finding("record.impossible-event", "Line \(entry.sequence + 1) of the journal: \(error).")]
            }
        }
        return []
    }

    /// - Parameter isClosed: a reviewer has signed the run off.
    private func approved(
        _ plan: Plan, _ files: [String: [UInt8]], isClosed: Bool
    ) throws(MusterError) -> [Diagnostic] {
        // A journal that cannot be read, and a commit that is not here, are reported by other checks.
        guard plan.isWellFormed, let bytes = files["journal.jsonl"], let reading = try? JournalReading(bytes),
            let commit = plan.commit, try isHere(commit)
        else { return [] }
        let approvals = try ApprovalProof(
            git: records.git, run: run, plan: plan, reading: reading, uses: uses, policies: policies
        ).findings()
        return (approvals + (try changesAllowed(plan, reading.entries))).filter {
            // Open until a reviewer closes it.
            !(isClosed && ["record.break-glass", "record.window-broken", "record.without-ticket"].contains($0.code))
        }
    }

    private func changesAllowed(_ plan: Plan, _ entries: [JournalEntry]) throws(MusterError) -> [Diagnostic] {
        guard let rules = try ChangeRules.pinned(by: plan, records.git) else { return [] }
        let effects = HeldEffect.all(in: entries, of: plan)
        return TicketProof(plan: plan, rules: rules).findings(entries, effects)
            + WindowProof(rules: rules).findings(effects)
    }

    private func pinned(_ plan: Plan, _ files: [String: [UInt8]]) throws(MusterError) -> [Diagnostic] {
        guard let commit = plan.commit else { return [] }
        guard try isHere(commit) else {
            return [commitMissing(commit, plan)]
        }
        var findings: [Diagnostic] = []
        let documents = [plan.runbook.document] + [plan.lock, plan.environment.document].compactMap(\.self)
        let published = try records.git.files(documents.map(\.path), at: commit)
        for document in documents where published[document.path]?.id != document.blob {
            findings.append(
                finding("record.not-of-commit", "\(document.path) is not what commit \(commit.short) holds."))
        }
        if let lock = plan.lock.flatMap({ published[$0.path] }) { findings += locked(plan, lock.content.bytes) }
        if findings.isEmpty { findings += try remade(plan, at: commit) }
        return findings + (try publications(plan))
    }

    /// The documents make this very plan, beside what it saw of its targets.
    private func remade(_ plan: Plan, at commit: ObjectID) throws(MusterError) -> [Diagnostic] {
        do throws(MusterError) {
            let made = try RemadePlan(of: plan, at: commit, records.git, try records.git.state())
            let differences = try made.differences(from: plan)
            guard !differences.isEmpty else { return [] }
            let more = differences.count > 3 ? "; and \(differences.count - 3) more" : ""
            let what = differences.prefix(3).joined(separator: "; ") + more
            return [
                finding(
                    "record.plan-not-of-documents", "The plan is not what the documents of its commit make: \(what).")
            ]
        } catch {
            return [
                finding(
                    "record.plan-not-remade",
                    "The documents of commit \(commit.short) make no such plan: \(visibleText(error.summary))")
            ]
        }
    }

    /// A clone may hold the records alone; that is no damage.
    func isHere(_ commit: ObjectID) throws(MusterError) -> Bool {
        do {
            _ = try records.git.resolve(commit.hex)
            return true
        } catch {
            if error.code == "git.unknown-revision" { return false }
            throw error
        }
    }

    private func locked(_ plan: Plan, _ bytes: [UInt8]) -> [Diagnostic] {
        guard let lock = Lock.parse(bytes, file: plan.lock?.path ?? "").value else {
            return [finding("record.lock-unreadable", "The lock cannot be read.")]
        }
        let pinned = Set(lock.steps.values.map(\.blob))
        return plan.definitions.values.sorted { "\($0.reference)" < "\($1.reference)" }.compactMap { definition in
            guard let document = definition.document, !pinned.contains(document.blob) else { return nil }
            return finding(
                "record.not-locked", "\(definition.reference) \(definition.version) is not what the lock pins.")
        }
    }

    /// Rewritten history is said and is no error: the blob decides.
    private func publications(_ plan: Plan) throws(MusterError) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        for definition in plan.definitions.values.sorted(by: { "\($0.reference)" < "\($1.reference)" }) {
            guard let document = definition.document, let commit = definition.commit else { continue }
            let name = "\(definition.reference) \(definition.version)"
            if try !isHere(commit) {
                let what = "Commit \(commit.short), which published \(name), is gone from this repository."
                findings.append(finding("record.publication-missing", what, severity: .warning))
            } else if try records.git.file(document.path, at: commit)?.id != document.blob {
                findings.append(
                    finding("record.not-published-there", "\(name) is not what commit \(commit.short) published."))
            }
        }
        return findings
    }

    func finding(_ code: String, _ summary: String, severity: Diagnostic.Severity = .error) -> Diagnostic {
        Diagnostic(severity, code: code, summary, help: "Compare with another clone of the catalog.")
    }
}
