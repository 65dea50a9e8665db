// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import OracleCloudClient
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

struct RegistrationTests {
    @Test func `a vault is found, registered with its key, and forgotten when it is undone`() async throws {
        let lab = try await ConnectionLab()
        let inputs = ConnectionLab.registration(try await lab.connected())
        let step = try lab.harness(RegisterVault.self)
        #expect(try await step.check(inputs).failing == [])
        #expect(try await step.observe(inputs) == .needed([Change("tde-keys/registration", to: "registered")]))
        let outputs = try await step.apply(inputs)
        #expect(try await step.verify(inputs).failing == [])
        #expect(try await step.observe(inputs) == .satisfied(outputs))
        let cloud = try #require(lab.clouds.oracle?.state.multicloud)
        #expect(cloud.key(outputs.registeredKey.text)?.key.name == "sales")
        #expect(cloud.associations.map(\.state) == ["ACTIVE"] && cloud.discoveries.isEmpty)
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        try await step.undo(inputs)
        let after = try #require(lab.clouds.oracle?.state.multicloud)
        #expect(after.vaults.map(\.state) == ["DELETED"] && after.associations.map(\.state) == ["DELETED"])
        #expect(try await step.observe(inputs) == .needed([Change("tde-keys/registration", to: "registered")]))
    }

    @Test func `it waits until what was granted has an effect, and says what for`() async throws {
        let lab = try await ConnectionLab()
        let inputs = ConnectionLab.registration(try await lab.connected(isGranted: false))
        lab.join(ConnectionLab.nodes, after: .seconds(3600))
        let step = try lab.harness(RegisterVault.self)
        _ = try await step.apply(inputs)
        #expect(lab.time.now >= ManualTime.start.advanced(by: .seconds(3600)))
        #expect(step.progress.contains { $0.contains("until the nodes see the vault tde-keys") })
        #expect(lab.clouds.oracle?.state.multicloud.discoveries.isEmpty == true)
    }

    @Test func `a vault that the nodes never see is told as such, and nothing is left of the searches`() async throws {
        let lab = try await ConnectionLab()
        let inputs = ConnectionLab.registration(
            try await lab.connected(isGranted: false), ["patience": "20m"])
        let step = try lab.harness(RegisterVault.self)
        let error = await thrown { try await step.apply(inputs) }
        #expect(error?.code == "vault.not-found" && error?.message.contains("they see none") == true)
        #expect(lab.clouds.oracle?.state.multicloud.discoveries.isEmpty == true)
        guard case .needed = try await step.observe(inputs) else {
            Issue.record("it counts as done")
            return
        }
    }

    @Test func `a vault without a key is not registered, and what failed does not stand in the way`() async throws {
        let lab = try await ConnectionLab { $0[path: "vaults", "tde-keys", "keys"] = [:] }
        let inputs = ConnectionLab.registration(try await lab.connected())
        let step = try lab.harness(RegisterVault.self)
        let error = await thrown { try await step.apply(inputs) }
        #expect(error?.code == "vault.not-registered" && error?.message.contains("holds no key") == true)
        #expect(lab.clouds.oracle?.state.multicloud.vaults.allSatisfy { $0.state != "ACTIVE" } == true)
    }

    @Test func `a key that came later is made known by reading the vault again, and the vault stays`() async throws {
        let lab = try await ConnectionLab {
            $0[path: "vaults", "tde-keys", "keys", "books"] = ["versions": ["0000000000000000000000000000000b": [:]]]
        }
        let connector = try await lab.connected()
        _ = try await lab.harness(RegisterVault.self).apply(ConnectionLab.registration(connector))
        lab.clouds.changeOracle { $0.multicloud.vaults[0].keys.removeAll { $0.name == "books" } }
        let inputs = ConnectionLab.registration(connector, ["key": "books"])
        let step = try lab.harness(RegisterVault.self)
        #expect(try await step.observe(inputs) == .needed([Change("tde-keys/registration/keys/books", to: "known")]))
        _ = try await step.apply(inputs)
        #expect(try await step.verify(inputs).failing == [])
        #expect(try await step.observe(inputs).isSatisfied)
        try await step.undo(inputs)
        #expect(lab.clouds.oracle?.state.multicloud.vaults.map(\.state) == ["ACTIVE"])
        #expect(try await step.observe(inputs).remains?.contains("goes on listing the keys") == true)
    }

    @Test func `a vault that an earlier attempt registered is this run's, and its undo forgets it`() async throws {
        let lab = try await ConnectionLab(
            faults: ["connection-lost-after-effect:operation=create-oracleDbAzureVault,times=10"])
        let inputs = ConnectionLab.registration(try await lab.connected())
        let step = try lab.harness(RegisterVault.self)
        #expect(await thrown { try await step.apply(inputs) }?.kind == .unknownOutcome)
        #expect(try await step.observe(inputs).isSatisfied)
        lab.clouds.changeOracle { $0.multicloud.vaults[0].keys = [] }
        #expect(try await step.observe(inputs).isUnfinished)
        let again = try lab.harness(RegisterVault.self, attempt: 2)
        _ = try await again.apply(inputs, after: try step.begun().last)
        #expect(try again.begun().allSatisfy(\.isMade))
        try await again.undo(inputs)
        #expect(lab.clouds.oracle?.state.multicloud.vaults.map(\.state) == ["DELETED"])
    }

    @Test(arguments: ["create-multiCloudResourceDiscovery", "create-oracleDbAzureVault"])
    func `after a lost answer nothing is registered twice, and the undo leaves nothing`(operation: String) async throws
    {
        let lab = try await ConnectionLab(faults: ["connection-lost-after-effect:operation=\(operation),times=10"])
        let inputs = ConnectionLab.registration(try await lab.connected())
        let step = try lab.harness(RegisterVault.self)
        #expect(await thrown { try await step.apply(inputs) }?.kind == .unknownOutcome)
        switch try await step.observe(inputs) {
        case .satisfied: #expect(operation.hasSuffix("Vault"))
        case .needed: #expect(operation.hasSuffix("Discovery"))
        default: Issue.record("it is neither")
        }
        try await step.undo(inputs)
        let cloud = try #require(lab.clouds.oracle?.state.multicloud)
        #expect(cloud.vaults.allSatisfy { $0.state == "DELETED" } && cloud.vaults.count <= 1)
    }

    @Test func `after a lost answer a registration without the run's mark is left alone`() async throws {
        let lab = try await ConnectionLab(
            faults: ["connection-lost-after-effect:operation=create-oracleDbAzureVault,times=10"])
        let inputs = ConnectionLab.registration(try await lab.connected())
        let step = try lab.harness(RegisterVault.self)
        _ = await thrown { try await step.apply(inputs) }
        #expect(try await step.observe(inputs).isSatisfied)
        lab.clouds.changeOracle { $0.multicloud.vaults[0].tags = nil }
        try await step.undo(inputs)
        #expect(lab.clouds.oracle?.state.multicloud.vaults.map(\.state) == ["ACTIVE"])
        #expect(try await step.observe(inputs).isNeeded)
    }

    @Test func `a vault of a Managed HSM is known by its kind`() throws {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/managedHSMs/keys"
        let hsm = try #require(AzureVaultName(id))
        #expect(hsm.isMeant(by: "keys", group: "G", type: "managedHSMs"))
        #expect(!hsm.isMeant(by: "keys", group: "g", type: "vaults"))
        #expect(!hsm.isMeant(by: "keys", group: "other", type: "managedHSMs"))
        #expect(hsm.isMeant(by: id.uppercased(), group: nil, type: nil))
        #expect(AzureVaultName("/subscriptions/s/resourceGroups/g/providers/Microsoft.Sql/servers/keys") == nil)
    }
}
