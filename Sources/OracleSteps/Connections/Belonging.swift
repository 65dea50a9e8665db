// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
package import OracleCloudClient

/// Whether what is named in different inputs belongs together. Each of them may be right on its own, and of another cluster
/// or another vault.
extension OracleSession {
    /// Whether the connector is that of the cluster, and of the database's cluster.
    package func connectorFits(
        _ connector: OracleID, cluster: OracleID?, database: OracleID?
    ) async throws -> Finding {
        guard cluster != nil || database != nil else {
            return .unmet("Neither a cluster nor a database is named, so whose connector it must be is not known.")
        }
        return try await reading("The connector \(connector), or what it is for,") { () throws(OracleError) in
            let found = try await oracle.multicloud.connector(connector).value
            guard let own = found.dbClusterResourceId else {
                return .unverifiable("The connector \(found.label) does not say whose it is.")
            }
            if let cluster, own != cluster {
                return .unmet("The connector \(found.label) is that of \(own), not of \(cluster).")
            }
            guard let database else { return .met("The connector \(found.label) is that of \(own).") }
            let read = try await oracle.databases.database(database).value
            guard let place = read.vmClusterId else {
                return .unverifiable("\(read.label) does not name its cluster.")
            }
            return place == own.text
                ? .met("The connector \(found.label) is that of the cluster of \(read.label).")
                : .unmet("The connector \(found.label) is that of \(own), and \(read.label) is on \(place).")
        }
    }

    /// Whether the database has the registered key: by this registration, or by another one of the same key of Azure.
    package func keyFits(_ key: OracleID, database: OracleID) async throws -> Finding {
        try await reading("The registered key \(key), or that of the database,") { () throws(OracleError) in
            let read = try await oracle.databases.database(database).value
            if read.hasKey(key) { return .met("\(read.label) has the key \(key).") }
            guard let own = read.keyInAzure else {
                return .unmet("\(read.label) has its key \(read.keyPlace), not as \(key).")
            }
            return try await isSame(key, own, of: read.label)
        }
    }

    /// Whether both registrations are of one key of Azure; what cannot be read is not known.
    func sameKey(_ key: OracleID, _ own: OracleID, of label: String) async throws -> Finding {
        do throws(OracleError) {
            return try await isSame(key, own, of: label)
        } catch {
            try Task.checkCancellation()
            return .unverifiable("Whether \(label) has the key could not be read: \(error)")
        }
    }

    private func isSame(_ key: OracleID, _ own: OracleID, of label: String) async throws(OracleError) -> Finding {
        let (one, other) = (try await oracle.multicloud.key(key), try await oracle.multicloud.key(own))
        let unlike = Finding.unmet("\(label) has the key \(own), and \(key) is another.")
        guard let name = one.nameInAzure, other.nameInAzure != nil else {
            return .unverifiable("The registrations \(key) and \(own) do not both tell the key's name in Azure.")
        }
        guard other.isNamed(name) else { return unlike }
        guard let first = one.oracleDbAzureVaultId, let second = other.oracleDbAzureVaultId else {
            return .unverifiable("The registrations \(key) and \(own) do not both name their vaults.")
        }
        let vault = try await oracle.multicloud.vault(first).value
        switch vault.likeness(to: try await oracle.multicloud.vault(second).value) {
        case true?: return .met("\(label) has the key \(name) of \(vault.label), by another registration of it.")
        case false?: return unlike
        case nil: return .unverifiable("Whether \(own) and \(key) are one key, their vaults do not tell.")
        }
    }

    /// Whether the registered vault is that vault of Azure, by its kind as well.
    package func vaultFits(_ registered: OracleID, _ vault: AzureVaultName) async throws -> Finding {
        try await reading("The registered vault \(registered)") { () throws(OracleError) in
            try await oracle.multicloud.vault(registered).value.isVery(vault)
        }
    }

    /// What cannot be read because it is missing or hidden is as good as another one; anything else is not known.
    package func reading(
        _ what: String, _ read: () async throws(OracleError) -> Finding
    ) async throws -> Finding {
        do throws(OracleError) {
            return try await read()
        } catch {
            try Task.checkCancellation()
            let says = "\(what) could not be read: \(error)"
            return error.isNotFound ? .unmet(says) : .unverifiable(says)
        }
    }
}

extension OracleDatabase {
    /// By which registration it has its key in Azure; nil where it is elsewhere, or Oracle names none.
    var keyInAzure: OracleID? {
        encryptionKeyLocationDetails?.providerType == "AZURE"
            ? encryptionKeyLocationDetails?.azureEncryptionKeyId : nil
    }
}

extension RegisteredKey {
    /// Oracle may tell the name, or a whole identifier; a display name counts only where it tells neither. Nil where it tells
    /// nothing.
    package var nameInAzure: String? {
        guard let told = azureKeyId ?? displayName else { return nil }
        let parts = told.split(separator: "/").map(String.init)
        guard let at = parts.firstIndex(of: "keys"), at + 1 < parts.count else { return told }
        return parts[at + 1]
    }
}

extension RegisteredVault {
    /// Whether it is that very vault. A vault and a Managed HSM may have one name, so that the name alone decides nothing.
    package func isVery(_ vault: AzureVaultName) -> Finding {
        guard let told = azureVaultId else {
            return .unverifiable("The registered vault \(label) does not tell its name in Azure.")
        }
        guard isOf(vault) else {
            let place = [type, oracleDbAzureResourceGroup.map { "resource group \($0)" }].compactMap(\.self)
            let more = place.isEmpty ? "" : " (\(place.joined(separator: ", ")))"
            return .unmet("The registered vault \(label) is \(told)\(more), not \(vault.text).")
        }
        return told.hasPrefix("/") || type != nil
            ? .met("The registered vault \(label) is \(vault.text).")
            : .unverifiable("The registered vault \(label) does not tell whether it is a vault or a Managed HSM.")
    }

    /// Whether both are registrations of one vault of Azure; nil where they tell too little.
    package func likeness(to other: RegisteredVault) -> Bool? {
        if id == other.id { return true }
        guard let mine = azureVaultId?.lowercased(), let its = other.azureVaultId?.lowercased() else { return nil }
        if mine.hasPrefix("/"), its.hasPrefix("/") { return mine == its }
        if let vault = AzureVaultName(azureVaultId ?? "") { return other.isLike(vault) }
        if let vault = AzureVaultName(other.azureVaultId ?? "") { return isLike(vault) }
        guard mine == its else { return false }
        if let group = oracleDbAzureResourceGroup, let second = other.oracleDbAzureResourceGroup,
            group.lowercased() != second.lowercased()
        {
            return false
        }
        guard let type, let second = other.type else { return nil }
        return type.lowercased() == second.lowercased()
    }

    private func isLike(_ vault: AzureVaultName) -> Bool? {
        switch isVery(vault) {
        case .met: true
        case .unmet: false
        case .unverifiable: nil
        }
    }
}
