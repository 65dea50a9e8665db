// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSigning

extension RecordProof {
    /// Whether the record is signed where its catalog wants that, and by somebody whom the catalog knows.
    func sealed(_ files: [String: [UInt8]]) throws(MusterError) -> [Diagnostic] {
        // What cannot be read is reported by the record's own checks.
        guard let plan = files["plan.json"].flatMap({ try? JSON.parse($0).decode(Plan.self) }),
            let reading = files["journal.jsonl"].flatMap({ try? JournalReading($0) }),
            let last = reading.entries.last
        else { return [] }
        guard let sums = files[RecordSeal.sums], let signature = files[RecordSeal.signature] else {
            guard case .runFinished = last.event, plan.kind != .rehearsal, try wantsSignature(plan) else { return [] }
            return [finding("record.not-sealed", "The catalog wants records signed, and this one has no signature.")]
        }
        return try held(String(decoding: signature, as: UTF8.self), over: sums, plan, at: last.at)
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

    private func held(
        _ signature: String, over sums: [UInt8], _ plan: Plan, at moment: Timestamp
    ) throws(MusterError) -> [Diagnostic] {
        let tool = SSHKeygen()
        if let why = try tool.mismatch(signature, over: sums, namespace: RecordSeal.namespace) {
            return [
                finding(
                    "record.seal-broken", "\(RecordSeal.signature) is no signature over \(RecordSeal.sums): \(why).")
            ]
        }
        var signers: PolicyAt?
        // Why a policy cannot be read is told with the approvals.
        if let commit = plan.commit, try here(commit) != nil { signers = try? PolicyAt(records.git, at: commit) }
        for person in Set((signers?.signers.keys ?? []).map(\.person)).sorted() {
            let verdict = try tool.verdict(
                on: signature, over: sums, person: person, signers: signers?.signersBytes ?? [],
                namespace: RecordSeal.namespace, at: moment)
            if verdict == .good { return [] }
        }
        let isKnown = signers.map { !$0.signers.keys.isEmpty } ?? false
        return [
            finding(
                "record.seal-of-nobody", "The record is signed with a key of nobody whom the catalog names.",
                severity: isKnown ? .error : .warning)
        ]
    }
}
