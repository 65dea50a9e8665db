// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPlugin
import OracleCloudClient
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup
@testable import StandbyConnector

struct StandbyReachTests {
    /// The primary's side in full, and the standby's connector and key store.
    private func prepared(_ lab: ConnectionLab, isGranted: Bool = true) async throws -> (JSON, standby: String) {
        let primary = try await lab.connected()
        let registered = try await lab.harness(RegisterVault.self).apply(ConnectionLab.registration(primary))
        let standby = try await lab.connected(ConnectionLab.standby, isGranted: isGranted)
        _ = try await lab.harness(EnableKeyStore.self)
            .apply(["cluster": .string(ConnectionLab.standby), "databases": [], "settleWithin": "1s"] as JSON)
        return (
            [
                "registeredVault": .string(registered.registeredVault.text),
                "compartment": .string(ConnectionLab.compartment), "region": "eu-amsterdam-1", "key": "sales",
                "patience": "30m", "cluster": .string(ConnectionLab.standby), "databases": [],
            ], standby
        )
    }

    @Test func `the region of a replica is one of the vault's realm`() throws {
        let inputs: JSON = [
            "registeredVault": "ocid1.oracledbazurevault.oc19.eu-frankfurt-2.v",
            "compartment": .string(ConnectionLab.compartment), "region": "eu-somewhere-1", "key": "sales",
            "patience": "30m", "databases": [],
        ]
        let target = try inputs.decode(ReplicateVault.Inputs.self).target
        #expect(target.name == "eu-somewhere-1" && target.domain == "oraclecloud.eu")
    }

    private func association(_ vault: String, _ connector: String) -> JSON {
        [
            "registeredVault": .string(vault), "connector": .string(connector),
            "compartment": .string(ConnectionLab.compartment), "name": "standby", "databases": [],
        ]
    }

    private func proof(_ replica: ReplicateVault.Outputs, _ connector: String, patience: String = "2h") -> JSON {
        [
            "connector": .string(connector), "registeredVault": .string(replica.registeredVault.text),
            "registeredKey": .string(replica.registeredKey.text), "compartment": .string(ConnectionLab.compartment),
            "statusWithin": "1h", "patience": .string(patience), "cluster": .string(ConnectionLab.standby),
            "keyInUse": false, "keys": [],
        ]
    }

    @Test func `a vault is replicated to the standby's region, and the replica ended when it is undone`() async throws {
        let lab = try await ConnectionLab()
        let (inputs, _) = try await prepared(lab)
        let step = try lab.harness(ReplicateVault.self)
        #expect(try await step.check(inputs).failing == [])
        let change = Change("tde-keys/replicas/eu-amsterdam-1", from: "none", to: "ACTIVE")
        #expect(try await step.observe(inputs) == .needed([change]))
        let outputs = try await step.apply(inputs)
        #expect(outputs.registeredVault.region?.name == "eu-amsterdam-1")
        #expect(try await step.verify(inputs).failing == [])
        #expect(try await step.observe(inputs) == .satisfied(outputs))
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        try await step.undo(inputs)
        #expect(try await step.observe(inputs) == .needed([change]))
    }

    @Test func `a replica that is not seen, or has a database behind it, is not ended`() async throws {
        let lab = try await ConnectionLab()
        let (inputs, _) = try await prepared(lab)
        let step = try lab.harness(ReplicateVault.self)
        let outputs = try await step.apply(inputs)
        lab.holdDatabase(key: outputs.registeredKey.text, on: ConnectionLab.standby)
        #expect(try await step.checkUndo(inputs).failing == ["undo-replica-unused"])
        #expect(await thrown { try await step.undo(inputs) }?.code == "replica.in-use")
        lab.holdDatabase(key: nil, on: ConnectionLab.standby)
        func list(in compartment: String) {
            lab.clouds.changeOracle { state in
                for index in state.multicloud.vaults.indices where state.multicloud.vaults[index].origin != nil {
                    state.multicloud.vaults[index].compartment = compartment
                }
            }
        }
        list(in: "ocid1.compartment.oc1..other")
        #expect(try await step.checkUndo(inputs).one("undo-replica-unused")?.verdict == .unverifiable)
        #expect(await thrown { try await step.undo(inputs) }?.code == "replica.in-use")
        list(in: ConnectionLab.compartment)
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
    }

    @Test func `a replica that was there without the key is left alone, and no undo of it is recorded`() async throws {
        let lab = try await ConnectionLab()
        let (inputs, _) = try await prepared(lab)
        _ = try await lab.harness(ReplicateVault.self).apply(inputs)
        lab.clouds.changeOracle { state in
            for index in state.multicloud.vaults.indices where state.multicloud.vaults[index].origin != nil {
                state.multicloud.vaults[index].keys = []
            }
        }
        let effects = lab.clouds.effects
        let step = try lab.harness(ReplicateVault.self)
        #expect(try await step.observe(inputs).isPartial)
        let error = await thrown { try await step.apply(inputs) }
        #expect(error?.code == "replica.other" && error?.kind == .permanent)
        #expect(try step.begun().isEmpty && lab.clouds.effects == effects)
    }

    @Test func `a replica that somebody else made while this run was refused is taken as it is, and not ended`()
        async throws
    {
        let lab = try await ConnectionLab(faults: ["throttle:operation=replicate,times=6"])
        let (inputs, _) = try await prepared(lab)
        let step = try lab.harness(ReplicateVault.self)
        #expect(await thrown { try await step.apply(inputs) }?.kind == .retryable)
        let theirs = try await lab.harness(ReplicateVault.self).apply(inputs)
        let effects = lab.clouds.effects
        #expect(try await step.observe(inputs) == .satisfied(theirs))
        #expect(try await step.apply(inputs, after: try step.begun().last) == theirs)
        #expect(try step.begun().map(\.isRefused) == [nil, true])
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        #expect(try await step.observe(inputs).isNeeded && lab.clouds.effects == effects)
    }

    @Test func `a replica of somebody else without the key is no work of a run that was refused`() async throws {
        let lab = try await ConnectionLab(faults: ["throttle:operation=replicate,times=6"])
        let (inputs, _) = try await prepared(lab)
        let step = try lab.harness(ReplicateVault.self)
        _ = await thrown { try await step.apply(inputs) }
        _ = try await lab.harness(ReplicateVault.self).apply(inputs)
        lab.clouds.changeOracle { state in
            for index in state.multicloud.vaults.indices where state.multicloud.vaults[index].origin != nil {
                state.multicloud.vaults[index].keys = []
            }
        }
        #expect(try await step.observe(inputs).isPartial)
        #expect(await thrown { try await step.apply(inputs, after: try step.begun().last) }?.code == "replica.other")
    }

    @Test func `in its own region a vault is not replicated, and from there the standby can't use it`() async throws {
        let lab = try await ConnectionLab()
        let (inputs, standby) = try await prepared(lab)
        var own = inputs
        own[path: "region"] = "fra"
        #expect(try await lab.harness(ReplicateVault.self).check(own).failing == ["another-region"])
        let vault = inputs["registeredVault"]?.string ?? ""
        let far = association(vault, standby)
        #expect(try await lab.harness(AssociateVault.self).check(far).failing == ["same-region"])
    }

    @Test func `the standby's nodes are proven to reach the key, as soon as what was granted has an effect`()
        async throws
    {
        let lab = try await ConnectionLab()
        let (inputs, standby) = try await prepared(lab, isGranted: false)
        let replica = try await lab.harness(ReplicateVault.self).apply(inputs)
        let associate = try lab.harness(AssociateVault.self)
        let pair = association(replica.registeredVault.text, standby)
        _ = try await associate.apply(pair)
        #expect(try await associate.verify(pair).failing == [])
        let step = try lab.harness(ProveKeyReach.self)
        #expect(try await step.verify(proof(replica, standby, patience: "5m")).failing == ["vault-accessible"])
        lab.join(["ams-1", "ams-2"], after: .seconds(3000))
        #expect(try await step.verify(proof(replica, standby)).failing == [])
        #expect(step.progress.contains { $0.contains("waiting until the nodes get at the vault") })
    }

    @Test func `an association is made once, keeps the replica from being ended, and is taken away by its undo`()
        async throws
    {
        let lab = try await ConnectionLab()
        let (inputs, standby) = try await prepared(lab)
        let replication = try lab.harness(ReplicateVault.self)
        let replica = try await replication.apply(inputs)
        let pair = association(replica.registeredVault.text, standby)
        let step = try lab.harness(AssociateVault.self)
        let made = try await step.apply(pair)
        #expect(try await step.observe(pair) == .satisfied(made))
        #expect(try await step.apply(pair) == made)
        #expect(try step.begun().count == 2)
        #expect(try await replication.checkUndo(inputs).failing == ["undo-replica-unused"])
        #expect(await thrown { try await replication.undo(inputs) }?.code == "replica.in-use")
        #expect(try await step.checkUndo(pair).failing == [])
        try await step.undo(pair)
        try await step.undo(pair)
        #expect(try await step.observe(pair) == .needed([Change("tde-keys/associations/to-azure", to: "ACTIVE")]))
        try await replication.undo(inputs)
    }

    @Test func `an association stays while a standby behind it names its key by the primary's registration`()
        async throws
    {
        let lab = try await ConnectionLab()
        let (inputs, standby) = try await prepared(lab)
        let replica = try await lab.harness(ReplicateVault.self).apply(inputs)
        let pair = association(replica.registeredVault.text, standby)
        let step = try lab.harness(AssociateVault.self)
        _ = try await step.apply(pair)
        let primary = lab.clouds.oracle?.state.multicloud.vaults.first { $0.origin == nil }
        lab.holdDatabase(key: try #require(primary?.keys.first).id, on: ConnectionLab.standby)
        #expect(try await step.checkUndo(pair).failing == ["undo-no-database-uses-it"])
        #expect(await thrown { try await step.undo(pair) }?.code == "association.in-use")
        lab.holdDatabase(key: nil, on: ConnectionLab.standby)
        try await step.undo(pair)
        #expect(lab.clouds.oracle?.effects.last?.kind == "vault.dissociated")
    }

    @Test func `a node that lost its agent is named, and a state that is too old is not relied upon`() async throws {
        let lab = try await ConnectionLab()
        let (inputs, standby) = try await prepared(lab)
        let replica = try await lab.harness(ReplicateVault.self).apply(inputs)
        _ = try await lab.harness(AssociateVault.self).apply(association(replica.registeredVault.text, standby))
        lab.clouds.changeAzure { azure in
            for place in azure.state.surroundings.machines.keys
            where azure.state.surroundings.machines[place]?.name == "ams-2" {
                azure.state.surroundings.machines[place]?.status = "Disconnected"
            }
        }
        let step = try lab.harness(ProveKeyReach.self)
        let found = try await step.verify(proof(replica, standby, patience: "5m"))
        #expect(found.failing == ["nodes-connected", "vault-accessible"])
        #expect(found[0].says.contains("ams-2 is DISCONNECTED"))
    }
}
