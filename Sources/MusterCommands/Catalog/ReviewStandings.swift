// SPDX-License-Identifier: Apache-2.0

internal import MusterModel
internal import MusterRecord

/// How many runs stand with their reviewers. Signatures are looked at where a run without approvals would be closed by them, and else
/// only that there is one, and by whom it says it is.
struct ReviewStandings {
    private let log: Records
    private var ground: ReviewGround?

    init(_ log: Records) { self.log = log }

    mutating func standing(of record: RunRecord, _ reviews: [ReviewRecord]) throws(MusterError) -> ReviewStanding {
        guard !reviews.isEmpty else { return ReviewStanding([], of: record) }
        if record.breakGlass != nil { return try RecordProof.standing(of: record, in: log) }
        do {
            return ReviewStanding(reviews, of: record, doubts: try doubts(record, reviews))
        } catch {
            return .unchecked(reviews, of: record, error)
        }
    }

    private mutating func doubts(
        _ record: RunRecord, _ reviews: [ReviewRecord]
    ) throws(MusterError) -> [ReviewRecord: String] {
        var ground = if let ground { ground } else { try ReviewGround(log, PolicyChain(log)) }
        let signed = try log.signedReviews(of: record.run)
        var doubts: [ReviewRecord: String] = [:]
        for review in reviews {
            let path = ReviewFiles.path(of: review)
            let known = ground.known(for: review, of: record)
            doubts[review] = known.flaw(review, isSigned: signed.contains(path), path)?.doubt
        }
        self.ground = ground
        return doubts
    }
}

extension ReviewStanding {
    /// The page is shown all the same; what nobody could check closes nothing.
    static func unchecked(_ reviews: [ReviewRecord], of record: RunRecord, _ error: MusterError) -> ReviewStanding {
        let doubt = "it could not be checked: \(error.summary)"
        return ReviewStanding(reviews, of: record, doubts: reviews.reduce(into: [:]) { $0[$1] = doubt })
    }
}
