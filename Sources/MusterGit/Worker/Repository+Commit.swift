// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import Glibc
internal import MusterModel
internal import MusterSigning

/// A folder that is to be written: files and folders by name.
private final class FolderDraft {
    var files: [String: ObjectID] = [:]
    var folders: [String: FolderDraft] = [:]

    func draft(for path: ArraySlice<String>) -> FolderDraft {
        guard let first = path.first else { return self }
        let next = folders[first] ?? FolderDraft()
        folders[first] = next
        return next.draft(for: path.dropFirst())
    }
}

extension Repository {
    func commitRun(_ request: RunCommit) throws -> ObjectID {
        let tree = try keepingReviews(of: request.parent, in: write(request.files))
        let ref = request.run.ref
        return try WriterLock(commonFolder: commonFolder).hold(jitter) {
            let tip = try tip(of: ref)
            // The same request once more, after an answer that never arrived.
            if let tip, try treeID(of: tip) == tree, try parent(of: tip) == request.parent || tip == request.parent {
                return tip
            }
            guard tip == request.parent else { throw Self.moved(ref, tip, request.parent) }
            let commit = try commit(tree: tree, parents: request.parent.map { [$0] } ?? [], request.note)
            guard try move(ref, from: request.parent, to: commit) else {
                throw Self.moved(ref, try self.tip(of: ref), request.parent)
            }
            return commit
        }
    }

    /// What reviewers added beside the record stays where a run that was over goes on: a commit of the run that says nothing of
    /// it takes it along.
    private func keepingReviews(of parent: ObjectID?, in tree: ObjectID) throws -> ObjectID {
        // A parent that is not there is no tip of the branch, which is told below.
        guard let parent, exists(parent) else { return tree }
        let name = "reviews"
        let entries = try entries(of: tree, at: "")
        guard !entries.contains(where: { $0.name == name }),
            let reviews = try self.entries(of: treeID(of: parent), at: "").first(where: { $0.name == name })
        else { return tree }
        return try write(entries + [reviews], at: "")
    }

    /// The commit's first parent.
    func parent(of commit: ObjectID) throws(MusterError) -> ObjectID? {
        try withCommit(commit) { git_commit_parent_id($0, 0).map { ObjectID($0) } }
    }

    private static func moved(_ ref: String, _ tip: ObjectID?, _ expected: ObjectID?) -> MusterError {
        func name(_ id: ObjectID?) -> String { id.map(\.short) ?? "absent" }
        return MusterError(
            code: "git.ref-moved",
            "The branch \(ref) is at \(name(tip)), not at \(name(expected)): somebody else wrote to it.",
            help: "Another Muster process may have taken the run over: look at it with `git log \(ref)`.",
            status: .stuck)
    }

    /// Writes the files' blobs and folders; the root folder's id.
    func write(_ files: [RunCommit.File]) throws -> ObjectID {
        let root = FolderDraft()
        var total = 0
        for file in files {
            let path = try TreePath(file.path)
            guard let name = path.components.last else {
                throw MusterError(
                    code: "git.unsafe-path", "A file of a commit has no name.", help: "Give each file a path.")
            }
            let folder = root.draft(for: path.components.dropLast())
            let id = try write(file.source, at: file.path, total: &total)
            guard folder.files.updateValue(id, forKey: name) == nil else { throw Self.doubled(file.path) }
        }
        return try write(root, at: "")
    }

    private func write(_ source: RunCommit.Source, at path: String, total: inout Int) throws -> ObjectID {
        switch source {
        case .blob(let id):
            guard exists(id) else { throw missing(id) }
            return id
        case .content(let content):
            total += content.bytes.count
            guard total <= GitLimits.answerBytes else {
                throw MusterError(
                    code: "git.too-large", "The files of a commit exceed \(GitLimits.answerBytes) bytes at \(path).",
                    help: "Keep large evidence outside of the record and name it there by its digest.")
            }
            var oid = git_oid()
            try content.bytes.withUnsafeBytes { bytes in
                try git("write \(path)") { git_blob_create_from_buffer(&oid, handle, bytes.baseAddress, bytes.count) }
            }
            return ObjectID(oid)
        }
    }

    private func write(_ folder: FolderDraft, at path: String) throws -> ObjectID {
        var builder: OpaquePointer?
        try git("write a folder") { git_treebuilder_new(&builder, handle, nil) }
        defer { git_treebuilder_free(builder) }
        var names: Set<String> = []
        func insert(_ name: String, _ id: ObjectID, _ mode: git_filemode_t) throws {
            guard names.insert(EntryName.twinKey(name)).inserted else { throw Self.doubled("\(path)\(name)") }
            var oid = id.oid
            try git("write \(path)\(name)") { git_treebuilder_insert(nil, builder, name, &oid, mode) }
        }
        for (name, id) in folder.files { try insert(name, id, GIT_FILEMODE_BLOB) }
        for (name, below) in folder.folders { try insert(name, write(below, at: "\(path)\(name)/"), GIT_FILEMODE_TREE) }
        var oid = git_oid()
        try git("write the folder \(path)") { git_treebuilder_write(&oid, builder) }
        return ObjectID(oid)
    }

    /// Writes a folder of entries that the repository holds.
    func write(_ entries: [TreeEntry], at path: String) throws -> ObjectID {
        var builder: OpaquePointer?
        try git("write a folder") { git_treebuilder_new(&builder, handle, nil) }
        defer { git_treebuilder_free(builder) }
        var names: Set<String> = []
        for entry in entries {
            guard names.insert(EntryName.twinKey(entry.name)).inserted else {
                throw Self.doubled("\(path)/\(entry.name)")
            }
            let mode: git_filemode_t =
                switch entry.kind {
                case .file: GIT_FILEMODE_BLOB
                case .executable: GIT_FILEMODE_BLOB_EXECUTABLE
                case .folder: GIT_FILEMODE_TREE
                }
            var oid = entry.id.oid
            try git("write \(path)/\(entry.name)") { git_treebuilder_insert(nil, builder, entry.name, &oid, mode) }
        }
        var oid = git_oid()
        try git("write the folder \(path)") { git_treebuilder_write(&oid, builder) }
        return ObjectID(oid)
    }

    private static func doubled(_ path: String) -> MusterError {
        MusterError(
            code: "git.doubled-path",
            "Two files of one commit would stand at \(path), or differ only in case or Unicode form.",
            help: "Give each its own name.")
    }

    /// Writes a commit object; no ref moves.
    func commit(tree: ObjectID, parents: [ObjectID], _ note: CommitNote) throws -> ObjectID {
        var signature: UnsafeMutablePointer<git_signature>?
        try git("name \(note.author.name) <\(note.author.email)> as the author") {
            git_signature_new(&signature, note.author.name, note.author.email, note.time.milliseconds / 1000, 0)
        }
        defer { git_signature_free(signature) }
        if let key = note.signingKey, let signature {
            return try signedCommit(tree: tree, parents: parents, note, by: signature, key)
        }
        var ids = [tree.oid] + parents.map(\.oid)
        var oid = git_oid()
        try ids.withUnsafeMutableBufferPointer { buffer in
            var pointers: [UnsafePointer<git_oid>?] = (1..<buffer.count).map { UnsafePointer(buffer.baseAddress! + $0) }
            try git("write a commit") {
                git_commit_create_from_ids(
                    &oid, handle, nil, signature, signature, nil, note.text, buffer.baseAddress, parents.count,
                    &pointers)
            }
        }
        return ObjectID(oid)
    }

    /// The commit as git writes it, with a signature over all the rest of it.
    private func signedCommit(
        tree: ObjectID, parents: [ObjectID], _ note: CommitNote, by person: UnsafeMutablePointer<git_signature>,
        _ key: String
    ) throws -> ObjectID {
        // As git has them: it drops characters that would end a name.
        let who =
            "\(String(cString: person.pointee.name)) <\(String(cString: person.pointee.email))> \(person.pointee.when.time) +0000"
        let lines =
            ["tree \(tree.hex)"] + parents.map { "parent \($0.hex)" } + ["author \(who)", "committer \(who)"]
        let content = lines.map { $0 + "\n" }.joined() + "\n" + note.text
        var armour = try SSHKeygen().sign(Array(content.utf8), key: key, namespace: "git")
        while armour.last?.isNewline == true { armour.removeLast() }
        var oid = git_oid()
        try git("write a signed commit") { git_commit_create_with_signature(&oid, handle, content, armour, "gpgsig") }
        return ObjectID(oid)
    }

    func writeEmptyTree() throws -> ObjectID { try write(FolderDraft(), at: "") }
}
