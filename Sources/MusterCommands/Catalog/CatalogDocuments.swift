// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterDocuments
internal import MusterExpressions
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// The documents of a catalog, either of one commit or, for lint and rehearsals of work in progress, of the work tree.
final class CatalogDocuments {
    enum Source {
        case commit(ObjectID)
        /// The folder; nothing read here may run against a real target.
        case workTree(String)
    }

    let git: Catalog
    let state: RepositoryState
    let source: Source
    /// Contents read so far, by path: what a record of uncommitted work holds in place of blobs.
    private(set) var contents: [String: [UInt8]] = [:]

    init(git: Catalog, state: RepositoryState, source: Source) {
        self.git = git
        self.state = state
        self.source = source
    }

    /// Opens the repository around the folder, or around the current one.
    static func open(_ folder: String?) throws(MusterError) -> (git: Catalog, state: RepositoryState) {
        var options = GitClient.Options()
        options.adopt(environment: Host.variables)
        let git = Catalog(folder: folder ?? Host.currentFolder, options: options)
        return (git, try git.state())
    }

    var commit: ObjectID? { if case .commit(let id) = source { id } else { nil } }

    /// The file's bytes and blob id; nil when there is none.
    func file(_ path: String) throws(MusterError) -> (bytes: [UInt8], document: Plan.Document)? {
        switch source {
        case .commit(let commit):
            guard let file = try git.file(path, at: commit) else { return nil }
            return (file.content.bytes, Plan.Document(path: path, blob: file.id))
        case .workTree(let root):
            guard let bytes = try readWorkTree(root, path) else { return nil }
            contents[path] = bytes
            return (bytes, Plan.Document(path: path, blob: ObjectID(blob: bytes)))
        }
    }

    private func readWorkTree(_ root: String, _ path: String) throws(MusterError) -> [UInt8]? {
        let full = "\(root)/\(path)"
        var status = stat()
        guard lstat(full, &status) == 0 else { return nil }
        try refuseLinks(of: path, in: root)
        guard let bytes = readSmallFile(full, onlyRegular: true) else {
            throw MusterError(
                code: "catalog.unreadable", "\(path) cannot be read, is no file, or is larger than 1 MiB.",
                help: "Look at the file's kind, permissions and size.")
        }
        return bytes
    }

    /// File names of a folder that end like this, sorted; empty when there is no such folder.
    func names(in folder: String, ending: String) throws(MusterError) -> [String] {
        switch source {
        case .commit(let commit):
            let entries = try git.folder(folder, at: commit) ?? []
            return entries.filter { $0.kind != .folder && $0.name.hasSuffix(ending) }.map(\.name)
        case .workTree(let root): return folderNames("\(root)/\(folder)").filter { $0.hasSuffix(ending) }
        }
    }

    func folders(in folder: String) throws(MusterError) -> [String] {
        switch source {
        case .commit(let commit):
            return (try git.folder(folder, at: commit) ?? []).filter { $0.kind == .folder }.map(\.name)
        case .workTree(let root):
            return folderNames("\(root)/\(folder)").filter { isFolder("\(root)/\(folder)/\($0)") }
        }
    }

    // MARK: Documents

    func configuration() throws(MusterError) -> Configuration {
        guard let file = try file("muster.yaml") else {
            throw MusterError(
                code: "catalog.no-configuration", "The catalog has no muster.yaml\(place).",
                help: try notCommitted("muster.yaml")
                    ?? "Add one at the root of the repository: `catalog: <name>` is enough.")
        }
        return try Configuration.parse(file.bytes, file: "muster.yaml").get()
    }

    func runbook(_ name: String) throws(MusterError) -> (runbook: Runbook, document: Plan.Document) {
        let path = "runbooks/\(name).yaml"
        guard isKebabCase(name), let file = try file(path) else {
            throw MusterError(
                code: "catalog.unknown-runbook", "There is no runbook \"\(visibleText(name))\"\(place).",
                help: try help(for: name, missing: path, known: try runbookNames()))
        }
        return (try Runbook.parse(file.bytes, file: path).get(), file.document)
    }

    func runbookNames() throws(MusterError) -> [String] {
        try names(in: "runbooks", ending: ".yaml").filter { !$0.hasSuffix(".lock.yaml") }.map { String($0.dropLast(5)) }
    }

    func lock(_ runbook: String) throws(MusterError) -> (lock: Lock, document: Plan.Document)? {
        let path = "runbooks/\(runbook).lock.yaml"
        guard let file = try file(path) else { return nil }
        return (try Lock.parse(file.bytes, file: path).get(), file.document)
    }

    func environment(_ name: String) throws(MusterError) -> (environment: Environment, document: Plan.Document) {
        let path = "environments/\(name).yaml"
        guard isKebabCase(name), let file = try file(path) else {
            let known = try names(in: "environments", ending: ".yaml").map { String($0.dropLast(5)) }
            throw MusterError(
                code: "catalog.unknown-environment", "There is no environment \"\(visibleText(name))\"\(place).",
                help: try help(for: name, missing: path, known: known))
        }
        return (try Environment.parse(file.bytes, file: path).get(), file.document)
    }

    /// The tree with the plugin's sources; nil in uncommitted work.
    func pluginSources(_ plugin: String) throws(MusterError) -> ObjectID? {
        guard let commit else { return nil }
        return try git.treeID("plugins/\(pluginFolderName(plugin))", at: commit)
    }

    // MARK: What is not there

    /// What to do about a document that the source does not have.
    ///
    /// - Parameter known: the names of those that it has.
    func help(for name: String, missing path: String, known: [String]) throws(MusterError) -> String {
        if isKebabCase(name), let said = try notCommitted(path) { return said }
        if let close = suggestion(for: name, in: known) { return close }
        if !known.isEmpty { return "There are \(known.joined(separator: ", "))." }
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        return "There is none in \(folder)/: add \(path)\(commit == nil ? "" : ", and commit it")."
    }

    /// Says that the work tree has what the commit has not, or that a newer commit has it; nil where neither does.
    func notCommitted(_ path: String) throws(MusterError) -> String? {
        guard let commit else { return nil }
        if let head = state.head, head != commit, try git.file(path, at: head) != nil {
            return "\(path) is in the newest commit, \(head.short): leave out --at."
        }
        guard let root = state.workTree, access("\(root)/\(path)", F_OK) == 0 else { return nil }
        return "\(path) is not committed; commit it: documents are read from commits."
    }

    private var place: String {
        switch source {
        case .commit(let id): " at commit \(id.short)"
        case .workTree: " in the work tree"
        }
    }
}

private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// A commit's links are refused, and so are those of a work tree: behind one may be anything of the machine's.
///
/// - Throws: `catalog.link` where the path, or a folder on the way to it, is one.
func refuseLinks(of path: String, in root: String) throws(MusterError) {
    var way = ""
    for name in path.split(separator: "/") {
        way += way.isEmpty ? name : "/" + name
        var status = stat()
        guard lstat("\(root)/\(way)", &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { continue }
        throw MusterError(
            code: "catalog.link", "\(visibleText(way)) is a symbolic link.",
            help: "Put the document itself in its place.")
    }
}
