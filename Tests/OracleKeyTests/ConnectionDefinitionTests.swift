// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import MusterPlugin
import OracleCloudClient
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup
@testable import StandbyConnector

/// What the definitions promise is what the steps answer, condition by condition.
struct ConnectionDefinitionTests {
    private func agree<S: ReversibleStep>(
        _ step: S.Type, _ lab: ConnectionLab, _ inputs: JSON
    ) async throws -> S.Outputs {
        let promised = try StepDefinition.parse(S.definition, file: "\(S.name).yaml").get()
        let harness = try lab.harness(step)
        let before = promised.preconditions.filter { $0.at != .undo }.map(\.id.value)
        let found = try await harness.check(inputs)
        #expect(found.map(\.id) == before && found.failing.isEmpty, "\(S.name): \(found)")
        _ = try await harness.apply(inputs)
        #expect(try await harness.verify(inputs).map(\.id) == promised.postconditions.map(\.id.value))
        let atUndo = promised.preconditions.filter { $0.at == .undo }.map(\.id.value)
        #expect(try await harness.checkUndo(inputs).map(\.id) == atUndo)
        try await harness.undo(inputs)
        #expect(try await harness.checkUndo(inputs).map(\.id) == atUndo)
        // The engine gives an effect that comes after an undo another key; here it is another attempt.
        return try await lab.harness(step, attempt: 2).apply(inputs)
    }

    @Test func `every condition that is promised is answered, in the promised order`() async throws {
        let lab = try await ConnectionLab()
        let connector = try await agree(MakeConnector.self, lab, ConnectionLab.connector())
        lab.join(connector.nodes)
        _ = try await agree(EnableKeyStore.self, lab, store(ConnectionLab.cluster))
        let registered = try await agree(
            RegisterVault.self, lab, ConnectionLab.registration(connector.connector.text))
        let standby = try await lab.connected(ConnectionLab.standby)
        _ = try await lab.harness(EnableKeyStore.self).apply(store(ConnectionLab.standby))
        let replica = try await agree(
            ReplicateVault.self, lab,
            [
                "registeredVault": .string(registered.registeredVault.text), "region": "eu-amsterdam-1",
                "compartment": .string(ConnectionLab.compartment), "key": "sales", "patience": "30m", "databases": [],
            ])
        _ = try await agree(
            AssociateVault.self, lab,
            [
                "registeredVault": .string(replica.registeredVault.text), "connector": .string(standby),
                "compartment": .string(ConnectionLab.compartment), "name": "standby", "databases": [],
            ])
        let proof = try StepDefinition.parse(ProveKeyReach.definition, file: "prove-key-reach.yaml").get()
        let reach: JSON = [
            "connector": .string(standby), "registeredVault": .string(replica.registeredVault.text),
            "registeredKey": .string(replica.registeredKey.text), "cluster": .string(ConnectionLab.standby),
            "vault": .string(ConnectionLab.vault), "keyInUse": false, "keys": ["sales"],
            "compartment": .string(ConnectionLab.compartment), "statusWithin": "1h", "patience": "1m",
        ]
        let checked = try await lab.harness(ProveKeyReach.self).check(reach)
        #expect(checked.map(\.id) == proof.preconditions.map(\.id.value) && checked.failing.isEmpty, "\(checked)")
        let shown = try await lab.harness(ProveKeyReach.self).verify(reach)
        #expect(shown.map(\.id) == proof.postconditions.map(\.id.value) && shown.failing.isEmpty)
    }

    private func store(_ cluster: String) -> JSON {
        ["cluster": .string(cluster), "databases": [], "settleWithin": "1s"]
    }
}
