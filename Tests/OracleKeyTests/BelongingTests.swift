// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup
@testable import StandbyConnector

/// Inputs that are each right, and of another cluster or another vault.
struct BelongingTests {
    private static let east = "ocid1.oracledbazureconnector.oc1.us-ashburn-1.to-east"
    private static let west = "ocid1.oracledbazureconnector.oc1.us-phoenix-1.to-west"
    private static let registered = "ocid1.oracledbazurevault.oc1.us-ashburn-1.tde"

    private func reach(_ more: [String: JSON]) -> JSON {
        given(
            [
                "connector": .string(Self.east), "registeredVault": .string(Self.registered),
                "registeredKey": .string(DatabaseLab.key), "compartment": .string(DatabaseLab.compartment),
                "statusWithin": "1h", "patience": "1s", "keyInUse": true, "database": .string(DatabaseLab.sales),
                "vault": .string(DatabaseLab.vault), "keys": ["sales", "spare"],
            ], more)
    }

    static let strangers: [([String: JSON], String)] = [
        (["connector": .string(west)], "connector-of-cluster"),
        (["cluster": .string(DatabaseLab.west)], "connector-of-cluster"),
        (["connector": "ocid1.oracledbazureconnector.oc1.us-ashburn-1.none"], "connector-of-cluster"),
        (["registeredKey": .string(DatabaseLab.spare)], "key-of-database"),
        (["vault": .string(DatabaseLab.vault + "-other")], "vault-as-named"),
        (["vault": .string(DatabaseLab.vault.replacing("/vaults/", with: "/managedHSMs/"))], "vault-as-named"),
        (["keys": ["spare"]], "key-listed"),
    ]

    @Test(arguments: strangers)
    func `nodes prove their reach to a key for their own cluster's database alone`(
        more: [String: JSON], id: String
    ) async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(ProveKeyReach.self)
        #expect(try await step.check(reach([:])).failing == [])
        #expect(try await step.check(reach(more)).failing == [id])
    }

    @Test func `without a cluster and a database nothing can be tied together`() async throws {
        let lab = try await DatabaseLab()
        let found = try await lab.harness(ProveKeyReach.self).check(reach(["database": .null, "keyInUse": false]))
        #expect(found.failing == ["connector-of-cluster"])
    }

    @Test func `another registration of the database's key is the database's key`() async throws {
        let lab = try await DatabaseLab()
        let replica = "ocid1.oracledbazurekey.oc1.us-phoenix-1.replica"
        lab.clouds.changeOracle { state in
            var vault = state.multicloud.vaults[0]
            vault.id = "ocid1.oracledbazurevault.oc1.us-phoenix-1.tde"
            vault.region = "us-phoenix-1"
            vault.keys = [.init(id: replica, name: "sales")]
            state.multicloud.vaults.append(vault)
        }
        let step = try lab.harness(ProveKeyReach.self)
        let inputs = reach(["registeredKey": .string(replica)])
        #expect(try await step.check(inputs).failing == [])
        lab.clouds.changeOracle { $0.multicloud.vaults[1].type = "managedHSMs" }
        #expect(try await step.check(inputs).failing == ["key-of-database"])
    }

    private func fit(_ more: [String: JSON] = [:]) -> JSON {
        given(
            [
                "compartment": .string(DatabaseLab.compartment), "connector": .string(Self.east),
                "vault": .string(DatabaseLab.vault), "registration": "tde", "cluster": .string(DatabaseLab.east),
                "home": .string(DatabaseLab.homeEast), "name": "CRM", "uniqueName": "CRM_EAST",
                "pluggableDatabase": "LEADS",
            ], more)
    }

    static let unfit: [([String: JSON], [String])] = [
        (
            ["compartment": "ocid1.compartment.oc1..other"],
            ["compartment-right", "registration-found", "home-on-cluster"]
        ),
        (["cluster": .string(DatabaseLab.west)], ["connector-of-cluster", "home-on-cluster"]),
        (["home": .string(DatabaseLab.homeWest)], ["home-on-cluster"]),
        (["registration": "nonsense"], ["registration-found"]), (["name": "TOOLONGNAME"], ["names-valid"]),
        (["name": "CRM_1"], ["names-valid"]), (["name": "9CRM"], ["names-valid"]),
        (["uniqueName": "CRM EAST;"], ["names-valid"]), (["pluggableDatabase": "1'"], ["names-valid"]),
    ]

    @Test(arguments: unfit)
    func `what does not belong together is seen before anything is made`(
        more: [String: JSON], failing: [String]
    ) async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(InputsFit.self)
        let found = try await step.check(fit())
        let promised = try StepDefinition.parse(InputsFit.definition, file: "inputs-fit.yaml").get()
        #expect(found.map(\.id) == promised.preconditions.map(\.id.value) && found.failing.isEmpty, "\(found)")
        #expect(try await step.verify(fit()).failing == [])
        #expect(try await step.check(fit(more)).failing == failing)
        #expect(try await step.verify(fit(more)).failing == ["inputs-fit"])
    }
}
