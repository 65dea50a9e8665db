// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSigning

extension RecordProof {
    /// What was found about a record's reviews, and why some of them close nothing.
    struct ReviewFindings {
        var findings: [Diagnostic]
        var all: [ReviewRecord] = []
        var doubts: [ReviewRecord: String] = [:]
        /// Nil where the record cannot be read.
        var record: RunRecord?

        /// Somebody whose word holds signed off all that the run did, and nobody's finding is open.
        var isAccepted: Bool {
            record.map { ReviewStanding(all, of: $0, doubts: doubts).isAccepted } ?? false
        }
    }

    /// How the run stands with its reviewers, for its pages: each signature is looked at.
    static func standing(of record: RunRecord, in records: Records) throws(MusterError) -> ReviewStanding {
        let told = try records.reviewFiles(of: record.run)
        let reviews = ReviewFiles.reviews(in: told)
        guard !reviews.isEmpty else { return ReviewStanding([], of: record) }
        do {
            let proof = RecordProof(
                records: records, run: record.run, uses: StatementUses(records), policies: try PolicyChain(records))
            let own = try records.files(of: record.run).filter { !ReviewFiles.isReview($0.key) }
            let found = try proof.reviewed(own.merging(told) { $1 })
            return ReviewStanding(reviews, of: record, doubts: found.doubts)
        } catch {
            return .unchecked(reviews, of: record, error)
        }
    }

    /// What reviewers added: it fits the record, was never altered, what is signed is what stands there. Where a policy knows persons,
    /// whoever signed is the reviewer, by the policy of then or one after it, and carried nothing out of what they reviewed.
    func reviewed(_ files: [String: [UInt8]]) throws(MusterError) -> ReviewFindings {
        var found = ReviewFindings(findings: verifyReviews(files))
        // One that cannot be read is reported by the record's own checks.
        found.record = files["record.json"].flatMap { try? JSON.parse($0).decode() }
        for breach in try records.git.reviewBreaches(run) {
            found.findings.append(finding("record.review-altered", breach))
        }
        let isFlawed = !found.findings.isEmpty
        let paths = files.keys.filter { ReviewFiles.isReview($0) && $0.hasSuffix("/\(ReviewFiles.record)") }.sorted()
        guard !paths.isEmpty else { return found }
        var ground = try ReviewGround(records, policies)
        for path in paths {
            let bytes = files[path] ?? []
            // One that cannot be read was reported just above.
            guard let review = ReviewFiles.read(bytes) else { continue }
            found.all.append(review)
            let known = ground.known(for: review, of: found.record)
            let signature = files[path + ".sig"].map { String(decoding: $0, as: UTF8.self) }
            if let flaw = known.flaw(review, isSigned: signature != nil, path) {
                found.findings.append(flaw.finding)
                found.doubts[review] = flaw.doubt
            } else if let signature, let flaw = try flaw(of: review, bytes, signature, known, files, path) {
                found.findings.append(flaw)
                found.doubts[review] = "its signature does not hold"
            }
            if isFlawed, found.doubts[review] == nil {
                found.doubts[review] = "what stands there is not as it was written; see muster verify"
            }
        }
        return found
    }

    private func flaw(
        of review: ReviewRecord, _ bytes: [UInt8], _ signature: String, _ known: ReviewGround.Known,
        _ files: [String: [UInt8]], _ path: String
    ) throws(MusterError) -> Diagnostic? {
        let tool = SSHKeygen()
        if let why = try tool.mismatch(signature, over: bytes, namespace: ReviewFiles.namespace) {
            return finding("record.review-signature", "\(path): its signature does not hold: \(why).")
        }
        guard known.isByKey else { return nil }
        let persons = known.persons(review)
        let holder = SignatureHolder(tool: tool, policies: known.policies)
        let person = try holder.person(
            of: signature, over: bytes, namespace: ReviewFiles.namespace, at: review.at, among: persons)
        guard let person else {
            let who = persons.sorted().joined(separator: ", ")
            return finding("record.review-signature", "\(path): its signature does not hold: it is not \(who)'s.")
        }
        // A journal that cannot be read is reported with the record.
        guard let reading = files["journal.jsonl"].flatMap({ try? JournalReading($0) }) else { return nil }
        // Whoever carries the run on later reviewed what others did.
        let seen = reading.entries.prefix(review.journal.entries)
        guard RunPeople(seen, by: known.policies).operators.contains(person) else { return nil }
        return finding("review.own-run", "\(path): \(person) is one of those who carried the run out.")
    }
}
