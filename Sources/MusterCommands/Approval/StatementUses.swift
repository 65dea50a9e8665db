// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterGit
internal import MusterMachine
internal import MusterModel

/// Which runs took a statement up, by the records that the catalog holds, and by what was seen last of remotes': a fresh clone has
/// no branch of its own for them. They are read once.
final class StatementUses {
    private let records: Records
    private let since: Timestamp?
    private var known: (since: Timestamp, places: [String: Set<RecordPlace>])?

    /// - Parameter since: where it is known that all will be asked for from then on.
    init(_ records: Records, since: Timestamp? = nil) {
        self.records = records
        self.since = since
    }

    /// Those that took the statement up, as far as records tell, the first one by its id first.
    ///
    /// Anybody may push a record that says so: its journal must hold the very statement with its signature, and the run cannot
    /// have begun before it was signed.
    func runs(of statement: OfferedStatement, _ read: ApprovalStatement) throws(MusterError) -> [RunID] {
        // A clock may have been behind when the statement was signed.
        let oldest = read.issued.advanced(by: .zero - ExaminedStatement.clockDifference).compact
        var found: [RunID] = []
        for place in try places(since: read.issued)[read.id] ?? [] where !found.contains(place.run) {
            guard String(place.run.text.prefix(15)) >= oldest, try holds(place, statement, read.id) else { continue }
            found.append(place.run)
        }
        return found.sorted()
    }

    private func holds(
        _ place: RecordPlace, _ statement: OfferedStatement, _ id: String
    ) throws(MusterError) -> Bool {
        let name = "journal.jsonl"
        guard let bytes = try records.git.readRecord(place, paths: [name])?[name]?.content.bytes,
            // One that cannot be read used nothing.
            let entries = (try? JournalReading(bytes))?.entries
        else { return false }
        return entries.contains { entry in
            guard case .approvalRecorded(let body) = entry.event else { return false }
            return body.id == id && body.statement == statement.statement && body.signature == statement.signature
        }
    }

    /// Records that say so, by statement's id, as far as those from that moment on tell.
    private func places(since moment: Timestamp) throws(MusterError) -> [String: Set<RecordPlace>] {
        let oldest = min(since ?? moment, moment)
        if let known, known.since <= oldest { return known.places }
        let places = try read(since: oldest)
        known = (oldest, places)
        return places
    }

    private func read(since: Timestamp) throws(MusterError) -> [String: Set<RecordPlace>] {
        var used: [String: Set<RecordPlace>] = [:]
        // A clock may have been behind when the statement was signed.
        let oldest = since.advanced(by: .seconds(-86_400)).compact
        func note(_ place: RecordPlace, _ bytes: [UInt8]?) {
            // A record that cannot be read is verify's matter; its journal on this machine left its marks.
            guard let bytes, let json = try? JSON.parse(bytes) else { return }
            for approval in json["approvals"]?.array ?? [] {
                if let id = approval["id"]?.string, !id.isEmpty { used[id, default: []].insert(place) }
            }
        }
        for tip in try records.git.runTips() where String(tip.run.text.prefix(15)) >= oldest {
            let place = RecordPlace(run: tip.run, branch: nil)
            note(place, try records.git.readRecord(place, paths: ["record.json"])?["record.json"]?.content.bytes)
        }
        for tip in try records.git.remoteRunTips() where String(tip.run.text.prefix(15)) >= oldest {
            let place = RecordPlace(tip)
            note(place, try records.git.readRecord(place, paths: ["record.json"])?["record.json"]?.content.bytes)
        }
        for branch in try [records.branch] + remoteLogs() {
            for entry in try entries(branch, since: oldest) {
                note(RecordPlace(run: entry.run, branch: branch), entry.file?.bytes)
            }
        }
        return used
    }

    private func remoteLogs() throws(MusterError) -> [String] {
        try records.git.state().remotes.map { RemoteLogs.ref(records.branch, of: $0) }
    }

    private func entries(_ branch: String, since oldest: String) throws(MusterError) -> [RecordEntry] {
        var found: [RecordEntry] = []
        var before: RunID?
        while true {
            let page = try records.git.records(
                RecordQuery(branch: branch, limit: 50, before: before, file: "record.json"))
            found += page.filter { String($0.run.text.prefix(15)) >= oldest }
            guard page.count == 50, let last = page.last?.run, String(last.text.prefix(15)) >= oldest else {
                return found
            }
            before = last
        }
    }
}
