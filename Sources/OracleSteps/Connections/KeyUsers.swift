// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
package import OracleCloudClient

/// Where Oracle knows a key of Azure, and which clusters get at it by that.
private struct KeyReach {
    var regions: [Region]
    var clusters: [OracleID]
    var keys: [OracleID] = []
    /// Regions to which the vault is replicated and where it is not listed.
    var hidden: [String] = []
}

extension OracleSession {
    /// The databases that have that very key: on the cluster, and on every other one whose connector is associated with
    /// the vault's registration or one of its replicas, as far as they are in the compartment.
    package func users(
        of key: String, in vault: AzureVaultName, by cluster: OracleID, _ compartment: OracleID
    ) async throws -> Finding {
        let reach = try await reach(of: key, in: vault, by: cluster, compartment)
        var users: [String] = []
        var looked: [String] = []
        var doubts: [String] = []
        for id in reach.clusters {
            let cluster = try await oracle.clusters.cluster(id).value
            looked.append(cluster.label)
            let listed = try await azureKeyUsers(on: cluster)
            if let doubt = listed.doubt { doubts.append(doubt) }
            for user in listed.all where try await has(user, key, in: vault, reach) {
                users.append("\(user.label) on \(cluster.label)")
            }
        }
        if !users.isEmpty { return .unmet("The key \(key) is that of \(users.joined(separator: ", ")).") }
        if !doubts.isEmpty { return .unverifiable(doubts.joined(separator: " ")) }
        if !reach.hidden.isEmpty {
            return .unverifiable(
                "The vault is replicated to \(reach.hidden.joined(separator: ", ")), and not listed there.")
        }
        return .met("No database on \(looked.joined(separator: ", ")) has the key \(key).")
    }

    private func reach(
        of key: String, in vault: AzureVaultName, by cluster: OracleID, _ compartment: OracleID
    ) async throws -> KeyReach {
        var reach = KeyReach(regions: [cluster.region ?? oracle.connection.region], clusters: [cluster])
        var at = 0
        while at < reach.regions.count {
            let region = reach.regions[at]
            let found = try await oracle.multicloud.vaults(in: compartment, region)
                .filter { $0.isOf(vault) && !["DELETED", "FAILED"].contains($0.lifecycleState) }
            if at > 0, found.isEmpty { reach.hidden.append(region.name) }
            for one in found { try await follow(one, key, compartment, &reach) }
            at += 1
        }
        return reach
    }

    private func follow(
        _ vault: RegisteredVault, _ key: String, _ compartment: OracleID, _ reach: inout KeyReach
    ) async throws {
        let multicloud = oracle.multicloud
        reach.keys += try await multicloud.keys(of: vault.id, in: compartment).filter { $0.isNamed(key) }.map(\.id)
        for replica in vault.replicationMetadata?.replicationDetails ?? [] where replica.replicationState != "DELETED" {
            guard let name = replica.targetRegion else { continue }
            let region = Region(name, realm: vault.id.realm)
            if !reach.regions.contains(where: { $0.name == region.name }) { reach.regions.append(region) }
        }
        for association in try await multicloud.associations(of: vault.id, in: compartment)
        where association.lifecycleState != "DELETED" {
            guard let id = association.oracleDbAzureConnectorId,
                let cluster = try await multicloud.connector(id).value.dbClusterResourceId,
                !reach.clusters.contains(cluster)
            else { continue }
            reach.clusters.append(cluster)
        }
    }

    /// One that does not tell its key is taken for a user.
    private func has(
        _ user: KeyUser, _ key: String, in vault: AzureVaultName, _ reach: KeyReach
    ) async throws -> Bool {
        guard let id = user.encryptionKeyLocationDetails?.azureEncryptionKeyId else { return true }
        if reach.keys.contains(id) { return true }
        // A registration of another compartment or region may stand for the same key.
        let other = try await oracle.multicloud.key(id)
        guard other.isNamed(key) else { return false }
        guard let holder = other.oracleDbAzureVaultId else { return true }
        return try await oracle.multicloud.vault(holder).value.isOf(vault)
    }
}
