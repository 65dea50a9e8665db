// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What the databases' encryption keys are encrypted with. The copies of a database are physically the same, so both
/// servers show the key of the one that is primary.
/// https://learn.microsoft.com/azure/azure-sql/database/transparent-data-encryption-byok-overview
extension AzureWorld {
    /// By a server's own protector. The service's certificate has a thumbprint too, which Resource Manager never names.
    func encryptor(protecting server: SQLServer) -> Encryptor {
        guard let key = server.protectorKey else {
            let material = "service-managed \(server.name.lowercased())"
            return Encryptor(type: "CERTIFICATE", thumbprint: DerivedID.thumbprint(material: material))
        }
        return Encryptor(type: "ASYMMETRIC KEY", thumbprint: key.thumbprint)
    }

    /// Of a database on this server, now.
    func encryptor(of database: CaselessName, on server: SQLServer) -> Encryptor {
        guard let group = group(of: database, on: server) else { return encryptor(protecting: server) }
        return group.keyChange?.from ?? encryptor(protecting: state.servers[group.primary] ?? server)
    }

    /// A new primary takes its own protector into use, after a while.
    mutating func changeKeys(of name: CaselessName, from old: Encryptor, at now: Timestamp) {
        guard let group = state.failoverGroups[name], let primary = state.servers[group.primary] else { return }
        let needsNone = encryptor(protecting: primary) == old
        let change = KeyChange(from: old, until: now.advanced(by: state.durations.keyChange))
        state.failoverGroups[name]?.keyChange = needsNone ? nil : change
    }

    /// Ends what is due. A primary that can't reach its key goes on with the former one.
    mutating func followKeyChanges(at now: Timestamp) {
        for (name, group) in state.failoverGroups {
            guard let change = group.keyChange, change.until <= now else { continue }
            guard state.servers[group.primary]?.accessLostAt == nil else { continue }
            state.failoverGroups[name]?.keyChange = nil
        }
    }
}
