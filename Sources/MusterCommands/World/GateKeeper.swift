// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterEngine
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// Takes up approvals while the run waits at a gate: those that another command brings, and those that appear on branches of
/// the catalog, here or on the remote.
///
/// To check a signature takes some milliseconds in which the loop stands; that happens once for each statement.
final class GateKeeper: PollService {
    private let run: RunID
    private let plan: Digest
    private let folders: StateFolder
    private let folder: String
    private let remote: String?
    private let git: Catalog
    private var gates: Set<String> = []
    private var looked: Set<String> = []
    private var inputs: [EngineInput] = []
    private var sent: Int?
    private var isFetching = false
    private var dueAt: Int64 = 0
    private var fetchAt: Int64 = 0

    /// How often the branches here, and those of the remote, are looked at while a gate is open.
    private static let lookEvery: Int64 = 2_000_000_000
    private static let fetchEvery: Int64 = 20_000_000_000

    /// - Parameter folder: the catalog's.
    init(run: RunID, plan: Digest, folders: StateFolder, folder: String, remote: String?) {
        (self.run, self.plan, self.folders, self.folder, self.remote) = (run, plan, folders, folder, remote)
        git = Self.connection(folder)
    }

    static func connection(_ folder: String) -> Catalog {
        var options = GitClient.Options()
        options.adopt(environment: Host.variables)
        return Catalog(folder: folder, options: options)
    }

    func open(_ gate: String) {
        gates.insert(gate)
        (dueAt, fetchAt) = (0, 0)
        // At a gate that opens anew, what was of no use at the last one may be.
        looked = []
    }

    func close(_ gate: String) { gates.remove(gate) }

    func end() { git.client.close() }

    /// - Returns: the statement as the run may take it up, or why not.
    func check(_ offered: OfferedStatement) -> Result<ApprovalRecorded, MusterError> {
        Result { () throws(MusterError) in
            try GateCheck(try StoredRun(run, in: folders), git: git).taken(offered)
        }
    }

    func takeInputs() -> [EngineInput] {
        defer { inputs = [] }
        return inputs
    }

    // MARK: Branches

    var pollTargets: [PollTarget] { sent == nil ? [] : git.client.pollTargets }

    var wakeAt: Int64? {
        if sent != nil { return git.client.nextDeadline }
        return gates.isEmpty ? nil : dueAt
    }

    func service() {
        if let sent {
            // Whatever went wrong is tried again with the next look.
            guard let answer = git.client.receive().first(where: { $0.id == sent }) else { return }
            self.sent = nil
            take(answer.result)
        }
        guard sent == nil, !gates.isEmpty, dueAt <= readClocks().boot else { return }
        send()
    }

    private func send() {
        let now = readClocks().boot
        isFetching = remote != nil && fetchAt <= now
        let request: GitRequest =
            if isFetching, let remote { .fetchStatements(remote: remote, plan: plan) } else { .statements(plan: plan) }
        if isFetching { fetchAt = now + Self.fetchEvery }
        dueAt = isFetching ? now : now + Self.lookEvery
        // A worker that cannot be started is started anew with the next look.
        sent = try? git.client.send(request, deadline: .seconds(20))
        if sent == nil { dueAt = now + Self.lookEvery }
    }

    private func take(_ result: Result<JSON, MusterError>) {
        guard !isFetching, case .success(let value) = result,
            let kept = try? GitClient.decode(value, as: [KeptStatement].self)  // what cannot be read is no statement
        else { return }
        for offered in kept.compactMap(OfferedStatement.init) where looked.insert(offered.signature).inserted {
            guard offered.parsed?.gate?.run == run, case .success(let approval) = check(offered) else { continue }
            inputs.append(.approved(approval, nil))
        }
    }
}
