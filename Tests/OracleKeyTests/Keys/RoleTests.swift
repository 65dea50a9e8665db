// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

struct KeyVaultRoleTests {
    private static let cloud: [String: JSON] = ["vaults": KeyLab.premiumVault, "groups": ["oracle-nodes": [:]]]
    private let inputs = KeyLab.grantInputs()

    @Test func `both roles are granted once, and taken away by an undo`() async throws {
        let lab = try await KeyLab(Self.cloud)
        let step = try lab.harness(GrantKeyVaultRoles.self)
        #expect(try await step.check(inputs).failing == [])
        let outputs = try await step.apply(inputs)
        #expect(try await step.observe(inputs) == .satisfied(outputs))
        #expect(try await step.verify(inputs).failing == [])
        #expect(try await lab.harness(GrantKeyVaultRoles.self, key: "later").apply(inputs) == outputs)
        #expect(lab.kinds == ["role-assignment.created", "role-assignment.created"])
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        try await step.undo(inputs)
        #expect(lab.clouds.azure.state.roleAssignments == [])
        #expect(try await step.observe(inputs).isNeeded)
    }

    @Test func `a role that was granted before stays`() async throws {
        var cloud = Self.cloud
        cloud["role-assignments"] = [["principal": "oracle-nodes", "role": "Key Vault Reader", "scope": "kv1"]]
        let lab = try await KeyLab(cloud)
        let step = try lab.harness(GrantKeyVaultRoles.self)
        _ = try await step.apply(inputs)
        try await step.undo(inputs)
        #expect(lab.clouds.azure.state.roleAssignments.map(\.role) == ["21090545-7ca7-4776-b22c-e363652d74d2"])
    }

    @Test func `a lost answer grants nothing twice, and what was granted is taken away`() async throws {
        let lab = try await KeyLab(
            Self.cloud, faults: ["connection-lost-after-effect:operation=RoleAssignments_Create,times=9"])
        let step = try lab.harness(GrantKeyVaultRoles.self)
        #expect(await thrown { try await step.apply(inputs) }?.kind == .unknownOutcome)
        #expect(try await step.observe(inputs).isUnfinished)
        try await step.undo(inputs)
        #expect(lab.clouds.azure.state.roleAssignments == [])
        #expect(try await step.observe(inputs).isNeeded)
    }

    @Test func `roles for a vault with access policies would have no effect`() async throws {
        var cloud = Self.cloud
        cloud["vaults"] = ["kv1": ["location": "eastus", "permissions": "access-policies"]]
        let lab = try await KeyLab(cloud)
        #expect(try await lab.harness(GrantKeyVaultRoles.self).check(inputs).failing == ["vault-uses-roles"])
    }

    @Test
    func `members that the group had before are told from those that were added since, and both keep their roles`()
        async throws
    {
        let hsm: [String: JSON] = ["managed-hsms": ["hsm1": ["location": "eastus"]], "groups": ["oracle-nodes": [:]]]
        try await keepsMembers(GrantKeyVaultRoles.self, Self.cloud, inputs)
        try await keepsMembers(GrantManagedHSMRoles.self, hsm, KeyLab.grantInputs(KeyLab.hsm))
    }

    private func keepsMembers<S: ReversibleStep>(
        _ type: S.Type, _ cloud: [String: JSON], _ inputs: JSON
    ) async throws {
        let lab = try await KeyLab(cloud)
        let later = "88888888-8888-8888-8888-888888888888"
        let now = lab.time.now
        lab.clouds.changeAzure { world in
            world.state.directory.others.formUnion([KeyLab.somebody, later])
            world.state.directory.groups[0].members = [.init(id: KeyLab.somebody, effective: now)]
        }
        let step = try lab.harness(type)
        _ = try await step.apply(inputs)
        let before = try await step.checkUndo(inputs)
        #expect(before.failing == ["undo-group-unused"])
        #expect(
            before[0].says.contains("when the roles were granted, and they may rely on them since: \(KeyLab.somebody)"))
        lab.clouds.changeAzure { $0.state.directory.groups[0].members.append(.init(id: later, effective: now)) }
        let found = try await step.checkUndo(inputs)
        #expect(found.failing == ["undo-group-unused"] && found[0].says.contains(later))
        #expect(!found[0].says.contains(KeyLab.somebody))
        #expect(await thrown { try await step.undo(inputs) }?.code == "oracle-dr-setup.group-in-use")
        lab.clouds.changeAzure { $0.state.directory.groups[0].members = [] }
        try await step.undo(inputs)
        #expect(lab.clouds.azure.state.roleAssignments == [])
    }

    @Test func `members would lose their keys, so an undo says so first`() async throws {
        let lab = try await KeyLab(Self.cloud)
        let step = try lab.harness(GrantKeyVaultRoles.self)
        _ = try await step.apply(inputs)
        lab.clouds.changeAzure { world in
            world.state.directory.others.insert(KeyLab.somebody)
            world.state.directory.groups[0].members = [.init(id: KeyLab.somebody, effective: lab.time.now)]
        }
        #expect(try await step.checkUndo(inputs).failing == ["undo-group-unused"])
    }
}

struct ManagedHSMRoleTests {
    private static let cloud: [String: JSON] = [
        "managed-hsms": ["hsm1": ["location": "eastus"]], "groups": ["oracle-nodes": [:]],
    ]
    private let inputs = KeyLab.grantInputs(KeyLab.hsm)

    @Test func `Reader in Azure and both local roles are granted once, and taken away`() async throws {
        let lab = try await KeyLab(Self.cloud)
        let step = try lab.harness(GrantManagedHSMRoles.self)
        #expect(try await step.check(inputs).failing == [])
        let outputs = try await step.apply(inputs)
        #expect(lab.kinds == ["role-assignment.created", "local-role.created", "local-role.created"])
        #expect(try await step.observe(inputs) == .satisfied(outputs))
        #expect(try await step.verify(inputs).failing == [])
        try await step.undo(inputs)
        try await step.undo(inputs)
        let world = lab.clouds.azure
        #expect(world.state.roleAssignments == [] && world.state[.managedHSM, "hsm1"]?.hsm.localRoles == [])
        #expect(try await step.observe(inputs).isNeeded)
    }

    @Test func `without the right to give local roles the half that is done is known, and undone`() async throws {
        let lab = try await KeyLab(Self.cloud, faults: ["missing-role:operation=LocalRoles_Create"])
        let step = try lab.harness(GrantManagedHSMRoles.self)
        let error = await thrown { try await step.apply(inputs) }
        #expect(error?.code == "ForbiddenByRbac" && error?.kind == .unknownOutcome)
        #expect(try await step.observe(inputs).isUnfinished && lab.kinds == ["role-assignment.created"])
        #expect(await thrown { try await step.apply(inputs) }?.kind == .permanent)
        try await step.undo(inputs)
        #expect(lab.clouds.azure.state.roleAssignments == [])
    }

    @Test func `an HSM that nobody has activated takes no roles`() async throws {
        var cloud = Self.cloud
        cloud["managed-hsms"] = ["hsm1": ["location": "eastus", "activated": false]]
        let lab = try await KeyLab(cloud)
        #expect(try await lab.harness(GrantManagedHSMRoles.self).check(inputs).failing == ["hsm-activated"])
    }
}
