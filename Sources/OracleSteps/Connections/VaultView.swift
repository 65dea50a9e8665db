// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
package import OracleCloudClient

/// How Oracle knows a vault of Azure: by its name and its resource group, and what kind it is.
package struct AzureVaultName: Hashable, Sendable, Decodable {
    /// The resource id.
    package let text: String
    package let name: String
    package let resourceGroup: String
    /// `vaults` or `managedHSMs`.
    package let type: String

    /// Nil for anything that is no id of a vault or of a Managed HSM.
    package init?(_ text: String) {
        let parts = text.split(separator: "/").map(String.init)
        let folded = parts.map { $0.lowercased() }
        guard text.hasPrefix("/"), parts.count == 8, folded[0] == "subscriptions", folded[2] == "resourcegroups",
            folded[4] == "providers", folded[5] == "microsoft.keyvault",
            let type = ["vaults", "managedHSMs"].first(where: { $0.lowercased() == folded[6] })
        else { return nil }
        self.text = text
        name = parts[7]
        resourceGroup = parts[3]
        self.type = type
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let name = AzureVaultName(text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is no id of a vault or Managed HSM"))
        }
        self = name
    }

    /// Whether the name, or whole id, that Oracle tells is this vault's. Names of vaults are the world's, so that a bare one
    /// suffices; where a group is told as well it must fit.
    package func isMeant(by told: String?, group: String?, type toldType: String?) -> Bool {
        guard let told else { return false }
        if told.hasPrefix("/") { return told.lowercased() == text.lowercased() }
        return told.lowercased() == name.lowercased()
            && (group.map { $0.lowercased() == resourceGroup.lowercased() } ?? true)
            && (toldType.map { $0.lowercased().hasSuffix(type.lowercased()) } ?? true)
    }
}

extension RegisteredVault {
    package var label: String { displayName ?? azureVaultId ?? id.text }

    package var isBusy: Bool { lifecycleState.map(Lifecycle.busy.contains) ?? false }

    package func isOf(_ vault: AzureVaultName) -> Bool {
        vault.isMeant(by: azureVaultId, group: oracleDbAzureResourceGroup, type: type)
    }

    package func replication(in region: Region) -> Replication? {
        replicationMetadata?.replicationDetails?.first {
            Region($0.targetRegion ?? "").name == region.name && $0.replicationState != "DELETED"
        }
    }

    package var isActive: Finding {
        lifecycleState == Lifecycle.active
            ? .met("The registered vault \(label) is ACTIVE.")
            : .unmet(
                "The registered vault \(label) is \(lifecycleState ?? "in no known state"), not ACTIVE"
                    + (lifecycleStateDetails.map { ": \($0)" } ?? "."))
    }
}

extension RegisteredKey {
    /// Whether it is the key of that name in Azure.
    package func isNamed(_ name: String) -> Bool { nameInAzure?.lowercased() == name.lowercased() }
}

extension VaultAssociation {
    package var isLive: Bool { lifecycleState.map { !Lifecycle.gone.contains($0) && $0 != "FAILED" } ?? true }
    package var isBusy: Bool { lifecycleState.map(Lifecycle.busy.contains) ?? false }
}
