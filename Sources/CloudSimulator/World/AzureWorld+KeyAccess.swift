// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Whether a server can use a Key Vault key: what Azure SQL finds out when it wraps and unwraps with it.
/// https://learn.microsoft.com/azure/azure-sql/database/transparent-data-encryption-byok-overview
extension AzureWorld {
    /// Roles that hold get, wrap and unwrap on keys.
    static let keyUsingRoles: Set<String> = [
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",  // Key Vault Crypto Service Encryption User
        "12338af0-0e69-4776-bea7-57ae8d297424",  // Key Vault Crypto User
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",  // Key Vault Crypto Officer
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",  // Key Vault Administrator
    ]

    /// Databases go offline within about ten minutes, and come back by themselves within thirty.
    /// https://learn.microsoft.com/azure/azure-sql/database/transparent-data-encryption-byok-overview#inaccessible-tde-protector
    static let timeUntilInaccessible = Duration.seconds(600)
    static let timeThatHeals = Duration.seconds(1800)

    /// The key's version as the server finds it, or why it can't use it.
    func usableKey(_ reference: KeyReference, by server: SQLServer, at now: Timestamp) throws(AzureError) -> KeyVersion
    {
        guard let principal = server.principal else { throw SQLError.noServerIdentity }
        guard let vault = state.vaults[CaselessName(reference.vault)], vault.deletedAt == nil else {
            throw AzureError(
                400, "AkvHostNotResolvingFromNode",
                "AKV host '\(reference.vault).vault.azure.net' is not resolvable from SQL, on server '\(server.name)'.")
        }
        guard missingRight(of: principal, on: vault, key: reference.key, at: now) == nil else {
            throw SQLError.missingPermissions
        }
        guard let key = vault.keys[CaselessName(reference.key)], key.deletedAt == nil else {
            throw SQLError.keyNotInVault
        }
        let named = key.versions.first { $0.version.lowercased() == reference.version?.lowercased() }
        guard let version = reference.version == nil ? key.current : named else { throw SQLError.keyNotInVault }
        guard version.enabled else { throw SQLError.keyDisabled }
        if let expires = version.expires, expires <= now { throw SQLError.keyExpired }
        if let notBefore = version.notBefore, notBefore > now { throw SQLError.keyExpired }
        return version
    }

    /// The further demands on a key that is newly registered.
    func registrableKey(_ reference: KeyReference, by server: SQLServer, at now: Timestamp) throws(AzureError)
        -> KeyVersion
    {
        let version = try usableKey(reference, by: server, at: now)
        guard let vault = state.vaults[CaselessName(reference.vault)], vault.softDelete, vault.purgeProtection else {
            throw SQLError.recoveryLevel
        }
        guard ["RSA", "RSA-HSM"].contains(version.type), [2048, 3072].contains(version.bits) else {
            throw SQLError.keyUnsupported
        }
        return version
    }

    /// Notes since when a server has lost its key, and forgets it when it heals in time.
    mutating func followKeyAccess(at now: Timestamp) {
        for (name, server) in state.servers {
            if !reachesKey(server, at: now) {
                state.servers[name]?.accessLostAt = server.accessLostAt ?? now
            } else if let lost = server.accessLostAt,
                server.protectorKey == nil || now.duration(since: lost) <= Self.timeThatHeals
            {
                state.servers[name]?.accessLostAt = nil
                state.servers[name]?.closedAtOnce = false
            }
        }
    }

    private func reachesKey(_ server: SQLServer, at now: Timestamp) -> Bool {
        if server.isKeyless { return false }
        guard let key = server.protectorKey else { return true }
        do {
            _ = try usableKey(key.reference, by: server, at: now)
            return true
        } catch {
            return false
        }
    }

    /// Has a server be without its key from now on, though nothing else says so.
    mutating func withholdKey(of name: CaselessName, at now: Timestamp) {
        state.servers[name]?.isKeyless = true
        state.servers[name]?.closedAtOnce = true
        state.servers[name]?.accessLostAt = now
    }

    /// A server that is secondary again has its databases from the primary, and the key that was withheld is forgotten.
    mutating func regainKey(of name: CaselessName) {
        guard state.servers[name]?.isKeyless == true else { return }
        state.servers[name]?.isKeyless = false
        state.servers[name]?.closedAtOnce = false
        state.servers[name]?.accessLostAt = nil
    }

    func isInaccessible(_ server: SQLServer, at now: Timestamp) -> Bool {
        guard let lost = server.accessLostAt else { return false }
        return server.closedAtOnce || now.duration(since: lost) >= Self.timeUntilInaccessible
    }

    func vaultID(_ vault: Vault) -> String {
        "/subscriptions/\(state.subscription)/resourceGroups/\(vault.group)/providers/\(vault.kind.rawValue)/\(vault.name)"
    }

    func serverID(_ server: SQLServer) -> String {
        "/subscriptions/\(state.subscription)/resourceGroups/\(server.group)/providers/Microsoft.Sql/servers/\(server.name)"
    }
}
