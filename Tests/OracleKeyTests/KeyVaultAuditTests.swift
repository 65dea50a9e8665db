// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

struct KeyVaultAuditTests {
    private static let version = "sales/0000000000000000000000000000000a"

    private func inputs(_ more: [String: JSON] = [:]) -> JSON {
        let base: [String: JSON] = [
            "vault": .string(SurroundingsLab.vault), "vmCluster": .string(SurroundingsLab.cluster),
            "keys": ["sales"], "machines": .array(SurroundingsLab.nodes.map { .string($0) }), "production": true,
            "elsewhere": false,
            "expectedVersions": [],
        ]
        return .object(base.merging(more) { $1 })
    }

    private func lab(_ change: (inout JSON) -> Void = { _ in }) async throws -> SurroundingsLab {
        try await SurroundingsLab { cloud in
            cloud[path: "vaults", "tde-keys", "sku"] = "premium"
            cloud[path: "vaults", "tde-keys", "keys", "sales", "versions", "0000000000000000000000000000000a"] = [
                "type": "RSA-HSM"
            ]
            change(&cloud)
        }
    }

    private func open(_ lab: SurroundingsLab, _ more: [String: JSON] = [:]) async throws -> [String] {
        let report = try await lab.harness(KeyVaultAudit.self).report(inputs(more))
        let open = report.postconditions.filter { $0.verdict != .met }
        #expect((report.outputs == nil) == !open.isEmpty)
        return open.map(\.id)
    }

    @Test func `a vault that is kept well meets all, and tells its versions`() async throws {
        let lab = try await lab()
        let step = try lab.harness(KeyVaultAudit.self)
        #expect(try await step.check(inputs()).map(\.verdict) == [.met])
        let report = try await step.report(inputs(["expectedVersions": [.string(Self.version)]]))
        #expect(report.postconditions.allSatisfy { $0.verdict == .met }, "\(report.postconditions)")
        #expect(report.postconditions.count == 11)
        #expect(report.outputs == .init(versions: [Self.version], isKeptWell: true))
        #expect(lab.clouds.effects.isEmpty)
    }

    @Test func `an ordinary tier is enough outside production`() async throws {
        let lab = try await lab { $0[path: "vaults", "tde-keys", "sku"] = "standard" }
        #expect(try await open(lab) == ["tier-for-production"])
        #expect(try await open(lab, ["production": false]).isEmpty)
    }

    @Test func `a key of software in a premium vault is not held by hardware`() async throws {
        let lab = try await lab {
            $0[path: "vaults", "tde-keys", "keys", "sales", "versions", "0000000000000000000000000000000a", "type"] =
                "RSA"
        }
        let report = try await lab.harness(KeyVaultAudit.self).report(inputs())
        let tier = report.postconditions.one("tier-for-production")
        #expect(tier?.verdict == .unmet && tier?.says.contains("sales is RSA, held by software") == true)
        #expect(try await open(lab, ["production": false]).isEmpty)
    }

    @Test func `versions that nobody named are not said to be kept`() async throws {
        let report = try await lab().harness(KeyVaultAudit.self).report(inputs())
        let kept = report.postconditions.one("versions-kept")
        #expect(kept?.says.contains("No versions were named that were there before") == true)
    }

    @Test(arguments: [
        ("vaults.tde-keys.purge-protection", JSON.bool(false), "purge-protected"),
        ("vaults.tde-keys.location", "westus", "beside-the-cluster"),
        ("private-endpoints.to-keys.status", "Rejected", "reached-privately"),
        ("private-endpoints.to-keys.dns", false, "reached-privately"),
        ("diagnostics.tde-keys.enabled", false, "audit-log-kept"),
        ("arc-machines.exa-east-2.status", "Disconnected", "machines-connected"),
    ])
    func `what falls short is named`(path: String, value: JSON, expected: String) async throws {
        let names = path.split(separator: ".").map(String.init)
        let lab = try await lab { $0[path: names[0], names[1], names[2]] = value }
        #expect(try await open(lab) == [expected])
    }

    @Test func `keys that are disabled, end, rotate or are gone are named`() async throws {
        let key = ["vaults", "tde-keys", "keys", "sales"]
        let version = "0000000000000000000000000000000a"
        let disabled = try await lab {
            $0[path: key[0], key[1], key[2], key[3], "versions", version, "enabled"] = false
        }
        #expect(try await open(disabled) == ["keys-usable", "versions-kept"])
        let ending = try await lab {
            $0[path: key[0], key[1], key[2], key[3], "versions", version, "expires"] = "2027-01-01T00:00:00Z"
        }
        #expect(try await open(ending) == ["versions-kept"])
        let rotating = try await lab { $0[path: key[0], key[1], key[2], key[3], "rotation-policy"] = true }
        #expect(try await open(rotating) == ["no-rotation-policy"])
        let gone = try await lab { $0[path: key[0], key[1], key[2], key[3], "deleted"] = true }
        #expect(try await open(gone).contains("keys-usable"))
    }

    @Test func `a key of two databases and a version that is gone are named`() async throws {
        let lab = try await lab()
        #expect(try await open(lab, ["keys": ["sales", "Sales"]]) == ["keys-dedicated"])
        #expect(try await open(lab, ["expectedVersions": ["sales/ffff"]]) == ["versions-kept"])
        #expect(try await open(lab, ["machines": ["exa-east-9"]]) == ["machines-connected"])
    }

    @Test func `a vault that is not there is found before all else`() async throws {
        let lab = try await lab()
        let other: JSON = .string("\(SurroundingsLab.group)/providers/Microsoft.KeyVault/vaults/none")
        let conditions = try await lab.harness(KeyVaultAudit.self, run: nil).check(inputs(["vault": other]))
        #expect(conditions.map(\.verdict) == [.unmet])
    }

    @Test func `keys that may not be read are unverifiable`() async throws {
        let lab = try await lab {
            $0[path: "client", "denied-actions"] = ["Microsoft.KeyVault/vaults/keys/*"]
        }
        let report = try await lab.harness(KeyVaultAudit.self).report(inputs())
        let open = report.postconditions.filter { $0.verdict != .met }
        #expect(open.contains { $0.id == "keys-usable" && $0.verdict == .unverifiable })
        #expect(report.outputs == nil)
    }
}
