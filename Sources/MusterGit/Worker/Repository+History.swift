// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel

/// What a walk from newer to older commits has seen of one path.
struct PathTrail {
    let path: TreePath
    /// The catalog place's entry (`plugins`, …) in the commit before; while it stays the same, so does all below it.
    var placeID: ObjectID?
    var blob: ObjectID?
    var versions: [(blob: ObjectID, commit: ObjectID, time: Int64)] = []
    private var places: [ObjectID: Int] = [:]

    init(path: TreePath) { self.path = path }

    /// Notes that the commit has the blob at the path. The last commit noted for a blob is its oldest.
    mutating func note(_ commit: ObjectID, _ time: Int64) {
        guard let blob else { return }
        if let index = places[blob] {
            versions[index].commit = commit
            versions[index].time = time
        } else {
            places[blob] = versions.count
            versions.append((blob, commit, time))
        }
    }
}

extension Repository {
    func definitionHistories(_ commit: ObjectID, _ paths: [String]) throws -> [DefinitionHistory] {
        let missing = paths.filter { knownHistories["\(commit):\($0)"] == nil }
        if !missing.isEmpty {
            if knownHistories.count > 1024 { knownHistories = [:] }
            for history in try walk(from: commit, paths: missing) {
                knownHistories["\(commit):\(history.path)"] = history
            }
        }
        return try paths.map { path in
            if let known = knownHistories["\(commit):\(path)"] { return known }
            return try walk(from: commit, paths: [path])[0]
        }
    }

    private func walk(from newest: ObjectID, paths: [String]) throws -> [DefinitionHistory] {
        var trails = try paths.map { PathTrail(path: try TreePath(catalog: $0)) }
        var line: Set<ObjectID> = []
        var isComplete = try follow(&trails, from: newest, onto: &line)
        if try !followMerges(&trails, of: line) { isComplete = false }
        var left = GitLimits.answerBytes
        return try trails.map { try history(of: $0, isComplete: isComplete, left: &left) }
    }

    /// Notes what each path has in a commit and its first parents, down to the root or to a commit that is known already.
    ///
    /// - Returns: False when the limit ended it.
    func follow(_ trails: inout [PathTrail], from newest: ObjectID, onto known: inout Set<ObjectID>) throws -> Bool {
        var next: ObjectID? = newest
        var root: ObjectID?
        var visited = 0
        while let commit = next, !known.contains(commit) {
            guard visited < GitLimits.historyCommits else { return false }
            visited += 1
            known.insert(commit)
            let (tree, parent, time) = try withCommit(commit) { pointer in
                (
                    ObjectID(git_commit_tree_id(pointer)), git_commit_parent_id(pointer, 0).map { ObjectID($0) },
                    git_commit_time(pointer)
                )
            }
            if tree != root { try follow(&trails, into: tree) }
            for index in trails.indices { trails[index].note(commit, time) }
            root = tree
            next = parent
        }
        return true
    }

    /// Finds each path's blob in another commit's tree, going down only where the catalog's place changed.
    private func follow(_ trails: inout [PathTrail], into root: ObjectID) throws(MusterError) {
        let places = try withTree(root) { (tree: OpaquePointer) throws(MusterError) in
            TreePath.catalogRoots.compactMap { name in
                git_tree_entry_byname(tree, name).map { (name, $0) }
            }.map { name, entry in
                let isFolder = git_tree_entry_type(entry) == GIT_OBJECT_TREE
                return TreeEntry(name: name, kind: isFolder ? .folder : .file, id: ObjectID(git_tree_entry_id(entry)))
            }
        }
        for index in trails.indices {
            let path = trails[index].path
            let place = places.first { $0.name == path.components[0] }
            if place?.id == trails[index].placeID { continue }
            trails[index].placeID = place?.id
            trails[index].blob = try place.flatMap { (place) throws(MusterError) in
                try oldEntry(path.components.dropFirst(), below: place)
            }
        }
    }

    /// The regular file that an older commit has at the path. Unlike the commit that is used, older ones may hold entries
    /// that are refused today; they are passed over.
    private func oldEntry(_ path: ArraySlice<String>, below start: TreeEntry) throws(MusterError) -> ObjectID? {
        var current: (id: ObjectID, mode: git_filemode_t) =
            (start.id, start.kind == .folder ? GIT_FILEMODE_TREE : GIT_FILEMODE_BLOB)
        for name in path {
            guard current.mode == GIT_FILEMODE_TREE else { return nil }
            let below = try withTree(current.id) { (tree: OpaquePointer) throws(MusterError) in
                git_tree_entry_byname(tree, name).map { (ObjectID(git_tree_entry_id($0)), git_tree_entry_filemode($0)) }
            }
            guard let below else { return nil }
            current = below
        }
        let isFile = current.mode == GIT_FILEMODE_BLOB || current.mode == GIT_FILEMODE_BLOB_EXECUTABLE
        return isFile ? current.id : nil
    }

    private func history(of trail: PathTrail, isComplete: Bool, left: inout Int) throws(MusterError)
        -> DefinitionHistory
    {
        var versions: [DefinitionHistory.Version] = []
        for version in trail.versions {
            let bytes = try blob(
                version.blob, limit: min(left, GitLimits.definitionBytes),
                named: "\(trail.path) of \(version.commit.short)")
            left -= bytes.count
            versions.append(
                DefinitionHistory.Version(
                    commit: version.commit, published: Timestamp(milliseconds: version.time * 1000), blob: version.blob,
                    content: FileContent(bytes)))
        }
        return DefinitionHistory(path: trail.path.description, versions: versions, isComplete: isComplete)
    }
}
