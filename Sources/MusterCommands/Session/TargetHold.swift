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
    /// Whether the run works with it. One that was refused before that leaves the locks as it found them.
    var isUsed = false
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
        let runs = UnfinishedRuns(
            folders: folders, gitFolder: state.gitFolder, remote: configuration.recordsRemote, besides: run)
        locks = try TargetLocks(names, run: run, in: folders, asking: runs)
        guard configuration.leases != .local, !names.isEmpty else {
            (leases, events) = (nil, [])
            return
        }
        do throws(MusterError) {
            (leases, events) = try Self.leases(
                names, run, state.userOrLogin, state.gitFolder, folders, configuration, isBegun, takeOver)
        } catch {
            locks.withdraw()
            throw error
        }
    }

    private static func leases(
        _ names: [String], _ run: RunID, _ identity: GitIdentity, _ gitFolder: String, _ folders: StateFolder,
        _ configuration: Configuration, _ isBegun: Bool, _ takeOver: String?
    ) throws(MusterError) -> (RunLeases?, [Event]) {
        guard let remote = configuration.recordsRemote else {
            throw MusterError(
                code: "run.no-lease-remote",
                "muster.yaml wants leases (\(configuration.leases.rawValue)) and names no remote to keep them on.",
                help: "Name one under records: remote, or say leases: local.", status: .preconditionUnmet)
        }
        return try RunLeases.take(
            names,
            holder: .init(run: run, person: identity.text, remote: remote, author: identity, home: folders.identity),
            folder: gitFolder, configuration: configuration, isBegun: isBegun, takeOver: takeOver)
    }

    deinit {
        guard !isReleased else { return }
        if !isUsed { locks.withdraw() }
        release(isOver: !isBegun)
    }

    /// - Parameter isOver: false for a run at rest, whose targets are still half its own.
    func release(isOver: Bool) {
        guard !isReleased else { return }
        isReleased = true
        leases?.release(isOver: isOver)
        locks.release(isOver: isOver)
    }
}
