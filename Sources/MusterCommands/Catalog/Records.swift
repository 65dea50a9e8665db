// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterRecord

/// The log of executions of a catalog, read from git alone.
struct Records {
    let git: Catalog
    let branch: String
    /// Names of the remotes from which the log may have come.
    private var remotes: [String] = []

    /// Opens the catalog; its muster.yaml at HEAD names the log's branch, else it is the standard one.
    init(folder: String?) throws(MusterError) {
        let (git, state) = try CatalogDocuments.open(folder)
        try self.init(git: git, state: state)
    }

    init(git: Catalog, state: RepositoryState) throws(MusterError) {
        self.git = git
        remotes = state.remotes
        branch = try Self.configuration(git, state)?.recordsBranch ?? Configuration.standardRecordsBranch
    }

    /// muster.yaml at HEAD; nil where there is none that can be read.
    static func configuration(_ git: Catalog, _ state: RepositoryState) throws(MusterError) -> Configuration? {
        guard let head = state.head, let file = try git.file("muster.yaml", at: head) else { return nil }
        return Configuration.parse(file.content.bytes, file: "muster.yaml").value
    }

    init(git: Catalog, branch: String) {
        self.git = git
        self.branch = branch
    }

    /// A fresh clone has the branches of its remote, and none of them as its own but the one that is checked out.
    ///
    /// - Throws: `record.log-not-fetched` where a remote is known to have the log and this clone has no branch of it.
    func requireLog() throws(MusterError) {
        guard try tip("refs/heads/\(branch)") == nil else { return }
        for remote in remotes where try tip("refs/remotes/\(remote)/\(branch)") != nil {
            throw MusterError(
                code: "record.log-not-fetched",
                "This clone has no branch \(branch) of its own; \(remote) has the log of executions.",
                help: "Get it: git fetch \(remote) \(branch):\(branch)", status: .preconditionUnmet)
        }
    }

    private func tip(_ ref: String) throws(MusterError) -> ObjectID? {
        do { return try git.resolve(ref) } catch  where error.code == "git.unknown-revision" { return nil }
    }

    /// What reviewers said of the newest runs of the log, by run; runs of which nobody said anything are left out.
    func reviews(_ limit: Int) throws(MusterError) -> [RunID: [ReviewRecord]] {
        var all = try reviews(limit, in: branch)
        for remote in remotes {
            for (run, more) in try reviews(limit, in: RemoteLogs.ref(branch, of: remote)) {
                all[run] = Self.longer(all[run] ?? [], more)
            }
        }
        return all
    }

    /// What was fetched of a remote may know of more reviews; then it goes on from what is here, and nothing of this is missing in it.
    private static func longer(_ ours: [ReviewRecord], _ theirs: [ReviewRecord]) -> [ReviewRecord] {
        theirs.count > ours.count && Set(theirs).isSuperset(of: ours) ? theirs : ours
    }

    private func reviews(_ limit: Int, in branch: String) throws(MusterError) -> [RunID: [ReviewRecord]] {
        let each = RecordQuery.Each(folder: ReviewFiles.folder, file: ReviewFiles.record)
        let entries = try git.records(RecordQuery(branch: branch, limit: limit, each: each))
        return entries.reduce(into: [:]) { all, entry in
            let files = (entry.each ?? []).enumerated().map {
                ("\(ReviewFiles.folder)/\($0)/\(ReviewFiles.record)", $1.bytes)
            }
            let reviews = ReviewFiles.reviews(in: Dictionary(uniqueKeysWithValues: files))
            if !reviews.isEmpty { all[entry.run] = reviews }
        }
    }

    /// What reviewers said of the run.
    func reviews(of run: RunID) throws(MusterError) -> [ReviewRecord] {
        ReviewFiles.reviews(in: try reviewFiles(of: run))
    }

    /// The files of the run's reviews, as whichever of the log and what was fetched of remotes knows of more.
    func reviewFiles(of run: RunID) throws(MusterError) -> [String: [UInt8]] {
        var found = try reviewFiles(at: try place(of: run))
        for remote in remotes {
            let more = try reviewFiles(at: RecordPlace(run: run, branch: RemoteLogs.ref(branch, of: remote)))
            let (ours, theirs) = (ReviewFiles.reviews(in: found), ReviewFiles.reviews(in: more))
            if Self.longer(ours, theirs) != ours { found = more }
        }
        return found
    }

    /// The folders of those that have a signature, whatever it is worth.
    func signedReviews(of run: RunID) throws(MusterError) -> Set<String> {
        let places =
            [try place(of: run)] + remotes.map { RecordPlace(run: run, branch: RemoteLogs.ref(branch, of: $0)) }
        var found: Set<String> = []
        for place in places {
            let paths = (try git.recordFiles(place) ?? []).map(\.path)
            found.formUnion(
                paths.filter { ReviewFiles.isReview($0) && $0.hasSuffix("/\(ReviewFiles.signature)") }.map {
                    String($0.dropLast(ReviewFiles.signature.utf8.count + 1))
                })
        }
        return found
    }

    private func reviewFiles(at place: RecordPlace) throws(MusterError) -> [String: [UInt8]] {
        let paths = (try git.recordFiles(place) ?? []).map(\.path).filter(ReviewFiles.isReview)
        return (try git.readRecord(place, paths: paths) ?? [:]).mapValues(\.content.bytes)
    }

    /// Newest first; only those of the runbook, where one is named.
    func list(_ limit: Int, runbook: String? = nil) throws(MusterError) -> [RunRecord] {
        if let runbook {
            return try runs(of: runbook, most: limit).map { (run) throws(MusterError) in try record(of: run) }
        }
        let entries = try git.records(RecordQuery(branch: branch, limit: limit, file: "record.json"))
        var records: [RunRecord] = []
        for entry in entries {
            guard let bytes = entry.file?.bytes else { throw unreadable(entry.run, "it has no record.json") }
            records.append(try decode(entry.run, bytes))
        }
        return records
    }

    /// The whole id of the run that the text names: an id, the end of one among the newest thousand, or `last`.
    func find(_ text: String) throws(MusterError) -> RunID {
        try requireLog()
        if let run = RunID(text) { return run }
        // A run at rest has a branch and no place in the log yet.
        let logged = try git.records(RecordQuery(branch: branch, limit: 1000)).map(\.run)
        let known = Set(logged).union(try git.runTips().map(\.run)).sorted()
        let matches = text == "last" ? Array(known.suffix(1)) : known.filter { $0.isNamed(by: text) }
        if matches.count == 1 { return matches[0] }
        if known.isEmpty {
            throw MusterError(
                code: "record.unknown-run", "No run has been recorded in this catalog yet.",
                help: "Each run leaves a record: muster run RUNBOOK --environment E, or muster rehearse RUNBOOK.")
        }
        let help = "\"muster list\" names them."
        guard matches.isEmpty else {
            throw MusterError(
                code: "record.unknown-run", "\"\(visibleText(text))\" names \(matches.count) records.", help: help)
        }
        throw MusterError(
            code: "record.unknown-run", "No record is called \"\(visibleText(text))\".", help: help)
    }

    /// Where the record is read: in the log, or on the run's own branch while it is not there yet, or not to its end.
    func place(of run: RunID) throws(MusterError) -> RecordPlace {
        let merged = RecordPlace(run: run, branch: branch)
        if try git.recordFiles(merged) != nil, try !hasGrownBeyondLog(run) { return merged }
        let live = RecordPlace(run: run, branch: nil)
        if try git.recordFiles(live) != nil { return live }
        throw MusterError(
            code: "record.not-found", "There is no record of run \(run) in this repository.",
            help: "Look in the clone that it was committed to, or fetch \(branch) from there.")
    }

    /// Whether the log's record is only the beginning of what the run's branch holds: a run that was over was taken up once
    /// more.
    func hasGrownBeyondLog(_ run: RunID) throws(MusterError) -> Bool {
        guard let (logged, own) = try differingJournals(of: run) else { return false }
        return own.count > logged.count && own.starts(with: logged)
    }

    /// Whether the run's branch here is only the beginning of what the log holds: another machine went on with it.
    func isAheadOfBranch(_ run: RunID) throws(MusterError) -> Bool {
        guard let (logged, own) = try differingJournals(of: run) else { return false }
        return logged.count > own.count && logged.starts(with: own)
    }

    /// As the log and the run's branch have it; nil unless both do, and for the same content, which is not read.
    private func differingJournals(of run: RunID) throws(MusterError) -> (logged: [UInt8], own: [UInt8])? {
        let name = "journal.jsonl"
        func blob(_ place: RecordPlace) throws(MusterError) -> ObjectID? {
            try git.recordFiles(place)?.first { $0.path == name }?.id
        }
        guard try blob(RecordPlace(run: run, branch: branch)) != blob(RecordPlace(run: run, branch: nil)),
            let logged = try git.readRecord(RecordPlace(run: run, branch: branch), paths: [name])?[name],
            let own = try git.readRecord(RecordPlace(run: run, branch: nil), paths: [name])?[name]
        else { return nil }
        return (logged.content.bytes, own.content.bytes)
    }

    /// Every file of the record by its path.
    func files(of run: RunID) throws(MusterError) -> [String: [UInt8]] { try files(at: try place(of: run)) }

    /// The paths of the record's files, sorted.
    func paths(of run: RunID) throws(MusterError) -> [String] {
        (try git.recordFiles(try place(of: run)) ?? []).map(\.path)
    }

    /// One file of the record; nil when it has no such.
    func file(_ path: String, of run: RunID) throws(MusterError) -> [UInt8]? {
        try git.readRecord(try place(of: run), paths: [path])?[path]?.content.bytes
    }

    func files(at place: RecordPlace) throws(MusterError) -> [String: [UInt8]] {
        let paths = (try git.recordFiles(place) ?? []).map(\.path)
        return (try git.readRecord(place, paths: paths) ?? [:]).mapValues(\.content.bytes)
    }

    func record(of run: RunID) throws(MusterError) -> RunRecord {
        guard let bytes = try file("record.json", of: run) else { throw unreadable(run, "it has no record.json") }
        return try decode(run, bytes)
    }

    private func decode(_ run: RunID, _ bytes: [UInt8]) throws(MusterError) -> RunRecord {
        do { return try JSON.parse(bytes).decode(RunRecord.self) } catch {
            throw unreadable(run, describeDecodingError(error))
        }
    }

    private func unreadable(_ run: RunID, _ why: String) -> MusterError {
        MusterError(
            code: "record.unreadable", "The record of run \(run) cannot be read: \(why).",
            help: "Check it with: muster verify \(run)", status: .verificationFailed)
    }
}
