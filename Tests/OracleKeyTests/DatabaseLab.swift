// SPDX-License-Identifier: Apache-2.0

import AzureClient
import AzureSteps
import CloudFixture
import CloudHTTP
import MusterModel
import MusterPlugin
import MusterSQL
import OracleSteps
import SQLSteps
import Testing

@testable import CloudSimulator
@testable import OracleCloudClient

/// Two clusters with their connectors, a vault that both have registered, and a database whose key is in a wallet or there.
struct DatabaseLab {
    static let east = "ocid1.cloudvmcluster.oc1.us-ashburn-1.east"
    static let west = "ocid1.cloudvmcluster.oc1.us-phoenix-1.west"
    static let compartment = "ocid1.compartment.oc1..drill"
    static let homeEast = "ocid1.dbhome.oc1.us-ashburn-1.home-east"
    static let homeWest = "ocid1.dbhome.oc1.us-phoenix-1.home-west"
    static let sales = "ocid1.database.oc1.us-ashburn-1.sales"
    static let key = "ocid1.oracledbazurekey.oc1.us-ashburn-1.tde-sales"
    static let vault =
        "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/drill/providers/Microsoft.KeyVault/vaults/tde-keys"
    static let spare = "ocid1.oracledbazurekey.oc1.us-ashburn-1.tde-spare"

    let time = ManualTime()
    let clouds: Clouds
    private let oci: JSON
    private let azure: JSON
    private let sql: JSON

    /// - Parameters:
    ///   - keyed: the database has its key in the vault.
    ///   - change: to the scenario's `cloud`.
    init(
        keyed: Bool = true, faults: [String] = [], without: [String] = [], _ change: (inout JSON) -> Void = { _ in }
    ) async throws {
        var cloud = Self.cloud
        if keyed { cloud[path: "oracle", "databases", "SALES_EAST", "key"] = "tde/sales" }
        change(&cloud)
        let document: JSON = ["scenario": "lab", "summary": "Clusters that use keys of Azure", "cloud": cloud]
        clouds = try Clouds(try CloudScenario(document.canonicalBytes(), file: "lab.yaml"), faults: faults, time: time)
        let mark = JSON.string(RequestID.random())
        var section = try #require(clouds.oracle).connection(base: "https://simulated.example").object ?? [:]
        section["lab"] = mark
        for name in without { section[name] = nil }
        oci = .object(section)
        azure = [
            "tenant": "11111111-1111-1111-1111-111111111111", "subscription": "22222222-2222-2222-2222-222222222222",
            "credential": [
                "type": "client-secret", "client-id": "33333333-3333-3333-3333-333333333333",
                "secret": .string(Clouds.secret),
            ], "lab": mark,
        ]
        sql = ["connection": "Simulator=http://127.0.0.1:1", "lab": mark]
        await OracleClients.shared.use(
            OracleClient(try OracleConnection(oci), transport: clouds, time: time.source), for: oci)
        await AzureClients.shared.use(
            AzureClient(try AzureConnection(azure), transport: clouds, time: time.source), for: azure)
        let clouds = clouds
        let base = try #require(WebAddress("http://127.0.0.1:1"))
        await DatabaseDoors.shared.use(
            DatabaseDoor { target, _ in
                SimulatorSession(base: base, target: target, transport: clouds, path: "/simulator/oracle/sql")
            }, for: sql)
    }

    /// - Parameter database: the section of a real database that answers in the place of the simulated one.
    func harness<S: Step>(_ step: S.Type, attempt: Int = 1, database: JSON? = nil) throws -> StepHarness<S> {
        var options = StepHarness<S>.Options()
        options.timeout = .seconds(21_600)
        options.attempt = attempt
        return try StepHarness(
            step, connections: ["oci": oci, "azure": azure, "sql.oracle": database ?? sql], options: options)
    }

    /// The effects on databases, keys and nodes, in order.
    var effects: [String] {
        clouds.effects.filter { effect in
            ["database.", "standby.", "key.moved", "key.rotated", "node.", "row"].contains { effect.hasPrefix($0) }
        }
    }

    /// The nodes of the standby's cluster lose their role on the vault.
    func takeRoles(from nodes: [String]) {
        clouds.changeAzure { azure in
            let principals = nodes.compactMap { azure.arcMachinePrincipal($0, resourceGroup: "drill") }
            azure.state.roleAssignments.removeAll { principals.contains($0.principal) }
        }
    }

    static let cloud: JSON = [
        "vaults": [
            "tde-keys": [
                "location": "eastus",
                "keys": [
                    "sales": ["versions": ["0000000000000000000000000000000a": [:]]],
                    "spare": ["versions": ["0000000000000000000000000000000b": [:]]],
                ],
            ]
        ],
        "arc-machines": [
            "east1": ["location": "eastus"], "east2": ["location": "eastus"], "west1": ["location": "westus"],
            "west2": ["location": "westus"],
        ],
        "role-assignments": .array(
            ["east1", "east2", "west1", "west2"].map {
                ["principal": .string($0), "role": "Key Vault Crypto Officer"]
            } + [["principal": "client", "role": "Key Vault Reader"]]),
        "oracle": [
            "clusters": [
                "east": [
                    "id": .string(east), "compartment": .string(compartment), "nodes": ["east1", "east2"],
                    "key-store": true, "azure": ["resource-group": "drill", "location": "eastus"],
                ],
                "west": [
                    "id": .string(west), "compartment": .string(compartment), "nodes": ["west1", "west2"],
                    "key-store": true, "azure": ["resource-group": "drill", "location": "westus"],
                ],
            ],
            "connectors": ["to-east": ["cluster": "east"], "to-west": ["cluster": "west"]],
            "vaults": ["tde": ["vault": "tde-keys", "connector": "to-east", "keys": ["sales", "spare"]]],
            "homes": ["home-east": ["cluster": "east"], "home-west": ["cluster": "west"]],
            "databases": [
                "SALES_EAST": [
                    "id": .string(sales), "name": "SALES", "role": "PRIMARY", "cluster": "east", "home": "home-east",
                    "pdbs": ["ORDERS", "STOCK"], "alone": true,
                ]
            ],
        ],
    ]
}

func given(_ base: [String: JSON], _ more: [String: JSON] = [:]) -> JSON { .object(base.merging(more) { $1 }) }
