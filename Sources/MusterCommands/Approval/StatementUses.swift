// SPDX-License-Identifier: Apache-2.0

internal import MusterGit
internal import MusterModel

/// Which runs took a statement up, by the records that the catalog holds, and by what was seen last of remotes': a fresh clone has
/// no branch of its own for them. They are read once.
final class StatementUses {
    private let records: Records
    private let since: Timestamp?
    private var known: (since: Timestamp, runs: [String: Set<RunID>])?

    /// - Parameter since: where it is known that all will be asked for from then on.
    init(_ records: Records, since: Timestamp? = nil) {
        self.records = records
        self.since = since
    }

    /// The first of them by statement's id, as far as records from that moment on tell.
    func firstRuns(since moment: Timestamp) throws(MusterError) -> [String: RunID] {
        try runs(since: moment).compactMapValues { $0.min() }
    }

    /// All of them by statement's id, as far as records from that moment on tell.
    func runs(since moment: Timestamp) throws(MusterError) -> [String: Set<RunID>] {
        let oldest = min(since ?? moment, moment)
        if let known, known.since <= oldest { return known.runs }
        let runs = try read(since: oldest)
        known = (oldest, runs)
        return runs
    }

    private func read(since: Timestamp) throws(MusterError) -> [String: Set<RunID>] {
        var used: [String: Set<RunID>] = [:]
        // A clock may have been behind when the statement was signed.
        let oldest = since.advanced(by: .seconds(-86_400)).compact
        func note(_ run: RunID, _ bytes: [UInt8]?) {
            // A record that cannot be read is verify's matter; its journal on this machine left its marks.
            guard let bytes, let json = try? JSON.parse(bytes) else { return }
            for approval in json["approvals"]?.array ?? [] {
                if let id = approval["id"]?.string, !id.isEmpty { used[id, default: []].insert(run) }
            }
        }
        for tip in try records.git.runTips() where String(tip.run.text.prefix(15)) >= oldest {
            let place = RecordPlace(run: tip.run, branch: nil)
            note(tip.run, try records.git.readRecord(place, paths: ["record.json"])?["record.json"]?.content.bytes)
        }
        for tip in try records.git.remoteRunTips() where String(tip.run.text.prefix(15)) >= oldest {
            let place = RecordPlace(tip)
            note(tip.run, try records.git.readRecord(place, paths: ["record.json"])?["record.json"]?.content.bytes)
        }
        for branch in try [records.branch] + remoteLogs() {
            for entry in try entries(branch, since: oldest) { note(entry.run, entry.file?.bytes) }
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
