// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

struct CreateDatabaseTests {
    private func wish(_ more: [String: JSON] = [:]) -> JSON {
        given(
            [
                "cluster": .string(DatabaseLab.east), "compartment": .string(DatabaseLab.compartment),
                "home": .string(DatabaseLab.homeEast), "name": "CRM", "uniqueName": "CRM_EAST",
                "pluggableDatabase": "LEADS", "registeredKey": .string(DatabaseLab.spare),
                "deleteWithin": "24h",
            ], more)
    }

    @Test func `a database is made on its key, adopted when it is there, and deleted again`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(CreateDatabase.self)
        #expect(try await step.check(wish()).failing == [])
        guard case .needed = try await step.observe(wish()) else { Issue.record("not needed"); return }
        #expect(lab.effects.isEmpty)
        let outputs = try await step.apply(wish())
        #expect(try await step.verify(wish()).failing == [])
        #expect(try await step.observe(wish()) == .satisfied(outputs))
        #expect(try await step.check(wish()).failing == [])
        let adopted = try await lab.harness(CreateDatabase.self).apply(wish())
        #expect(adopted.database == outputs.database && outputs.isMade && !adopted.isMade)
        #expect(lab.effects == ["database.created CRM_EAST"])
        #expect(try await step.checkUndo(wish()).failing == [])
        for _ in 0..<2 { try await step.undo(wish()) }
        guard case .needed = try await step.observe(wish()) else { Issue.record("still there"); return }
        #expect(lab.effects == ["database.created CRM_EAST", "database.deleted CRM_EAST"])
    }

    @Test func `a database that is older than a day is not deleted by an undo that comes late`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(CreateDatabase.self)
        _ = try await step.apply(wish())
        lab.time.advance(.seconds(23 * 3600))
        #expect(try await step.checkUndo(wish()).failing == [])
        lab.time.advance(.seconds(3 * 3600))
        let late = try await step.checkUndo(wish())
        #expect(late.failing == ["undo-database-young"])
        #expect(late.one("undo-database-young")?.says.contains("would be lost, without a last backup") == true)
        #expect(try await step.checkUndo(wish(["deleteWithin": "48h"])).failing == [])
        let begun = try #require(try step.begun().last)
        var members = try #require(try JSON(encoding: begun).object)
        members["asked"] = nil
        let before: CreatedDatabase = try JSON.object(members).decode()
        #expect(try await step.checkUndo(wish(), with: before).one("undo-database-young")?.verdict == .unverifiable)
    }

    static let lacks: [(String, [String: JSON], @Sendable (inout JSON) -> Void)] = [
        ("key-store-enabled", [:], { $0[path: "oracle", "clusters", "east", "key-store"] = false }),
        ("cluster-available", [:], { $0[path: "oracle", "clusters", "east", "state"] = "UPDATING" }),
        ("home-available", ["home": .string(DatabaseLab.homeWest)], { _ in }),
        ("key-registered", ["registeredKey": "ocid1.oracledbazurekey.oc1.us-ashburn-1.none"], { _ in }),
        ("key-dedicated", ["registeredKey": .string(DatabaseLab.key)], { _ in }),
        ("name-free", ["name": "SALES"], { _ in }), ("name-free", ["name": "1CRM"], { _ in }),
        ("service-agrees", ["name": "SALES"], { _ in }),
    ]

    @Test(arguments: lacks)
    func `a missing condition is named before any effect`(
        id: String, more: [String: JSON], change: @Sendable (inout JSON) -> Void
    ) async throws {
        let lab = try await DatabaseLab { change(&$0) }
        let found = try await lab.harness(CreateDatabase.self).check(wish(more))
        #expect(found.one(id)?.verdict != .met, "\(found)")
        #expect(lab.effects.isEmpty)
    }

    @Test func `no password is a condition, and nothing is sent without one`() async throws {
        let lab = try await DatabaseLab(without: ["database-admin-password"])
        let step = try lab.harness(CreateDatabase.self)
        #expect(try await step.check(wish()).one("password-given")?.verdict == .unmet)
        #expect(await thrown { try await step.apply(wish()) }?.code == "oracle.no-password")
        #expect(lab.effects.isEmpty)
    }

    @Test(arguments: [
        "connection-lost-after-effect:operation=create-databases",
        "connection-lost-before-effect:operation=create-databases",
        "throttle", "unavailable",
    ])
    func `one database is made whatever is lost on the way`(fault: String) async throws {
        let lab = try await DatabaseLab(faults: [fault])
        let step = try lab.harness(CreateDatabase.self)
        _ = try await step.apply(wish())
        #expect(try await step.verify(wish()).failing == [])
        #expect(lab.effects == ["database.created CRM_EAST"])
    }

    @Test func `a run that was cut off follows what it had begun`() async throws {
        let lab = try await DatabaseLab(faults: ["connection-lost-after-effect:operation=create-databases,times=9"])
        let step = try lab.harness(CreateDatabase.self)
        #expect(await thrown { try await step.apply(wish()) }?.kind == .unknownOutcome)
        guard case .partial(_, let why) = try await step.observe(wish()) else { Issue.record("not partial"); return }
        #expect(why.contains("PROVISIONING"))
        lab.time.advance(.seconds(3600))
        guard case .satisfied = try await step.observe(wish()) else { Issue.record("not satisfied"); return }
        #expect(lab.effects == ["database.created CRM_EAST"])
    }

    @Test func `after a lost answer a database without the run's mark is left alone`() async throws {
        let lab = try await DatabaseLab(faults: ["connection-lost-after-effect:operation=create-databases,times=10"])
        let step = try lab.harness(CreateDatabase.self)
        #expect(await thrown { try await step.apply(wish()) }?.kind == .unknownOutcome)
        lab.time.advance(.seconds(7200))
        lab.clouds.changeOracle { state in
            for index in state.databases.indices { state.databases[index].tags = nil }
        }
        try await step.undo(wish())
        #expect(lab.effects == ["database.created CRM_EAST"])
        guard case .needed = try await step.observe(wish()) else { Issue.record("not proven"); return }
    }

    @Test func `a key out of reach is told with the database's own words`() async throws {
        let lab = try await DatabaseLab()
        lab.takeRoles(from: ["east1", "east2"])
        let step = try lab.harness(CreateDatabase.self)
        let error = await thrown { try await step.apply(wish()) }
        #expect(error?.code == "oracle.database-not-made" && error?.kind == .unknownOutcome)
        #expect(error?.message.contains("ORA-28407") == true)
        guard case .partial = try await step.observe(wish()) else { Issue.record("not partial"); return }
        try await step.undo(wish())
        #expect(lab.effects == ["database.deleted CRM_EAST"])
    }

    @Test func `a database in which somebody has worked since is not deleted unseen`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(CreateDatabase.self)
        _ = try await step.apply(wish())
        lab.clouds.changeOracle { state in
            for one in state.databases where one.uniqueName == "CRM_EAST" {
                state.change(one.id) {
                    $0.place.pluggables.append(.init(id: "ocid1.pluggabledatabase.oc1.x.new", name: "NEW"))
                }
            }
        }
        let found = try await step.checkUndo(wish())
        #expect(found.failing == ["undo-database-unneeded"])
        #expect(found.one("undo-database-unneeded")?.says.contains("NEW") == true)
    }
}
