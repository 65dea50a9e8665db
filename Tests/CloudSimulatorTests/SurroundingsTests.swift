// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@testable import CloudSimulator

/// Networks, Arc machines, diagnostics and logs, against the API descriptions and by their rules.
@Suite struct SurroundingsTests {
    private static let subscription = "/subscriptions/22222222-2222-2222-2222-222222222222"

    private func drill() throws -> Rehearsal {
        try Rehearsal { document in
            for (name, value) in Self.cloud { document.set("cloud", name, to: value) }
        }
    }

    private static let cloud: [String: JSON] = [
        "virtual-networks": [
            "net": [
                "location": "eastus",
                "subnets": [
                    "exadata": ["delegated-to": ["Oracle.Database/networkAttachments"], "nat-gateway": "out"],
                    "endpoints": [:],
                ],
            ]
        ],
        "private-link-scopes": ["arc": ["location": "eastus"]],
        "private-endpoints": [
            "to-vault": ["subnet": "net/endpoints", "vault": "vaulta"],
            "to-arc": ["subnet": "net/endpoints", "private-link-scope": "arc"],
        ],
        "arc-machines": ["node1": ["location": "eastus", "private-link-scope": "arc"]],
        "vm-clusters": [
            "exa": ["location": "eastus", "id": "ocid1.cloudvmcluster.oc1.iad.a", "subnet": "net/exadata"]
        ],
        "diagnostics": ["vaulta": ["workspace": "logs"]],
        "providers": ["Oracle.Database"],
    ]

    @Test func `answers of all operations have the shape that the API descriptions give`() throws {
        var drill = try drill()
        let network = "\(Rehearsal.group)/providers/Microsoft.Network"
        for path in [
            "virtualNetworks/net/subnets/exadata", "virtualNetworks/net/subnets/none", "natGateways/out",
            "privateEndpoints/to-vault", "privateEndpoints/to-arc", "privateEndpoints/to-vault/privateDnsZoneGroups",
        ] { _ = drill.get("\(network)/\(path)", version: "2026-03-01") }
        _ = drill.get("\(Self.subscription)/providers/Microsoft.Network/privateEndpoints", version: "2026-03-01")
        let zone = "privateDnsZones/privatelink.vaultcore.azure.net/virtualNetworkLinks"
        _ = drill.get("\(network)/\(zone)", version: "2020-06-01")
        let arc = "\(Rehearsal.group)/providers/Microsoft.HybridCompute"
        for path in ["machines", "machines/node1", "machines/none", "privateLinkScopes/arc"] {
            _ = drill.get("\(arc)/\(path)", version: "2022-12-27")
        }
        for path in ["cloudVmClusters", "cloudVmClusters/exa"] {
            _ = drill.get("\(Rehearsal.group)/providers/Oracle.Database/\(path)", version: "2023-09-01")
        }
        readSubscription(&drill)
        _ = try ask(&drill, "AZKVAuditLogs")
        // The checker leaves this one out, for its path would fit those of many others: its answer is the group's.
        let rights = "Microsoft.KeyVault/vaults/vaulta/providers/Microsoft.Authorization/permissions"
        let ofResource = drill.get("\(Rehearsal.group)/providers/\(rights)", version: "2022-04-01")
        let checked = drill.exchanges.dropLast()
        let ofGroup = drill.get(
            "\(Rehearsal.group)/providers/Microsoft.Authorization/permissions", version: "2022-04-01")
        #expect(ofResource == ofGroup)
        let missing = Set(KnownOperation.surroundingNames).subtracting(drill.world.requests.entries.map(\.operation))
        #expect(missing.isEmpty)
        for (exchange, verdict) in zip(checked, try ContractTests.verdicts(Array(checked))) {
            #expect(ContractTests.offences(verdict).isEmpty, "\(exchange.canonicalText)\n\(verdict.canonicalText)")
        }
    }

    private func readSubscription(_ drill: inout Rehearsal) {
        let provider = "\(Self.subscription)/providers/Microsoft.HybridCompute"
        let feature = "Microsoft.Features/providers/Microsoft.Network/features/EnableRotterdamSdnApplianceForOracle"
        _ = drill.get("\(Self.subscription)/providers/\(feature)", version: "2021-07-01")
        _ = drill.get(provider, version: "2024-07-01")
        for action in ["register", "unregister"] {
            _ = drill.call("POST", "\(provider)/\(action)", version: "2024-07-01")
        }
        _ = drill.get("\(Rehearsal.group)/providers/Microsoft.Authorization/permissions", version: "2022-04-01")
        let settings = "\(Rehearsal.vaults)/vaulta/providers/Microsoft.Insights/diagnosticSettings"
        _ = drill.get(settings, version: "2021-05-01-preview")
        _ = drill.get(
            "\(Rehearsal.group)/providers/Microsoft.OperationalInsights/workspaces/logs", version: "2023-09-01")
    }

    private func ask(_ drill: inout Rehearsal, _ query: String) throws -> [JSON] {
        let signedIn = drill.signIn("https://api.loganalytics.io/.default")
        let token = try #require(signedIn)
        let workspace = try #require(drill.world.state.surroundings.workspaces.values.first?.customerID)
        let body: JSON = ["query": .string(query)]
        let answer = drill.send(
            SimulatedRequest(
                "POST", host: "127.0.0.1:8080", target: "/v1/workspaces/\(workspace)/query",
                headers: ["Authorization": "Bearer \(token)"], body: body.canonicalBytes()))
        return answer.json?["tables"]?.array?.first?["rows"]?.array ?? []
    }

    @Test func `a registration goes on after its answer, and asking again changes nothing`() throws {
        var drill = try drill()
        let provider = "\(Self.subscription)/providers/Microsoft.HybridCompute"
        let state = { (json: JSON?) in json?["registrationState"]?.string }
        #expect(state(drill.get(provider, version: "2024-07-01")) == "NotRegistered")
        for _ in 0..<2 {
            #expect(state(drill.call("POST", "\(provider)/register", version: "2024-07-01").json) == "Registering")
        }
        #expect(!drill.world.isRegistered("Microsoft.HybridCompute", at: drill.now))
        drill.pass(.seconds(120))
        #expect(state(drill.get(provider, version: "2024-07-01")) == "Registered")
        #expect(drill.world.isRegistered("Microsoft.HybridCompute", at: drill.now))
        #expect(drill.effects == ["provider.registered"])
    }

    @Test func `a machine that is enrolled anew has another identity`() throws {
        var drill = try drill()
        let first = drill.world.enrolArcMachine("n", resourceGroup: "lab", location: "eastus", at: drill.now)
        let again = drill.world.enrolArcMachine("N", resourceGroup: "LAB", location: "eastus", at: drill.now)
        #expect(first == again)
        #expect(drill.world.arcMachineStatus("n", resourceGroup: "lab") == "Connected")
        drill.world.removeArcMachine("n", resourceGroup: "lab", at: drill.now)
        drill.world.removeArcMachine("n", resourceGroup: "lab", at: drill.now)
        #expect(drill.world.arcMachineStatus("n", resourceGroup: "lab") == nil)
        let later = drill.world.enrolArcMachine("n", resourceGroup: "lab", location: "eastus", at: drill.now)
        #expect(later != first)
        #expect(drill.effects == ["arc-machine.enrolled", "arc-machine.removed", "arc-machine.enrolled"])
    }

    @Test func `the log shows uses late, and only where a setting keeps it`() throws {
        var drill = try drill()
        let node = try #require(drill.world.arcMachinePrincipal("node1", resourceGroup: "lab"))
        for vault in ["vaulta", "vaultb"] {
            drill.world.noteKeyUse(principal: node, vault: vault, key: "a", operation: "KeyUnwrap", at: drill.now)
        }
        #expect(try ask(&drill, "AZKVAuditLogs").isEmpty)
        drill.pass(.seconds(120))
        let shown = try ask(&drill, "where Oid in ('\(node)') and OperationName in ('KeyUnwrap')")
        #expect(shown.map { $0.array?[3].string } == ["https://vaulta.vault.azure.net/keys/a"])
        #expect(try ask(&drill, "where OperationName in ('KeyDecrypt')").isEmpty)
    }

    @Test func `a disconnected machine reaches no key`() throws {
        var drill = try drill()
        let node = try #require(drill.world.arcMachinePrincipal("node1", resourceGroup: "lab"))
        drill.world.disconnectMachines("node*", at: drill.now)
        #expect(drill.world.arcMachineStatus("node1", resourceGroup: "lab") == "Disconnected")
        let reach = drill.world.keyReach(principal: node, vault: "vaulta", key: "a", version: nil, at: drill.now)
        #expect(reach == .unreachable)
    }

    @Test func `what a scenario names and does not hold is refused`() throws {
        for (name, value) in [
            ("private-endpoints", ["e": ["subnet": "net/none", "vault": "vaulta"]]),
            ("private-endpoints", ["e": ["subnet": "net/endpoints"]]),
            ("private-endpoints", ["e": ["subnet": "net/endpoints", "private-link-scope": "none"]]),
            ("arc-machines", ["m": ["location": "eastus", "private-link-scope": "none"]]),
            ("vm-clusters", ["c": ["location": "eastus", "id": "o", "subnet": "exadata"]]),
            ("virtual-networks", ["net": ["location": "eastus", "subnets": ["s": ["delegated": []]]]]),
            ("log-delay", "soon"),
        ] as [(String, JSON)] {
            #expect(throws: MusterError.self, "\(name)") {
                try Rehearsal { document in
                    for (other, written) in Self.cloud { document.set("cloud", other, to: written) }
                    document.set("cloud", name, to: value)
                }
            }
        }
    }
}
