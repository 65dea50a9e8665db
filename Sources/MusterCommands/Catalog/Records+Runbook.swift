// SPDX-License-Identifier: Apache-2.0

internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord

extension Records {
    /// The log's runs of the runbook, newest first. Their ids hold its name, so no record is read for it.
    ///
    /// - Parameter before: only older runs.
    func runs(of runbook: String, before: RunID? = nil, most: Int) throws(MusterError) -> [RunID] {
        let pageLength = 500
        var found: [RunID] = []
        var before = before
        while found.count < most {
            let page = try git.records(RecordQuery(branch: branch, limit: pageLength, before: before)).map(\.run)
            found += page.filter { $0.runbook == runbook }
            guard page.count == pageLength else { break }
            before = page.last
        }
        return Array(found.prefix(most))
    }

    /// What the runbook's last runs took, newest first: enough of those that were no rehearsals, where there are.
    func finishedRuns(of runbook: String) throws(MusterError) -> [WindowAssessment.EarlierRun] {
        var found: [WindowAssessment.EarlierRun] = []
        for run in try runs(of: runbook, most: 60) {
            guard let record = try readable(run), [.succeeded, .failed].contains(record.outcome) else { continue }
            found.append(
                .init(
                    run: run, kind: record.kind, hasSucceeded: record.outcome == .succeeded,
                    tookMilliseconds: record.tookMilliseconds))
            if found.count(where: { $0.kind != .rehearsal }) == WindowAssessment.runsMax { break }
        }
        return found
    }

    /// The run's measures beside those of earlier runs of its runbook, most of them of its own kind.
    func trends(of record: RunRecord) throws(MusterError) -> [MeasureTrend] {
        guard !record.measures.isEmpty else { return [] }
        var earlier: [RunRecord] = []
        for run in try runs(of: record.runbook.name, before: record.run, most: 60) {
            guard let other = try readable(run) else { continue }
            earlier.append(other)
            if earlier.count(where: { $0.kind == record.kind }) == MeasureTrend.runsMax { break }
        }
        return MeasureTrend.trends(of: record, among: earlier)
    }

    /// The record in the log; nil for one that is not what this version reads.
    func readable(_ run: RunID) throws(MusterError) -> RunRecord? {
        let place = RecordPlace(run: run, branch: branch)
        guard let bytes = try git.readRecord(place, paths: ["record.json"])?["record.json"]?.content.bytes else {
            return nil
        }
        // An old record's damage must keep no run from being planned or shown; muster verify tells of it.
        return try? JSON.parse(bytes).decode(RunRecord.self)
    }
}
