// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// A git repository with definitions and records, read and written through the git worker. Each call waits for its answer.
///
/// All throw `git.deadline` and `git.worker-ended` besides the errors they name; and, because the repository is opened by
/// the first of them, one of `git.not-a-repository`, `git.shallow-repository`, `git.sha256-repository`,
/// `git.reftable-repository`, `git.foreign-owner`. A damaged repository is `git.corrupt-repository`, never an absent file.
package final class Catalog {
    /// For a loop that must not wait: the same requests, sent and received apart.
    package let client: GitClient

    package init(client: GitClient) { self.client = client }

    package convenience init(folder: String, options: GitClient.Options = GitClient.Options()) {
        self.init(client: GitClient(folder: folder, options: options))
    }

    // MARK: Definitions

    package func state() throws(MusterError) -> RepositoryState { try client.call(.state) }

    /// Paths of the catalog whose work tree or index differs from `HEAD`, sorted; untracked files included, ignored ones not.
    package func uncommittedPaths() throws(MusterError) -> [String] { try client.call(.uncommittedPaths) }

    /// The commit that a branch, tag or (shortened) id names.
    ///
    /// - Throws: `git.unknown-revision`.
    package func resolve(_ revision: String) throws(MusterError) -> ObjectID {
        try client.call(.resolve(revision: revision))
    }

    /// The files that exist among these paths of a catalog.
    ///
    /// - Throws: `git.path-not-in-catalog`, `git.unsafe-path`, `git.unsafe-entry`, `git.too-large`.
    package func files(_ paths: [String], at commit: ObjectID) throws(MusterError) -> [String: CatalogFile] {
        let files: [CatalogFile] = try client.call(.readFiles(commit: commit, paths: paths))
        return Dictionary(files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// One file, or nil when the commit does not have it.
    package func file(_ path: String, at commit: ObjectID) throws(MusterError) -> CatalogFile? {
        try files([path], at: commit)[path]
    }

    /// Definitions by the ids that a lock pins.
    ///
    /// - Throws: `git.missing-object` for one that the repository does not hold.
    package func blobs(_ ids: [ObjectID]) throws(MusterError) -> [FileContent] { try client.call(.readBlobs(ids: ids)) }

    /// What a folder of the catalog holds, sorted by name; nil when there is no such folder.
    package func folder(_ path: String, at commit: ObjectID) throws(MusterError) -> [FolderEntry]? {
        try client.call(.listFolder(commit: commit, path: path))
    }

    /// The id of a folder's tree, for instance a plugin's sources; nil when there is no such folder.
    package func treeID(_ path: String, at commit: ObjectID) throws(MusterError) -> ObjectID? {
        try client.call(.treeID(commit: commit, path: path))
    }

    /// The contents that each path has had on the first-parent line that ends in the commit, with who published them, on
    /// whatever line that was. One walk serves all paths.
    package func histories(of paths: [String], from commit: ObjectID) throws(MusterError) -> [DefinitionHistory] {
        try client.call(.definitionHistories(commit: commit, paths: paths))
    }

    // MARK: Records

    /// Puts a commit on the run's branch; nothing happens when the tip already has this tree and parent.
    ///
    /// - Throws: `git.ref-moved` when the branch's tip is not the parent given, `git.locked`, `git.write-failed`.
    package func commitRun(_ commit: RunCommit) throws(MusterError) -> ObjectID { try client.call(.commitRun(commit)) }

    /// Merges the run's tip into the log of executions, again and again until it is in.
    ///
    /// - Throws: `git.unknown-run`, `git.record-differs` when the log holds another record of this run, `git.locked`,
    ///   `git.write-failed`.
    package func mergeRecord(_ merge: RecordMerge) throws(MusterError) -> MergedRecord {
        try client.call(.mergeRecord(merge))
    }

    /// Newest first. Empty when there is no log.
    package func records(_ query: RecordQuery) throws(MusterError) -> [RecordEntry] {
        try client.call(.listRecords(query))
    }

    /// All files of a record, sorted by path; nil when there is no such record.
    package func recordFiles(_ place: RecordPlace) throws(MusterError) -> [RecordFile]? {
        try client.call(.listRecordFiles(place))
    }

    /// The files of a record that exist among these paths; nil when there is no such record.
    package func readRecord(_ place: RecordPlace, paths: [String]) throws(MusterError) -> [String: CatalogFile]? {
        let files: [CatalogFile]? = try client.call(.readRecord(place, paths: paths))
        return files.map { Dictionary($0.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first }) }
    }

    /// The tips of all runs' branches, ordered by run.
    package func runTips() throws(MusterError) -> [RunTip] { try client.call(.runTips) }

    /// What was seen last of the branches that remotes have of runs, ordered by run and ref. Nothing is fetched.
    package func remoteRunTips() throws(MusterError) -> [AsideTip] { try client.call(.remoteRunTips) }

    /// The commits of the run's branch here, the newest first, with their signatures; empty where it has no branch.
    package func runCommits(_ run: RunID) throws(MusterError) -> [SignedCommit] { try client.call(.runCommits(run)) }

    /// The first commit of the line that ends in this one: clones of one repository share it.
    package func root(of commit: ObjectID) throws(MusterError) -> ObjectID { try client.call(.root(commit: commit)) }

    /// Whether a commit is the other one, or comes after it. One that is not here is before none.
    package func contains(_ newer: ObjectID, _ older: ObjectID) throws(MusterError) -> Bool {
        try client.call(.contains(newer: newer, older: older))
    }

    /// The branches of runs that are here and cannot be read, ordered by name; ``runTips()`` lacks them.
    package func damagedRunRefs() throws(MusterError) -> [String] { try client.call(.damagedRunRefs) }

    /// What machines wrote of runs that went another way, as far as it is known here, ordered by run and ref.
    package func asideTips() throws(MusterError) -> [AsideTip] { try client.call(.asideTips) }

    /// Where the run's branch here altered or dropped a review, each in a sentence; empty where it has no branch.
    package func reviewBreaches(_ run: RunID) throws(MusterError) -> [String] { try client.call(.reviewBreaches(run)) }

    /// Sends refs to a remote. A remote that refuses, or cannot be reached in time, is a result and no error.
    ///
    /// - Throws: `git.unknown-remote`, `git.push-refused` for what Muster never pushes.
    package func push(_ order: PushOrder, deadline: Duration = .seconds(60)) throws(MusterError) -> PushReport {
        do {
            return try client.call(.push(order), deadline: deadline)
        } catch  where error.code == "git.deadline" {
            let why = "no answer within \(deadline.readable)"
            return PushReport(refs: order.refs.map { PushReport.Ref(ref: $0, outcome: .unreachable(why)) })
        }
    }
}
