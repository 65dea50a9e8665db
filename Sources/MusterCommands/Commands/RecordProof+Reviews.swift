// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterRecord
internal import MusterSigning

extension RecordProof {
    /// What reviewers added: it fits the record, was never altered, what is signed is what stands there, and whoever signed is the
    /// reviewer, where the catalog knows that person's keys.
    func reviewed(_ files: [String: [UInt8]]) throws(MusterError) -> [Diagnostic] {
        var findings = verifyReviews(files)
        for breach in try records.git.reviewBreaches(run) { findings.append(finding("record.review-altered", breach)) }
        let reviews = files.keys.filter { ReviewFiles.isReview($0) && $0.hasSuffix("/\(ReviewFiles.record)") }.sorted()
        guard !reviews.isEmpty else { return findings }
        let policy = try newestPolicy()
        for path in reviews {
            let bytes = files[path] ?? []
            // One that cannot be read was reported just above.
            guard let review = try? JSON.parse(bytes).decode(ReviewRecord.self) else { continue }
            guard let signature = files[path + ".sig"] else {
                if policy?.wantsSignature == true {
                    findings.append(
                        finding("record.review-not-signed", "The catalog wants records signed, and \(path) is not."))
                }
                continue
            }
            if let why = try flaw(String(decoding: signature, as: UTF8.self), over: bytes, review, policy?.at) {
                findings.append(finding("record.review-signature", "\(path): its signature does not hold: \(why)."))
            }
        }
        return findings
    }

    private func flaw(
        _ signature: String, over bytes: [UInt8], _ review: ReviewRecord, _ policy: PolicyAt?
    ) throws(MusterError) -> String? {
        let tool = SSHKeygen()
        if let why = try tool.mismatch(signature, over: bytes, namespace: ReviewFiles.namespace) { return why }
        guard let policy, let person = policy.person(named: review.reviewer) else { return nil }
        let verdict = try tool.verdict(
            on: signature, over: bytes, person: person, signers: policy.signersBytes, namespace: ReviewFiles.namespace,
            at: review.at)
        if case .bad(let why) = verdict { return "it is not \(person)'s: \(why)" }
        return nil
    }

    /// At the catalog's newest commit: a reviewer may have come since the run. Nil where there is none that can be read.
    private func newestPolicy() throws(MusterError) -> (at: PolicyAt, wantsSignature: Bool)? {
        let state = try records.git.state()
        // Lint tells why one cannot be read.
        guard let head = state.head, let policy = try? PolicyAt(records.git, at: head) else { return nil }
        let configuration = try Records.configuration(records.git, state)
        return (policy, configuration?.recordsSigned ?? false)
    }
}
