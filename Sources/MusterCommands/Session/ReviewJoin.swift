// SPDX-License-Identifier: Apache-2.0

internal import MusterGit
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

/// Brings together what reviewers said of one run in clones that did not know of each other: nothing that anybody said is lost
/// because somebody else's word came first.
struct ReviewJoin {
    let git: Catalog
    let author: GitIdentity
    /// What signs the commits; nil where records are not signed.
    let signingKey: String?
    /// The log's branch.
    let branch: String

    /// Adds the reviews of a way of the run that gave way to what its branch holds now, where both tell of the same run.
    ///
    /// - Parameter aside: the branch on which that way is kept.
    /// - Returns: whose reviews were added; empty where there is none that was missing.
    func join(_ run: RunID, from aside: String) throws(MusterError) -> [String] {
        guard let tip = try git.runTips().first(where: { $0.run == run })?.commit,
            let kept = try git.asideTips().first(where: { $0.run == run && $0.ref == aside })
        else { return [] }
        let place = RecordPlace(run: run, branch: nil)
        let here = try git.recordFiles(place) ?? []
        let there = try git.recordFiles(RecordPlace(kept)) ?? []
        // Other files may differ by what each of them was rendered with; what happened may not.
        let journals = [here, there].map { $0.first { $0.path == "journal.jsonl" }?.id }
        guard journals[0] == journals[1] else { return [] }
        let known = Set(here.filter { ReviewFiles.isReview($0.path) }.map { ReviewFiles.review(of: $0.path) })
        let reviews = there.filter { ReviewFiles.isReview($0.path) }
        let missing = reviews.filter { !known.contains(ReviewFiles.review(of: $0.path)) }
        // Two reviews of one name are two ways of the run: neither is mixed into the other.
        let same = Set(here)
        guard !missing.isEmpty, reviews.allSatisfy({ missing.contains($0) || same.contains($0) }) else { return [] }
        let note = CommitNote(
            message: "\(run.runbook): what reviewers said of the run in two clones",
            trailers: [.init("Run", run.text)], author: author, time: readClocks().wall, signingKey: signingKey)
        let files = (here + missing).map { RunCommit.File(path: $0.path, .blob($0.id)) }
        _ = try git.commitRun(RunCommit(run: run, parent: tip, files: files, note: note))
        _ = try git.mergeRecord(RecordMerge(run: run, branch: branch, note: note))
        let paths = missing.map(\.path).filter { $0.hasSuffix("/\(ReviewFiles.record)") }
        let added = try git.readRecord(RecordPlace(kept), paths: paths) ?? [:]
        return ReviewFiles.reviews(in: added.mapValues(\.content.bytes)).map(\.reviewer)
    }
}
