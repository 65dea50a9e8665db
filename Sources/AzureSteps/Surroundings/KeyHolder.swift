// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudSteps

/// A vault or a Managed HSM: what of it matters to keys that lie in it.
package struct KeyHolder: Sendable {
    package struct Facts: Hashable, Sendable, Codable {
        package var name: String
        package var location: String?
        package var tenant: String?
        /// `standard`, `premium`, or a Managed HSM's such as `Standard_B1`.
        package var tier: String?
        package var uri: String?
        package var isProtectedFromPurge: Bool
        /// Of a Managed HSM: whether its security domain was downloaded. Nil for a vault.
        package var isActivated: Bool?
    }

    package var id: ResourceID
    /// Nil inside when there is none of that id.
    package var facts: Result<Facts?, AzureError>

    package var isHSM: Bool { id.isType("Microsoft.KeyVault/managedHSMs") }

    package static func read(_ id: ResourceID, _ session: AzureSession) async throws -> KeyHolder {
        let azure = session.azure
        let facts = try await attempt { () throws(AzureError) -> Facts? in
            if id.isType("Microsoft.KeyVault/managedHSMs") {
                return try await azure.managedHSMs.hsmIfAny(id).map(Facts.init)
            }
            return try await azure.vaults.vaultIfAny(id).map(Facts.init)
        }
        return KeyHolder(id: id, facts: facts)
    }

    private func finding(_ look: (Facts) -> Finding) -> Finding {
        facts.finding { facts in facts.map(look) ?? .unmet("There is no \(id.name) in \(id.resourceGroup ?? "").") }
    }

    package var exists: Finding {
        finding { facts in .met("\(facts.name) is there, in \(facts.location ?? "a region that Azure does not tell").")
        }
    }

    package func fitsProduction(_ isProduction: Bool) -> Finding {
        finding { facts in
            guard let tier = facts.tier else { return .unverifiable("\(facts.name) does not tell its tier.") }
            if isHSM {
                return facts.isActivated == true
                    ? .met("\(facts.name) is an activated Managed HSM.")
                    : .unmet("The Managed HSM \(facts.name) is not activated, so it holds no keys.")
            }
            if tier.lowercased() == "premium" { return .met("\(facts.name) is premium.") }
            return isProduction
                ? .unmet("\(facts.name) is \(tier); production's keys belong into a premium vault or a Managed HSM.")
                : .met("\(facts.name) is \(tier), which is enough outside production.")
        }
    }

    package var isProtectedFromPurge: Finding {
        finding { facts in
            facts.isProtectedFromPurge
                ? .met("\(facts.name) has soft delete and purge protection.")
                : .unmet("\(facts.name) lacks soft delete or purge protection.")
        }
    }

    /// - Parameter tenant: the connection's, an id or a domain name.
    package func isInTenant(_ tenant: String) -> Finding {
        finding { facts in
            guard let own = facts.tenant else { return .unverifiable("\(facts.name) does not tell its tenant.") }
            guard tenant.utf8.count == 36 else {
                return .unverifiable(
                    "The environment names its tenant \(tenant); write its id to have it compared with \(own).")
            }
            return own.lowercased() == tenant.lowercased()
                ? .met("\(facts.name) belongs to the tenant \(own).")
                : .unmet("\(facts.name) belongs to the tenant \(own), not to \(tenant).")
        }
    }

    package func isBeside(_ view: ClusterView) -> Finding {
        finding { facts in
            view.cluster.finding { cluster in
                .all(
                    [
                        isSame("region", facts.location, cluster.location, by: foldedLocation),
                        isSame("resource group", id.resourceGroup, view.id.resourceGroup) { $0.lowercased() },
                    ], none: "")
            }
        }
    }

    /// Two places that are not told are not the same place.
    private func isSame(
        _ what: String, _ own: String?, _ cluster: String?, by fold: (String) -> String
    ) -> Finding {
        guard let own, let cluster else {
            let silent = own == nil ? id.name : "the cluster"
            return .unverifiable("Azure does not tell the \(what) of \(silent).")
        }
        return fold(own) == fold(cluster)
            ? .met("\(id.name) is in the cluster's \(what), \(own).")
            : .unmet("\(id.name) is not beside the cluster: its \(what) is \(own), the cluster's \(cluster).")
    }
}

extension KeyHolder.Facts {
    init(_ vault: Vault) {
        self.init(
            name: vault.name, location: vault.location, tenant: vault.properties.tenantId,
            tier: vault.properties.sku?.name, uri: vault.properties.vaultUri,
            isProtectedFromPurge: vault.isProtectedFromPurge)
    }

    init(_ hsm: ManagedHSM) {
        self.init(
            name: hsm.name, location: hsm.location, tenant: hsm.properties.tenantId, tier: hsm.sku?.name,
            uri: hsm.properties.hsmUri, isProtectedFromPurge: hsm.isProtectedFromPurge, isActivated: hsm.isActivated)
    }
}
