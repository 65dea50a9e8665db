// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudSimulator
import MusterDocuments
import MusterModel
import MusterPlugin
import MusterSQL
import Testing

@testable import AzureClient
@testable import AzureSteps
@testable import TestFailover

/// What a scenario can be made to lack, and which precondition of a planned failover must say so.
enum Lack: String, CaseIterable, Sendable {
    case group, target, ready, openDatabases, catchUp, knownKey, enabledKey, role, idle

    var expected: (ids: [String], says: String) {
        switch self {
        case .group: (["group-joins-target"], "no failover group")
        case .target: (["group-joins-target"], "is not a server of")
        case .ready: (["servers-ready"], "tdeprimarytest is Disabled")
        case .openDatabases: (["databases-accessible"], "tdeprimarytest has lost its key")
        case .catchUp: (["replication-healthy"], "SEEDING on tdeprimarytest")
        case .knownKey: (["keys-known"], "is not registered on tdesecondarytest")
        case .enabledKey: (["keys-usable"], "disabled")
        case .role: (["keys-reachable"], "lets tdesecondarytest")
        case .idle: (["servers-idle"], "FailoverFailoverGroup")
        }
    }
}

struct PlannedPreconditionTests {
    private func check(_ lab: Lab, _ change: [String: JSON] = [:]) async throws -> [Condition] {
        try await lab.harness(PlannedFailover.self).check(lab.over.merging(change) { $1 })
    }

    private func conditions(lacking lack: Lack) async throws -> [Condition] {
        let lab = try await Lab { state in
            switch lack {
            case .ready: state.servers[SimulatedCloud.primary]?.state = "Disabled"
            case .openDatabases: state.servers[SimulatedCloud.primary]?.closedAtOnce = true
            case .catchUp: state.failoverGroups[SimulatedCloud.group]?.replicationState = "SEEDING"
            case .knownKey:
                let key = state.servers[SimulatedCloud.primary]!.protectorKey!.name
                state.servers[SimulatedCloud.secondary]!.keys =
                    state.servers[SimulatedCloud.secondary]!.keys.filter { $0.value.name != key }
            case .role:
                let principal = state.servers[SimulatedCloud.secondary]!.principal
                state.roleAssignments.removeAll { $0.principal == principal }
            default: break
            }
        }
        switch lack {
        case .group:
            return try await check(
                lab, ["failoverGroup": .string((lab.primary.string ?? "") + "/failoverGroups/another")])
        case .target:
            let other = (lab.primary.string ?? "").replacing("tdeprimarytest", with: "third")
            lab.cloud.addServer("third", like: SimulatedCloud.primary)
            return try await check(lab, ["to": .string(other)])
        case .openDatabases, .enabledKey: lab.cloud.disableKey(of: SimulatedCloud.primary)
        case .idle:
            let step = try lab.harness(PlannedFailover.self, timeout: .seconds(1))
            _ = await stepError { try await step.apply(lab.over) }
        default: break
        }
        return try await check(lab)
    }

    @Test(arguments: Lack.allCases)
    func `what is missing is said by its own precondition`(lack: Lack) async throws {
        let conditions = try await conditions(lacking: lack)
        for id in lack.expected.ids {
            let condition = try #require(conditions[id])
            #expect(condition.verdict == .unmet)
            #expect(condition.says.contains(lack.expected.says), "\(condition.says)")
        }
        if [.ready, .catchUp, .knownKey, .role].contains(lack) {
            #expect(conditions.filter { $0.verdict == .unmet }.map(\.id) == lack.expected.ids)
        }
    }

    @Test(arguments: [
        ("Microsoft.Sql/servers/databases/replicationLinks/read", ["replication-healthy"]),
        ("Microsoft.KeyVault/vaults/keys/read", ["keys-usable"]),
        ("Microsoft.Sql/servers/operations/read", ["servers-idle"]),
        ("Microsoft.Sql/servers/encryptionProtector/read", ["keys-known", "keys-usable", "keys-reachable"]),
    ])
    func `what the account may not read is unverifiable, never met`(action: String, expected: [String]) async throws {
        let lab = try await Lab()
        lab.cloud.change { $0.client.deniedActions = [action] }
        let conditions = try await check(lab)
        #expect(conditions.notMet == expected)
        for id in expected { #expect(conditions[id]?.verdict == .unverifiable) }
    }

    @Test func `servers with the service's own keys need no vault`() async throws {
        let lab = try await Lab { state in
            for name in state.servers.keys { state.servers[name]?.protector = nil }
            state.vaults = [:]
            state.roleAssignments = []
        }
        #expect(try await check(lab).notMet.isEmpty)
    }
}

struct ForcedFailoverTests {
    private func outage(_ lab: Lab) {
        lab.databases.fail { target, _ in
            target.server == "tdeprimarytest" ? .of(.unreachable, "08001", 0, "no route to host") : nil
        }
    }

    @Test func `a healthy primary is not given up`() async throws {
        let lab = try await Lab()
        let conditions = try await lab.harness(ForcedFailover.self).check(lab.forced())
        #expect(conditions.notMet == ["primary-lost"])
        #expect(conditions["primary-lost"]?.says.contains("answers in tdedatabase") == true)
    }

    @Test func `an exercise may give it up, and says so`() async throws {
        let lab = try await Lab()
        let conditions = try await lab.harness(ForcedFailover.self).check(lab.forced(["evenIfHealthy": true]))
        #expect(conditions.notMet.isEmpty)
        #expect(conditions["primary-lost"]?.says.contains("The exercise gives the primary up") == true)
    }

    @Test func `a primary that does not answer three times is lost`() async throws {
        let lab = try await Lab()
        outage(lab)
        let conditions = try await lab.harness(ForcedFailover.self).check(lab.forced())
        #expect(conditions.notMet.isEmpty)
        #expect(lab.databases.asked.count == 3)
        #expect(conditions["primary-lost"]?.says.contains("out of reach from here") == true)
    }

    @Test func `a primary without its databases is lost`() async throws {
        let lab = try await Lab { $0.servers[SimulatedCloud.primary]?.closedAtOnce = true }
        lab.cloud.disableKey(of: SimulatedCloud.primary)
        let conditions = try await lab.harness(ForcedFailover.self).check(lab.forced())
        #expect(conditions["primary-lost"]?.verdict == .met)
        #expect(conditions["primary-lost"]?.says.contains("can't open tdedatabase") == true)
    }

    @Test(arguments: [SQLError.Kind.unreachable, .connectionLost, .timedOut])
    func `three tries without an answer lie a while apart`(kind: SQLError.Kind) async throws {
        let lab = try await Lab()
        lab.databases.fail { _, _ in .of(kind, "08001", 0, "silence") }
        #expect(try await lab.harness(ForcedFailover.self).check(lab.forced()).notMet.isEmpty)
        #expect(lab.time.now == SimulatedCloud.start.advanced(by: .seconds(30)))
    }

    @Test(arguments: [10_928, 10_929, 40_501, 4060, 40_613])
    func `a primary that answers it is busy is not lost`(number: Int) async throws {
        let lab = try await Lab()
        lab.databases.fail { _, _ in SQLError(state: "HY000", native: number, sqlServerMessage: "not now") }
        let conditions = try await lab.harness(ForcedFailover.self).check(lab.forced())
        #expect(conditions.notMet == ["primary-lost"])
        #expect(conditions["primary-lost"]?.verdict == .unverifiable)
        #expect(conditions["primary-lost"]?.says.contains("not now") == true)
    }

    @Test func `one answer among the tries shows no loss`() async throws {
        let lab = try await Lab()
        lab.databases.fail { [databases = lab.databases] _, _ in
            databases.asked.count < 3 ? .of(.unreachable, "08001", 0, "no route") : nil
        }
        #expect(try await lab.harness(ForcedFailover.self).check(lab.forced())["primary-lost"]?.verdict == .unmet)
    }

    @Test func `a primary that Resource Manager can't read either is looked for by SQL`() async throws {
        let lab = try await Lab(faults: ["unavailable:path=*servers/tdeprimarytest*,times=always"])
        let step = try lab.harness(ForcedFailover.self)
        #expect(try await step.check(lab.forced())["primary-lost"]?.verdict == .unmet)
        #expect(try await step.check(lab.forced(["evenIfHealthy": true])).notMet.isEmpty)
        outage(lab)
        let conditions = try await step.check(lab.forced())
        #expect(conditions.notMet.isEmpty)
        #expect(conditions["primary-lost"]?.says.contains("no route to host") == true)
        #expect(lab.databases.asked.last?.host == "tdeprimarytest.database.windows.net")
        _ = try await step.apply(lab.forced())
        #expect(try await step.verify(lab.forced()).notMet.isEmpty)
    }

    @Test func `a primary of which nothing answers any more is left in time`() async throws {
        let lab = try await Lab(silent: "/servers/tdeprimarytest")
        outage(lab)
        let step = try lab.harness(ForcedFailover.self, timeout: .seconds(2700))
        #expect(try await step.check(lab.forced()).notMet.isEmpty)
        #expect(lab.time.now < SimulatedCloud.start.advanced(by: .seconds(600)))
        let checked = lab.time.now
        _ = try await step.apply(lab.forced())
        #expect(try await step.verify(lab.forced()).notMet.isEmpty)
        #expect(lab.time.now < checked.advanced(by: .seconds(600)))
    }

    @Test func `after a crash the lost primary is not asked what is in progress`() async throws {
        let fault = "connection-lost-after-effect:operation=FailoverGroups_ForceFailoverAllowDataLoss,times=1"
        let lab = try await Lab(faults: [fault], silent: "/servers/tdeprimarytest/")
        let step = try lab.harness(ForcedFailover.self)
        _ = await stepError { try await step.apply(lab.forced()) }
        guard case .satisfied(let outputs) = try await step.observe(lab.forced()) else {
            Issue.record("the failover was not followed")
            return
        }
        #expect(outputs.previousPrimary.name == "tdeprimarytest")
        #expect(lab.cloud.failovers.count == 1)
    }

    @Test(arguments: [SQLError.Kind.refused, .denied, .configuration, .statement])
    func `a refused password shows no loss`(kind: SQLError.Kind) async throws {
        let lab = try await Lab()
        lab.databases.fail { _, _ in .of(kind, "28000", 18456, "Login failed") }
        let conditions = try await lab.harness(ForcedFailover.self).check(lab.forced())
        #expect(conditions["primary-lost"]?.verdict == .unverifiable)
    }

    @Test(
        arguments: [
            (["confirm": "TDEfailovergroup"], "loss-confirmed"), (["confirm": ""], "loss-confirmed"),
            (["reason": "  "], "reason-given"),
        ] as [([String: JSON], String)])
    func `without confirmation and reason nothing goes on`(change: [String: JSON], id: String) async throws {
        let lab = try await Lab()
        outage(lab)
        #expect(try await lab.harness(ForcedFailover.self).check(lab.forced(change)).notMet == [id])
    }

    @Test func `a target that can't open its databases is refused`() async throws {
        let lab = try await Lab { $0.servers[SimulatedCloud.secondary]?.closedAtOnce = true }
        lab.cloud.disableKey(of: SimulatedCloud.secondary)
        outage(lab)
        let conditions = try await lab.harness(ForcedFailover.self).check(lab.forced())
        #expect(conditions.notMet == ["target-ready", "target-key-usable"])
    }

    @Test func `it is forced, keeps what was before, and does not wait for the old primary`() async throws {
        let lab = try await Lab()
        outage(lab)
        let step = try lab.harness(ForcedFailover.self)
        let outputs = try await step.apply(lab.forced())
        #expect([outputs.replicationBefore, outputs.replicationAfter] == ["CATCH_UP", "SUSPENDED"])
        #expect(lab.cloud.failovers == ["failover-group.forced tdefailovergroup to tdesecondarytest"])
        #expect(try await step.verify(lab.forced()).notMet.isEmpty)
        #expect(try step.evidence("replication-before", as: GroupEntry.self).first?.databases == ["tdedatabase"])
        guard case .satisfied = try await step.observe(lab.forced()) else {
            Issue.record("the target is primary")
            return
        }
    }
}

/// The documents and the code say the same.
struct DefinitionTests {
    private static let steps: [any Step.Type] = [
        WaitForReplication.self, VerifyRoles.self, VerifyEncryption.self, Probe.self, PlannedFailover.self,
        ForcedFailover.self, FailBack.self, WriteMarkers.self, CompareMarkers.self,
    ]

    private func definition(_ step: any Step.Type) throws -> StepDefinition {
        try StepDefinition.parse(step.definition, file: "\(step.name).yaml").get()
    }

    @Test func `definitions are valid and carry the steps' names`() throws {
        for step in Self.steps {
            let definition = try definition(step)
            #expect("\(definition.reference.value)" == "test-failover/\(step.name)")
            #expect(definition.connections.contains { $0.value == "azure" })
        }
    }

    @Test func `each declared condition is answered once, and no other`() async throws {
        let lab = try await Lab()
        try await compare(VerifyRoles.self, lab.with(["primary": lab.primary, "atStart": true]), in: lab)
        try await compare(WaitForReplication.self, lab.with(["within": "1m"]), in: lab)
        try await compare(VerifyEncryption.self, lab.with(["side": "primary", "within": "1m"]), in: lab)
        try await compare(Probe.self, lab.probe(), in: lab)
        try await compare(PlannedFailover.self, lab.over, in: lab)
        try await compare(FailBack.self, lab.back, in: lab)
        try await compare(ForcedFailover.self, lab.forced(), in: lab)
        try await compare(WriteMarkers.self, lab.markers(), in: lab)
        let marker: JSON = ["number": 1, "at": "2026-03-10T12:00:00.000Z"]
        try await compare(
            CompareMarkers.self, lab.with(["table": "t", "series": "s", "markers": .array([marker])]), in: lab)
    }

    private func compare<S: Step>(_ step: S.Type, _ inputs: [String: JSON], in lab: Lab) async throws {
        let definition = try definition(step)
        let harness = try lab.harness(step)
        let declared = definition.preconditions.filter { $0.at != .undo }
        #expect(try await harness.check(inputs).map(\.id).sorted() == declared.map(\.id.value).sorted())
        #expect(
            try await harness.verify(inputs).map(\.id).sorted() == definition.postconditions.map(\.id.value).sorted())
    }
}
