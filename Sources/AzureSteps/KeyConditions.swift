// SPDX-License-Identifier: Apache-2.0

package import AzureClient
internal import CloudHTTP
package import CloudSteps
package import MusterModel

/// What Azure SQL demands of a key and its vault
/// (learn.microsoft.com/azure/azure-sql/database/transparent-data-encryption-byok-overview).
package struct KeyView: Sendable {
    package var id: KeyIdentifier
    package var key: Result<VaultKey, AzureError>
    /// Nil inside when no subscription of the connection or the server has a vault of that name.
    package var vault: Result<Vault?, AzureError>
    package var kind: VaultHosts.Kind
    package var now: Timestamp

    package static func read(_ id: KeyIdentifier, for server: ResourceID, _ session: AzureSession) async throws
        -> KeyView
    {
        let azure = session.azure
        let kind = try azure.keyVault.kind(of: id)
        let key = try await attempt { () throws(AzureError) in try await azure.keyVault.key(id) }
        let vault: Result<Vault?, AzureError> =
            kind == .managedHSM
            ? .success(nil)
            : try await attempt { () throws(AzureError) in try await findVault(id.vault, for: server, azure) }
        return KeyView(id: id, key: key, vault: vault, kind: kind, now: session.time.now)
    }

    /// A vault may lie in another subscription than the server: the connection's is looked through too.
    private static func findVault(
        _ name: String, for server: ResourceID, _ azure: AzureCalls
    ) async throws(AzureError) -> Vault? {
        var subscriptions = [server.subscription, azure.connection.subscription].compactMap { $0?.lowercased() }
        if subscriptions.count == 2, subscriptions[0] == subscriptions[1] { subscriptions.removeLast() }
        for subscription in subscriptions {
            if let vault = try await azure.vaults.find(name: name, subscription: subscription) { return vault }
        }
        return nil
    }

    package var isUsable: Finding {
        switch key {
        case .failure(let error) where error.isNotFound: .unmet("There is no key \(id): \(error.message)")
        case .failure(let error): .unverifiable("\(id) could not be read: \(error)")
        case .success(let key): judge(key)
        }
    }

    private func judge(_ key: VaultKey) -> Finding {
        let attributes = key.attributes
        let seconds = now.milliseconds / 1000
        var faults: [String] = []
        if attributes.enabled == false { faults.append("it is disabled") }
        if let start = attributes.nbf, start > seconds { faults.append("it is not valid before \(moment(start))") }
        if let end = attributes.exp, end <= seconds { faults.append("it expired at \(moment(end))") }
        if !["RSA", "RSA-HSM"].contains(key.key.kty) { faults.append("it is \(key.key.kty), not RSA") }
        if let bits = key.bits, ![2048, 3072].contains(bits) { faults.append("it has \(bits) bits, not 2048 or 3072") }
        if !faults.isEmpty { return .unmet("\(id) cannot protect a server: \(faults.joined(separator: ", ")).") }
        guard attributes.enabled == true, let bits = key.bits else {
            return .unverifiable("\(id) does not say whether it is enabled and how long it is.")
        }
        let end = attributes.exp.map { ", until \(moment($0))" } ?? ", without an end"
        return .met("\(id.serverKeyName) is \(key.key.kty) of \(bits) bits, enabled\(end).")
    }

    private func moment(_ seconds: Int64) -> String { Timestamp(milliseconds: seconds * 1000).description }

    /// The key's recovery level tells it without any right on the vault itself.
    package var isProtectedFromPurge: Finding {
        if case .success(let key) = key, let isProtected = key.isProtectedFromPurge {
            let level = key.attributes.recoveryLevel ?? ""
            return isProtected
                ? .met("\(id.vault) has soft delete and purge protection (recovery level \(level)).")
                : .unmet("\(id.vault) lacks soft delete or purge protection (recovery level \(level)).")
        }
        return vault.finding { vault in
            guard let vault else { return .unverifiable("\(id.vault) was not found and the key does not tell.") }
            return vault.isProtectedFromPurge
                ? .met("\(id.vault) has soft delete and purge protection.")
                : .unmet("\(id.vault) lacks soft delete or purge protection.")
        }
    }
}
