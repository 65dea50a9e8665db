// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import OracleCloudClient
import Testing

@testable import CloudSimulator
@testable import StandbyConnector

struct StandbyDatabaseTests {
    private func wish(_ more: [String: JSON] = [:]) -> JSON {
        given(
            [
                "primary": .string(DatabaseLab.sales), "cluster": .string(DatabaseLab.west),
                "compartment": .string(DatabaseLab.compartment), "home": .string(DatabaseLab.homeWest),
                "uniqueName": "SALES_WEST", "registeredKey": .string(DatabaseLab.key),
                "protectionMode": "MAXIMUM_PERFORMANCE", "transport": "ASYNC", "activeDataGuard": false,
                "crossRegion": true, "deleteWithin": "24h",
            ], more)
    }

    @Test func `a standby is made, adopted when it is there, and deleted again`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(StandbyDatabase.self)
        #expect(try await step.check(wish()).failing == [])
        guard case .needed = try await step.observe(wish()) else { Issue.record("not needed"); return }
        let outputs = try await step.apply(wish())
        #expect(try await step.verify(wish()).failing == [])
        #expect(try await step.observe(wish()) == .satisfied(outputs))
        #expect(try await step.check(wish()).failing == [])
        #expect(try await lab.harness(StandbyDatabase.self).apply(wish()) == outputs)
        #expect(try await step.checkUndo(wish()).failing == [])
        for _ in 0..<2 { try await step.undo(wish()) }
        guard case .needed = try await step.observe(wish()) else { Issue.record("still there"); return }
        #expect(lab.effects == ["standby.created SALES_WEST", "database.deleted SALES_WEST"])
    }

    @Test func `a standby counts as wanted by either registration of the key, and by no other key`() async throws {
        let lab = try await DatabaseLab()
        let replica = "ocid1.oracledbazurekey.oc1.us-phoenix-1.replica"
        let both = wish(["replicaKey": .string(replica)])
        let step = try lab.harness(StandbyDatabase.self)
        let outputs = try await step.apply(both)
        #expect(try await step.observe(both) == .satisfied(outputs))
        lab.clouds.changeOracle { state in state.change(outputs.standby.text) { $0.keys.registered = replica } }
        #expect(try await step.observe(both) == .satisfied(outputs))
        #expect(try await step.verify(both).failing == [])
        #expect(try await step.observe(wish()).isPartial)
        #expect(try await step.verify(wish()).failing == ["standby-key"])
    }

    @Test func `a member that cannot be read is not told as one that is not there`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(StandbyDatabase.self)
        let standby = try await step.apply(wish()).standby.text
        lab.clouds.lie { asked in
            asked.path.hasSuffix("/databases/\(standby)")
                ? SimulatedResponse(404, ["code": "NotAuthorizedOrNotFound", "message": "hidden"]) : nil
        }
        let found = try await step.verify(wish())
        #expect(found.map(\.verdict) == [.unverifiable, .unverifiable, .unverifiable])
        #expect(found.first?.says.contains("\(standby) could not be read: hidden") == true, "\(found)")
    }

    @Test func `a standby that is older than a day is not deleted by an undo that comes late`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(StandbyDatabase.self)
        _ = try await step.apply(wish())
        lab.time.advance(.seconds(25 * 3600))
        #expect(try await step.checkUndo(wish()).failing == ["undo-standby-young"])
    }

    static let lacks: [(String, [String: JSON], @Sendable (inout JSON) -> Void)] = [
        ("key-store-enabled", [:], { $0[path: "oracle", "clusters", "west", "key-store"] = false }),
        ("nodes-connected", [:], { $0[path: "arc-machines", "west2", "status"] = "Disconnected" }),
        ("protection-sound", ["transport": "SYNC"], { _ in }), ("regions-fit", ["crossRegion": false], { _ in }),
        ("primary-key", ["registeredKey": .string(DatabaseLab.spare)], { _ in }),
        ("primary-available", [:], { $0[path: "oracle", "databases", "SALES_EAST", "state"] = "UPDATING" }),
        ("service-agrees", ["registeredKey": .string(DatabaseLab.spare)], { _ in }),
    ]

    @Test(arguments: lacks)
    func `a missing condition is named before any effect`(
        id: String, more: [String: JSON], change: @Sendable (inout JSON) -> Void
    ) async throws {
        let lab = try await DatabaseLab { change(&$0) }
        let found = try await lab.harness(StandbyDatabase.self).check(wish(more))
        #expect(found.one(id)?.verdict == .unmet, "\(found)")
        #expect(lab.effects.isEmpty)
    }

    @Test func `a standby whose nodes do not get at the key is not made`() async throws {
        let lab = try await DatabaseLab()
        lab.takeRoles(from: ["west1", "west2"])
        let step = try lab.harness(StandbyDatabase.self)
        let error = await thrown { try await step.apply(wish()) }
        #expect(error?.code == "oracle.database-not-made" && error?.message.contains("ORA-28407") == true)
        guard case .partial = try await step.observe(wish()) else { Issue.record("not partial"); return }
        try await step.undo(wish())
        guard case .needed = try await step.observe(wish()) else { Issue.record("still there"); return }
    }

    @Test(arguments: ["connection-lost-after-effect:operation=create-databases", "throttle", "unavailable"])
    func `one standby is made whatever is lost on the way`(fault: String) async throws {
        let lab = try await DatabaseLab(faults: [fault])
        _ = try await lab.harness(StandbyDatabase.self).apply(wish())
        #expect(lab.effects == ["standby.created SALES_WEST"])
    }

    @Test func `after a lost answer nobody knows who made the standby, and it is left alone`() async throws {
        let lab = try await DatabaseLab(faults: ["connection-lost-after-effect:operation=create-databases,times=10"])
        let step = try lab.harness(StandbyDatabase.self)
        #expect(await thrown { try await step.apply(wish()) }?.kind == .unknownOutcome)
        lab.time.advance(.seconds(7200))
        #expect(try await step.checkUndo(wish()).allSatisfy { $0.verdict == .unverifiable })
        #expect(await thrown { try await step.undo(wish()) }?.code == "oracle.origin-unknown")
        #expect(lab.effects == ["standby.created SALES_WEST"])
    }

    @Test func `a standby that has become the primary is not deleted`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(StandbyDatabase.self)
        let standby = try await step.apply(wish()).standby.text
        lab.clouds.changeOracle { state in
            state.change(DatabaseLab.sales) { $0.role = "STANDBY" }
            state.change(standby) { $0.role = "PRIMARY" }
        }
        #expect(try await step.checkUndo(wish()).failing == ["undo-standby-no-primary"])
        #expect(await thrown { try await step.undo(wish()) }?.code == "oracle.primary-kept")
        #expect(lab.effects == ["standby.created SALES_WEST"])
    }
}
