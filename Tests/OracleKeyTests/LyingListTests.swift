// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import OracleCloudClient
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup
@testable import StandbyConnector

/// A list that shows too little is no proof that a database is gone, and nothing that it lives by is taken away.
struct LyingListTests {
    private let creation: JSON = [
        "cluster": .string(DatabaseLab.east), "compartment": .string(DatabaseLab.compartment),
        "home": .string(DatabaseLab.homeEast), "name": "CRM", "uniqueName": "CRM_EAST",
        "registeredKey": .string(DatabaseLab.spare), "deleteWithin": "24h",
    ]
    private let standby: JSON = [
        "primary": .string(DatabaseLab.sales), "cluster": .string(DatabaseLab.west),
        "compartment": .string(DatabaseLab.compartment), "home": .string(DatabaseLab.homeWest),
        "uniqueName": "SALES_WEST", "registeredKey": .string(DatabaseLab.key), "protectionMode": "MAXIMUM_PERFORMANCE",
        "transport": "ASYNC", "activeDataGuard": false, "crossRegion": true, "deleteWithin": "24h",
    ]

    private func isLeftAlone<S: ReversibleStep>(
        _ step: StepHarness<S>, _ inputs: JSON, _ lab: DatabaseLab
    ) async throws {
        _ = try await step.apply(inputs)
        let effects = lab.effects
        lab.clouds.hideDatabases()
        #expect(try await !step.observe(inputs).isNeeded)
        let found = try await step.checkUndo(inputs)
        #expect(found.allSatisfy { $0.verdict == .unverifiable }, "\(found)")
        let error = await thrown { try await step.undo(inputs) }
        #expect(error?.code == "oracle.lists-disagree" && error?.remedy?.contains("by its OCID") == true)
        #expect(lab.effects == effects)
        lab.clouds.tellTruth()
        try await step.undo(inputs)
        #expect(try await step.observe(inputs).isNeeded)
    }

    @Test func `a database that its OCID shows and the list does not is neither called gone nor deleted`() async throws
    {
        let lab = try await DatabaseLab()
        try await isLeftAlone(try lab.harness(CreateDatabase.self), creation, lab)
        try await isLeftAlone(try lab.harness(StandbyDatabase.self), standby, lab)
        #expect(lab.effects.filter { $0.hasPrefix("database.deleted") }.count == 2)
    }

    @Test func `a database that the list shows and its OCID does not is not called gone`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(CreateDatabase.self)
        let made = try await step.apply(creation).database.text
        lab.clouds.lie { asked in
            guard asked.method == "GET", asked.path.hasSuffix("/databases/\(made)") else { return nil }
            return SimulatedResponse(404, ["code": "NotAuthorizedOrNotFound", "message": "Not found."])
        }
        #expect(try await !step.observe(creation).isNeeded)
        #expect(try await step.checkUndo(creation).allSatisfy { $0.verdict == .unverifiable })
        #expect(await thrown { try await step.undo(creation) }?.code == "oracle.lists-disagree")
        #expect(lab.effects == ["database.created CRM_EAST"])
    }

    @Test func `after a lost answer a home's list shows that the cluster's is wrong`() async throws {
        let lab = try await DatabaseLab(faults: ["connection-lost-after-effect:operation=create-databases,times=10"])
        let step = try lab.harness(CreateDatabase.self)
        #expect(await thrown { try await step.apply(creation) }?.kind == .unknownOutcome)
        lab.time.advance(.seconds(7200))
        lab.clouds.hideDatabases()
        #expect(try await !step.observe(creation).isNeeded)
        try await step.undo(creation)
        #expect(lab.effects == ["database.created CRM_EAST", "database.deleted CRM_EAST"])
    }

    @Test func `a database whose cluster was moved to another compartment is found, and undone`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(CreateDatabase.self)
        _ = try await step.apply(creation)
        lab.clouds.changeOracle { state in
            for index in state.multicloud.clusters.indices {
                state.multicloud.clusters[index].compartment = "ocid1.compartment.oc1..elsewhere"
            }
        }
        #expect(try await step.observe(creation).isSatisfied)
        #expect(try await step.checkUndo(creation).failing == [])
        try await step.undo(creation)
        #expect(lab.effects == ["database.created CRM_EAST", "database.deleted CRM_EAST"])
    }

    @Test func `a rollback right after a kill waits until the database is made, and deletes it then`() async throws {
        let lab = try await DatabaseLab(faults: ["connection-lost-after-effect:operation=create-databases,times=10"])
        let step = try lab.harness(CreateDatabase.self)
        #expect(await thrown { try await step.apply(creation) }?.kind == .unknownOutcome)
        #expect(lab.clouds.oracle?.state.databases.last?.lifecycleState == "PROVISIONING")
        #expect(try await step.checkUndo(creation).failing == [])
        #expect(step.progress.contains { $0.contains("PROVISIONING") })
        try await step.undo(creation)
        #expect(lab.effects == ["database.created CRM_EAST", "database.deleted CRM_EAST"])
    }
}

/// The guards behind *no database uses it*, where the lists show nothing.
struct LyingListGuardTests {
    private func store(knowing databases: [JSON] = []) -> JSON {
        ["cluster": .string(ConnectionLab.cluster), "databases": .array(databases), "settleWithin": "1s"]
    }

    private struct Prepared {
        let lab: ConnectionLab
        let registration: JSON
        let store: StepHarness<EnableKeyStore>
        let vault: StepHarness<RegisterVault>
    }

    /// A cluster with its key store on, a registered vault, and a database on its key that the cluster's list hides.
    private func prepared(inHome: Bool) async throws -> Prepared {
        let lab = try await ConnectionLab()
        let registration = ConnectionLab.registration(try await lab.connected())
        let store = try lab.harness(EnableKeyStore.self)
        _ = try await store.apply(self.store())
        let vault = try lab.harness(RegisterVault.self)
        lab.holdDatabase(key: try await vault.apply(registration).registeredKey.text)
        let home = "ocid1.dbhome.oc1.eu-frankfurt-1.home"
        if inHome {
            lab.clouds.changeOracle { state in
                state.homes = [.init(id: home, name: "home", cluster: ConnectionLab.cluster, version: "19")]
                state.databases[0].place.home = home
            }
        }
        lab.clouds.hideDatabases()
        return Prepared(lab: lab, registration: registration, store: store, vault: vault)
    }

    @Test func `a database that only its home shows keeps key store and registration`() async throws {
        let world = try await prepared(inHome: true)
        let effects = world.lab.clouds.effects
        #expect(try await world.store.checkUndo(store()).failing == ["undo-no-database-uses-it"])
        #expect(await thrown { try await world.store.undo(store()) }?.code == "key-store.in-use")
        #expect(try await world.vault.checkUndo(world.registration).failing == ["undo-no-database-uses-it"])
        #expect(await thrown { try await world.vault.undo(world.registration) }?.code == "vault.in-use")
        #expect(world.lab.clouds.effects == effects)
    }

    @Test func `a database of known OCID keeps the key store, whatever the lists show`() async throws {
        let world = try await prepared(inHome: false)
        let known = store(knowing: ["ocid1.database.oc1.eu-frankfurt-1.sales"])
        #expect(try await world.store.checkUndo(known).failing == ["undo-no-database-uses-it"])
        #expect(await thrown { try await world.store.undo(known) }?.message.contains("SALES") == true)
    }

    @Test func `a hidden database keeps its key`() async throws {
        let lab = try await prepared(inHome: true).lab
        let inputs: JSON = [
            "vault": .string(ConnectionLab.vault), "key": "sales", "type": "RSA", "size": 2048,
            "cluster": .string(ConnectionLab.cluster), "compartment": .string(ConnectionLab.compartment),
        ]
        let users = try await lab.users(of: inputs)
        #expect(users?.verdict == .unmet && users?.says.contains("SALES") == true, "\(String(describing: users))")
    }
}

extension ConnectionLab {
    /// What the guard of a key that a run made says, once the key was deleted and made anew.
    fileprivate func users(of inputs: JSON) async throws -> Condition? {
        clouds.changeAzure { azure in azure.state[.vault, "tde-keys"]?.keys = [:] }
        let step = try harness(SetUpKey.self)
        _ = try await step.apply(inputs)
        return try await step.checkUndo(inputs).one("undo-key-without-database")
    }
}
