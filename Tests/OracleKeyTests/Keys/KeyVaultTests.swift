// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

struct KeyVaultTests {
    private let inputs = KeyLab.vaultInputs

    @Test func `a vault is made as production wants it, and nothing is sent for one that is there`() async throws {
        let lab = try await KeyLab()
        let step = try lab.harness(SetUpKeyVault.self)
        #expect(try await step.check(inputs).failing == [])
        #expect(try await step.observe(inputs).isNeeded)
        let outputs = try await step.apply(inputs)
        #expect(outputs.vaultUri == "https://kv1.vault.azure.net/" && outputs.tier == "premium")
        #expect(try await step.verify(inputs).failing == [])
        let vault = try #require(lab.clouds.azure.state[.vault, "kv1"])
        #expect(vault.roleBased && vault.purgeProtection && vault.publicNetworkAccess == "Disabled")
        #expect(try await step.observe(inputs).isSatisfied)
        #expect(try await lab.harness(SetUpKeyVault.self).apply(inputs) == outputs)
        #expect(lab.kinds == ["vault.created"])
    }

    @Test func `an undo deletes what was made, and a second one finds nothing to do`() async throws {
        let lab = try await KeyLab()
        let step = try lab.harness(SetUpKeyVault.self)
        _ = try await step.apply(inputs)
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        try await step.undo(inputs)
        #expect(lab.kinds == ["vault.created", "vault.deleted"])
        #expect(try await step.observe(inputs).remains?.contains("kv1 lies deleted and can be recovered") == true)
        #expect(try await lab.harness(SetUpKeyVault.self).observe(inputs).remains == nil)
    }

    @Test func `a deleted vault is recovered, never made anew, and deleted again by an undo`() async throws {
        let lab = try await KeyLab(["vaults": ["kv1": ["location": "eastus", "sku": "premium", "deleted": true]]])
        let step = try lab.harness(SetUpKeyVault.self)
        #expect(try await step.check(inputs).failing == [])
        _ = try await step.apply(inputs)
        #expect(lab.kinds == ["vault.recovered"])
        try await step.undo(inputs)
        #expect(lab.kinds == ["vault.recovered", "vault.deleted"])
        let after = try await step.observe(inputs)
        #expect(after.isNeeded && after.remains == nil, "it lay deleted before")
    }

    @Test func `a vault that was recovered with its keys keeps them`() async throws {
        var vault = KeyLab.vaultWith([:])
        vault[path: "kv1", "deleted"] = true
        let lab = try await KeyLab(["vaults": vault])
        let step = try lab.harness(SetUpKeyVault.self)
        _ = try await step.apply(inputs)
        #expect(try await step.checkUndo(inputs).failing == ["undo-vault-empty"])
        #expect(await thrown { try await step.undo(inputs) }?.code == "oracle-dr-setup.vault-in-use")
        #expect(lab.kinds == ["vault.recovered"])
    }

    @Test(
        arguments: [
            (["sku": "standard"], "of the tier standard"), (["permissions": "access-policies"], "access policies"),
            (["purge-protection": false], "purge protection"), (["location": "westus"], "lies in westus"),
        ] as [([String: JSON], String)])
    func `a vault that does not fit is left as it is`(fault: [String: JSON], says: String) async throws {
        let sound: [String: JSON] = ["location": "eastus", "sku": "premium"]
        let lab = try await KeyLab(["vaults": ["kv1": .object(sound.merging(fault) { $1 })]])
        let step = try lab.harness(SetUpKeyVault.self)
        #expect(try await step.check(inputs).failing == ["vault-fits"])
        #expect(try await step.observe(inputs).isPartial)
        let error = await thrown { try await step.apply(inputs) }
        #expect(error?.code == "oracle-dr-setup.vault-does-not-fit" && error?.message.contains(says) == true)
        #expect(lab.kinds == [])
    }

    @Test func `the name of a vault that was deleted elsewhere is taken`() async throws {
        let lab = try await KeyLab([
            "vaults": ["kv1": ["location": "eastus", "deleted": true, "resource-group": "other"]]
        ])
        let conditions = try await lab.harness(SetUpKeyVault.self).check(inputs)
        #expect(conditions.failing == ["vault-name-free"])
    }

    @Test func `after a lost answer the vault is known again as this step's own`() async throws {
        let lab = try await KeyLab(faults: ["connection-lost-after-effect:operation=Vaults_CreateOrUpdate,times=9"])
        let step = try lab.harness(SetUpKeyVault.self)
        let error = await thrown { try await step.apply(inputs) }
        #expect(error?.kind == .unknownOutcome)
        #expect(try await step.observe(inputs).isSatisfied)
        #expect(lab.kinds == ["vault.created"])
        try await step.undo(inputs)
        #expect(lab.kinds == ["vault.created", "vault.deleted"])
    }

    @Test func `what somebody else made at that moment is left alone`() async throws {
        let lab = try await KeyLab()
        let other = try lab.harness(SetUpKeyVault.self, key: "another")
        _ = try await other.apply(inputs)
        let begun = try #require(try other.begun().first)
        let mine = SetUpKeyVault.Undo(
            vaultName: begun.vaultName, resourceGroup: begun.resourceGroup, origin: .created,
            mark: try JSON.string("11111111-1111-8111-8111-111111111111").decode())
        let step = try lab.harness(SetUpKeyVault.self)
        #expect(try await step.checkUndo(inputs, with: mine).failing == ["undo-vault-ours"])
        let error = await thrown { try await step.undo(inputs, with: mine) }
        #expect(error?.code == "oracle-dr-setup.not-ours" && lab.kinds == ["vault.created"])
    }

    @Test func `a vault that holds a key stays`() async throws {
        let lab = try await KeyLab(KeyLab.endpoints)
        let step = try lab.harness(SetUpKeyVault.self)
        _ = try await step.apply(inputs)
        _ = try await lab.harness(SetUpKey.self).apply(KeyLab.keyInputs())
        #expect(try await step.checkUndo(inputs).failing == ["undo-vault-empty"])
        #expect(await thrown { try await step.undo(inputs) }?.code == "oracle-dr-setup.vault-in-use")
    }

    @Test func `whether a vault holds a key is not guessed where somebody gets at it and this machine does not`()
        async throws
    {
        let lab = try await KeyLab(KeyLab.endpoints)
        let step = try lab.harness(SetUpKeyVault.self)
        _ = try await step.apply(inputs)
        lab.clouds.changeAzure { $0.state.client.network = CaselessName("elsewhere") }
        let found = try await step.checkUndo(inputs).one("undo-vault-empty")
        #expect(found?.verdict == .unverifiable && found?.says.contains("ForbiddenByConnection") == true)
        #expect(await thrown { try await step.undo(inputs) }?.code == "oracle-dr-setup.vault-in-use")
        lab.clouds.changeAzure { $0.state.surroundings.privateEndpoints = [:] }
        try await step.undo(inputs)
        #expect(lab.kinds == ["vault.created", "vault.deleted"])
    }
}

struct ManagedHSMTests {
    private let inputs = KeyLab.hsmInputs

    @Test func `an HSM is made, and its activation by people is waited for`() async throws {
        let lab = try await KeyLab()
        let step = try lab.harness(SetUpManagedHSM.self)
        #expect(try await step.check(inputs).failing == [])
        let outputs = try await step.apply(inputs)
        #expect(outputs.hsmUri == "https://hsm1.managedhsm.azure.net/")
        #expect(step.progress.contains { $0.contains("security domain") })
        #expect(try await step.verify(inputs).failing == [] && lab.kinds == ["managed-hsm.created"])
        #expect(try await step.observe(inputs).isSatisfied)
        try await step.undo(inputs)
        #expect(lab.kinds == ["managed-hsm.created", "managed-hsm.deleted"])
        #expect(
            try await step.observe(inputs).remains?.contains("it is paid for until it is purged, which is due") == true)
    }

    @Test func `without activation the step says what is missing, and goes on where it was`() async throws {
        let lab = try await KeyLab(["durations": ["managed-hsm-activation": "5h"]])
        let step = try lab.harness(SetUpManagedHSM.self)
        let error = await thrown { try await step.apply(inputs) }
        #expect(error?.code == "oracle-dr-setup.hsm-not-activated" && error?.message.contains("not activated") == true)
        #expect(try await step.observe(inputs).isUnfinished)
        lab.time.advance(.seconds(4 * 3600))
        #expect(try await step.observe(inputs).isSatisfied)
        #expect(lab.kinds == ["managed-hsm.created"])
    }

    @Test func `an HSM that was recovered with its keys keeps them`() async throws {
        let lab = try await KeyLab([
            "managed-hsms": [
                "hsm1": [
                    "location": "eastus", "deleted": true,
                    "keys": ["erp": ["versions": .object([KeyLab.digits: ["type": "oct-HSM"]])]],
                ]
            ]
        ])
        let step = try lab.harness(SetUpManagedHSM.self)
        _ = try await step.apply(inputs)
        #expect(try await step.checkUndo(inputs).failing == ["undo-hsm-empty"])
        #expect(await thrown { try await step.undo(inputs) }?.code == "oracle-dr-setup.vault-in-use")
        #expect(!lab.kinds.contains("managed-hsm.deleted"))
    }

    @Test func `an HSM without purge protection is left as it is`() async throws {
        let lab = try await KeyLab(["managed-hsms": ["hsm1": ["location": "eastus", "purge-protection": false]]])
        let step = try lab.harness(SetUpManagedHSM.self)
        #expect(try await step.check(inputs).failing == ["hsm-fits"])
        #expect(await thrown { try await step.apply(inputs) }?.code == "oracle-dr-setup.vault-does-not-fit")
        #expect(lab.kinds == [])
    }

    @Test func `an operation that fails late is an error with the service's code`() async throws {
        let lab = try await KeyLab(faults: ["operation-failed:operation=ManagedHsms_CreateOrUpdate,code=QuotaExceeded"])
        let step = try lab.harness(SetUpManagedHSM.self)
        #expect(await thrown { try await step.apply(inputs) }?.code == "QuotaExceeded")
        #expect(try await step.observe(inputs).isNeeded)
    }
}
