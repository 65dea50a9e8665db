// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

/// What the definitions promise and what the steps answer.
struct KeyDefinitionTests {
    private static let cloud: [String: JSON] = [
        "vaults": KeyLab.premiumVault, "managed-hsms": ["hsm1": ["location": "eastus"]],
        "groups": ["oracle-nodes": [:]], "arc-machines": ["node1": ["location": "eastus"]],
        "oracle": KeyLab.oracle,
    ]

    /// Each condition is answered, before and after the effect and around its undo, and the undo leaves nothing.
    private func keep<S: ReversibleStep>(
        _ step: S.Type, _ inputs: JSON, _ cloud: [String: JSON] = cloud
    ) async throws {
        let promised = try StepDefinition.parse(S.definition, file: "\(S.name).yaml").get()
        let lab = try await KeyLab(cloud)
        let harness = try lab.harness(step)
        let before = promised.preconditions.filter { $0.at != .undo }.map(\.id.value)
        let found = try await harness.check(inputs)
        #expect(found.map(\.id) == before && found.failing.isEmpty, "\(S.name): \(found)")
        #expect(try await harness.observe(inputs).isNeeded)
        _ = try await harness.apply(inputs)
        #expect(try await harness.verify(inputs).map(\.id) == promised.postconditions.map(\.id.value))
        #expect(try await harness.observe(inputs).isSatisfied)
        let atUndo = promised.preconditions.filter { $0.at == .undo }.map(\.id.value)
        #expect(try await harness.checkUndo(inputs).map(\.id) == atUndo)
        try await harness.undo(inputs)
        #expect(try await harness.checkUndo(inputs).map(\.id) == atUndo)
        #expect(try await harness.observe(inputs).isNeeded)
    }

    @Test func `vaults, Managed HSMs and keys answer what they promise`() async throws {
        try await keep(SetUpKeyVault.self, KeyLab.vaultInputs, [:])
        try await keep(SetUpManagedHSM.self, KeyLab.hsmInputs, [:])
        try await keep(SetUpKey.self, KeyLab.keyInputs())
    }

    @Test func `groups, members and roles answer what they promise`() async throws {
        try await keep(SetUpSecurityGroup.self, KeyLab.groupInputs, [:])
        try await keep(AddGroupMembers.self, KeyLab.memberInputs(.string(KeyLab.machine)))
        try await keep(GrantKeyVaultRoles.self, KeyLab.grantInputs())
        try await keep(GrantManagedHSMRoles.self, KeyLab.grantInputs(KeyLab.hsm))
    }
}
