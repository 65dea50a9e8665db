// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

struct VaultPrivateLinkTests {
    private func inputs(patience: String = "2h", nodesResolve: Bool = true) -> JSON {
        [
            "vault": .string(SurroundingsLab.vault), "vmCluster": .string(SurroundingsLab.cluster),
            "nodesResolve": .bool(nodesResolve), "patience": .string(patience),
        ]
    }

    @Test func `an approved endpoint with its names is shown at once`() async throws {
        let lab = try await SurroundingsLab()
        let conditions = try await lab.harness(VaultPrivateLink.self).verify(inputs())
        #expect(conditions.allSatisfy { $0.verdict == .met })
        #expect(lab.time.now == ManualTime.start)
    }

    @Test func `it waits for whoever approves the endpoint, and gives up when its patience ends`() async throws {
        let lab = try await SurroundingsLab { $0[path: "private-endpoints", "to-keys", "status"] = "Pending" }
        let step = try lab.harness(VaultPrivateLink.self)
        let conditions = try await step.verify(inputs(patience: "10m"))
        #expect(conditions.map(\.verdict) == [.unmet, .unmet, .unmet])
        #expect(lab.time.now.duration(since: ManualTime.start) == .seconds(600))
        #expect(step.progress.first?.contains("Pending") == true)
        lab.clouds.changeAzure { azure in
            for name in azure.state.surroundings.privateEndpoints.keys {
                azure.state.surroundings.privateEndpoints[name]?.status = "Approved"
            }
        }
        #expect(try await step.verify(inputs()).allSatisfy { $0.verdict == .met })
    }

    @Test func `a proof that only the nodes can give stays open`() async throws {
        let lab = try await SurroundingsLab()
        let conditions = try await lab.harness(VaultPrivateLink.self).verify(inputs(nodesResolve: false))
        #expect(conditions.map(\.verdict) == [.met, .met, .unverifiable])
    }
}
