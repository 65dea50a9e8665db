// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

struct ResetNodeTests {
    private func wish(_ node: String = "east1", _ more: [String: JSON] = [:]) -> JSON {
        given(
            [
                "database": .string(DatabaseLab.sales), "node": .string(node), "confirm": "SALES_EAST",
                "within": "10m",
            ], more)
    }

    @Test func `each node is started anew, one after the other, and once`() async throws {
        let lab = try await DatabaseLab()
        for node in ["east1", "east2"] {
            let step = try lab.harness(ResetNode.self)
            #expect(try await step.check(wish(node)).failing == [])
            guard case .needed(let changes) = try await step.observe(wish(node)) else {
                Issue.record("not needed")
                return
            }
            #expect(changes.map(\.path) == ["nodes/\(node)"])
            #expect(try await step.apply(wish(node)).node == node)
            #expect(try await step.verify(wish(node)).failing == [])
            guard case .satisfied = try await step.observe(wish(node)) else { Issue.record("not satisfied"); return }
            _ = try await lab.harness(ResetNode.self).apply(wish(node))
        }
        #expect(lab.effects == ["node.reset east1", "node.reset east2"])
    }

    @Test func `a node whose instance stays closed is the last one`() async throws {
        let lab = try await DatabaseLab(faults: ["keystore-closed-after-reset"])
        let step = try lab.harness(ResetNode.self)
        let error = await thrown { try await step.apply(wish()) }
        #expect(error?.code == "oracle-dr-setup.instance-not-open" && error?.kind == .unknownOutcome)
        #expect(error?.message.contains("No instance is OPEN on east1") == true)
        guard case .partial = try await step.observe(wish()) else { Issue.record("not partial"); return }
        #expect(await thrown { try await step.apply(wish()) }?.code == "oracle-dr-setup.not-all-open")
        let next = try lab.harness(ResetNode.self)
        #expect(try await next.check(wish("east2")).failing.contains("instances-open"))
        let refused = await thrown { try await next.apply(wish("east2")) }
        #expect(refused?.code == "oracle-dr-setup.not-all-open" && refused?.kind == .permanent)
        #expect(lab.effects == ["node.reset east1"])
    }

    @Test func `a node that does not get at the key is not started anew`() async throws {
        let lab = try await DatabaseLab()
        lab.takeRoles(from: ["east2"])
        let step = try lab.harness(ResetNode.self)
        #expect(try await step.check(wish()).failing == ["keystores-open"])
        #expect(await thrown { try await step.apply(wish()) }?.code == "oracle-dr-setup.not-all-open")
        #expect(lab.effects.isEmpty)
    }

    @Test func `a cluster of one node, a node of another, and a name that does not confirm`() async throws {
        let lab = try await DatabaseLab { $0[path: "oracle", "clusters", "east", "nodes"] = ["east1"] }
        #expect(try await lab.harness(ResetNode.self).check(wish()).failing == ["several-nodes"])
        let other = try await DatabaseLab()
        let step = try other.harness(ResetNode.self)
        #expect(try await step.check(wish("west1")).failing == ["node-known"])
        #expect(try await step.check(wish("east1", ["confirm": "CRM"])).failing == ["reset-confirmed"])
    }

    @Test func `a run that was cut off waits until the node is back, and asks nobody meanwhile`() async throws {
        let lab = try await DatabaseLab(faults: ["connection-lost-after-effect:operation=*dbnode*,times=9"])
        let step = try lab.harness(ResetNode.self)
        #expect(await thrown { try await step.apply(wish()) }?.kind == .unknownOutcome)
        guard case .satisfied = try await step.observe(wish()) else { Issue.record("not satisfied"); return }
        #expect(step.progress.contains { $0.hasPrefix("waiting until the instance on east1 is open") })
        #expect(lab.effects == ["node.reset east1"])
    }

    @Test func `a run that was cut off starts only the other node`() async throws {
        let lab = try await DatabaseLab(faults: ["connection-lost-after-effect:operation=*dbnode*,times=9"])
        let step = try lab.harness(ResetNode.self)
        #expect(await thrown { try await step.apply(wish()) }?.kind == .unknownOutcome)
        lab.time.advance(.seconds(1800))
        guard case .satisfied = try await step.observe(wish()) else { Issue.record("not satisfied"); return }
        guard case .needed = try await lab.harness(ResetNode.self).observe(wish("east2")) else {
            Issue.record("not needed")
            return
        }
        #expect(lab.effects == ["node.reset east1"])
    }
}
