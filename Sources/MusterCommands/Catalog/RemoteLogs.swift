// SPDX-License-Identifier: Apache-2.0

internal import MusterGit
internal import MusterModel
internal import MusterRecord

/// The log here beside what was fetched last of each remote's: whoever rewrote one of them did not rewrite the other.
///
/// Nothing is fetched: an auditor decides when, and from where.
struct RemoteLogs {
    let git: Catalog
    /// The log's branch, short.
    let branch: String
    let state: RepositoryState
    let folders: StateFolder

    static func ref(_ branch: String, of remote: String) -> String {
        "\(RecordPlace.remoteBranches)\(remote)/\(branch)"
    }

    /// Records that a remote tells otherwise, or that are gone from it, and logs that were rewritten.
    func findings() throws(MusterError) -> [Diagnostic] {
        guard let here = try tip("refs/heads/\(branch)") else { return [] }
        var findings: [Diagnostic] = []
        for remote in state.remotes.sorted() {
            let ref = Self.ref(branch, of: remote)
            // One that was there before and is gone is missed, too.
            if let rewound = try memory(remote) { findings.append(rewound) }
            guard let there = try tip(ref) else { continue }
            findings += try differences(remote, ref, hasOurs: try git.contains(there, here))
            if there != here, try !git.contains(there, here), try !git.contains(here, there) {
                findings.append(
                    Diagnostic(
                        .warning, code: "record.log-diverged",
                        "The log here and that of \(visibleText(remote)) each hold what the other does not.",
                        help: "muster publish joins them, where muster.yaml names that remote for records."))
            }
        }
        return findings
    }

    private func tip(_ ref: String) throws(MusterError) -> ObjectID? {
        do { return try git.resolve(ref) } catch  where error.code == "git.unknown-revision" { return nil }
    }

    private func memory(_ remote: String) throws(MusterError) -> Diagnostic? {
        let memory = LogMemory(git, gitFolder: state.gitFolder, remote: remote, branch: branch, folders: folders)
        do {
            try memory.remember()
            return nil
        } catch  where error.code == "record.log-rewound" {
            return Diagnostic(code: error.code, error.summary, help: error.help)
        } catch  where error.code == "state.cannot-write" {
            // The log of this clone tells of it.
            return nil
        }
    }

    /// - Parameter hasOurs: the remote's log goes on from the one here, so it must hold all that stands here.
    private func differences(
        _ remote: String, _ ref: String, hasOurs: Bool
    ) throws(MusterError) -> [Diagnostic] {
        let theirs = try trees(ref)
        var findings: [Diagnostic] = []
        for (run, tree) in try trees(branch).sorted(by: { $0.key < $1.key }) where theirs[run] != tree {
            let what: String? =
                if theirs[run] == nil {
                    hasOurs ? "does not hold it any more" : nil
                } else if try isTheSameRun(run, ref, hasOurs: hasOurs) {
                    nil
                } else {
                    "tells it otherwise"
                }
            guard let what else { continue }
            findings.append(
                Diagnostic(
                    code: "record.differs-from-remote",
                    "The record of run \(run): the log of \(visibleText(remote)) \(what).",
                    help: "Compare them: git diff \(branch) \(ref) -- \(run.recordPath)"))
        }
        return findings
    }

    private func trees(_ branch: String) throws(MusterError) -> [RunID: ObjectID] {
        let entries = try git.records(RecordQuery(branch: branch, limit: .max))
        return Dictionary(entries.map { ($0.run, $0.tree) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether one journal goes on from the other, as when a run that was over was taken up once more; with the same journal
    /// only reviews may have been added.
    ///
    /// - Parameter hasOurs: the remote's is the longer one, or the same.
    private func isTheSameRun(_ run: RunID, _ ref: String, hasOurs: Bool) throws(MusterError) -> Bool {
        let (ours, theirs) = (RecordPlace(run: run, branch: branch), RecordPlace(run: run, branch: ref))
        let name = "journal.jsonl"
        guard let mine = try git.readRecord(ours, paths: [name])?[name]?.content.bytes,
            let other = try git.readRecord(theirs, paths: [name])?[name]?.content.bytes
        else { return false }
        func files(_ place: RecordPlace) throws(MusterError) -> [String: ObjectID] {
            let files = try git.recordFiles(place) ?? []
            return Dictionary(files.map { ($0.path, $0.id) }, uniquingKeysWith: { first, _ in first })
        }
        let (here, there) = (try files(ours), try files(theirs))
        func reviews(_ files: [String: ObjectID]) -> [String: ObjectID] {
            files.filter { ReviewFiles.isReview($0.key) }
        }
        // No review is altered or dropped on the way.
        let keepsOurs = reviews(here).allSatisfy { there[$0.key] == $0.value }
        let keepsTheirs = reviews(there).allSatisfy { here[$0.key] == $0.value }
        guard keepsOurs || !hasOurs && keepsTheirs, here["plan.json"] == there["plan.json"] else { return false }
        if mine != other { return other.starts(with: mine) || !hasOurs && mine.starts(with: other) }
        return here.filter { !ReviewFiles.isReview($0.key) } == there.filter { !ReviewFiles.isReview($0.key) }
    }
}
