// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel

/// The logs of two machines meet: this one's is brought forward to the remote's, or one commit joins the two.
extension Repository {
    /// Makes this repository's log hold all that the remote's does, so that it can be pushed without force.
    ///
    /// - Parameter heads: what the remote has.
    /// - Throws: `git.record-differs` and `git.log-clash` when the two cannot be one log, ``Unreachable``.
    func meetLog(_ join: LogJoin, _ heads: [String: ObjectID], from name: String) throws {
        let ref = try branchRef(join.branch)
        guard let there = heads[ref] else { return }
        let known = try tip(of: ref)
        if let known, try exists(there) && contains(known, there) { return }
        if !exists(there) {
            let remote = try Remote(name, in: self)
            try remote.connect(GIT_DIRECTION_FETCH)
            try remote.download([ref], limit: GitLimits.fetchedBytes)
        }
        try checkLog(there, after: known, name)
        // Fetched before the lock is taken: a slow remote must not hold up the other writers.
        let disputed = try known.map { try disputes(treeID(of: $0), treeID(of: there), at: "") } ?? []
        bringRuns(disputed.map(\.ref), heads, from: name)
        let settle = { [self] (run, mine, theirs) in try laterRecord(of: run, mine, theirs, heads[run.ref], name) }
        try WriterLock(commonFolder: commonFolder).hold(jitter) {
            for attempt in 1...Self.joinAttempts {
                let here = try tip(of: ref)
                if let here, try contains(here, there) { return }
                let new = try here.map { try joined($0, there, join, name, settle) } ?? there
                if try move(ref, from: here, to: new) { return }
                jitter.pause(milliseconds: 1...min(50, 5 * attempt))
            }
            throw MusterError(
                code: "git.contended", "Other programs moved \(ref) \(Self.joinAttempts) times in a row.",
                help: "Try again when they are done; the runs' own branches hold everything.", status: .stuck)
        }
    }

    /// How often another writer may come first, here or on the remote, before a meeting gives up.
    static let joinAttempts = 20

    /// Which of a run's two records is to stay.
    private typealias Settle = (RunID, TreeEntry, TreeEntry) throws -> TreeEntry

    private func joined(
        _ here: ObjectID, _ there: ObjectID, _ join: LogJoin, _ remote: String, _ settle: Settle
    ) throws -> ObjectID {
        if try contains(there, here) { return there }
        let tree = try union(treeID(of: here), treeID(of: there), at: "", settle)
        let note = CommitNote(
            message: "Join the log of executions with \(remote)'s", author: join.author, time: join.time,
            signingKey: join.signingKey)
        return try commit(tree: tree, parents: [here, there], note)
    }

    // MARK: The union of two trees

    private struct Pair {
        var mine: TreeEntry?
        var theirs: TreeEntry?
        var path: String
        var choice: LogUnion
    }

    private func pairs(_ mine: ObjectID, _ theirs: ObjectID, at path: String) throws -> [Pair] {
        let ours = try entries(of: mine, at: path)
        let others = try entries(of: theirs, at: path)
        let byName = Dictionary(uniqueKeysWithValues: others.map { ($0.name, $0) })
        let names = Set(ours.map(\.name))
        let both: [(TreeEntry?, TreeEntry?)] =
            ours.map { ($0, byName[$0.name]) } + others.filter { !names.contains($0.name) }.map { (nil, $0) }
        return both.map { mine, theirs in
            let place = (path.isEmpty ? "" : "\(path)/") + (mine ?? theirs)!.name  // one of the two is there
            let choice = LogUnion.choose(
                mine?.id, theirs?.id, areFolders: [mine, theirs].allSatisfy { $0?.kind ?? .folder == .folder },
                at: place)
            return Pair(mine: mine, theirs: theirs, path: place, choice: choice)
        }
    }

    /// Runs of which the two trees hold different records.
    private func disputes(_ mine: ObjectID, _ theirs: ObjectID, at path: String) throws -> [RunID] {
        try pairs(mine, theirs, at: path).flatMap { (pair) -> [RunID] in
            switch (pair.choice, pair.mine, pair.theirs) {
            case (.laterRecord(let run), _, _): return [run]
            case (.both, let mine?, let theirs?): return try disputes(mine.id, theirs.id, at: pair.path)
            default: return []
            }
        }
    }

    private func union(
        _ mine: ObjectID, _ theirs: ObjectID, at path: String, _ settle: Settle
    ) throws -> ObjectID {
        let all = try pairs(mine, theirs, at: path).map { pair in
            switch (pair.choice, pair.mine, pair.theirs) {
            case (.mine, let mine?, _): return mine
            case (.theirs, _, let theirs?): return theirs
            case (.both, var mine?, let theirs?):
                mine.id = try union(mine.id, theirs.id, at: pair.path, settle)
                return mine
            case (.laterRecord(let run), let mine?, let theirs?): return try settle(run, mine, theirs)
            default:
                throw MusterError(
                    code: "git.log-clash",
                    "The log here and the remote's both hold \(pair.path), and not the same; it is no record of a run.",
                    help: "Something other than Muster wrote it. Nothing was joined: let one of the two go by hand.",
                    status: .stuck)
            }
        }
        return try write(all, at: path)
    }

    /// The record that the run's branch reached later, or the one of its branch where this repository's way was given up.
    ///
    /// - Throws: `git.record-differs` when no branch of the run, here or on the remote, holds both, and none gave way.
    private func laterRecord(
        of run: RunID, _ mine: TreeEntry, _ theirs: TreeEntry, _ remoteTip: ObjectID?, _ remote: String
    ) throws -> TreeEntry {
        for tip in [try tip(of: run.ref), remoteTip].compactMap({ $0 }) where exists(tip) {
            let met = try lastOnLine(of: tip, among: [mine.id, theirs.id])
            if met.count == 2 { return met[0] == mine.id ? mine : theirs }
        }
        // What gave way here is kept beside the run's branch; the log's is the way that the branch went.
        let isTheirs = try remoteTip.map { try exists($0) && isOnLine(theirs.id, to: $0) } ?? false
        if try isTheirs && gaveWay(mine.id, of: run) { return theirs }
        throw MusterError(
            code: "git.record-differs",
            "The log here and \(remote)'s hold different records of run \(run): \(mine.id.short) and \(theirs.id.short).",
            help:
                "No branch of the run holds both. Compare them with `git diff \(mine.id.hex) \(theirs.id.hex)`; "
                + "records are never replaced.",
            status: .verificationFailed)
    }

    /// Those of the trees that commits on the run's line have, the latest first.
    private func lastOnLine(of tip: ObjectID, among trees: Set<ObjectID>) throws -> [ObjectID] {
        var met: [ObjectID] = []
        var next: ObjectID? = tip
        var left = GitLimits.historyCommits
        while let commit = next, left > 0, met.count < trees.count {
            let tree = try treeID(of: commit)
            if trees.contains(tree), !met.contains(tree) { met.append(tree) }
            next = try parent(of: commit)
            left -= 1
        }
        return met
    }

    // MARK: What came from outside

    /// All of the newest tree must be there and as it may be, and all commits before it, before a branch leads to it.
    private func checkLog(_ tip: ObjectID, after known: ObjectID?, _ remote: String) throws {
        guard objectType(tip) == GIT_OBJECT_COMMIT else {
            throw MusterError(
                code: "git.odd-log", "What \(remote) has as the log of executions is none: \(tip) is no commit.",
                help: "Look at it with `git ls-remote \(remote)`; something other than Muster wrote that branch.",
                status: .stuck)
        }
        try walkNew(tip, after: known)
        var seen: Set<ObjectID> = []
        if let known { try noteFolders(treeID(of: known), at: "", depth: 0, &seen) }
        try checkFolder(treeID(of: tip), at: "", depth: 0, &seen)
    }

    private func walkNew(_ tip: ObjectID, after known: ObjectID?) throws {
        var walk: OpaquePointer?
        try git("walk the log") { git_revwalk_new(&walk, handle) }
        defer { git_revwalk_free(walk) }
        var (start, end, next) = (tip.oid, known?.oid ?? git_oid(), git_oid())
        var count = 0
        let failure = gitFailure("walk the log") {
            var status = git_revwalk_push(walk, &start)
            if known != nil, status == 0 { status = git_revwalk_hide(walk, &end) }
            while status == 0, count <= GitLimits.fetchedObjects {
                status = git_revwalk_next(&next, walk)
                count += 1
            }
            return status == GIT_ITEROVER.rawValue ? 0 : status
        }
        if let failure { throw corrupt("the fetched log \(tip) is not whole", failure) }
        guard count <= GitLimits.fetchedObjects else {
            throw MusterError(
                code: "git.too-large", "The remote's log has more than \(GitLimits.fetchedObjects) commits.",
                help: "Fetch it with git and look at it; Muster does not take so much from a remote.", status: .stuck)
        }
    }

    /// Folders that this repository's own log has, down to the records: they need no look.
    private func noteFolders(_ tree: ObjectID, at path: String, depth: Int, _ seen: inout Set<ObjectID>) throws {
        seen.insert(tree)
        guard depth < 4 else {
            for entry in try entries(of: tree, at: path) { seen.insert(entry.id) }
            return
        }
        for entry in try entries(of: tree, at: path) where entry.kind == .folder {
            try noteFolders(entry.id, at: "\(path)\(entry.name)/", depth: depth + 1, &seen)
        }
    }
}
