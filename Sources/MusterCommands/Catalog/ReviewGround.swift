// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterRecord

/// What a review is held to: whether its reviewer has to be a person of a policy, and which policies those are.
struct ReviewGround {
    struct Flaw {
        var finding: Diagnostic
        /// In a few words, for pages.
        var doubt: String
    }

    /// For one review.
    struct Known {
        /// That were not followed by others when it was written.
        let policies: [PolicyAt]
        /// A policy knows persons by their keys, so that the reviewer is one of them, or nobody.
        let isByKey: Bool
        let wantsSignature: Bool

        func persons(_ review: ReviewRecord) -> Set<String> {
            Set(policies.compactMap { $0.person(named: review.reviewer) })
        }

        /// Why it closes nothing, as far as that is to be seen without a look at the signature.
        func flaw(_ review: ReviewRecord, isSigned: Bool, _ path: String) -> Flaw? {
            let reviewer = visibleText(review.reviewer)
            if !isSigned, wantsSignature {
                return Flaw(
                    finding: Self.finding(
                        .error, "record.review-not-signed", "The catalog wants records signed, and \(path) is not."),
                    doubt: "it is not signed")
            }
            guard isByKey else { return nil }
            guard isSigned else {
                let what = "\(path) is not signed, so nobody can tell who the reviewer is: it closes nothing."
                return Flaw(
                    finding: Self.finding(.warning, "record.review-not-signed", what), doubt: "it is not signed")
            }
            guard persons(review).isEmpty else { return nil }
            // Anybody who pushes can add one, and it says nothing against the record.
            let what = "\(path): no policy knows a key of the reviewer \(reviewer), so it closes nothing."
            return Flaw(
                finding: Self.finding(.warning, "record.review-of-nobody", what),
                doubt: "no policy knows a key of the reviewer")
        }

        private static func finding(_ severity: Diagnostic.Severity, _ code: String, _ what: String) -> Diagnostic {
            Diagnostic(severity, code: code, what, help: "Compare with another clone of the catalog.")
        }
    }

    private let git: Catalog
    private let policies: PolicyChain
    private let wantsSignature: Bool
    private var commits: [ObjectID: Bool] = [:]

    init(_ records: Records, _ policies: PolicyChain) throws(MusterError) {
        git = records.git
        self.policies = policies
        wantsSignature = try Records.configuration(git, git.state())?.recordsSigned ?? false
    }

    /// - Parameter record: what is reviewed; nil where it cannot be read.
    mutating func known(for review: ReviewRecord, of record: RunRecord?) -> Known {
        let known = policies.isBefore(review.at) ? [] : policies.policies(from: review.at)
        let atPlan = knowsPersons(at: record?.commit)
        let isByKey = atPlan || known.contains(where: \.knowsPersons)
        return Known(policies: known, isByKey: isByKey, wantsSignature: wantsSignature)
    }

    /// When it was written is the reviewer's own word; which policy stood at the plan's commit is not.
    private mutating func knowsPersons(at commit: ObjectID?) -> Bool {
        guard let commit else { return false }
        if let known = commits[commit] { return known }
        // A commit that is not here, and a policy that cannot be read, are told of by the record's own proof.
        let knows = (try? PolicyAt(git, at: commit))?.knowsPersons ?? false
        commits[commit] = knows
        return knows
    }
}
