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
    /// Signatures of statements that were taken up.
    private var taken: Set<String> = []
    /// Those that did not count, and when each is looked at again: what stands against one may pass.
    private var refused: [String: (due: Int64, wait: Int64)] = [:]
    private let notices: StatementNotices
    /// Told once of each statement, and reason, that does not count.
    var tell: (StatementNotice) -> Void = { _ in }
    private var inputs: [EngineInput] = []
    private var sent: Int?
    private var isFetching = false
    private var dueAt: Int64 = 0
    private var fetchAt: Int64 = 0

    /// How often the branches here, and those of the remote, are looked at while a gate is open.
    private static let lookEvery: Int64 = 2_000_000_000
    private static let fetchEvery: Int64 = 20_000_000_000
    /// The longest that a statement which did not count is left alone.
    private static let againWithin: Int64 = 64_000_000_000

    /// - Parameter folder: the catalog's.
    init(run: RunID, plan: Digest, folders: StateFolder, folder: String, remote: String?) {
        (self.run, self.plan, self.folders, self.folder, self.remote) = (run, plan, folders, folder, remote)
        git = Self.connection(folder)
        notices = StatementNotices(runFolder: folders.run(run))
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
        (taken, refused) = ([], [:])
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
        let now = readClocks().boot
        for offered in kept.compactMap(OfferedStatement.init) where !taken.contains(offered.signature) {
            guard (refused[offered.signature]?.due ?? 0) <= now, let gate = offered.parsed?.gate, gate.run == run,
                gates.contains(gate.step)
            else { continue }
            switch check(offered) {
            case .success(let approval):
                taken.insert(offered.signature)
                notices.remove(Digest(of: offered.signature.utf8))
                inputs.append(.approved(approval, nil))
            case .failure(let error): note(offered, error, now)
            }
        }
    }

    /// What the policy says against a statement is looked at again more and more seldom; what kept it from being judged at all,
    /// with the next look.
    private func note(_ offered: OfferedStatement, _ error: MusterError, _ now: Int64) {
        let before = refused[offered.signature]?.wait ?? 0
        let wait = error.code == "approval.refused" ? min(max(2 * before, Self.lookEvery), Self.againWithin) : 0
        refused[offered.signature] = (now + wait, wait)
        if let notice = StatementNotice(offered, error), notices.add(notice) { tell(notice) }
    }
}
