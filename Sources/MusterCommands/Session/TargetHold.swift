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
        locks = try TargetLocks(names, run: run, in: folders)
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
            holder: .init(run: run, person: identity.text, remote: remote, author: identity),
            folder: state.gitFolder, configuration: configuration, isBegun: isBegun, takeOver: takeOver)
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
