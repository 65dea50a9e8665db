// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel
internal import MusterSystem

extension Repository {
    /// The commit that a branch points at; nil when there is no such ref.
    func tip(of ref: String) throws -> ObjectID? {
        var oid = git_oid()
        do {
            try git("read \(ref)") { git_reference_name_to_id(&oid, handle, ref) }
        } catch  where error.isNotFound {
            return nil
        } catch {
            throw corrupt("the ref \(ref) cannot be read", error)
        }
        return ObjectID(oid)
    }

    /// Moves a ref from one commit to another, or makes it (`old` nil). Only for the holder of the ``WriterLock``.
    ///
    /// A call that failed may have moved the ref all the same (a failed sync of its folder does that), so what the ref says
    /// afterwards decides.
    ///
    /// - Returns: false when the ref is not where `old` says.
    func move(_ ref: String, from old: ObjectID?, to new: ObjectID) throws -> Bool {
        let lock = WriterLock(commonFolder: commonFolder)
        let end = readClocks().boot + WriterLock.patience.milliseconds * 1_000_000
        while true {
            let failure = try lock.announce(.ofThisProcess(ref: ref, target: new)) {
                tryToMove(ref, from: old, to: new)
            }
            let now = try tip(of: ref)
            if now == new { return true }
            guard let failure else { return false }  // moved, and at once moved on by somebody else
            if now != old { return false }
            guard failure.code == GIT_ELOCKED || failure.code == GIT_EMODIFIED || failure.code == GIT_EEXISTS else {
                throw MusterError(
                    code: "git.write-failed", "The branch \(ref) could not be moved: \(failure.message).",
                    help:
                        "Check the disk's free space, the rights on \(commonFolder), and that no branch is named like a "
                        + "folder of this one (`git branch -m` renames it). Then try again.", status: .stuck)
            }
            if readClocks().boot >= end {
                throw lock.foreignLock(on: ref) ?? failure.asMusterError
            }
            jitter.pause(milliseconds: 5...30)
            try lock.clearDeadWriters()
        }
    }

    private func tryToMove(_ ref: String, from old: ObjectID?, to new: ObjectID) -> GitFailure? {
        var reference: OpaquePointer?
        defer { git_reference_free(reference) }
        var target = new.oid
        return gitFailure("move \(ref)") {
            guard var expected = old?.oid else {
                return git_reference_create(&reference, handle, ref, &target, 0, "muster")
            }
            return git_reference_create_matching(&reference, handle, ref, &target, 1, &expected, "muster")
        }
    }

    func runTips() throws -> [RunTip] {
        // Another name below the prefix is not a run's and none of our business.
        try refs(like: "refs/heads/muster/runs/*").compactMap { ref in
            guard let run = RunID(branch: ref), let commit = try tip(of: ref) else { return nil }
            return RunTip(run: run, commit: commit)
        }.sorted { $0.run < $1.run }
    }

    /// libgit2 passes over a ref that holds no commit's id when it lists them.
    func damagedRunRefs() throws -> [String] {
        let folder = "refs/heads/muster/runs"
        return folderNames("\(commonFolder)/\(folder)").map { "\(folder)/\($0)" }.filter { ref in
            // Whatever keeps it from being read, it is not what a run's branch is.
            RunID(branch: ref) != nil && (try? tip(of: ref)) ?? nil == nil
        }
    }

    func remoteRunTips() throws -> [AsideTip] {
        let folder = "/muster/runs/"
        return try refs(like: "refs/remotes/*\(folder)*").compactMap { ref in
            guard let name = ref.firstRange(of: folder), let run = RunID(String(ref[name.upperBound...])),
                let commit = try tip(of: ref)
            else { return nil }
            return AsideTip(run: run, ref: ref, commit: commit)
        }.sorted { ($0.run, $0.ref) < ($1.run, $1.ref) }
    }

    func asideTips() throws -> [AsideTip] {
        try ["refs/heads/muster/conflicts/*", "refs/remotes/*/muster/conflicts/*"].flatMap(refs(like:)).compactMap {
            ref in
            guard let run = RunID(conflictRef: ref), let commit = try tip(of: ref) else { return nil }
            return AsideTip(run: run, ref: ref, commit: commit)
        }.sorted { ($0.run, $0.ref) < ($1.run, $1.ref) }
    }

    private func refs(like pattern: String) throws -> [String] {
        var iterator: OpaquePointer?
        try git("list the branches \(pattern)") { git_reference_iterator_glob_new(&iterator, handle, pattern) }
        defer { git_reference_iterator_free(iterator) }
        var refs: [String] = []
        var name: UnsafePointer<CChar>?
        while git_reference_next_name(&name, iterator) == 0, let found = name { refs.append(String(cString: found)) }
        return refs
    }
}
