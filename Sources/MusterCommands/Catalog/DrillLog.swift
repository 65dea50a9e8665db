// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterReport
internal import MusterSystem

/// A runbook with its last successful drill in each environment.
struct RunbookStanding: Encodable {
    var runbook: String
    var version: String
    /// Newest first; empty where no drill of it is recorded that succeeded.
    var drills: [DrillStanding]
    /// Environments of which nothing is known to hold.
    var needsDrill: Bool { drills.isEmpty || drills.contains(where: \.needsDrill) }

    enum CodingKeys: String, CodingKey { case runbook, version, drills, needsDrill }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(runbook, forKey: .runbook)
        try members.encode(version, forKey: .version)
        try members.encode(drills, forKey: .drills)
        try members.encode(needsDrill, forKey: .needsDrill)
    }
}

/// Finds each runbook's last drills in the log, and what of them has changed in the catalog since.
struct DrillLog {
    let documents: CatalogDocuments
    let records: Records

    /// So many of a runbook's newest runs are looked at.
    private static let runsMax = 100

    func standings(of only: String?) throws(MusterError) -> [RunbookStanding] {
        let names = try documents.runbookNames().filter { only == nil || $0 == only }
        let logged = try records.git.records(RecordQuery(branch: records.branch, limit: .max)).map(\.run)
        let every = try documents.configuration().drillEvery
        let plugins = try pluginTrees()
        let environments = try environmentBlobs()
        var standings: [RunbookStanding] = []
        for name in names {
            let (runbook, document) = try documents.runbook(name)
            let pins = RunbookPins(
                version: runbook.version.value.description, runbook: document.blob, definitions: try definitions(name),
                plugins: plugins, policy: try documents.file("muster.yaml")?.document.blob, environments: environments)
            var standing = RunbookStanding(runbook: name, version: pins.version, drills: [])
            for record in try lastDrills(logged.filter { $0.runbook == name }) {
                let policy = try policy(of: record)
                standing.drills.append(
                    DrillStanding(record, policy: policy, against: pins, every: every, now: readClocks().wall))
            }
            standings.append(standing)
        }
        return standings
    }

    /// Of each environment the newest drill that succeeded. A rehearsal proves nothing about a real environment.
    private func lastDrills(_ runs: [RunID]) throws(MusterError) -> [RunRecord] {
        var found: [RunRecord] = []
        for run in runs.prefix(Self.runsMax) {
            guard let record = try records.readable(run), record.kind == .drill, record.outcome == .succeeded,
                !found.contains(where: { $0.environment.name == record.environment.name })
            else { continue }
            found.append(record)
        }
        return found
    }

    /// muster.yaml at the commit that the run was read from; nil where this clone does not have it.
    private func policy(of record: RunRecord) throws(MusterError) -> ObjectID? {
        guard let commit = record.commit else { return nil }
        do {
            return try documents.git.file("muster.yaml", at: commit)?.id
        } catch {
            // The clone holds the record and not the catalog's older commits; the listing says that it is not known.
            return nil
        }
    }

    private func definitions(_ runbook: String) throws(MusterError) -> [RunbookPins.Definition] {
        guard let lock = try documents.lock(runbook)?.lock else { return [] }
        let all = lock.steps.compactMap { use, entry -> RunbookPins.Definition? in
            StepUse(use).map {
                .init(name: $0.reference.description, version: entry.version.description, blob: entry.blob)
            }
        }
        return Set(all).sorted { ($0.name, $0.version) < ($1.name, $1.version) }
    }

    private func pluginTrees() throws(MusterError) -> [String: ObjectID] {
        guard let commit = documents.commit else { return [:] }
        var trees: [String: ObjectID] = [:]
        for folder in try documents.git.folder("plugins", at: commit) ?? [] where folder.kind == .folder {
            trees[kebabName(pluginFolder: folder.name)] = folder.id
        }
        return trees
    }

    private func environmentBlobs() throws(MusterError) -> [String: ObjectID] {
        guard let commit = documents.commit else { return [:] }
        var blobs: [String: ObjectID] = [:]
        for file in try documents.git.folder("environments", at: commit) ?? []
        where file.kind != .folder && file.name.hasSuffix(".yaml") {
            blobs[String(file.name.dropLast(".yaml".count))] = file.id
        }
        return blobs
    }
}
