// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterDocuments
internal import MusterGit
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// A run as this machine can see it: from its own folder, or from the run's branch where another machine has it.
struct SeenRun {
    let stored: StoredRun
    /// Whether it runs or rests here, so that it can be told something directly.
    let isHere: Bool

    /// - Throws: `run.not-here` when neither this machine nor the catalog knows the run.
    init(_ run: RunID, git: Catalog, repository: RepositoryState, folders: StateFolder) throws(MusterError) {
        let path = "\(folders.run(run))/\(JournalWriter.fileName)"
        let own = access(path, F_OK) == 0 ? try StoredRun(run, in: folders) : nil
        if let own, own.isAlive || own.plan.commit == nil {
            (stored, isHere) = (own, true)
            return
        }
        if let remote = try Records.configuration(git, repository)?.recordsRemote {
            // A remote that is down: what is known here is looked at.
            _ = try? git.fetchRun(run, from: remote, deadline: .seconds(30))
        }
        let published = try Self.published(run, git, folders)
        switch (own, published) {
        case (let own?, let published?):
            let isBehind = own.reading.entries.count < published.reading.entries.count
            (stored, isHere) = isBehind ? (published, false) : (own, true)
        case (let own?, nil): (stored, isHere) = (own, true)
        case (nil, let published?): (stored, isHere) = (published, false)
        case (nil, nil):
            throw MusterError(
                code: "run.not-here", "Neither this machine nor the catalog has a journal of run \(run).",
                help: "Fetch its branch from where it was published: git fetch REMOTE \(run.ref):\(run.ref)")
        }
    }

    private static func published(
        _ run: RunID, _ git: Catalog, _ folders: StateFolder
    ) throws(MusterError) -> StoredRun? {
        let names = [StateFolder.planFile, JournalWriter.fileName]
        guard let files = try git.readRecord(RecordPlace(run: run, branch: nil), paths: names),
            let plan = files[names[0]]?.content.bytes, let journal = files[names[1]]?.content.bytes
        else { return nil }
        let reading: JournalReading
        do { reading = try JournalReading(journal) } catch let fault {
            throw MusterError(
                code: "record.broken-journal", "The journal on the branch of run \(run) is broken: \(fault).",
                help: "Check it with: muster verify \(run)", status: .verificationFailed)
        }
        return try StoredRun(run, folder: folders.run(run), plan: plan, reading: reading)
    }
}
