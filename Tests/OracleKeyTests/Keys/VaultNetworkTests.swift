// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

/// A vault without public access answers through approved private endpoints alone, nodes and the client alike.
struct VaultNetworkTests {
    private func lab(_ change: (inout JSON) -> Void = { _ in }) async throws -> SurroundingsLab {
        try await SurroundingsLab { cloud in
            cloud[path: "vaults", "tde-keys", "public-access"] = "disabled"
            cloud[path: "virtual-networks", "office"] = ["location": "eastus", "subnets": ["desks": [:]]]
            cloud[path: "role-assignments"] = [
                ["principal": "exa-east-1", "role": "Key Vault Crypto Officer", "scope": "tde-keys"]
            ]
            cloud[path: "oracle", "clusters", "exa-east"] = [
                "id": "ocid1.cloudvmcluster.oc1.iad.east", "compartment": "ocid1.compartment.oc1..drill",
                "nodes": .array(SurroundingsLab.nodes.map { .string($0) }),
                "azure": ["resource-group": "drill", "location": "eastus"],
            ]
            change(&cloud)
        }
    }

    private func reach(_ lab: SurroundingsLab) -> KeyReach {
        lab.clouds.azure.keyReach(
            principal: lab.principal(of: "exa-east-1"), vault: SurroundingsLab.vault, key: "sales", version: nil,
            at: lab.time.now)
    }

    @Test func `a node gets no answer without an approved endpoint whose zone its network answers`() async throws {
        #expect(reach(try await lab()) == .reachable)
        #expect(reach(try await lab { $0[path: "private-endpoints", "to-keys"] = nil }) == .unreachable)
        #expect(reach(try await lab { $0[path: "private-endpoints", "to-keys", "status"] = "Pending" }) == .unreachable)
        #expect(reach(try await lab { $0[path: "private-endpoints", "to-keys", "dns"] = false }) == .unreachable)
        let elsewhere = try await lab { $0[path: "private-endpoints", "to-keys", "zone-links"] = ["office"] }
        #expect(reach(elsewhere) == .unreachable)
        elsewhere.clouds.changeAzure { $0.state[.vault, "tde-keys"]?.publicNetworkAccess = "Enabled" }
        #expect(reach(elsewhere) == .reachable)
        elsewhere.clouds.changeAzure { $0.state[.vault, "tde-keys"]?.defaultAction = "Deny" }
        #expect(reach(elsewhere) == .unreachable)
    }

    private func keyFits(_ lab: SurroundingsLab) async throws -> Condition? {
        let wish: JSON = ["vault": .string(SurroundingsLab.vault), "key": "sales", "type": "RSA", "size": 2048]
        return try await lab.harness(SetUpKey.self, run: nil).check(wish).one("key-fits")
    }

    @Test func `the client is refused from a network without the endpoint, and told which rule it was`() async throws {
        #expect(try await keyFits(try await lab())?.verdict == .met)
        let outside = try await lab { $0[path: "client", "network"] = "office" }
        let closed = try await keyFits(outside)
        #expect(closed?.verdict == .unverifiable && closed?.says.contains("ForbiddenByConnection") == true, "\(closed)")
        outside.clouds.changeAzure { azure in
            azure.state[.vault, "tde-keys"]?.publicNetworkAccess = "Enabled"
            azure.state[.vault, "tde-keys"]?.defaultAction = "Deny"
        }
        #expect(try await keyFits(outside)?.says.contains("ForbiddenByFirewall") == true)
        let inside = try await lab { $0[path: "client", "network"] = "net-east" }
        #expect(try await keyFits(inside)?.verdict == .met)
    }

    @Test func `a network that the scenario does not have is refused`() async throws {
        let error = await #expect(throws: MusterError.self) {
            _ = try await lab { $0[path: "client", "network"] = "nowhere" }
        }
        #expect(error.map { "\($0)".contains("nowhere") } == true)
    }
}
