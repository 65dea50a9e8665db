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

/// A simulated Azure of one's own, and the steps on it.
struct KeyLab {
    static let place = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/lab/providers"
    static let vault = "\(place)/Microsoft.KeyVault/vaults/kv1"
    static let hsm = "\(place)/Microsoft.KeyVault/managedHSMs/hsm1"
    static let machine = "\(place)/Microsoft.HybridCompute/machines/node1"
    /// An identity that belongs to nothing else.
    static let somebody = "77777777-7777-7777-7777-777777777777"

    let clouds: Clouds
    let time: ManualTime
    let section: JSON
    /// Of Oracle's cloud, where the scenario has one.
    private let oci: JSON?

    /// - Parameter cloud: what the scenario's cloud holds besides its resource group.
    init(_ cloud: [String: JSON] = [:], faults: [String] = []) async throws {
        let document: JSON = [
            "scenario": "keys", "summary": "Keys for Oracle",
            "cloud": .object(cloud.merging(["resource-group": "lab"]) { first, _ in first }),
        ]
        time = ManualTime()
        clouds = try Clouds(
            CloudScenario(document.canonicalBytes(), file: "keys.yaml"), faults: faults, time: time)
        section = [
            "tenant": "11111111-1111-1111-1111-111111111111", "lab": .string(RequestID.random()),
            "subscription": "22222222-2222-2222-2222-222222222222",
            "credential": [
                "type": "client-secret", "client-id": "33333333-3333-3333-3333-333333333333",
                "secret": .string(Clouds.secret),
            ],
        ]
        let client = AzureClient(try AzureConnection(section), transport: clouds, time: time.source)
        await AzureClients.shared.use(client, for: section)
        guard cloud["oracle"] != nil, let world = clouds.oracle else {
            oci = nil
            return
        }
        var members = world.connection(base: "https://simulated.example").object ?? [:]
        members["lab"] = .string(RequestID.random())
        oci = .object(members)
        let oracle = OracleClient(try OracleConnection(.object(members)), transport: clouds, time: time.source)
        await OracleClients.shared.use(oracle, for: .object(members))
    }

    func harness<S: Step>(_ step: S.Type, key: String = "00000000-0000-4000-8000-000000000000") throws -> StepHarness<S>
    {
        var options = StepHarness<S>.Options()
        options.timeout = .seconds(6 * 3600)
        options.idempotencyKey = key
        let connections = ["azure": section, "oci": oci].compactMapValues { $0 }
        return try StepHarness(step, connections: connections, options: options)
    }

    /// What was changed, by kind.
    var kinds: [String] { clouds.azure.effects.map(\.kind) }

    // MARK: Inputs as runbooks give them, defaults filled in

    static let vaultInputs: JSON = [
        "vault": .string(vault), "location": "East US", "tier": "premium", "retentionDays": 90, "publicAccess": false,
    ]
    static let hsmInputs: JSON = [
        "hsm": .string(hsm), "location": "eastus", "sku": "Standard_B1", "administrators": [.string(somebody)],
        "retentionDays": 90, "publicAccess": false, "patience": "2h",
    ]
    static let groupInputs: JSON = ["group": "oracle-nodes"]

    static func keyInputs(_ type: String = "RSA", _ size: Int64 = 2048, in vault: String = vault) -> JSON {
        [
            "vault": .string(vault), "key": "erp", "type": .string(type), "size": .int(size),
            "cluster": .string(ConnectionLab.cluster), "compartment": .string(ConnectionLab.compartment),
        ]
    }

    static func grantInputs(_ vault: String = vault) -> JSON { ["vault": .string(vault), "group": "oracle-nodes"] }

    static func memberInputs(_ members: JSON...) -> JSON {
        [
            "group": "oracle-nodes", "members": .array(members), "databases": [], "patience": "10m",
            "cluster": .string(ConnectionLab.cluster),
        ]
    }

    // MARK: Clouds

    /// The nodes' cluster, as Oracle knows it.
    static let oracle: JSON = [
        "clusters": [
            "exa-fra": [
                "id": .string(ConnectionLab.cluster), "compartment": .string(ConnectionLab.compartment),
                "nodes": ["node1"], "azure": ["resource-group": "lab", "location": "eastus"],
            ]
        ],
        "connectors": ["to-azure": ["cluster": "exa-fra"]],
    ]

    /// A network with private endpoints to the vault and the HSM, whether they are there or not.
    static let endpoints: [String: JSON] = [
        "virtual-networks": ["net": ["location": "eastus", "subnets": ["links": [:]]]],
        "private-endpoints": [
            "to-kv1": ["subnet": "net/links", "vault": "kv1"],
            "to-hsm1": ["subnet": "net/links", "managed-hsm": "hsm1"],
        ],
    ]

    static let premiumVault: JSON = ["kv1": ["location": "eastus", "sku": "premium"]]

    static func vaultWith(_ version: JSON) -> JSON {
        ["kv1": ["location": "eastus", "sku": "premium", "keys": ["erp": ["versions": .object([digits: version])]]]]
    }

    static let digits = "0000000000000000000000000000000a"
}
