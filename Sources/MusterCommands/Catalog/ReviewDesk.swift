// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSigning
internal import MusterSystem

/// Adds what a reviewer says beside a run's record: a commit on the run's branch that adds files and changes none, merged
/// into the log of executions like the run itself.
struct ReviewDesk {
    /// What a reviewer has to say.
    struct Opinion {
        var isAcceptance: Bool
        var reason: String?
        var findings: [ReviewFinding]
        /// The findings as they were written.
        var document: [UInt8]?
        /// The key to sign with; nil: it stays unsigned.
        var key: String?
    }

    struct Added {
        var record: ReviewRecord
        /// The log's commit that has it.
        var commit: ObjectID
        var isSigned: Bool
    }

    let git: Catalog
    let state: RepositoryState
    let records: Records
    let remote: String?
    let signer: any SignatureTool
    /// What signs the commits; nil where records are not signed.
    var commitKey: String?

    /// Brings what others said of the run meanwhile.
    ///
    /// - Returns: what the reviewer must know where the remote was not asked.
    func fetch(_ run: RunID) throws(MusterError) -> String? {
        guard let remote else { return nil }
        do {
            _ = try git.fetchRun(run, from: remote)
            return nil
        } catch  where error.code == "git.remote-unreachable" {
            return "\(remote) cannot be reached: reviews of others that are there are not known here."
        }
    }

    func add(_ opinion: Opinion, to run: RunID) throws(MusterError) -> Added {
        guard let tip = try git.runTips().first(where: { $0.run == run })?.commit else {
            throw MusterError(
                code: "review.no-branch", "This clone has no branch of the run \(run), to which a review is added.",
                help: "Get it: git fetch REMOTE muster/runs/\(run):muster/runs/\(run)", status: .preconditionUnmet)
        }
        let place = RecordPlace(run: run, branch: nil)
        let files = try records.files(at: place)
        let record = try records.record(of: run)
        try check(record)
        try checkPerson(opinion.key, files)
        // What is wrong with a record is a finding; it is nothing to sign off, nor to bring into the log for it.
        if opinion.isAcceptance {
            try refuse(
                verifyRecord(files, run: run, engine: musterVersion, render: renderTemplate) + verifyReviews(files), run
            )
        }
        try bringIn(record)
        if opinion.isAcceptance {
            let proof = RecordProof(
                records: records, run: run, uses: StatementUses(records), policies: try PolicyChain(records))
            try refuse(proof.findings(), run)
        }
        let earlier = ReviewFiles.reviews(in: files)
        let review = self.review(of: record, opinion, after: earlier, files)
        let bytes: [UInt8]
        do { bytes = try JSON(encoding: review).prettyBytes() } catch {
            throw MusterError(
                code: "review.not-written", "The review cannot be written: \(error).", status: .runFailed)
        }
        var added = [(ReviewFiles.record, bytes)]
        if let document = opinion.document { added.append((ReviewFiles.findings, document)) }
        if let key = opinion.key {
            added.append(
                (ReviewFiles.signature, Array(try signer.sign(bytes, key: key, namespace: ReviewFiles.namespace).utf8)))
        }
        let folder = ReviewFiles.path(of: review)
        try refuseSecrets(in: added)
        let kept = (try git.recordFiles(place) ?? []).map { RunCommit.File(path: $0.path, .blob($0.id)) }
        let new = added.map { RunCommit.File(path: "\(folder)/\($0)", .content(FileContent($1))) }
        let note = note(of: review, record)
        _ = try git.commitRun(RunCommit(run: run, parent: tip, files: kept + new, note: note))
        let merged = try git.mergeRecord(RecordMerge(run: run, branch: records.branch, note: note))
        return Added(
            record: review, commit: merged.commit, isSigned: opinion.key != nil)
    }

    /// Sends the run's branch and the log; nil where muster.yaml names no remote.
    func push(_ run: RunID) throws(MusterError) -> PushReport? {
        guard let remote else { return nil }
        let log = LogJoin(
            branch: records.branch, author: state.userOrLogin, time: readClocks().wall, signingKey: commitKey)
        return try git.push(
            PushOrder(remote: remote, refs: ["refs/heads/\(records.branch)", run.ref], log: log))
    }

    // MARK: Who may say what

    /// What is in git stays there.
    private func refuseSecrets(in files: [(name: String, bytes: [UInt8])]) throws(MusterError) {
        for file in files {
            guard let finding = LeakGate().finding(in: file.bytes, of: file.name) else { continue }
            throw MusterError(
                code: "review.leak", "The review is kept out of git: \(finding).",
                help: "Say it without the secret, and change that secret where it is one.", status: .verificationFailed)
        }
    }

    private func check(_ record: RunRecord) throws(MusterError) {
        guard record.outcome.isOver else {
            throw MusterError(
                code: "review.not-over", "The run \(record.run) is not over: it is \(record.outcome.phrase).",
                help: "Review it once it has ended.", status: .preconditionUnmet)
        }
        let reviewer = state.userOrLogin.text
        if let own = operators(of: record).first(where: { isSamePerson($0, reviewer) }) {
            throw MusterError(
                code: "review.own-run", "You are \(visibleText(own)), who carried this run out.",
                help: "Somebody else has to review it.", status: .preconditionUnmet)
        }
    }

    /// Where the policy knows persons, the reviewer is one by their key, and none of those who carried the run out: an address in git's
    /// configuration is what anybody sets.
    ///
    /// - Throws: `review.no-key`, `approval.unknown-key`, `approval.other-identity`, `review.own-run`.
    private func checkPerson(_ key: String?, _ files: [String: [UInt8]]) throws(MusterError) {
        guard let head = state.head, let file = try git.file("muster.yaml", at: head), !file.content.bytes.isEmpty
        else { return }
        let newest = try PolicyAt(git, at: head)
        guard newest.knowsPersons else { return }
        guard let key, !key.isEmpty else {
            throw MusterError(
                code: "review.no-key", "A reviewer is a person of the policy by a key, and no key is named.",
                help: "Name yours: --key FILE, MUSTER_KEY, or git's user.signingkey.", status: .preconditionUnmet)
        }
        guard let person = newest.person(ofKey: try signer.publicKey(of: key).base64) else {
            throw MusterError(
                code: "approval.unknown-key", "The key \(visibleText(key)) is no person's of this policy.",
                help: "\(AllowedSigners.path) names whose keys count, at the catalog's newest commit.",
                status: .preconditionUnmet)
        }
        guard newest.person(named: state.userOrLogin.text) == person else {
            throw MusterError(
                code: "approval.other-identity",
                "The key is \(person)'s, and the address in git's configuration, \(visibleText(state.user?.email ?? "")), is not.",
                help: "Set user.email of this repository to an address that muster.yaml has for \(person).",
                status: .preconditionUnmet)
        }
        // A journal that cannot be read is nothing to accept, and is refused for that.
        guard let reading = files["journal.jsonl"].flatMap({ try? JournalReading($0) }) else { return }
        if RunPeople(reading, by: [newest]).operators.contains(person) {
            throw MusterError(
                code: "review.own-run", "You are \(person), who carried this run out.",
                help: "Somebody else has to review it.", status: .preconditionUnmet)
        }
    }

    /// The log takes in what the run's branch has beyond it: a review that was fetched, or one whose merge was cut off.
    private func bringIn(_ record: RunRecord) throws(MusterError) {
        let note = CommitNote(
            message: "\(record.runbook.name): what was said of the run since",
            trailers: [.init("Run", record.run.text), .init("Outcome", record.outcome.rawValue)],
            author: state.userOrLogin, time: readClocks().wall, signingKey: commitKey)
        _ = try git.mergeRecord(RecordMerge(run: record.run, branch: records.branch, note: note))
    }

    private func refuse(_ findings: [Diagnostic], _ run: RunID) throws(MusterError) {
        let problems = findings.filter { $0.severity == .error }
        guard problems.isEmpty else {
            throw MusterError(
                code: "review.unproven",
                "The record of run \(run) does not prove itself, so it is not signed off.",
                help: "See: muster verify \(run). What is wrong can be recorded with --findings.",
                status: .verificationFailed, diagnostics: problems)
        }
    }

    private func review(
        of record: RunRecord, _ opinion: Opinion, after earlier: [ReviewRecord], _ files: [String: [UInt8]]
    ) -> ReviewRecord {
        let previous = earlier.last.flatMap { files["\(ReviewFiles.path(of: $0))/\(ReviewFiles.record)"] }
        return ReviewRecord(
            run: record.run, number: (earlier.last?.number ?? 0) + 1, reviewer: state.userOrLogin.text,
            at: readClocks().wall,
            verdict: opinion.isAcceptance ? .accepted : .findings, reason: opinion.reason, findings: opinion.findings,
            plan: record.plan, journal: record.journal, previous: previous.map { Digest(of: $0) },
            engine: musterVersion)
    }

    private func note(of review: ReviewRecord, _ record: RunRecord) -> CommitNote {
        let what =
            switch review.verdict {
            case .accepted: "accepted"
            case .findings: "\(review.findings.count) finding\(review.findings.count == 1 ? "" : "s")"
            }
        let reason = review.reason.map { "\n\n\(visibleText($0))" } ?? ""
        return CommitNote(
            message: "\(record.runbook.name): \(what) by \(visibleText(personName(review.reviewer)))\(reason)",
            trailers: [
                .init("Run", record.run.text), .init("Review", "\(review.number)"),
                .init("Verdict", review.verdict.rawValue), .init("Outcome", record.outcome.rawValue),
            ], author: state.userOrLogin, time: review.at, signingKey: commitKey)
    }
}
