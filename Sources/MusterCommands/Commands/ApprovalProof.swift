// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSigning

/// What of a record's approvals can be proven from the clone: that each is signed by whom it names, is about this plan or
/// gate, was used within its life, and that the run began, and passed its gates, only with what the policies of then asked for.
struct ApprovalProof {
    let git: Catalog
    let run: RunID
    let plan: Plan
    let reading: JournalReading
    var tool: any SignatureTool = SSHKeygen()
    /// Of other records, too; nil: nobody asked for them.
    var uses: StatementUses?
    /// Nil: only what the run names is looked at.
    var policies: PolicyChain?

    /// A word that the run took up, as it was then.
    private struct Word {
        let entry: JournalEntry
        let body: ApprovalRecorded
        let examined: ExaminedStatement
    }

    /// Empty where the plan's commit is not in this clone: its other checks say that.
    func findings() throws(MusterError) -> [Diagnostic] {
        guard plan.kind != .rehearsal, let commit = plan.commit else { return [] }
        let pinned: PolicyAt
        let environment: Environment
        do throws(MusterError) {
            guard let found = try self.environment(at: commit) else { return [] }
            environment = found
            pinned = try PolicyAt(git, at: commit)
        } catch {
            if error.code == "git.missing-object" || error.code == "git.corrupt-repository" { return [] }
            return [
                finding(
                    "record.policy-unreadable", "The policy at commit \(commit.short) cannot be read: \(error.summary)")
            ]
        }
        return try findings(pinned, Environments(pinned: environment, newest: environment))
    }

    /// By its name: a plan that names another environment's document is told of elsewhere.
    private func environment(at commit: ObjectID) throws(MusterError) -> Environment? {
        let path = "environments/\(plan.environment.name).yaml"
        return try git.file(path, at: commit).map { (file) throws(MusterError) in
            try Environment.parse(file.content.bytes, file: path).get()
        }
    }

    /// What the environment's documents ask for, as the policies' do: at the plan's commit, and at the newest of then.
    private struct Environments {
        var pinned: Environment
        var newest: Environment
    }

    private func findings(_ pinned: PolicyAt, _ given: Environments) throws(MusterError) -> [Diagnostic] {
        var environments = given
        var findings: [Diagnostic] = []
        var grounds: [(applied: PolicyApplied, newest: PolicyAt, at: Timestamp)] = []
        var words: [Word] = []
        var hasBroken = false
        // What came before the run was taken up the last time, until something goes forward.
        var takenUp: (words: Int, grounds: Int)?
        for (index, entry) in reading.entries.enumerated() {
            let newest = grounds.last?.newest ?? pinned
            switch entry.event {
            case .policyApplied(let body):
                guard let read = try policy(body, pinned, &findings) else { continue }
                grounds.append((body, read, entry.at))
                environments.newest = newestEnvironment(body, given)
            case .approvalRecorded(let body):
                guard let word = try examine(body, entry, [pinned, newest], &findings) else { continue }
                words.append(word)
                if body.step != nil { findings += moment(body, at: index, word) }
            case .breakGlass(let body):
                takenUp = nil
                // Whoever goes on with such a run says so once more.
                findings += broken(body, words, pinned, newest, environments, entry).filter {
                    !hasBroken || $0.severity == .error
                }
                hasBroken = true
            case .runStarted:
                guard !hasBroken else { continue }
                findings += begun(words, pinned, grounds, environments, entry)
            case .runResumed: takenUp = (words.count, grounds.count)
            // Whoever takes a run up to bring it back, or to end it, asks nobody.
            case .rollbackRequested, .stopRequested: takenUp = nil
            case .stepStarted(let body):
                guard let before = takenUp, isMain(body.step) else { continue }
                takenUp = nil
                findings += wentOn(words, pinned, grounds, environments, before, entry)
            case .stepDone(let body):
                guard !hasBroken, let gate = gate(body.step) else { continue }
                findings += passed(body.step, gate, words, pinned, newest, environments, entry)
            default: break
            }
        }
        return findings
    }

    /// The policy that was the newest then, as far as this clone has it.
    private func policy(
        _ body: PolicyApplied, _ pinned: PolicyAt, _ findings: inout [Diagnostic]
    ) throws(MusterError) -> PolicyAt? {
        if body.policy != pinned.files.digest {
            findings.append(
                finding(
                    "record.other-policy",
                    "The policy at the plan's commit is \(pinned.files.digest.short), the run names \(body.policy.short)."
                ))
        }
        if body.newestCommit == pinned.commit { return pinned }
        do throws(MusterError) {
            let newest = try PolicyAt(git, at: body.newestCommit)
            if newest.files.digest != body.newest {
                findings.append(
                    finding(
                        "record.other-policy",
                        "The policy at commit \(body.newestCommit.short) is not what the run names."))
            }
            return newest
        } catch {
            // By its digest it is the one, wherever it stands.
            if let newest = policies?.policy(body.newest) { return newest }
            findings.append(
                finding(
                    "record.policy-missing",
                    "Commit \(body.newestCommit.short), the newest when the run was held against the policy, is not in this repository.",
                    severity: .warning))
            return nil
        }
    }

    /// What is gone from there, and what this clone does not have or cannot read, is still what the plan was made for.
    private func newestEnvironment(_ body: PolicyApplied, _ given: Environments) -> Environment {
        guard body.newestCommit != plan.commit else { return given.pinned }
        // A commit that is not here is told of with its policy; a document that cannot be read binds nobody.
        return (try? environment(at: body.newestCommit)) ?? given.pinned
    }

    /// Whether the signature was the person's then, and the entry says what the statement does.
    private func examine(
        _ body: ApprovalRecorded, _ entry: JournalEntry, _ policies: [PolicyAt], _ findings: inout [Diagnostic]
    ) throws(MusterError) -> Word? {
        let place = "Line \(entry.sequence + 1) of the journal"
        let offered = OfferedStatement(statement: body.statement, signature: body.signature, origin: place)
        guard let statement = offered.parsed, statement.id == body.id, statement.approver == body.approver,
            statement.decision == body.decision, statement.gate?.step == body.step
        else {
            findings.append(finding("record.approval-differs", "\(place) does not say what its statement says."))
            return nil
        }
        for signers in Set(policies.map(\.signersBytes)) {
            let verdict = try tool.verdict(
                on: body.signature, over: Array(body.statement.utf8), person: statement.approver, signers: signers,
                namespace: ApprovalStatement.namespace, at: entry.at)
            if case .bad(let why) = verdict {
                findings.append(
                    finding(
                        "record.bad-signature",
                        "\(place): the signature of \(statement.approver) does not hold: \(visibleText(why))"))
                return nil
            }
        }
        let others = try uses?.runs(of: offered, statement).filter { $0 != run } ?? []
        // By their ids the first one had it by right; whoever chose the ids may have chosen them for that.
        let earlier = others.first { $0 < run }
        if let earlier, statement.decision == .operate {
            findings.append(
                finding(
                    "record.approval-not-counted",
                    "\(place): the statement by which \(statement.approver) operates was used by run \(earlier) already, which is proven by it no more than this one."
                ))
        } else if earlier == nil, let later = others.first {
            findings.append(
                finding(
                    "record.approval-used-again",
                    "\(place): the statement of \(statement.approver) was used by run \(later) as well, which is proven by it no more than this one.",
                    severity: .warning))
        }
        return Word(
            entry: entry, body: body,
            examined: ExaminedStatement(offered: offered, statement: statement, flaw: nil, usedBy: earlier))
    }

    /// A word at a gate names a line of this journal between the gate's opening and the word.
    private func moment(_ body: ApprovalRecorded, at index: Int, _ word: Word) -> [Diagnostic] {
        let opening = reading.entries[..<index].lastIndex { entry in
            if case .approvalAwaited(let awaited) = entry.event { awaited.step == body.step } else { false }
        }
        let lines = opening.map { reading.entries[($0 + 1)...index].map(\.previous) } ?? []
        guard word.examined.statement.gate?.run != run || !lines.contains(word.examined.statement.gate?.lastLine ?? "")
        else { return [] }
        return [
            finding(
                "record.approval-elsewhere",
                "Line \(word.entry.sequence + 1) of the journal: the word of \(body.approver) is about another run or another moment."
            )
        ]
    }

    /// Whether all that was asked for was there when the first effect became possible.
    private func begun(
        _ words: [Word], _ pinned: PolicyAt, _ grounds: [(applied: PolicyApplied, newest: PolicyAt, at: Timestamp)],
        _ environments: Environments, _ entry: JournalEntry
    ) -> [Diagnostic] {
        let admission = admission(
            words, pinned, grounds.last?.newest ?? pinned, environments, entry.at, grounds.last?.applied)
        guard admission.rule != nil || plan.hasGates else { return [] }
        guard !admission.operators.isEmpty, grounds.last != nil else {
            return [
                finding("record.operator-unknown", "The policy asks who operates the run, and no signature says it.")
            ]
        }
        let verdict = admission.verdict(on: words.filter { $0.body.step == nil }.map(\.examined))
        return verdict.refused.map { finding("record.approval-not-counted", visibleText($0.summary) + ".") }
            + verdict.missing.map {
                finding("record.not-approved", "The run began without an approval: \(visibleText($0)).")
            }
    }

    private func isMain(_ step: String) -> Bool {
        plan.steps.first { $0.id == step }.map { $0.section == .steps } ?? false
    }

    /// Whether whoever took the run up signed for it, and what was approved still counted then.
    private func wentOn(
        _ words: [Word], _ pinned: PolicyAt, _ grounds: [(applied: PolicyApplied, newest: PolicyAt, at: Timestamp)],
        _ environments: Environments, _ before: (words: Int, grounds: Int), _ entry: JournalEntry
    ) -> [Diagnostic] {
        let ground = grounds.last
        let admission = admission(
            words, pinned, ground?.newest ?? pinned, environments, ground?.at ?? entry.at, ground?.applied)
        guard admission.rule != nil || plan.hasGates else { return [] }
        guard grounds.count > before.grounds,
            words[before.words...].contains(where: { $0.body.decision == .operate })
        else {
            return [
                finding(
                    "record.operator-unknown",
                    "The policy asks who operates the run, and no signature says who went on with it before line \(entry.sequence + 1) of the journal."
                )
            ]
        }
        // That words of its beginning count no more was no reason to stop where others came.
        return admission.verdict(on: words.filter { $0.body.step == nil }.map(\.examined)).missing.map {
            finding("record.not-approved", "The run went on without an approval: \(visibleText($0)).")
        }
    }

    /// Whoever went on without the approvals signed for that, with the reason, and was allowed to.
    private func broken(
        _ body: BreakGlass, _ words: [Word], _ pinned: PolicyAt, _ newest: PolicyAt, _ environments: Environments,
        _ entry: JournalEntry
    ) -> [Diagnostic] {
        let admission = admission(words, pinned, newest, environments, entry.at, nil)
        let isSigned = words.contains {
            $0.body.decision == .operate && $0.body.approver == body.person
                && $0.examined.statement.comment == body.reason
        }
        guard isSigned, admission.mayBreakGlass(body.person) else {
            return [
                finding(
                    "record.glass-not-allowed",
                    "The run went on without the approvals, and nobody who may signed for that.")
            ]
        }
        return [
            finding(
                "record.break-glass",
                "The run went on without regard to approvals and change windows: \(visibleText(body.reason))",
                severity: .warning)
        ]
    }

    private func passed(
        _ step: String, _ gate: GroupCount, _ words: [Word], _ pinned: PolicyAt, _ newest: PolicyAt,
        _ environments: Environments, _ entry: JournalEntry
    ) -> [Diagnostic] {
        let admission = admission(words, pinned, newest, environments, entry.at, nil)
        let opening = reading.entries.last { other in
            if case .approvalAwaited(let body) = other.event {
                body.step == step && other.sequence < entry.sequence
            } else {
                false
            }
        }
        let here = words.filter { $0.body.step == step && $0.entry.sequence > opening?.sequence ?? 0 }.map(\.examined)
        let lines = Set(here.compactMap { $0.statement.gate?.lastLine })
        let verdict = admission.verdict(at: step, here, require: gate, lines: lines)
        return verdict.missing.map {
            finding("record.gate-passed", "The gate \(step) was passed without an approval: \(visibleText($0)).")
        }
    }

    private func admission(
        _ words: [Word], _ pinned: PolicyAt, _ newest: PolicyAt, _ environments: Environments, _ now: Timestamp,
        _ applied: PolicyApplied?
    ) -> Admission {
        let operators = Set(words.filter { $0.body.decision == .operate }.map(\.body.approver))
        return Admission(
            pinned: pinned.ground(environments.pinned), newest: newest.ground(environments.newest),
            plan: ApprovedPlan(plan, digest: planDigest), run: run, operators: operators,
            authors: Set(applied?.authors ?? []), now: now)
    }

    private var planDigest: Digest {
        guard case .runCreated(let created)? = reading.entries.first?.event else { return Digest(of: []) }
        return created.plan
    }

    private func gate(_ step: String) -> GroupCount? {
        guard let planned = plan.steps.first(where: { $0.id == step }),
            plan.definitions[planned.uses]?.reference == BuiltInStep.approve
        else { return nil }
        return GroupCount(
            group: planned.with["group"]?.string ?? "", count: Int(clamping: planned.with["count"]?.int ?? 1))
    }

    private func finding(_ code: String, _ summary: String, severity: Diagnostic.Severity = .error) -> Diagnostic {
        Diagnostic(
            severity, code: code, summary,
            help: "Check it by hand: ssh-keygen -Y verify, as the record's page says.")
    }
}
