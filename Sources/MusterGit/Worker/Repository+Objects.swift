// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel

/// One entry of a tree whose name and mode were found good.
struct TreeEntry {
    enum Kind { case file, executable, folder }

    var name: String
    var kind: Kind
    var id: ObjectID

    /// Git's order of a tree's entries, in which a folder's name counts as if it ended in a slash. Equal names are twins, which
    /// are told of as such.
    func standsBefore(_ next: TreeEntry) -> Bool {
        func key(_ entry: TreeEntry) -> [UInt8] {
            Array(entry.name.utf8) + (entry.kind == .folder ? [UInt8(ascii: "/")] : [])
        }
        return name == next.name || key(self).lexicographicallyPrecedes(key(next))
    }

    /// Of a record, which Muster writes: none of its files is a program.
    func checkedOfRecord(at path: String) throws(MusterError) -> TreeEntry {
        guard kind != .executable else {
            throw RawEntry.unsafe(name, at: path, "is executable, which no file of a record is")
        }
        return self
    }
}

extension Repository {
    /// The repository names an object that it does not hold, or holds damaged. A truncated pack shows as "not found".
    func corrupt(_ what: String, _ failure: GitFailure) -> MusterError {
        MusterError(
            code: "git.corrupt-repository", "The repository \(commonFolder) is damaged: \(what): \(failure.message).",
            help: "Run `git fsck --full`, and restore what it names from another clone (`git fetch` into a fresh one).",
            status: .stuck)
    }

    /// Type and size of an object that another object names.
    private func header(_ id: ObjectID) throws(MusterError) -> (type: git_object_t, size: Int) {
        var size = 0
        var type = GIT_OBJECT_INVALID
        var oid = id.oid
        do {
            try git("look at object \(id)") { git_odb_read_header(&size, &type, database, &oid) }
        } catch {
            throw corrupt("object \(id) cannot be read", error)
        }
        return (type, size)
    }

    /// Nil when the object is not there or not readable.
    func objectType(_ id: ObjectID) -> git_object_t? {
        guard exists(id) else { return nil }
        return try? header(id).type  // the caller says what is wrong with the object, in its own words
    }

    func exists(_ id: ObjectID) -> Bool {
        var oid = id.oid
        return git_odb_exists(database, &oid) == 1
    }

    /// A caller, not another object, names an object that is not there.
    func missing(_ id: ObjectID) -> MusterError {
        MusterError(
            code: "git.missing-object", "The repository \(commonFolder) does not hold the object \(id).",
            help: "Fetch the branch that it was published on, or run `muster lock` again.")
    }

    func blobSize(_ id: ObjectID) throws(MusterError) -> Int { try header(id).size }

    /// The bytes of a blob. Its size is looked at first, so that no larger one is ever unpacked.
    func blob(_ id: ObjectID, limit: Int, named name: String) throws(MusterError) -> [UInt8] {
        let (type, size) = try header(id)
        guard type == GIT_OBJECT_BLOB else {
            throw MusterError(
                code: "git.corrupt-repository", "\(name) should be a file, but object \(id) is not one.",
                help: "Run `git fsck --full`.", status: .stuck)
        }
        guard size <= limit else {
            throw MusterError(
                code: "git.too-large", "\(name) has \(size) bytes; at most \(limit) are read.",
                help: "Keep large files outside of the catalog's own folders.")
        }
        var oid = id.oid
        var object: OpaquePointer?
        do {
            try git("read \(name)") { git_odb_read(&object, database, &oid) }
        } catch {
            throw corrupt("\(name) (object \(id)) cannot be read", error)
        }
        defer { git_odb_object_free(object) }
        return Array(UnsafeRawBufferPointer(start: git_odb_object_data(object), count: git_odb_object_size(object)))
    }

    /// The tree of a commit that exists or should.
    func treeID(of commit: ObjectID) throws(MusterError) -> ObjectID {
        try withCommit(commit) { ObjectID(git_commit_tree_id($0)) }
    }

    func withCommit<Value>(_ id: ObjectID, _ use: (OpaquePointer) -> Value) throws(MusterError) -> Value {
        var oid = id.oid
        var commit: OpaquePointer?
        do {
            try git("read commit \(id)") { git_commit_lookup(&commit, handle, &oid) }
        } catch {
            throw corrupt("commit \(id) cannot be read", error)
        }
        defer { git_commit_free(commit) }
        return use(commit!)
    }

    func withTree<Value>(
        _ id: ObjectID, _ use: (OpaquePointer) throws(MusterError) -> Value
    ) throws(MusterError) -> Value {
        let size = try header(id).size
        guard size <= GitLimits.treeBytes else {
            throw MusterError(
                code: "git.too-large",
                "Folder \(id) has \(size) bytes of entries; at most \(GitLimits.treeBytes) are read.")
        }
        var oid = id.oid
        var tree: OpaquePointer?
        do {
            try git("read folder \(id)") { git_tree_lookup(&tree, handle, &oid) }
        } catch {
            throw corrupt("folder \(id) cannot be read", error)
        }
        defer { git_tree_free(tree) }
        return try use(tree!)
    }

    /// All entries of a folder, each with a good name and mode, no two alike.
    ///
    /// - Parameter path: the folder's place, for error texts.
    /// - Throws: `git.unsafe-entry`.
    func entries(of tree: ObjectID, at path: String) throws(MusterError) -> [TreeEntry] {
        if let known = checkedTrees[tree] { return known }
        let entries = try withTree(tree) { (pointer: OpaquePointer) throws(MusterError) in
            try Self.rawEntries(pointer, at: path).map { (raw) throws(MusterError) in try raw.checked(at: path) }
        }
        var names: [String: String] = [:]
        for (entry, next) in zip(entries, entries.dropFirst()) where !entry.standsBefore(next) {
            throw RawEntry.unsafe(next.name, at: path, "is out of git's order: some readers do not find it")
        }
        for entry in entries {
            if let twin = names.updateValue(entry.name, forKey: EntryName.twinKey(entry.name)) {
                throw RawEntry.unsafe("\(twin)\" and \"\(entry.name)", at: path, "differ only in case or Unicode form")
            }
        }
        // A bound on memory, not a tuned cache: the next request reads again.
        if checkedTrees.count >= 4096 { checkedTrees = [:] }
        checkedTrees[tree] = entries
        return entries
    }

    /// Entries of a catalog's root: only its own places are looked at, but none may have a twin.
    func rootEntries(of tree: ObjectID) throws(MusterError) -> [TreeEntry] {
        let places = Dictionary(uniqueKeysWithValues: TreePath.catalogRoots.map { (EntryName.twinKey($0), $0) })
        return try withTree(tree) { (pointer: OpaquePointer) throws(MusterError) in
            var entries: [TreeEntry] = []
            for raw in Self.rawEntries(pointer, at: "") {
                guard let name = raw.name, let place = places[EntryName.twinKey(name)] else { continue }
                guard name.utf8.elementsEqual(place.utf8), !entries.contains(where: { $0.name == name }) else {
                    throw RawEntry.unsafe(name, at: "", "passes for \"\(place)\"")
                }
                entries.append(try raw.checked(at: ""))
            }
            return entries
        }
    }

    private static func rawEntries(_ tree: OpaquePointer, at path: String) -> [RawEntry] {
        (0..<git_tree_entrycount(tree)).map { index in
            let entry = git_tree_entry_byindex(tree, index)!
            return RawEntry(
                name: String(validatingCString: git_tree_entry_name(entry)),
                mode: UInt32(git_tree_entry_filemode_raw(entry).rawValue), id: ObjectID(git_tree_entry_id(entry)))
        }
    }
}

/// An entry as a tree holds it.
private struct RawEntry {
    /// Nil when the name is not UTF-8.
    var name: String?
    var mode: UInt32
    var id: ObjectID

    func checked(at path: String) throws(MusterError) -> TreeEntry {
        guard let name else { throw Self.unsafe("?", at: path, "is not UTF-8") }
        if let problem = EntryName.problem(name) { throw Self.unsafe(name, at: path, problem) }
        switch mode {
        case 0o100644: return TreeEntry(name: name, kind: .file, id: id)
        case 0o100755: return TreeEntry(name: name, kind: .executable, id: id)
        case 0o040000: return TreeEntry(name: name, kind: .folder, id: id)
        case 0o120000: throw Self.unsafe(name, at: path, "is a symbolic link")
        case 0o160000: throw Self.unsafe(name, at: path, "is a submodule")
        default: throw Self.unsafe(name, at: path, "has the odd mode \(String(mode, radix: 8))")
        }
    }

    static func unsafe(_ name: String, at path: String, _ problem: String) -> MusterError {
        MusterError(
            code: "git.unsafe-entry",
            "In \(path.isEmpty ? "the catalog's root" : "\(path)/") the entry \"\(name)\" \(problem).",
            help: "Remove or rename it and commit: Muster reads plain files and folders only.")
    }
}
