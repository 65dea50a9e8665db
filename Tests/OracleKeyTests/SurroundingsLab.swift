// SPDX-License-Identifier: Apache-2.0

import AzureClient
import AzureSteps
import CloudFixture
import CloudHTTP
import MusterModel
import MusterPlugin

@testable import CloudSimulator

/// A cluster with its network, a vault that is reached by private link, two nodes that Azure Arc knows, and a log.
struct SurroundingsLab {
    static let group = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/drill"
    static let cluster = "\(group)/providers/Oracle.Database/cloudVmClusters/exa-east"
    static let vault = "\(group)/providers/Microsoft.KeyVault/vaults/tde-keys"
    static let scope = "\(group)/providers/Microsoft.HybridCompute/privateLinkScopes/arc"
    static let nodes = ["exa-east-1", "exa-east-2"]

    let time = ManualTime()
    let clouds: Clouds
    private let section: JSON

    /// - Parameter change: to the scenario's `cloud`.
    init(
        tenant: String = "11111111-1111-1111-1111-111111111111", faults: [String] = [],
        _ change: (inout JSON) -> Void = { _ in }
    ) async throws {
        var cloud = Self.cloud
        change(&cloud)
        let document: JSON = ["scenario": "lab", "summary": "A cluster about to get its keys", "cloud": cloud]
        let scenario = try CloudScenario(document.canonicalBytes(), file: "lab.yaml")
        clouds = try Clouds(scenario, faults: faults, time: time)
        section = [
            "tenant": .string(tenant), "subscription": "22222222-2222-2222-2222-222222222222",
            "credential": [
                "type": "client-secret", "client-id": "33333333-3333-3333-3333-333333333333",
                "secret": .string(Clouds.secret),
            ], "lab": .string(RequestID.random()),
        ]
        let client = AzureClient(try AzureConnection(section), transport: clouds, time: time.source)
        await AzureClients.shared.use(client, for: section)
    }

    func harness<S: Step>(_ step: S.Type, run: String? = "20260310-120000-test-000000") throws -> StepHarness<S> {
        var options = StepHarness<S>.Options()
        options.timeout = .seconds(14_400)
        options.run = run
        return try StepHarness(step, connections: ["azure": section], options: options)
    }

    func principal(of node: String) -> String {
        clouds.azure.arcMachinePrincipal(node, resourceGroup: "drill") ?? ""
    }

    /// The nodes use the key, as a database does that opens.
    func useKey(_ nodes: [String] = Self.nodes, operation: String = "KeyUnwrap") {
        let principals = nodes.map(principal)
        let now = time.now
        clouds.changeAzure { azure in
            for one in principals {
                azure.noteKeyUse(principal: one, vault: Self.vault, key: "sales", operation: operation, at: now)
            }
        }
    }

    static let cloud: JSON = [
        "vaults": [
            "tde-keys": [
                "location": "eastus",
                "keys": ["sales": ["versions": ["0000000000000000000000000000000a": [:]]]],
            ]
        ],
        "virtual-networks": [
            "net-east": [
                "location": "eastus",
                "subnets": [
                    "exadata": ["delegated-to": ["Oracle.Database/networkAttachments"], "nat-gateway": "way-out"],
                    "endpoints": ["prefix": "10.0.1.0/24"],
                ],
            ]
        ],
        "vm-clusters": [
            "exa-east": [
                "location": "eastus", "id": "ocid1.cloudvmcluster.oc1.iad.east", "subnet": "net-east/exadata",
            ]
        ],
        "private-link-scopes": ["arc": ["location": "eastus"]],
        "private-endpoints": [
            "to-keys": ["subnet": "net-east/endpoints", "vault": "tde-keys", "address": "10.0.1.4"],
            "to-arc": ["subnet": "net-east/endpoints", "private-link-scope": "arc", "address": "10.0.1.5"],
        ],
        "arc-machines": ["exa-east-1": ["location": "eastus"], "exa-east-2": ["location": "eastus"]],
        "diagnostics": ["tde-keys": ["workspace": "logs"]],
    ]
}

extension JSON {
    /// The member at the end of the path of names; to set it makes what is missing on the way.
    subscript(path names: String...) -> JSON? {
        get { names.reduce(Optional(self)) { $0?[$1] } }
        set { self = replacing(names[...], newValue) }
    }

    private func replacing(_ names: ArraySlice<String>, _ value: JSON?) -> JSON {
        guard let name = names.first else { return value ?? .null }
        var members = object ?? [:]
        members[name] = names.count == 1 ? value : (members[name] ?? [:]).replacing(names.dropFirst(), value)
        return .object(members)
    }
}
