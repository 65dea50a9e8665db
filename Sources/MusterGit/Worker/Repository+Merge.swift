// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel

extension Repository {
    /// How often another writer may come first before a merge gives up.
    private static let mergeAttempts = 200

    func mergeRecord(_ merge: RecordMerge) throws -> MergedRecord {
        let ref = try branchRef(merge.branch)
        guard let runTip = try tip(of: merge.run.ref) else {
            throw MusterError(
                code: "git.unknown-run", "There is no branch \(merge.run.ref) to merge.",
                help: "`git branch --list 'muster/runs/*'` shows the runs of this repository.")
        }
        let runTree = try treeID(of: runTip)
        // In line with Muster's other writers, so that none builds folders in vain; the swap still decides.
        return try WriterLock(commonFolder: commonFolder).hold(jitter) {
            for attempt in 1...Self.mergeAttempts {
                let old = try tip(of: ref)
                if let old, try holds(runTree, of: runTip, for: merge.run, in: old) {
                    return MergedRecord(commit: old, wasThere: true, attempts: attempt)
                }
                let new = try mergeCommit(merge, runTip: runTip, runTree: runTree, onto: old)
                if try move(ref, from: old, to: new) {
                    return MergedRecord(commit: new, wasThere: false, attempts: attempt)
                }
                jitter.pause(milliseconds: 1...min(50, 5 * attempt))
            }
            throw MusterError(
                code: "git.contended", "Other programs moved \(ref) \(Self.mergeAttempts) times in a row.",
                help: "Try again when they are done; the run's own branch holds everything.", status: .stuck)
        }
    }

    func branchRef(_ branch: String) throws(MusterError) -> String {
        let ref = "refs/heads/\(branch)"
        var isValid: Int32 = 0
        guard git_reference_name_is_valid(&isValid, ref) == 0, isValid == 1 else {
            throw MusterError(
                code: "git.invalid-branch", "\"\(branch)\" is not a name for a branch.",
                help: "Write it without refs/heads/, for instance muster/records.")
        }
        return ref
    }

    /// Whether the log has this very record. One that the run's branch has grown beyond is none: a run that was over may be
    /// rolled back, and its record then tells more. Nor is one of a way of the run that was given up here: it stays in the log's
    /// history and on its own branch.
    ///
    /// - Throws: `git.record-differs` when the log has one of the same run that no branch of it here held.
    private func holds(
        _ tree: ObjectID, of runTip: ObjectID, for run: RunID, in log: ObjectID
    ) throws -> Bool {
        guard let found = try recordEntry(run, in: log) else { return false }
        if found.id == tree { return true }
        guard try isOnLine(found.id, to: runTip) || gaveWay(found.id, of: run) else {
            throw MusterError(
                code: "git.record-differs",
                "The log already holds another record of run \(run): tree \(found.id.short).",
                help: "Compare it with `git diff \(found.id.hex) \(tree.hex)`. Records are never replaced.",
                status: .verificationFailed)
        }
        return false
    }

    /// Whether the record is one of this repository's that gave way to another machine's.
    func gaveWay(_ record: ObjectID, of run: RunID) throws -> Bool {
        try asideTips().contains { try $0.run == run && $0.isHere && isOnLine(record, to: $0.commit) }
    }

    /// Whether the tip, or a commit behind it on its own line, has this tree.
    func isOnLine(_ tree: ObjectID, to tip: ObjectID) throws -> Bool {
        var next: ObjectID? = tip
        var left = GitLimits.historyCommits
        while let commit = next, left > 0 {
            if try treeID(of: commit) == tree { return true }
            next = try parent(of: commit)
            left -= 1
        }
        return false
    }

    private func mergeCommit(
        _ merge: RecordMerge, runTip: ObjectID, runTree: ObjectID, onto old: ObjectID?
    ) throws -> ObjectID {
        let log = try old ?? openLog(merge.note)
        let tree = try withBaseline(treeID(of: log)) { baseline in
            try merge.run.recordPath.withCString { path in
                var update = git_tree_update(
                    action: GIT_TREE_UPDATE_UPSERT, id: runTree.oid, filemode: GIT_FILEMODE_TREE, path: path)
                var oid = git_oid()
                try git("add the record to the log") { git_tree_create_updated(&oid, handle, baseline, 1, &update) }
                return ObjectID(oid)
            }
        }
        return try commit(tree: tree, parents: [log, runTip], merge.note)
    }

    /// The log's first commit, empty: with it every run's merge has the log as its first parent and the run as its second.
    private func openLog(_ note: CommitNote) throws -> ObjectID {
        let opening = CommitNote(
            message: "Open the log of executions", author: note.author, time: note.time,
            signingKey: note.signingKey)
        return try commit(tree: writeEmptyTree(), parents: [], opening)
    }

    private func withBaseline<Value>(_ id: ObjectID, _ use: (OpaquePointer) throws -> Value) throws -> Value {
        var oid = id.oid
        var tree: OpaquePointer?
        do {
            try git("read the log's tree") { git_tree_lookup(&tree, handle, &oid) }
        } catch {
            throw corrupt("the log's tree \(id) cannot be read", error)
        }
        defer { git_tree_free(tree) }
        return try use(tree!)
    }
}
