// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What the engine asks of the git worker. Each case says which type its answer decodes to.
///
/// Every request may be repeated: one that was answered with an error, or not at all, is either done already or is done
/// by the next try, never twice.
package enum GitRequest: Sendable, Codable {
    /// ``RepositoryState``
    case state
    /// `[String]`: paths of the catalog whose work tree or index differs from `HEAD`, untracked files included.
    case uncommittedPaths
    /// ``ObjectID``: the commit.
    case resolve(revision: String)
    /// `[CatalogFile]`: those that exist.
    case readFiles(commit: ObjectID, paths: [String])
    /// `[FileContent]` in the order asked; each must exist.
    case readBlobs(ids: [ObjectID])
    /// `[FolderEntry]`, or null when there is no such folder.
    case listFolder(commit: ObjectID, path: String)
    /// ``ObjectID``, or null when there is no such folder.
    case treeID(commit: ObjectID, path: String)
    /// `[DefinitionHistory]` in the order asked.
    case definitionHistories(commit: ObjectID, paths: [String])
    /// ``ObjectID``: the run's new tip.
    case commitRun(RunCommit)
    /// ``MergedRecord``
    case mergeRecord(RecordMerge)
    /// `[RecordEntry]`, newest first.
    case listRecords(RecordQuery)
    /// `[RecordFile]`, or null when there is no such record.
    case listRecordFiles(RecordPlace)
    /// `[CatalogFile]`: those that exist, or null when there is no such record.
    case readRecord(RecordPlace, paths: [String])
    /// `[RunTip]`, ordered by run.
    case runTips
    /// `[String]`: the branches of runs that are here and hold no commit's id.
    case damagedRunRefs
    /// `[String]`: where a commit of the run's branch here altered or dropped what a reviewer had added, or added a review
    /// together with something else.
    case reviewBreaches(RunID)
    /// ``PushReport``
    case push(PushOrder)
    /// `[AsideTip]`: what was seen last of the branches that remotes have of runs, ordered by run and ref.
    case remoteRunTips
    /// `[SignedCommit]`: those of the run's branch here, the newest first.
    case runCommits(RunID)
    /// ``ObjectID``: the commit without a parent at the beginning of the commit's first-parent line.
    case root(commit: ObjectID)
    /// `Bool`: whether the newer commit is the older one or has it among its ancestors.
    case contains(newer: ObjectID, older: ObjectID)
    /// `[AsideTip]`, ordered by run and ref.
    case asideTips
    /// ``FetchedRun``, or null when the remote has no such run.
    case fetchRun(remote: String, run: RunID, givingWay: Bool)
    /// ``PlacedLease``, or null when there is none of this name.
    case leaseRead(remote: String, name: String)
    /// ``LeaseAnswer``
    case leaseTake(LeaseOrder)
    /// `[GitIdentity]`: the authors of the commits, in the order asked.
    case authors(commits: [ObjectID])
    /// ``ObjectID``: the commit that holds the statement.
    case keepStatement(StatementParcel)
    /// `[KeptStatement]`, those about a plan that branches of this repository hold.
    case statements(plan: Digest)
    /// `Int`: how many came from the remote that were not here.
    case fetchStatements(remote: String, plan: Digest)
}

/// A person or program as git names it in a commit.
package struct GitIdentity: Hashable, Sendable, Codable {
    package var name: String
    package var email: String

    package init(name: String, email: String) {
        self.name = name
        self.email = email
    }
}

/// Where a repository stands.
package struct RepositoryState: Hashable, Sendable, Codable {
    /// The folder with the objects and refs; that of the main one for a linked work tree.
    package var gitFolder: String
    /// Nil for a bare repository.
    package var workTree: String?
    /// Nil before the first commit.
    package var head: ObjectID?
    /// The branch's short name; nil when `HEAD` is detached.
    package var branch: String?
    /// `user.name` and `user.email` of the repository, else of the user's own configuration.
    package var user: GitIdentity?
    /// `user.signingkey`, where it is a file's path.
    package var signingKey: String?
    /// Names of the remotes.
    package var remotes: [String]
    /// Those of them that are folders, where leases cannot be kept.
    package var folderRemotes: [String]
}

/// One file of a commit.
package struct CatalogFile: Hashable, Sendable, Codable {
    package var path: String
    package var id: ObjectID
    package var content: FileContent
}

/// One entry of a folder in a commit.
package struct FolderEntry: Hashable, Sendable, Codable {
    package enum Kind: String, Sendable, Codable { case file, executable, folder }

    package var name: String
    package var kind: Kind
    package var id: ObjectID
}

/// The contents that one path has had on a branch.
package struct DefinitionHistory: Hashable, Sendable, Codable {
    /// One content of the branch's own line, and the commit that published it: the oldest of that line in which the path has
    /// it, and where that is a merge that took it over from a parent, the oldest of that parent's line, and so on.
    package struct Version: Hashable, Sendable, Codable {
        package var commit: ObjectID
        package var published: Timestamp
        package var blob: ObjectID
        package var content: FileContent
    }

    package var path: String
    /// Newest first, each content once.
    package var versions: [Version]
    /// False when the search ended at ``GitLimits/historyCommits``; older versions may exist.
    package var isComplete: Bool
}
