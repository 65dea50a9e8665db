// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel
internal import MusterSystem

extension Repository {
    /// Brings a run's branch from a remote. The branch here is made, or moved forwards, or left; where it gives way to the
    /// remote's, what it held stays on a branch beside it.
    func fetchRun(_ name: String, _ run: RunID, givingWay givesWay: Bool) throws -> FetchedRun? {
        let remote = try Remote(name, in: self)
        do {
            try remote.connect(GIT_DIRECTION_FETCH)
            guard let there = try remote.heads()[run.ref] else { return nil }
            if !exists(there) { try remote.download([run.ref], limit: GitLimits.fetchedBytes) }
            return try adopt(there, of: run, from: name, givingWay: givesWay)
        } catch let error as Unreachable {
            throw error.asMusterError(name)
        }
    }

    private func adopt(
        _ there: ObjectID, of run: RunID, from remote: String, givingWay givesWay: Bool
    ) throws -> FetchedRun {
        try WriterLock(commonFolder: commonFolder).hold(jitter) {
            while true {
                let here = try tip(of: run.ref)
                if let here, try exists(there) && contains(here, there) {
                    return FetchedRun(run: run, tip: here, remoteTip: there, isNew: false)
                }
                try checkRun(there, after: here, remote)
                var aside: String?
                if let here, try !contains(there, here) {
                    guard givesWay else { throw Self.diverged(run, here, there, remote) }
                    aside = try setAside(here, of: run)
                }
                if try move(run.ref, from: here, to: there) {
                    return FetchedRun(run: run, tip: there, remoteTip: there, isNew: true, aside: aside)
                }
            }
        }
    }

    /// Keeps a commit of the run on a branch of its own. Only for the holder of the ``WriterLock``.
    private func setAside(_ commit: ObjectID, of run: RunID) throws -> String {
        let ref = try run.conflictRef(host: Host.name) { ref in
            try tip(of: ref).map { try contains(commit, $0) || contains($0, commit) } ?? true
        }
        let kept = try tip(of: ref)
        if let kept, try contains(kept, commit) { return ref }
        guard try move(ref, from: kept, to: commit) else {
            throw MusterError(
                code: "git.contended", "Another program moved \(ref) meanwhile.", help: "Try again when it is done.",
                status: .stuck)
        }
        return ref
    }

    private static func diverged(_ run: RunID, _ here: ObjectID, _ there: ObjectID, _ remote: String) -> MusterError {
        MusterError(
            code: "git.run-diverged",
            "The run \(run) went two ways: it is at \(here) here, and at \(there) on \(remote).",
            help:
                "Two machines went on with it at once. Compare them with `git log --graph \(here.short) \(there.short)`,"
                + " then decide which one holds.", status: .stuck)
    }

    /// What came is from outside: it must be whole, and a run's branch as its format says, before a branch leads to it.
    private func checkRun(_ tip: ObjectID, after known: ObjectID?, _ remote: String) throws {
        func odd(_ commit: ObjectID, _ why: String) -> MusterError {
            MusterError(
                code: "git.odd-run",
                "What \(remote) has as a run's branch is none: \(commit) \(why).",
                help: "Look at it with `git log \(tip)`; something other than Muster wrote that branch.", status: .stuck
            )
        }
        var seen: Set<ObjectID> = []
        var next: ObjectID? = tip
        var count = 0
        while let commit = next, commit != known {
            count += 1
            guard count <= GitLimits.historyCommits else {
                throw odd(commit, "is more than \(GitLimits.historyCommits) commits back")
            }
            guard objectType(commit) == GIT_OBJECT_COMMIT else { throw odd(commit, "is missing or no commit") }
            let (tree, parents, parent) = try withCommit(commit) { pointer in
                (
                    ObjectID(git_commit_tree_id(pointer)), git_commit_parentcount(pointer),
                    git_commit_parent_id(pointer, 0).map { ObjectID($0) }
                )
            }
            guard parents <= 1 else { throw odd(commit, "has \(parents) parents") }
            try checkFolder(tree, at: "", depth: 0, &seen)
            next = parent
        }
    }

    /// Everything below a fetched folder is there, with good names; what was `seen` is not looked at again.
    func checkFolder(_ tree: ObjectID, at path: String, depth: Int, _ seen: inout Set<ObjectID>) throws {
        guard seen.insert(tree).inserted else { return }
        guard depth < GitLimits.depth else {
            throw MusterError(
                code: "git.too-large", "What was fetched has folders deeper than \(GitLimits.depth), at \(path).",
                help: "Something other than Muster wrote it.")
        }
        for entry in try entries(of: tree, at: path) {
            let place = path.isEmpty ? entry.name : "\(path)/\(entry.name)"
            if entry.kind == .folder {
                try checkFolder(entry.id, at: place, depth: depth + 1, &seen)
            } else if seen.insert(entry.id).inserted, objectType(entry.id) != GIT_OBJECT_BLOB {
                throw MusterError(
                    code: "git.corrupt-repository",
                    "The file \(place) of what was fetched, object \(entry.id), is not there.",
                    help: "The remote did not send all: run `git fsck --full` there.", status: .stuck)
            }
        }
    }
}
