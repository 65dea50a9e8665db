// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSigning

extension RecordProof {
    /// What was found about a record's reviews, and those that hold: only they close anything.
    struct ReviewFindings {
        var findings: [Diagnostic]
        var holding: [ReviewRecord] = []
        var all: [ReviewRecord] = []

        /// Somebody whose word holds signed the run off, and nobody's finding is open.
        var isAccepted: Bool { ReviewStanding(holding).isAccepted && ReviewStanding(all).open.isEmpty }
    }

    /// What reviewers added: it fits the record, was never altered, what is signed is what stands there. Where a policy knows persons,
    /// whoever signed is the reviewer, by the policy of then or one after it, and carried nothing of the run out.
    func reviewed(_ files: [String: [UInt8]]) throws(MusterError) -> ReviewFindings {
        var found = ReviewFindings(findings: verifyReviews(files))
        for breach in try records.git.reviewBreaches(run) {
            found.findings.append(finding("record.review-altered", breach))
        }
        let isFlawed = !found.findings.isEmpty
        let paths = files.keys.filter { ReviewFiles.isReview($0) && $0.hasSuffix("/\(ReviewFiles.record)") }.sorted()
        guard !paths.isEmpty else { return found }
        let wantsSignature = try wantsReviewsSigned()
        for path in paths {
            let bytes = files[path] ?? []
            // One that cannot be read was reported just above.
            guard let review = try? JSON.parse(bytes).decode(ReviewRecord.self) else { continue }
            found.all.append(review)
            let known = policies.isBefore(review.at) ? [] : policies.policies(from: review.at)
            let findings = try self.findings(
                of: review, bytes, files[path + ".sig"].map { String(decoding: $0, as: UTF8.self) }, known,
                wantsSignature,
                files, path)
            found.findings += findings
            if findings.isEmpty, !isFlawed { found.holding.append(review) }
        }
        return found
    }

    private func findings(
        of review: ReviewRecord, _ bytes: [UInt8], _ signature: String?, _ known: [PolicyAt], _ wantsSignature: Bool,
        _ files: [String: [UInt8]], _ path: String
    ) throws(MusterError) -> [Diagnostic] {
        let isByKey = known.contains(where: \.knowsPersons)
        guard let signature else {
            if wantsSignature {
                return [finding("record.review-not-signed", "The catalog wants records signed, and \(path) is not.")]
            }
            guard isByKey else { return [] }
            let what = "\(path) is not signed, so nobody can tell who the reviewer is: it closes nothing."
            return [finding("record.review-not-signed", what, severity: .warning)]
        }
        let tool = SSHKeygen()
        if let why = try tool.mismatch(signature, over: bytes, namespace: ReviewFiles.namespace) {
            return [finding("record.review-signature", "\(path): its signature does not hold: \(why).")]
        }
        guard isByKey else { return [] }
        let persons = Set(known.compactMap { $0.person(named: review.reviewer) })
        guard !persons.isEmpty else {
            let what = "\(path): no policy knows a key of the reviewer \(visibleText(review.reviewer))."
            return [finding("record.review-of-nobody", what)]
        }
        let holder = SignatureHolder(tool: tool, policies: known)
        let person = try holder.person(
            of: signature, over: bytes, namespace: ReviewFiles.namespace, at: review.at, among: persons)
        guard let person else {
            let who = persons.sorted().joined(separator: ", ")
            return [finding("record.review-signature", "\(path): its signature does not hold: it is not \(who)'s.")]
        }
        guard let reading = files["journal.jsonl"].flatMap({ try? JournalReading($0) }),  // reported with the record
            RunPeople(reading, by: known).operators.contains(person)
        else { return [] }
        return [finding("review.own-run", "\(path): \(person) is one of those who carried the run out.")]
    }

    private func wantsReviewsSigned() throws(MusterError) -> Bool {
        try Records.configuration(records.git, records.git.state())?.recordsSigned ?? false
    }
}
