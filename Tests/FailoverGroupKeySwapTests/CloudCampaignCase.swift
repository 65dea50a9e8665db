// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import Foundation
import MusterEngine
import MusterMachine
import MusterModel

@testable import CloudSimulator

/// One drill with one fault at one call, forwards or on the way back: forwards, once more where it succeeded, and back.
struct CampaignCase {
    /// As on the simulator's command line; nil: no fault.
    let fault: String?
    /// Whether the fault waits for the rollback.
    let strikesBack: Bool

    /// How the run ended forwards, and after its rollbacks.
    private(set) var ends: [RunFinished.Outcome] = []
    private(set) var findings = CampaignFindings()
    private(set) var requests: [RequestLog.Entry] = []
    private(set) var requestsBack: [RequestLog.Entry] = []
    /// What the journal says, a line an event but for evidence and progress; for a look at a case that fails.
    private(set) var story: [String] = []

    init(_ fault: String?, strikesBack: Bool = false) {
        self.fault = fault
        self.strikesBack = strikesBack
    }

    mutating func perform() async throws {
        let lab = try await Lab(faults: strikesBack ? [] : faults)
        let plan = try SwapPlan.shipped.get()
        let world = try CampaignWorld(time: lab.time, section: lab.section)
        let before = lab.cloud.snapshot.state
        var state = try await drive(RunState(plan: plan), world, SwapPlan.opening, lab)
        requests = lab.cloud.snapshot.requests.entries
        let isWell = lab.cloud.snapshot.state.hasItsKeys(of: before)
        lab.cloud.changeWorld { $0.endFaults() }
        if ends == [.succeeded], !strikesBack { try await repeatDrill(plan, lab, mustSucceed: isWell) }
        if strikesBack { try lab.cloud.begin(faults) }
        let there = lab.cloud.snapshot.requests.entries.count
        state = try await drive(state, world, Self.rollback, lab)
        requestsBack = Array(lab.cloud.snapshot.requests.entries.dropFirst(there))
        if ends.last != .rolledBack {
            lab.cloud.changeWorld { $0.mend(as: before) }
            state = try await drive(state, world, Self.rollback, lab)
            checkWayBack(state)
        }
        findings.notResumable += world.faults
        story = world.story
    }

    private var faults: [String] { fault.map { [$0] } ?? [] }

    private static let rollback: [Event] = [
        .runResumed(RunResumed(by: "op", host: "host", bootID: "boot", processID: 2, engine: "test")),
        .rollbackRequested(RollbackRequested(by: "op", reason: "back")),
    ]

    /// One engine's life, on a thread of its own, and a look at its end.
    private mutating func drive(
        _ state: RunState, _ world: CampaignWorld, _ opening: [Event], _ lab: Lab, isRepeat: Bool = false
    ) async throws -> RunState {
        let effects = lab.cloud.effects.count
        let end = try await withCheckedThrowingContinuation { continuation in
            Thread {
                var engine = Engine(state: state, journal: world, world: world, followers: [])
                continuation.resume(with: Result { try engine.run(opening: opening) })
            }.start()
        }
        if case .finished(let outcome) = end.phase { ends.append(outcome) }
        let check = CampaignCheck(end, lab.cloud, at: lab.time.now, SwapTarget.all(lab))
        // What is there before a second run is the first one's.
        if !isRepeat { findings.lost += check.findings.lost }
        findings.notResumable += check.findings.notResumable
        findings.wrongEnd += check.findings.wrongEnd
        findings.doubled += Doubles.among(Array(lab.cloud.effects.dropFirst(effects)))
        findings.doubled += Doubles.begunAgain(lab.cloud.snapshot.operations)
        return end
    }

    /// A second run finds everything as wanted and changes nothing.
    private mutating func repeatDrill(_ plan: Plan, _ lab: Lab, mustSucceed: Bool) async throws {
        let first = lab.cloud.snapshot
        let world = try CampaignWorld(time: lab.time, section: lab.section)
        let end = try await drive(RunState(plan: plan), world, SwapPlan.opening, lab, isRepeat: true)
        let second = lab.cloud.snapshot
        let changes = second.requests.entries.dropFirst(first.requests.entries.count)
            .filter { $0.method != "GET" && $0.operation != "Token" }
        if !changes.isEmpty || second.effects != first.effects {
            findings.doubled.append("the second run asked for \(changes.map(\.operation))")
        }
        if mustSucceed, end.phase != .finished(.succeeded) {
            findings.wrongEnd.append("the second run ends \(end.phase)")
        }
        findings.notResumable += world.faults
    }

    /// In a cloud that is well again only what nobody can prove to be the run's stays.
    private mutating func checkWayBack(_ state: RunState) {
        guard state.phase != .finished(.rolledBack) else { return }
        let failed = state.steps.indices.filter { state.steps[$0].undoing == .failed }
        let isUnproven = { (at: Int) in
            state.steps[at].undoFailure?.message.contains("so somebody else may have registered it") == true
        }
        for at in failed where !isUnproven(at) {
            let failure = state.steps[at].undoFailure
            // What such a key's step needs stays with it.
            if failure?.code == "undo.blocked", failed.contains(where: isUnproven) { continue }
            findings.notResumable.append(
                "\(state.plan.steps[at].id) cannot be undone in a cloud that is well: \(failure?.message ?? "-")")
        }
    }
}

extension AzureState {
    /// Whether vaults, grants and replication are as they were.
    func hasItsKeys(of other: AzureState) -> Bool {
        vaults == other.vaults && roleAssignments == other.roleAssignments
            && failoverGroups.mapValues(\.replicationState) == other.failoverGroups.mapValues(\.replicationState)
    }
}

extension SimulatedCloud {
    func begin(_ faults: [String]) throws {
        let rules = try faults.map { try FaultRule(commandLine: $0) }
        changeWorld { $0.faults = rules }
    }
}

extension AzureWorld {
    /// The exchanges go well again; what has come of the faults stays.
    mutating func endFaults() {
        faults = []
        formerServers = nil
    }

    /// Grants, keys and replication come back as they were, and what never ends is given up.
    mutating func mend(as before: AzureState) {
        endFaults()
        state.vaults = before.vaults
        state.roleAssignments = before.roleAssignments
        state.rolePropagation = before.rolePropagation
        for (name, group) in before.failoverGroups {
            state.failoverGroups[name]?.replicationState = group.replicationState
        }
        for name in state.servers.keys {
            state.servers[name]?.accessLostAt = nil
            state.servers[name]?.closedAtOnce = false
        }
        for index in operations.indices where operations[index].status == .running && operations[index].ends == nil {
            operations[index].status = .failed
            operations[index].error = SQLError.busy
        }
    }
}
