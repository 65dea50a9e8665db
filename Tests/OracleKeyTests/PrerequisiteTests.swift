// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPlugin
import Testing

@testable import OracleDRSetup

struct PrerequisiteTests {
    private func inputs(_ more: [String: JSON] = [:]) -> JSON {
        let base: [String: JSON] = [
            "vmCluster": .string(SurroundingsLab.cluster), "vault": .string(SurroundingsLab.vault),
            "nodesResolve": true, "vaultMayBeMissing": false,
        ]
        return .object(base.merging(more) { $1 })
    }

    private func notMet(_ lab: SurroundingsLab, _ more: [String: JSON] = [:]) async throws -> [String] {
        let conditions = try await lab.harness(Prerequisites.self, run: nil).check(inputs(more))
        return conditions.filter { $0.verdict != .met }.map(\.id)
    }

    @Test func `surroundings that are ready meet every condition, and nothing is changed`() async throws {
        let lab = try await SurroundingsLab()
        let step = try lab.harness(Prerequisites.self)
        let conditions = try await step.check(inputs(["privateLinkScope": .string(SurroundingsLab.scope)]))
        #expect(conditions.allSatisfy { $0.verdict == .met }, "\(conditions.filter { $0.verdict != .met })")
        #expect(Set(conditions.map(\.id)).count == 10)
        let proofs = try await step.verify(inputs())
        #expect(proofs.map(\.verdict) == [.met])
        #expect(lab.clouds.effects.isEmpty)
    }

    @Test func `what the nodes resolve is never claimed from here`() async throws {
        let lab = try await SurroundingsLab()
        let step = try lab.harness(Prerequisites.self, run: nil)
        let conditions = try await step.check(inputs(["nodesResolve": false]))
        let open = conditions.filter { $0.verdict != .met }
        #expect(open.map(\.id) == ["vault-resolves"])
        #expect(open.first?.verdict == .unverifiable)
        #expect(open.first?.says.contains("getent hosts tde-keys.vault.azure.net") == true)
        #expect(open.first?.says.contains("10.0.1.4") == true)
    }

    @Test(arguments: [
        ("vm-clusters.exa-east.state", "Updating", "cluster-available"),
        ("private-endpoints.to-keys.status", "Pending", "vault-endpoint vault-resolves"),
        ("private-endpoints.to-keys.address", "203.0.113.7", "vault-resolves"),
    ])
    func `what is not as it must be is found`(path: String, value: String, expected: String) async throws {
        let names = path.split(separator: ".").map(String.init)
        let lab = try await SurroundingsLab { $0[path: names[0], names[1], names[2]] = .string(value) }
        #expect(try await notMet(lab).joined(separator: " ") == expected)
    }

    @Test func `a subnet without delegation and gateway is found`() async throws {
        let lab = try await SurroundingsLab { $0[path: "virtual-networks", "net-east", "subnets", "exadata"] = [:] }
        #expect(try await notMet(lab) == ["subnet-delegated", "way-out"])
        let without = try await SurroundingsLab {
            $0[path: "virtual-networks", "net-east", "subnets", "exadata", "nat-gateway-address"] = false
        }
        #expect(try await notMet(without) == ["way-out"])
    }

    @Test func `what the subscription has not registered is found`() async throws {
        let lab = try await SurroundingsLab {
            $0[path: "providers"] = ["Microsoft.GuestConfiguration"]
            $0[path: "features"] = ["Microsoft.Network/EnableRotterdamSdnApplianceForOracle"]
        }
        #expect(try await notMet(lab) == ["advanced-networking", "arc-providers"])
    }

    @Test func `an endpoint without names, and a zone that answers elsewhere, are found`() async throws {
        let nameless = try await SurroundingsLab { $0[path: "private-endpoints", "to-keys", "dns"] = false }
        #expect(try await notMet(nameless) == ["vault-resolves"])
        let elsewhere = try await SurroundingsLab { $0[path: "private-endpoints", "to-arc", "zone-links"] = [] }
        let scope: [String: JSON] = ["privateLinkScope": .string(SurroundingsLab.scope)]
        #expect(try await notMet(elsewhere, scope) == ["arc-private-link"])
    }

    @Test func `rights that are lacking are found before the first effect`() async throws {
        let lab = try await SurroundingsLab {
            $0[path: "client", "denied-actions"] = ["Microsoft.Authorization/roleAssignments/write"]
        }
        #expect(try await notMet(lab, ["vaultMayBeMissing": true]) == ["rights-on-keys"])
        #expect(try await notMet(lab) == [], "a run that makes no vault gives no roles on one")
        let blind = try await SurroundingsLab { $0[path: "client", "denied-actions"] = ["Microsoft.HybridCompute/*"] }
        #expect(try await notMet(blind) == ["rights-on-machines"])
    }

    @Test func `the look of every day asks for no right to change anything`() async throws {
        let lab = try await SurroundingsLab {
            $0[path: "client", "denied-actions"] = ["*/write", "*/action", "*/delete"]
        }
        let conditions = try await lab.harness(Surroundings.self, run: nil).check(inputs())
        #expect(conditions.allSatisfy { $0.verdict == .met }, "\(conditions)")
        #expect(!conditions.contains { $0.id.hasPrefix("rights-") })
    }

    /// As it is where the standby's network has an endpoint of its own to the same vault.
    @Test func `an endpoint that is answered here is enough, wherever others are`() async throws {
        let lab = try await SurroundingsLab {
            $0[path: "virtual-networks", "net-west"] = [
                "location": "westus", "subnets": ["endpoints": ["prefix": "10.9.1.0/24"]],
            ]
            $0[path: "private-endpoints", "a-west"] = [
                "subnet": "net-west/endpoints", "vault": "tde-keys", "resource-group": "west",
            ]
        }
        #expect(try await notMet(lab) == [])
    }

    @Test func `what may not be read is unverifiable, not met`() async throws {
        let lab = try await SurroundingsLab {
            $0[path: "client", "denied-actions"] = ["Oracle.Database/*", "Microsoft.Network/privateEndpoints/read"]
        }
        let conditions = try await lab.harness(Prerequisites.self, run: nil).check(inputs())
        let open = conditions.filter { $0.verdict != .met }
        #expect(open.allSatisfy { $0.verdict == .unverifiable })
        #expect(
            open.map(\.id) == [
                "cluster-available", "subnet-delegated", "way-out", "vault-endpoint", "vault-resolves",
            ])
    }

    @Test func `a vault that is to be made has nothing to look at yet, and takes a word on its name before`()
        async throws
    {
        let lab = try await SurroundingsLab { $0[path: "vaults"] = [:] }
        let new: [String: JSON] = ["vaultMayBeMissing": true]
        #expect(try await notMet(lab, new) == [])
        let silent = try await lab.harness(Prerequisites.self, run: nil)
            .check(inputs(new.merging(["nodesResolve": false]) { $1 })).filter { $0.verdict != .met }
        #expect(silent.map(\.id) == ["vault-resolves"] && silent.first?.verdict == .unverifiable)
        #expect(silent.first?.says.contains("will resolve tde-keys.vault.azure.net") == true)
        let there = try await SurroundingsLab { $0[path: "private-endpoints", "to-keys"] = nil }
        #expect(try await notMet(there, new) == ["vault-endpoint", "vault-resolves"])
    }

    @Test func `without a vault none is looked at`() async throws {
        let lab = try await SurroundingsLab { $0[path: "private-endpoints", "to-keys"] = nil }
        #expect(try await notMet(lab) == ["vault-endpoint", "vault-resolves"])
        #expect(try await notMet(lab, ["vault": .null]).isEmpty)
    }
}
