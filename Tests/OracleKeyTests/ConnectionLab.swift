// SPDX-License-Identifier: Apache-2.0

import AzureClient
import AzureSteps
import CloudFixture
import CloudHTTP
import MusterModel
import MusterPlugin
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import OracleCloudClient
@testable import OracleDRSetup
@testable import StandbyConnector

/// Two clusters in two regions, neither connected to Azure, and a vault with a key there that a group may use.
struct ConnectionLab {
    static let cluster = "ocid1.cloudvmcluster.oc1.eu-frankfurt-1.exafra"
    static let standby = "ocid1.cloudvmcluster.oc1.eu-amsterdam-1.exaams"
    static let compartment = "ocid1.compartment.oc1..drill"
    static let vault =
        "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/drill/providers/Microsoft.KeyVault/vaults/tde-keys"
    static let nodes = ["fra-1", "fra-2"]

    let time = ManualTime()
    let clouds: Clouds
    private let azure: JSON
    private let oci: JSON

    /// - Parameter change: to the scenario's `cloud`.
    init(faults: [String] = [], _ change: (inout JSON) -> Void = { _ in }) async throws {
        var cloud = Self.cloud
        change(&cloud)
        let document: JSON = ["scenario": "lab", "summary": "Two clusters without keys in Azure", "cloud": cloud]
        clouds = try Clouds(
            try CloudScenario(document.canonicalBytes(), file: "lab.yaml"), faults: faults, time: time)
        azure = [
            "tenant": "11111111-1111-1111-1111-111111111111", "subscription": "22222222-2222-2222-2222-222222222222",
            "credential": [
                "type": "client-secret", "client-id": "33333333-3333-3333-3333-333333333333",
                "secret": .string(Clouds.secret),
            ], "lab": .string(RequestID.random()),
        ]
        var members = try #require(clouds.oracle).connection(base: "https://simulated.example").object ?? [:]
        members["lab"] = .string(RequestID.random())
        oci = .object(members)
        let azureClient = AzureClient(try AzureConnection(azure), transport: clouds, time: time.source)
        await AzureClients.shared.use(azureClient, for: azure)
        let oracle = OracleClient(try OracleConnection(oci), transport: clouds, time: time.source)
        await OracleClients.shared.use(oracle, for: oci)
    }

    func harness<S: Step>(_ step: S.Type, attempt: Int = 1) throws -> StepHarness<S> {
        var options = StepHarness<S>.Options()
        options.timeout = .seconds(14_400)
        options.attempt = attempt
        return try StepHarness(step, connections: ["azure": azure, "oci": oci], options: options)
    }

    /// The connector, and its nodes in the group whose roles are on the vault.
    func connected(_ cluster: String = Self.cluster, isGranted: Bool = true) async throws -> String {
        let made = try await harness(MakeConnector.self).apply(Self.connector(cluster))
        if isGranted { join(made.nodes) }
        return made.connector.text
    }

    /// Nodes become members of the group, with an effect after that time.
    func join(_ nodes: [String], after delay: Duration = .zero) {
        let effective = time.now.advanced(by: delay)
        clouds.changeAzure { azure in
            for node in nodes {
                let id = azure.arcMachinePrincipal(node, resourceGroup: "drill") ?? ""
                azure.state.directory.groups[0].members.append(.init(id: id, effective: effective))
            }
        }
    }

    /// A cluster holds one database, whose key is registered under that id, or in its wallet.
    func holdDatabase(key: String?, on cluster: String = Self.cluster) {
        clouds.changeOracle { state in
            let region = cluster == Self.cluster ? "eu-frankfurt-1" : "eu-amsterdam-1"
            var database = OracleState.Database(
                id: "ocid1.database.oc1.\(region).sales", uniqueName: "SALES", region: region,
                role: "PRIMARY", lifecycleState: "AVAILABLE", applyLag: "", transportLag: "", readiness: "")
            database.place.cluster = cluster
            database.keys.registered = key
            state.databases = [database]
        }
    }

    func isConnected(_ node: String) -> Bool {
        clouds.azure.arcMachineStatus(node, resourceGroup: "drill") == "Connected"
    }

    static func connector(_ cluster: String = cluster, _ more: [String: JSON] = [:]) -> JSON {
        inputs(
            [
                "cluster": .string(cluster), "compartment": .string(compartment), "name": "to-azure",
                "resourceGroup": "drill", "tokenLife": "10m", "patience": "30m",
            ], more)
    }

    static func registration(_ connector: String, _ more: [String: JSON] = [:]) -> JSON {
        inputs(
            [
                "vault": .string(vault), "key": "sales", "connector": .string(connector),
                "compartment": .string(compartment), "name": "tde-keys", "patience": "2h",
            ], more)
    }

    private static func inputs(_ base: [String: JSON], _ more: [String: JSON]) -> JSON {
        .object(base.merging(more) { $1 })
    }

    static let cloud: JSON = [
        "vaults": [
            "tde-keys": [
                "location": "germanywestcentral",
                "keys": ["sales": ["versions": ["0000000000000000000000000000000a": [:]]]],
            ]
        ],
        "groups": ["oracle-keys": [:]],
        "role-assignments": [
            ["principal": "oracle-keys", "role": "Key Vault Crypto Officer", "scope": "tde-keys"],
            ["principal": "oracle-keys", "role": "Key Vault Reader", "scope": "tde-keys"],
        ],
        "oracle": [
            "clusters": [
                "exa-fra": [
                    "id": .string(cluster), "compartment": .string(compartment), "nodes": ["fra-1", "fra-2"],
                    "azure": ["resource-group": "drill", "location": "germanywestcentral"],
                ],
                "exa-ams": [
                    "id": .string(standby), "compartment": .string(compartment), "nodes": ["ams-1", "ams-2"],
                    "azure": ["resource-group": "drill", "location": "westeurope"],
                ],
            ]
        ],
    ]
}
