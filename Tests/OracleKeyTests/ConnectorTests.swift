// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleCloudClient
@testable import OracleDRSetup

struct ConnectorTests {
    private let inputs = ConnectionLab.connector()

    @Test func `a connector is made, and every node is an Arc machine that is connected`() async throws {
        let lab = try await ConnectionLab()
        let step = try lab.harness(MakeConnector.self)
        #expect(try await step.check(inputs).failing == [])
        #expect(try await step.observe(inputs) == .needed([Change("exa-fra/identity-connector", to: "to-azure")]))
        let outputs = try await step.apply(inputs)
        #expect(outputs.nodes == ConnectionLab.nodes)
        #expect(try await step.verify(inputs).failing == [])
        #expect(try await step.observe(inputs) == .satisfied(outputs))
        #expect(ConnectionLab.nodes.allSatisfy(lab.isConnected))
        #expect(
            lab.clouds.effects == [
                "connector.connected exa-fra", "arc-machine.enrolled drill/fra-1", "arc-machine.enrolled drill/fra-2",
            ])
    }

    @Test func `a connector that is there is left as it is, and stays when the run is undone`() async throws {
        let lab = try await ConnectionLab()
        let made = try await lab.harness(MakeConnector.self).apply(inputs)
        let effects = lab.clouds.effects
        let step = try lab.harness(MakeConnector.self)
        #expect(try await step.observe(inputs) == .satisfied(made))
        #expect(try await step.apply(inputs) == made)
        #expect(try step.begun().isEmpty)
        #expect(lab.clouds.effects == effects)
    }

    @Test func `the access token is in no evidence, no undo data and no message`() async throws {
        let lab = try await ConnectionLab()
        let step = try lab.harness(MakeConnector.self)
        _ = try await step.check(inputs)
        _ = try await step.apply(inputs)
        let tokens = lab.clouds.azure.tokens.keys
        #expect(!tokens.isEmpty)
        var kept = try step.begun().map { try JSON(encoding: $0).canonicalText } + step.progress + step.log
        for name in Set(step.evidenceNames) {
            kept += try step.evidence(name, as: JSON.self).map(\.canonicalText)
        }
        #expect(!kept.contains { text in tokens.contains { text.contains($0) } })
    }

    @Test func `a token that had expired fails with the reason, and a resume gives a fresh one`() async throws {
        let lab = try await ConnectionLab(faults: ["connector-token-expired"])
        let step = try lab.harness(MakeConnector.self)
        let error = await thrown { try await step.apply(inputs) }
        #expect(error?.code == "connector.failed" && error?.kind == .unknownOutcome)
        #expect(error?.message.contains("The access token has expired") == true)
        #expect(try await step.observe(inputs).isUnfinished)
        let again = try lab.harness(MakeConnector.self, attempt: 2)
        #expect(try await again.apply(inputs, after: try step.begun().last).nodes == ConnectionLab.nodes)
        #expect(lab.clouds.oracle?.state.multicloud.connectors.count == 1)
        #expect(try again.begun().allSatisfy(\.isMade))
        try await again.undo(inputs)
        #expect(!lab.isConnected("fra-1"))
    }

    @Test func `one that was there and only got a token stays, and its undo is proven all the same`() async throws {
        let lab = try await ConnectionLab(faults: ["node-not-enrolled"])
        _ = await thrown { try await lab.harness(MakeConnector.self).apply(inputs) }
        let step = try lab.harness(MakeConnector.self)
        let made = try await step.apply(inputs)
        #expect(try await step.observe(inputs) == .satisfied(made))
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        #expect(try await step.observe(inputs).isNeeded)
        #expect(ConnectionLab.nodes.allSatisfy(lab.isConnected))
    }

    @Test func `ACTIVE with a node that is not connected is never taken for done`() async throws {
        let lab = try await ConnectionLab(faults: ["node-not-enrolled"])
        let step = try lab.harness(MakeConnector.self)
        let error = await thrown { try await step.apply(inputs) }
        #expect(error?.code == "connector.not-connected" && error?.message.contains("fra-1") == true)
        #expect(try await step.verify(inputs).failing == ["nodes-connected"])
        #expect(try await step.observe(inputs).isUnfinished)
        let again = try lab.harness(MakeConnector.self, attempt: 2)
        #expect(try await again.apply(inputs).nodes == ConnectionLab.nodes)
        #expect(try await again.verify(inputs).failing == [])
    }

    @Test func `without the resource provider the connector fails and names it`() async throws {
        let lab = try await ConnectionLab { $0[path: "providers"] = ["Microsoft.KeyVault"] }
        let error = await thrown { try await lab.harness(MakeConnector.self).apply(inputs) }
        #expect(error?.message.contains("Microsoft.HybridCompute") == true)
    }

    @Test(arguments: ["connection-lost-after-effect", "connection-lost-before-effect"])
    func `after a lost answer the state decides, and no second connector is made`(fault: String) async throws {
        let lab = try await ConnectionLab(
            faults: ["\(fault):operation=create-oracleDbAzureConnector,times=10"])
        let step = try lab.harness(MakeConnector.self)
        let error = await thrown { try await step.apply(inputs) }
        #expect(error?.kind == .unknownOutcome)
        let isMade = fault.hasSuffix("after-effect")
        switch try await step.observe(inputs) {
        case .satisfied(let outputs): #expect(isMade && outputs.nodes == ConnectionLab.nodes)
        case .needed: #expect(!isMade)
        default: Issue.record("it is neither")
        }
        #expect(lab.clouds.oracle?.state.multicloud.connectors.count == (isMade ? 1 : 0))
        try await step.undo(inputs)
        #expect(!lab.isConnected("fra-1"))
    }

    @Test func `after a lost answer a connector without the run's mark is left alone`() async throws {
        let lab = try await ConnectionLab(
            faults: ["connection-lost-after-effect:operation=create-oracleDbAzureConnector,times=10"])
        let step = try lab.harness(MakeConnector.self)
        _ = await thrown { try await step.apply(inputs) }
        #expect(try await step.observe(inputs).isSatisfied)
        lab.clouds.changeOracle { $0.multicloud.connectors[0].tags = nil }
        try await step.undo(inputs)
        #expect(ConnectionLab.nodes.allSatisfy(lab.isConnected))
        #expect(try await step.observe(inputs).isNeeded)
    }

    @Test func `a work request that needs attention stops in doubt`() async throws {
        let lab = try await ConnectionLab(faults: ["work-request-needs-attention"])
        let error = await thrown { try await lab.harness(MakeConnector.self).apply(inputs) }
        #expect(error?.code == "oracle.needs-attention" && error?.kind == .unknownOutcome)
    }

    @Test func `a busy cluster, a domain for a tenant and another place are told before any effect`() async throws {
        let lab = try await ConnectionLab()
        lab.clouds.changeOracle { $0.multicloud.clusters[1].state = "UPDATING" }
        let step = try lab.harness(MakeConnector.self)
        let odd = ConnectionLab.connector(more: ["tenant": "example.org", "tokenLife": "9h"])
        #expect(try await step.check(odd).failing == ["cluster-available", "subscription-given", "token-lasts"])
        lab.clouds.changeOracle { $0.multicloud.clusters[1].state = "AVAILABLE" }
        _ = try await step.apply(inputs)
        let other = ConnectionLab.connector(more: ["resourceGroup": "elsewhere"])
        #expect(try await step.check(other).failing == ["connector-fits"])
        guard case .partial = try await step.observe(other) else {
            Issue.record("another connector was taken for the right one")
            return
        }
        #expect(await thrown { try await step.apply(other) }?.code == "connector.other")
    }

    @Test func `an undo deletes the connector and its machines, and another one does nothing`() async throws {
        let lab = try await ConnectionLab()
        let step = try lab.harness(MakeConnector.self)
        _ = try await step.apply(inputs)
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        #expect(lab.clouds.effects.suffix(2) == ["arc-machine.removed drill/fra-1", "arc-machine.removed drill/fra-2"])
        let effects = lab.clouds.effects
        try await step.undo(inputs)
        #expect(lab.clouds.effects == effects)
        #expect(try await step.observe(inputs) == .needed([Change("exa-fra/identity-connector", to: "to-azure")]))
    }

    @Test func `a connector in use is not deleted`() async throws {
        let lab = try await ConnectionLab()
        let step = try lab.harness(MakeConnector.self)
        let connector = try await step.apply(inputs)
        lab.join(connector.nodes)
        _ = try await lab.harness(RegisterVault.self).apply(ConnectionLab.registration(connector.connector.text))
        #expect(try await step.checkUndo(inputs).failing == ["undo-connector-unused"])
        #expect(await thrown { try await step.undo(inputs) }?.code == "connector.in-use")
        #expect(lab.isConnected("fra-1"))
    }
}

extension ConnectionLab {
    static func connector(more: [String: JSON]) -> JSON { connector(cluster, more) }
}
