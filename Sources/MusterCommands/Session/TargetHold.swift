// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// What keeps other runs off a run's targets: locks on this machine, and leases on the remote where the catalog wants them.
final class TargetHold {
    private let locks: TargetLocks
    let leases: RunLeases?
    /// What the journal is told of them.
    let events: [Event]
    /// Whether the run may have had an effect: its targets are then half its own until it is over.
    var isBegun: Bool
    private var isReleased = false

    /// Takes all or none.
    ///
    /// - Parameters:
    ///   - isBegun: the run is taken up again.
    ///   - takeOver: a person's reason to take leases that another run let expire; nil where nobody decided that.
    /// - Throws: `run.locked`, `run.unfinished`, `run.leased`, `run.no-lease-remote`, and what keeps a lease from being taken.
    init(
        _ plan: Plan, run: RunID, folders: StateFolder, state: RepositoryState, configuration: Configuration,
        isBegun: Bool, takeOver: String?
    ) throws(MusterError) {
        self.isBegun = isBegun
        // Clouds that are simulated for one run are no target that another could touch.
        let names = plan.kind == .rehearsal ? [] : plan.locks
        locks = try TargetLocks(names, run: run, in: folders) { other throws(MusterError) in
            try Self.hasBegun(other, in: state.gitFolder)
        }
        guard configuration.leases != .local, !names.isEmpty else {
            (leases, events) = (nil, [])
            return
        }
        guard let remote = configuration.recordsRemote else {
            throw MusterError(
                code: "run.no-lease-remote",
                "muster.yaml wants leases (\(configuration.leases.rawValue)) and names no remote to keep them on.",
                help: "Name one under records: remote, or say leases: local.", status: .preconditionUnmet)
        }
        let identity = state.userOrLogin
        (leases, events) = try RunLeases.take(
            names,
            holder: .init(run: run, person: identity.text, remote: remote, author: identity, home: folders.identity),
            folder: state.gitFolder, configuration: configuration, isBegun: isBegun, takeOver: takeOver)
    }

    /// Whether the catalog's branch of the run tells that it began and not that it is over. A journal that was lost is no end.
    private static func hasBegun(_ run: RunID, in gitFolder: String) throws(MusterError) -> Bool {
        var options = GitClient.Options()
        options.adopt(environment: Host.variables)
        let catalog = Catalog(folder: gitFolder, options: options)
        defer { catalog.client.close() }
        guard let files = try catalog.readRecord(RecordPlace(run: run, branch: nil), paths: ["journal.jsonl"]),
            let journal = files["journal.jsonl"]?.content.bytes
        else { return false }
        let lines = journal.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        func tells(_ line: String, _ kind: String) -> Bool {
            // What cannot be read is no line of a journal.
            (try? JSON.parse(line))?["kind"]?.string == kind
        }
        return lines.contains { tells($0, "run-started") } && lines.last.map { !tells($0, "run-finished") } ?? false
    }

    deinit { release(isOver: !isBegun) }

    /// - Parameter isOver: false for a run at rest, whose targets are still half its own.
    func release(isOver: Bool) {
        guard !isReleased else { return }
        isReleased = true
        leases?.release(isOver: isOver)
        locks.release(isOver: isOver)
    }
}
