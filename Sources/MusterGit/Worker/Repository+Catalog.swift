// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel

extension Repository {
    func readFiles(_ commit: ObjectID, _ paths: [String]) throws -> [CatalogFile] {
        let root = try treeID(of: commit)
        var left = GitLimits.answerBytes
        var files: [CatalogFile] = []
        for text in paths {
            guard let entry = try catalogEntry(TreePath(catalog: text), in: root), entry.kind != .folder else {
                continue
            }
            let bytes = try blob(entry.id, limit: min(left, GitLimits.definitionBytes), named: text)
            left -= bytes.count
            files.append(CatalogFile(path: text, id: entry.id, content: FileContent(bytes)))
        }
        return files
    }

    func readBlobs(_ ids: [ObjectID]) throws -> [FileContent] {
        var left = GitLimits.answerBytes
        return try ids.map { id in
            guard exists(id) else { throw missing(id) }
            let bytes = try blob(id, limit: min(left, GitLimits.definitionBytes), named: "object \(id)")
            left -= bytes.count
            return FileContent(bytes)
        }
    }

    func listFolder(_ commit: ObjectID, _ path: String) throws -> [FolderEntry]? {
        guard let tree = try treeID(commit, path) else { return nil }
        return try entries(of: tree, at: path).map { entry in
            let kind: FolderEntry.Kind =
                switch entry.kind {
                case .file: .file
                case .executable: .executable
                case .folder: .folder
                }
            return FolderEntry(name: entry.name, kind: kind, id: entry.id)
        }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    func treeID(_ commit: ObjectID, _ path: String) throws -> ObjectID? {
        let entry = try catalogEntry(TreePath(catalog: path), in: treeID(of: commit))
        return entry.flatMap { $0.kind == .folder ? $0.id : nil }
    }

    private func catalogEntry(_ path: TreePath, in root: ObjectID) throws(MusterError) -> TreeEntry? {
        guard let first = try rootEntries(of: root).first(where: { $0.name == path.components.first }) else {
            return nil
        }
        return try entry(path.components.dropFirst(), below: first, at: first.name)
    }

    /// The entry that a path leads to from a folder; nil when there is none.
    func entry(_ path: ArraySlice<String>, below start: TreeEntry, at place: String) throws(MusterError) -> TreeEntry? {
        var current = start
        var place = place
        for name in path {
            guard current.kind == .folder else { return nil }
            // Compared by bytes: Swift's own comparison takes two Unicode forms of a name for one.
            guard
                let next = try entries(of: current.id, at: place).first(where: { $0.name.utf8.elementsEqual(name.utf8) }
                )
            else { return nil }
            current = next
            place += "/" + name
        }
        return current
    }

    /// Paths of the catalog that differ between `HEAD`, index and work tree, found without writing the index.
    func uncommittedPaths() throws -> [String] {
        guard git_repository_is_bare(handle) == 0 else { return [] }
        var options = git_status_options()
        try git("compare the work tree") { git_status_options_init(&options, UInt32(GIT_STATUS_OPTIONS_VERSION)) }
        options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR
        options.flags =
            GIT_STATUS_OPT_INCLUDE_UNTRACKED.rawValue | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS.rawValue
            | GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH.rawValue | GIT_STATUS_OPT_EXCLUDE_SUBMODULES.rawValue
        return try withStringArray(TreePath.catalogRoots) { roots in
            options.pathspec = roots
            var list: OpaquePointer?
            try git("compare the work tree") { git_status_list_new(&list, handle, &options) }
            defer { git_status_list_free(list) }
            var paths: Set<String> = []
            for index in 0..<git_status_list_entrycount(list) {
                guard let entry = git_status_byindex(list, index)?.pointee else { continue }
                let delta = entry.head_to_index ?? entry.index_to_workdir
                if let path = delta?.pointee.new_file.path ?? delta?.pointee.old_file.path {
                    paths.insert(String(cString: path))
                }
            }
            return paths.sorted()
        }
    }
}
