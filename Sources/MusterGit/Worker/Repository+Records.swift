// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel

/// A listing on its way back through the log.
private struct RecordSearch {
    let query: RecordQuery
    var found: [RecordEntry] = []
    var left = GitLimits.answerBytes
    /// Folders gone through so far.
    var folders = 0

    init(query: RecordQuery) { self.query = query }

    var wantsMore: Bool { found.count < query.limit }

    func wants(_ run: RunID) -> Bool { query.before.map { run < $0 } ?? true }

    /// Whether a year, month or day (`2026`, `202611`, `20261121`) can hold a run that is wanted. Deeper or odd folders
    /// are not of the log's layout.
    func mayHold(_ date: String) -> Bool {
        guard [4, 6, 8].contains(date.utf8.count), date.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return false
        }
        return query.before.map { date <= String($0.text.prefix(date.count)) } ?? true
    }
}

extension Repository {
    /// A run's folder in the log; nil when it is not there.
    func recordEntry(_ run: RunID, in log: ObjectID) throws(MusterError) -> TreeEntry? {
        let root = TreeEntry(name: "", kind: .folder, id: try treeID(of: log))
        let path = run.recordPath.split(separator: "/").map(String.init)
        return try entry(path[...], below: root, at: "")
    }

    /// A branch of this repository by its short name, or what it last saw of a remote's, named in full.
    private func logRef(_ branch: String) throws(MusterError) -> String {
        branch.hasPrefix(RecordPlace.remoteBranches) ? branch : try branchRef(branch)
    }

    /// Walks the days of the log's newest tree backwards: what it costs depends on the limit, not on the log's length.
    func listRecords(_ query: RecordQuery) throws -> [RecordEntry] {
        guard let log = try tip(of: logRef(query.branch)) else { return [] }
        let root = try entries(of: treeID(of: log), at: "")
        guard let records = root.first(where: { $0.name == "records" && $0.kind == .folder }) else { return [] }
        var search = RecordSearch(query: query)
        try walkBack(records, at: "records", date: "", &search)
        return search.found
    }

    /// Goes through years, months, days and runs, the greatest name first, until enough are found.
    private func walkBack(_ folder: TreeEntry, at path: String, date: String, _ search: inout RecordSearch) throws {
        search.folders += 1
        guard search.folders <= GitLimits.logFolders else {
            throw MusterError(
                code: "git.too-large",
                "The log has more than \(GitLimits.logFolders) years, months and days, at \(path).",
                help: "Something other than Muster wrote it: look at what last changed it with `git log --stat`.")
        }
        let entries = try entries(of: folder.id, at: path).filter { $0.kind == .folder }
        for entry in entries.sorted(by: { $1.name.utf8.lexicographicallyPrecedes($0.name.utf8) }) where search.wantsMore
        {
            if date.utf8.count == "YYYYMMDD".utf8.count {
                // What is not named as a record is not one; checking the log is not listing's affair.
                guard let run = RunID(entry.name), search.wants(run) else { continue }
                search.found.append(
                    RecordEntry(
                        run: run, tree: entry.id, file: try recordFile(search.query.file, of: entry, &search.left),
                        each: try recordFiles(search.query.each, of: entry, &search.left)))
            } else if search.mayHold(date + entry.name) {
                try walkBack(entry, at: "\(path)/\(entry.name)", date: date + entry.name, &search)
            }
        }
    }

    private func recordFile(_ name: String?, of record: TreeEntry, _ left: inout Int) throws -> FileContent? {
        guard let name, let file = try entry(TreePath(name).components[...], below: record, at: record.name),
            try file.checkedOfRecord(at: record.name).kind != .folder
        else { return nil }
        let bytes = try blob(file.id, limit: min(left, GitLimits.recordFileBytes), named: "\(record.name)/\(name)")
        left -= bytes.count
        return FileContent(bytes)
    }

    private func recordFiles(
        _ each: RecordQuery.Each?, of record: TreeEntry, _ left: inout Int
    ) throws -> [FileContent]? {
        guard let each else { return nil }
        guard let folder = try entries(of: record.id, at: record.name).first(where: { $0.name == each.folder }),
            folder.kind == .folder
        else { return [] }
        var found: [FileContent] = []
        for below in try entries(of: folder.id, at: each.folder).sorted(by: { $0.name < $1.name })
        where below.kind == .folder {
            if let file = try recordFile(each.file, of: below, &left) { found.append(file) }
        }
        return found
    }

    /// The record's folder, in the log or on the run's own branch; nil when there is none.
    private func recordRoot(_ place: RecordPlace) throws -> TreeEntry? {
        if let commit = place.aside {
            return TreeEntry(name: place.run.text, kind: .folder, id: try treeID(of: commit))
        }
        let ref = try place.branch.map { (branch) throws(MusterError) in try logRef(branch) } ?? place.run.ref
        guard let tip = try tip(of: ref) else { return nil }
        guard place.branch == nil else { return try recordEntry(place.run, in: tip) }
        return TreeEntry(name: place.run.text, kind: .folder, id: try treeID(of: tip))
    }

    func readRecord(_ place: RecordPlace, _ paths: [String]) throws -> [CatalogFile]? {
        guard let root = try recordRoot(place) else { return nil }
        var left = GitLimits.answerBytes
        return try paths.compactMap { path in
            guard let file = try entry(TreePath(path).components[...], below: root, at: place.run.text),
                try file.checkedOfRecord(at: place.run.text).kind != .folder
            else { return nil }
            let bytes = try blob(file.id, limit: min(left, GitLimits.recordFileBytes), named: path)
            left -= bytes.count
            return CatalogFile(path: path, id: file.id, content: FileContent(bytes))
        }
    }

    func listRecordFiles(_ place: RecordPlace) throws -> [RecordFile]? {
        guard let root = try recordRoot(place) else { return nil }
        var files: [RecordFile] = []
        var seen = 0
        try collect(root, at: "", depth: 0, &seen, into: &files)
        return files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// - Parameter seen: files and folders so far; folders count, since a tree that holds one folder many times, and that again
    ///   the next, has more of them than anybody could go through.
    private func collect(
        _ folder: TreeEntry, at path: String, depth: Int, _ seen: inout Int, into files: inout [RecordFile]
    ) throws {
        for entry in try entries(of: folder.id, at: path) {
            let place = path.isEmpty ? entry.name : "\(path)/\(entry.name)"
            seen += 1
            guard seen <= GitLimits.listedFiles, depth < GitLimits.depth else {
                throw MusterError(
                    code: "git.too-large", "The record has more files or folders than are listed, at \(place).",
                    help: "Name the paths to read instead.")
            }
            if entry.kind == .folder {
                try collect(entry, at: place, depth: depth + 1, &seen, into: &files)
            } else {
                _ = try entry.checkedOfRecord(at: path)
                files.append(RecordFile(path: place, id: entry.id, size: try blobSize(entry.id)))
            }
        }
    }
}
