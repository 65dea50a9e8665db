// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import Glibc
internal import MusterModel

/// The opened repository. Lives in the worker only; its extensions hold the operations, one subject a file.
final class Repository {
    let handle: OpaquePointer
    let database: OpaquePointer
    /// The folder with objects and refs, ending in a slash.
    let commonFolder: String
    let opening: WorkerOpening
    let jitter: Jitter
    /// Folders whose entries were found good, by tree id; trees never change.
    var checkedTrees: [ObjectID: [TreeEntry]] = [:]
    /// Answers of history searches, by commit and path.
    var knownHistories: [String: DefinitionHistory] = [:]
    /// Made by the first request about a lease.
    var leases: LeaseStore?

    init(_ opening: WorkerOpening) throws(MusterError) {
        self.opening = opening
        jitter = Jitter(seed: opening.seed)
        var opened: OpaquePointer?
        do {
            try git("open the repository") { git_repository_open_ext(&opened, opening.folder, 0, nil) }
        } catch {
            throw RepositoryRefusal.reason(folder: opening.folder, failure: error)
        }
        let repository = opened!  // set by the call above, which did not fail
        handle = repository
        commonFolder = String(cString: git_repository_commondir(repository))
        if git_repository_is_shallow(repository) == 1 { throw RepositoryRefusal.shallow(commonFolder) }
        var objects: OpaquePointer?
        if let failure = gitFailure("open the object database", { git_repository_odb(&objects, repository) }) {
            throw failure.asMusterError
        }
        database = objects!
    }

    deinit {
        git_odb_free(database)
        git_repository_free(handle)
    }

    func state() throws -> RepositoryState {
        var state = RepositoryState(gitFolder: commonFolder, remotes: try remoteNames())
        state.folderRemotes = state.remotes.filter { name in
            // One that git itself cannot read is told of where it is used.
            (try? Remote(name, in: self)).map { !$0.compares } ?? false
        }
        state.workTree = git_repository_workdir(handle).map { String(cString: $0) }
        state.user = try user()
        state.signingKey = try signingKey()
        if git_repository_head_detached(handle) == 0 { state.branch = try headBranch() }
        if git_repository_head_unborn(handle) == 0 { state.head = try resolve("HEAD") }
        return state
    }

    private func headBranch() throws -> String? {
        var head: OpaquePointer?
        try git("read HEAD") { git_reference_lookup(&head, handle, "HEAD") }
        defer { git_reference_free(head) }
        guard let target = git_reference_symbolic_target(head) else { return nil }
        let name = String(cString: target)
        return name.hasPrefix("refs/heads/") ? String(name.dropFirst("refs/heads/".count)) : name
    }

    private func remoteNames() throws -> [String] {
        var names = git_strarray()
        try git("list the remotes") { git_remote_list(&names, handle) }
        defer { git_strarray_dispose(&names) }
        return (0..<names.count).map { String(cString: names.strings[$0]!) }
    }

    /// The commit that a name means. Forms that search messages or paths (`:/text`, `^{/text}`, `a:b`) are refused.
    func resolve(_ revision: String) throws -> ObjectID {
        let unknown = MusterError(
            code: "git.unknown-revision", "\"\(revision)\" names no commit of this repository.",
            help: "Give a branch, a tag or a commit id; `git log --oneline` shows them. Fetch first if it is new.")
        let allowed = revision.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") }
        guard !revision.isEmpty, revision.utf8.count <= 255, !revision.hasPrefix("-"), allowed, !revision.contains("{/")
        else { throw unknown }
        var object: OpaquePointer?
        if let failure = gitFailure("resolve \(revision)", { git_revparse_single(&object, handle, revision) }) {
            if failure.isNotFound, isRef(revision) { throw corrupt("what \(revision) points at is missing", failure) }
            throw [GIT_ENOTFOUND, GIT_EINVALIDSPEC, GIT_EAMBIGUOUS].contains(failure.code) ? unknown : failure
        }
        defer { git_object_free(object) }
        var commit: OpaquePointer?
        if let failure = gitFailure("resolve \(revision)", { git_object_peel(&commit, object, GIT_OBJECT_COMMIT) }) {
            throw [GIT_EPEEL, GIT_EINVALIDSPEC].contains(failure.code) ? unknown : failure
        }
        defer { git_object_free(commit) }
        return ObjectID(git_object_id(commit))
    }

    private func isRef(_ name: String) -> Bool {
        var reference: OpaquePointer?
        defer { git_reference_free(reference) }
        return git_reference_dwim(&reference, handle, name) == 0
    }
}

extension RepositoryState {
    fileprivate init(gitFolder: String, remotes: [String]) {
        self.gitFolder = gitFolder
        self.remotes = remotes
        folderRemotes = []
    }
}
