// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSigning

extension RecordProof {
    /// Whether the record and its commits are signed where the catalog wants that, and by those who carried the run out.
    func sealed(_ files: [String: [UInt8]]) throws(MusterError) -> [Diagnostic] {
        // What cannot be read is reported by the record's own checks.
        guard let plan = files["plan.json"].flatMap({ try? JSON.parse($0).decode(Plan.self) }),
            let reading = files["journal.jsonl"].flatMap({ try? JournalReading($0) }),
            let last = reading.entries.last
        else { return [] }
        let isWanted = plan.kind == .rehearsal ? false : try wantsSignature(plan)
        let commits = isWanted ? try commitsSigned(plan, reading) : []
        guard let sums = files[RecordSeal.sums], let signature = files[RecordSeal.signature] else {
            guard case .runFinished = last.event, isWanted else { return commits }
            return [finding("record.not-sealed", "The catalog wants records signed, and this one has no signature.")]
                + commits
        }
        return try held(String(decoding: signature, as: UTF8.self), over: sums, plan, reading, at: last.at) + commits
    }

    private func wantsSignature(_ plan: Plan) throws(MusterError) -> Bool {
        guard let commit = plan.commit, let file = try here(commit) else { return false }
        return Configuration.parse(file.content.bytes, file: "muster.yaml").value?.recordsSigned ?? false
    }

    /// muster.yaml at the commit; nil where this clone has neither: other checks say so.
    private func here(_ commit: ObjectID) throws(MusterError) -> CatalogFile? {
        do { return try records.git.file("muster.yaml", at: commit) } catch {
            if ["git.missing-object", "git.corrupt-repository", "git.unknown-revision"].contains(error.code) {
                return nil
            }
            throw error
        }
    }

    /// Whose keys count: those of the plan's commit, and of the policies since the run began.
    private func signers(_ plan: Plan, _ reading: JournalReading) throws(MusterError) -> [PolicyAt] {
        var found: [PolicyAt] = []
        // Why a policy cannot be read is told with the approvals.
        if let commit = plan.commit, try here(commit) != nil, let pinned = try? PolicyAt(records.git, at: commit) {
            found.append(pinned)
        }
        return found + policies.policies(from: reading.entries.first?.at ?? Timestamp(milliseconds: 0))
    }

    private func held(
        _ signature: String, over sums: [UInt8], _ plan: Plan, _ reading: JournalReading, at moment: Timestamp
    ) throws(MusterError) -> [Diagnostic] {
        let tool = SSHKeygen()
        if let why = try tool.mismatch(signature, over: sums, namespace: RecordSeal.namespace) {
            return [
                finding(
                    "record.seal-broken", "\(RecordSeal.signature) is no signature over \(RecordSeal.sums): \(why).")
            ]
        }
        let signers = try signers(plan, reading)
        let people = RunPeople(reading, by: signers)
        let holder = SignatureHolder(tool: tool, policies: signers)
        func person(among persons: Set<String>?) throws(MusterError) -> String? {
            try holder.person(
                of: signature, over: sums, namespace: RecordSeal.namespace, at: moment, among: persons)
        }
        if try person(among: people.operators) != nil { return [] }
        guard let other = try person(among: nil) else {
            return [
                finding(
                    "record.seal-of-nobody", "The record is signed with a key of nobody whom the catalog names.",
                    severity: signers.contains { !$0.signers.keys.isEmpty } ? .error : .warning)
            ]
        }
        if people.isUntied {
            return [
                Diagnostic(
                    .warning, code: "record.seal-untied",
                    "The record is signed by \(other), and whoever ran it is no person of the catalog: whether they are one cannot be told.",
                    help: "Ask them. An address of the person in muster.yaml (persons, emails) ties the runs to come.")
            ]
        }
        let those = people.operators.sorted().joined(separator: ", ")
        return [
            finding("record.seal-of-other", "The record is signed by \(other); it was carried out by \(those).")
        ]
    }

    /// Each commit of the run's branch is signed, by who may: reviews by whoever gave them, all else by the run's people.
    private func commitsSigned(_ plan: Plan, _ reading: JournalReading) throws(MusterError) -> [Diagnostic] {
        let commits = try records.git.runCommits(run)
        guard !commits.isEmpty else { return [] }
        let signers = try signers(plan, reading)
        guard signers.contains(where: { !$0.signers.keys.isEmpty }) else { return [] }
        let people = RunPeople(reading, by: signers)
        let holder = SignatureHolder(tool: SSHKeygen(), policies: signers)
        var findings: [Diagnostic] = []
        var unsigned: [ObjectID] = []
        var foreign: [ObjectID] = []
        for commit in commits {
            guard let signature = commit.signature, let content = commit.content?.bytes else {
                unsigned.append(commit.commit)
                continue
            }
            let persons = commit.addsReview || people.isUntied ? nil : people.all
            let person = try holder.person(
                of: signature, over: content, namespace: "git", at: commit.time, among: persons)
            if person == nil { foreign.append(commit.commit) }
        }
        if let first = commits.last, try !isBeginners(first, reading, signers, holder) {
            let what = "The run's first commit, \(first.commit.short), is not signed by who began the run"
            findings.append(
                finding(
                    "record.begun-by-other",
                    "\(what): what is told of the time until another took it up is that person's word."))
        }
        func told(_ commits: [ObjectID]) -> String {
            commits[0].short + (commits.count > 1 ? " and \(commits.count - 1) more" : "")
        }
        if !unsigned.isEmpty {
            findings.append(
                finding("record.commit-not-signed", "Commits of the run are not signed: \(told(unsigned))."))
        }
        if !foreign.isEmpty {
            findings.append(
                finding(
                    "record.commit-of-other",
                    "Commits of the run are not signed by who carried it out: \(told(foreign))."))
        }
        return findings
    }

    /// Whoever takes a run up is one of its people, and could write its beginning anew; not sign it as the one who began it.
    /// A branch's oldest commits are not read where it is beyond the limit: then its beginning is not here.
    private func isBeginners(
        _ commit: SignedCommit, _ reading: JournalReading, _ signers: [PolicyAt], _ holder: SignatureHolder
    ) throws(MusterError) -> Bool {
        let entries = reading.entries.prefix { if case .runResumed = $0.event { false } else { true } }
        let people = RunPeople(entries, by: signers)
        // One without a signature, and one of nobody's, are told of as such.
        guard entries.count < reading.entries.count, !people.isUntied, commit.isFirst,
            let signature = commit.signature, let content = commit.content?.bytes
        else { return true }
        return try holder.person(
            of: signature, over: content, namespace: "git", at: commit.time, among: people.all) != nil
    }
}
