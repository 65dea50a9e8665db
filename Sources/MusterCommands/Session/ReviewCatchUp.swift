// SPDX-License-Identifier: Apache-2.0

internal import MusterGit
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

/// Brings the log and the runs' branches to the same reviews, where one of the two only lacks some: after somebody else's review, and
/// after one that was cut off midway.
struct ReviewCatchUp {
    let git: Catalog
    let author: GitIdentity
    /// What signs commits; nil where records are not signed.
    let signingKey: () throws(MusterError) -> String?
    /// The log's branch.
    let branch: String

    private enum Gap { case inLog, onBranch }

    /// The log takes in what the branches have beyond it.
    ///
    /// - Returns: the runs for which it did.
    func intoLog() throws(MusterError) -> [RunID] {
        try runs(lacking: .inLog) { (run) throws(MusterError) in
            let note = CommitNote(
                message: "\(run.runbook): what was said of the run since", trailers: [.init("Run", run.text)],
                author: author, time: readClocks().wall, signingKey: try signingKey())
            _ = try git.mergeRecord(RecordMerge(run: run, branch: branch, note: note))
        }
    }

    /// The branches here grow to what the remote has of them.
    ///
    /// - Returns: the runs for which they did.
    func ontoBranches(from remote: String) throws(MusterError) -> [RunID] {
        try runs(lacking: .onBranch) { (run) throws(MusterError) in
            _ = try git.fetchRun(run, from: remote)
        }
    }

    private func runs(
        lacking gap: Gap, _ mend: (RunID) throws(MusterError) -> Void
    ) throws(MusterError) -> [RunID] {
        var found: [RunID] = []
        for tip in try git.runTips() where try self.gap(tip.run) == gap {
            try mend(tip.run)
            found.append(tip.run)
        }
        return found
    }

    private func gap(_ run: RunID) throws(MusterError) -> Gap? {
        guard let logged = try git.recordFiles(RecordPlace(run: run, branch: branch)),
            let own = try git.recordFiles(RecordPlace(run: run, branch: nil)), logged != own
        else { return nil }
        let (inLog, onBranch) = (Set(logged), Set(own))
        guard inLog.symmetricDifference(onBranch).allSatisfy({ ReviewFiles.isReview($0.path) }) else { return nil }
        if inLog.isSuperset(of: onBranch) { return .onBranch }
        return onBranch.isSuperset(of: inLog) ? .inLog : nil
    }
}
