// SPDX-License-Identifier: Apache-2.0

import AzureClient
import AzureSteps
import CloudFixture
import CloudHTTP
import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

/// What an Oracle node finds when it uses its key: rights from when they are effective, keys as they are.
struct KeyReachTests {
    private static let cloud: [String: JSON] = [
        "vaults": KeyLab.vaultWith([:]), "groups": ["oracle-nodes": [:]],
        "arc-machines": ["node1": ["location": "eastus"]], "role-propagation": "10m", "group-propagation": "2h",
        "managed-hsms": [
            "hsm1": [
                "location": "eastus", "keys": ["erp": ["versions": .object([KeyLab.digits: ["type": "oct-HSM"]])]],
            ]
        ],
    ]

    /// A node that is granted what the steps grant, on the vault or the HSM.
    private func granted(_ vault: String, faults: [String] = []) async throws -> KeyLab {
        let lab = try await KeyLab(Self.cloud, faults: faults)
        if vault == KeyLab.vault {
            _ = try await lab.harness(GrantKeyVaultRoles.self).apply(KeyLab.grantInputs())
        } else {
            _ = try await lab.harness(GrantManagedHSMRoles.self).apply(KeyLab.grantInputs(vault))
        }
        _ = try await lab.harness(AddGroupMembers.self).apply(KeyLab.memberInputs(.string(KeyLab.machine)))
        return lab
    }

    private func reach(_ lab: KeyLab, _ vault: String, _ key: String? = "erp") throws -> KeyReach {
        let principal = try #require(lab.clouds.azure.arcMachinePrincipal("node1", resourceGroup: "lab"))
        return lab.clouds.azure.keyReach(principal: principal, vault: vault, key: key, version: nil, at: lab.time.now)
    }

    private func isRefused(_ reach: KeyReach) -> Bool { if case .refused = reach { true } else { false } }

    @Test(arguments: [KeyLab.vault, KeyLab.hsm])
    func `what is granted counts only when role and membership are effective`(vault: String) async throws {
        let lab = try await granted(vault)
        #expect(isRefused(try reach(lab, vault)))
        lab.time.advance(.seconds(3600))
        #expect(isRefused(try reach(lab, vault)))
        lab.time.advance(.seconds(3601))
        #expect(try reach(lab, vault) == .reachable)
        #expect(try reach(lab, vault, nil) == .reachable)
        #expect(try reach(lab, vault, "other") == .notFound)
    }

    @Test func `a disabled key, a lost role and a missing route are told apart`() async throws {
        let lab = try await granted(KeyLab.vault)
        lab.time.advance(.seconds(7201))
        lab.clouds.changeAzure {
            $0.state[.vault, "kv1"]?.keys[CaselessName("erp")]?.versions[0].enabled = false
        }
        guard case .refused(let why) = try reach(lab, KeyLab.vault) else {
            Issue.record("a disabled key was used")
            return
        }
        #expect(why.contains("KeyDisabled"))
        for (fault, expected) in [("vault-unreachable:machine=node1", true), ("key-roles-lost", false)] {
            let lab = try await granted(
                KeyLab.vault, faults: ["\(fault)\(fault.contains(":") ? "," : ":")operation=groups_AddMember"])
            lab.time.advance(.seconds(7201))
            #expect((try reach(lab, KeyLab.vault) == .unreachable) == expected)
            #expect(isRefused(try reach(lab, KeyLab.vault)) != expected)
        }
    }

    @Test func `Crypto Officer alone uses no key of a Managed HSM`() async throws {
        let lab = try await granted(KeyLab.hsm)
        lab.time.advance(.seconds(7201))
        lab.clouds.changeAzure {
            $0.state[.managedHSM, "hsm1"]?.hsm.localRoles.removeAll { $0.role.hasPrefix("21dbd100") }
        }
        #expect(isRefused(try reach(lab, KeyLab.hsm)))
    }

    @Test func `a token is worth what it was issued for, until its end`() async throws {
        let lab = try await KeyLab()
        let client = try await AzureClients.shared.client(for: lab.section)
        let token = try await client.calls(.init(deadline: Deadline(boot: .max))).managementToken().value
        #expect(lab.clouds.azure.takesToken(token, at: lab.time.now) == .valid(lab.clouds.azure.state.client.objectID))
        lab.time.advance(.seconds(3600))
        #expect(lab.clouds.azure.takesToken(token, at: lab.time.now) == .expired)
        #expect(lab.clouds.azure.takesToken("made-up", at: lab.time.now) == .unknown)
    }
}
