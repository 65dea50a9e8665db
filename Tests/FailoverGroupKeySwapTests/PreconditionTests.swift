// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import CloudSteps
import MusterDocuments
import MusterModel
import MusterPlugin
import Testing

@testable import AzureClient
@testable import AzureSteps
@testable import FailoverGroupKeySwap

struct PreconditionTests {
    @Test(
        arguments: [
            (["Succeeded", nil], .unverifiable("s does not say whether these have ended: op1.")),
            ([nil, "InProgress"], .unmet("In progress on s: op1.")), (["Failed"], .met("Nothing is in progress on s.")),
        ] as [([String?], Finding)])
    func `an operation without a state is not taken for an ended one`(states: [String?], expected: Finding) throws {
        let unread = AzureError(code: "test.unread", "not read")
        let operations = states.enumerated().map { index, state in
            SQLServerOperation(name: "op\(index)", properties: SQLServerOperation.Properties(state: state))
        }
        let view = ServerView(
            id: try #require(ResourceID("/subscriptions/x/resourceGroups/g/providers/Microsoft.Sql/servers/s")),
            server: .failure(unread), keys: .failure(unread), protector: .failure(unread),
            operations: .success(operations), inaccessible: .failure(unread), groups: .failure(unread))
        #expect(view.isIdle == expected)
    }

    @Test(arguments: Lack.allCases)
    func `what is missing is said by its own precondition`(lack: Lack) async throws {
        let lab = try await Lab(lacking: lack)
        let conditions = try await lab.harness(RegisterKey.self).check(lab.pair("primary", "secondaryKey"))
        let (id, says) = lack.expected
        let condition = try #require(conditions[id])
        #expect(condition.verdict == .unmet)
        #expect(condition.says.contains(says), "\(condition.says)")
        if ![.server, .identity].contains(lack) { #expect(conditions.notMet == [id]) }
    }

    @Test func `a protector that the partner does not know is refused with the reason`() async throws {
        let lab = try await Lab()
        try await lab.register("secondary", "secondaryKey")
        let inputs = lab.pair("secondary", "secondaryKey")
        let conditions = try await lab.harness(SetProtector.self).check(inputs)
        #expect(conditions.notMet == ["partner-has-key"])
        #expect(conditions["partner-has-key"]?.verdict == .unmet)
        #expect(conditions["partner-has-key"]?.says.contains("replication would break") == true)
        try await lab.register("primary", "secondaryKey")
        #expect(try await lab.harness(SetProtector.self).check(inputs).notMet.isEmpty)
    }

    @Test func `a protector that the server does not know itself is refused`() async throws {
        let lab = try await Lab()
        try await lab.register("primary", "secondaryKey")
        let conditions = try await lab.harness(SetProtector.self).check(lab.pair("secondary", "secondaryKey"))
        #expect(conditions.notMet == ["key-registered"])
        let error = await stepError {
            try await lab.harness(SetProtector.self).apply(lab.pair("secondary", "secondaryKey"))
        }
        #expect(error?.code == "ServerKeyDoesNotExists")
        #expect(lab.cloud.effects.count == 1)
    }

    @Test func `the key that works now is reachable whatever the roles say`() async throws {
        let lab = try await Lab(lacking: .oldRole)
        let shared = "https://tdesharedvault.vault.azure.net/keys/tdeshared/5d0f6c1c2b7e4a3f9a8b7c6d5e4f3a21"
        let conditions = try await lab.harness(SetProtector.self).check(["server": lab.text("primary"), "key": shared])
        #expect(conditions["key-reachable"]?.verdict == .met)
    }

    @Test(arguments: [
        ("Microsoft.Sql/servers/failoverGroups/read", ["replication-healthy"]),
        ("Microsoft.KeyVault/vaults/keys/read", ["key-usable"]), ("Microsoft.KeyVault/vaults/read", ["key-reachable"]),
        ("Microsoft.Authorization/roleAssignments/read", ["key-reachable"]),
        ("Microsoft.Sql/servers/operations/read", ["server-idle"]),
    ])
    func `what the account may not read is unverifiable, never met`(action: String, expected: [String]) async throws {
        let lab = try await Lab()
        lab.cloud.change { $0.client.deniedActions = [action] }
        let conditions = try await lab.harness(RegisterKey.self).check(lab.pair("primary", "secondaryKey"))
        #expect(conditions.notMet == expected)
        for id in expected { #expect(conditions[id]?.verdict == .unverifiable) }
    }

    @Test func `a wrong secret ends the check with one clear error`() async throws {
        let lab = try await Lab()
        lab.cloud.change { $0.client.secret = "another" }
        let error = await stepError {
            try await lab.harness(RegisterKey.self).check(lab.pair("primary", "secondaryKey"))
        }
        #expect(error?.code == "AADSTS7000215")
        #expect(error?.message.contains("client secret is wrong") == true)
        #expect(error?.message.contains(SimulatedCloud.secret) == false)
    }
}

/// The documents and the code say the same.
struct DefinitionTests {
    private func definition(_ step: any Step.Type) throws -> StepDefinition {
        try StepDefinition.parse(step.definition, file: "\(step.name).yaml").get()
    }

    @Test func `definitions are valid and carry the steps' names`() throws {
        let steps: [any Step.Type] = [
            RegisterKey.self, SetProtector.self, VerifyRegisteredKeys.self, VerifyProtectors.self,
        ]
        for step in steps {
            let definition = try definition(step)
            #expect("\(definition.reference.value)" == "failover-group-key-swap/\(step.name)")
            #expect(definition.connections.map(\.value) == ["azure"])
            #expect(definition.preconditions.allSatisfy { $0.remedy != nil })
            #expect(!definition.permissions.isEmpty)
        }
    }

    @Test func `every condition that is declared is answered, and no other`() async throws {
        let lab = try await Lab()
        let pair = lab.pair("primary", "secondaryKey")
        let keys = ["servers": [lab.text("primary")], "keys": [lab.text("primaryKey")]]
        try await compare(RegisterKey.self, pair, in: lab)
        try await compare(SetProtector.self, pair, in: lab)
        try await compare(VerifyRegisteredKeys.self, keys, in: lab)
        try await compare(VerifyProtectors.self, lab.proof, in: lab)
    }

    private func compare<S: Step>(_ step: S.Type, _ inputs: some Encodable & Sendable, in lab: Lab) async throws {
        let definition = try definition(step)
        let harness = try lab.harness(step)
        let declared = definition.preconditions.filter { $0.at != .undo }
        #expect(try await harness.check(inputs).map(\.id).sorted() == declared.map(\.id.value).sorted())
        #expect(
            try await harness.verify(inputs).map(\.id).sorted() == definition.postconditions.map(\.id.value).sorted())
    }

    @Test func `the runbook is valid and uses the steps as they are`() throws {
        let file = "runbooks/failover-group-key-swap.yaml"
        let runbook = try Runbook.parse(Lab.read(file), file: file).get()
        let diagnostics = lintRunbook(runbook) { reference, _ in
            let path = "plugins/FailoverGroupKeySwap/steps/\(reference.step).yaml"
            let definition = try? StepDefinition.parse(Lab.read(path), file: path).get()  // Unreadable is a diagnostic.
            return definition.map { .found($0) } ?? .unreadable
        }
        #expect(diagnostics.isEmpty, "\(diagnostics)")
    }
}
