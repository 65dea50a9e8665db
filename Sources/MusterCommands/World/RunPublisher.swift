// SPDX-License-Identifier: Apache-2.0

internal import MusterEngine
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// Pushes a run's branch while the run lives, so that another machine can go on where this one was lost.
///
/// The run never waits for it: a remote that is down costs nothing but what is not published, and the next commit tries again.
final class RunPublisher: PollService {
    /// Least time between two pushes, in nanoseconds: each is a connection to the remote.
    private static let pauseMin: Int64 = 1_000_000_000
    private static let deadline = Duration.seconds(60)

    private let catalog: Catalog
    private let order: PushOrder
    private var sent: (id: Int, tip: ObjectID)?
    private var tip: ObjectID?
    private var published: ObjectID?
    private var nextTry: Int64 = 0
    private var inputs: [EngineInput] = []
    private var isSuperseded = false

    init(folder: String, remote: String, run: RunID) {
        var options = GitClient.Options()
        options.adopt(environment: Host.variables)
        catalog = Catalog(folder: folder, options: options)
        order = PushOrder(remote: remote, refs: [run.ref])
    }

    /// The run's branch is there now.
    func moved(to commit: ObjectID) { tip = commit }

    var pollTargets: [PollTarget] { sent == nil ? [] : catalog.client.pollTargets }

    var wakeAt: Int64? {
        if sent != nil { return catalog.client.nextDeadline }
        return tip == published ? nil : nextTry
    }

    func service() {
        takeAnswer()
        let now = readClocks().boot
        guard sent == nil, let tip, tip != published, nextTry <= now else { return }
        nextTry = now + Self.pauseMin
        // What cannot be sent now is sent with the next commit, or at the end.
        guard let id = try? catalog.client.send(.push(order), deadline: Self.deadline) else { return }
        sent = (id, tip)
    }

    private func takeAnswer() {
        guard let sent else { return }
        for answer in catalog.client.receive() where answer.id == sent.id {
            self.sent = nil
            // Why a push failed is told at the end, by the one that is waited for.
            guard let json = try? answer.result.get(), let report: PushReport = try? GitClient.decode(json) else {
                nextTry = readClocks().boot + 10 * Self.pauseMin
                continue
            }
            if let other = report.refs.first?.conflict { superseded(other) }
            if report.isComplete { published = sent.tip } else { nextTry = readClocks().boot + 10 * Self.pauseMin }
        }
    }

    /// The remote has another way of the run: somebody went on with it elsewhere while this engine lives.
    private func superseded(_ conflict: String) {
        guard !isSuperseded else { return }
        isSuperseded = true
        let why =
            "another machine has gone on with the run, as \(order.remote) tells; what this one commits is kept in \(conflict)"
        inputs.append(.pause(PauseRequested(by: "engine", reason: why)))
    }

    func takeInputs() -> [EngineInput] {
        defer { inputs = [] }
        return inputs
    }

    /// Gives up what is under way: the push at the end sends it all.
    func close() { catalog.client.close() }
}
