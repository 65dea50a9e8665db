// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Server keys and the encryption protector.
extension AzureWorld {
    mutating func putKey(_ call: Call, _ server: SQLServer) throws(AzureError)
        -> SimulatedResponse
    {
        guard let properties = try call.jsonBody()["properties"] else { throw SQLError.invalidKeyRequest }
        switch properties["serverKeyType"]?.string {
        case "AzureKeyVault": break
        case "ServiceManaged": throw SQLError.serviceManagedKey
        default: throw SQLError.invalidKeyType
        }
        guard let uri = properties["uri"]?.string, !uri.isEmpty else { throw SQLError.missingURI }
        guard let reference = KeyReference(uri) else { throw SQLError.malformedURI }
        guard CaselessName(reference.serverKeyName) == CaselessName(call.name(1)) else { throw SQLError.invalidKeyName }
        let id = CaselessName(server.name)
        if isBusy(id) { throw SQLError.busy }
        if let known = server.keys[CaselessName(reference.serverKeyName)] {
            guard state.repeatedKeyPut == .accept else { throw SQLError.keyNameExists }
            return SimulatedResponse(200, json(known, of: server))
        }
        return begin(.registerKey(reference), on: id, lasting: state.durations.key, call)
    }

    mutating func registerKey(_ reference: KeyReference, on name: CaselessName, at now: Timestamp) throws(AzureError) {
        guard let server = state.servers[name] else { throw SQLError.operationNotFound }
        let version = try registrableKey(reference, by: server, at: now)
        let key = ServerKey(
            name: reference.serverKeyName, reference: reference, thumbprint: version.thumbprint, created: now)
        state.servers[name]?.keys[CaselessName(key.name)] = key
        record("server-key.registered", "\(serverID(server))/keys/\(key.name)", at: now)
    }

    mutating func deleteKey(_ call: Call, _ server: SQLServer) throws(AzureError)
        -> SimulatedResponse
    {
        let name = CaselessName(call.name(1))
        if name == CaselessName("ServiceManaged") { throw SQLError.serviceManagedKey }
        guard let key = server.keys[name] else { return SimulatedResponse(emptyWith: 204) }
        let id = CaselessName(server.name)
        if isBusy(id) { throw SQLError.busy }
        try checkRemovable(key, from: server)
        return begin(.removeKey(name), on: id, lasting: state.durations.key, call)
    }

    private func checkRemovable(_ key: ServerKey, from server: SQLServer) throws(AzureError) {
        if server.protector == CaselessName(key.name) { throw SQLError.keyInUse }
        for group in state.failoverGroups.values where group.secondary == CaselessName(server.name) {
            guard let primary = state.servers[group.primary] else { continue }
            if primary.protectorKey?.thumbprint == key.thumbprint { throw SQLError.keyUsedOnGeoPrimary(key.name) }
        }
    }

    mutating func removeKey(_ name: CaselessName, from serverName: CaselessName, at now: Timestamp) throws(AzureError) {
        guard let server = state.servers[serverName], let key = server.keys[name] else { return }
        try checkRemovable(key, from: server)
        state.servers[serverName]?.keys[name] = nil
        record("server-key.removed", "\(serverID(server))/keys/\(key.name)", at: now)
    }

    mutating func putProtector(_ call: Call, _ server: SQLServer) throws(AzureError)
        -> SimulatedResponse
    {
        guard call.name(1).lowercased() == "current" else { throw SQLError.invalidProtectorName }
        guard let properties = try call.jsonBody()["properties"] else {
            throw ARMError.invalidBody("Required property 'properties' not found in JSON.")
        }
        let id = CaselessName(server.name)
        let wanted = CaselessName(properties["serverKeyName"]?.string ?? "ServiceManaged")
        let isCustom: Bool
        switch properties["serverKeyType"]?.string {
        case "AzureKeyVault": isCustom = true
        case "ServiceManaged": isCustom = false
        default: throw SQLError.invalidKeyType
        }
        if isBusy(id) { throw SQLError.busy }
        if isInaccessible(server, at: call.at) { throw SQLError.keyAccessLost }
        if isCustom, server.keys[wanted] == nil { throw SQLError.keyNotRegistered }
        let rotation = properties["autoRotationEnabled"]?.bool ?? false
        return begin(
            .setProtector(isCustom ? wanted : nil, autoRotation: rotation), on: id, lasting: state.durations.protector,
            call)
    }

    mutating func setProtector(_ wanted: CaselessName?, autoRotation: Bool, on name: CaselessName, at now: Timestamp)
        throws(AzureError)
    {
        guard let server = state.servers[name] else { throw SQLError.operationNotFound }
        var newName = "ServiceManaged"
        if let wanted {
            guard let key = server.keys[wanted] else { throw SQLError.keyNotRegistered }
            _ = try registrableKey(key.reference, by: server, at: now)
            try checkGeo(key, autoRotation: autoRotation, on: server)
            newName = key.name
        }
        if server.protector == wanted, server.autoRotation == autoRotation { return }
        state.servers[name]?.protector = wanted
        state.servers[name]?.autoRotation = autoRotation
        for (group, members) in state.failoverGroups where members.primary == name {
            state.failoverGroups[group]?.keyChange = nil
        }
        record("protector.changed", "\(serverID(server))/encryptionProtector/current to \(newName)", at: now)
    }

    /// Both servers of a failover group must hold the key, or the databases could not be opened after a failover.
    private func checkGeo(_ key: ServerKey, autoRotation: Bool, on server: SQLServer) throws(AzureError) {
        let name = CaselessName(server.name)
        for group in state.failoverGroups.values {
            guard let partner = group.partner(of: name).flatMap({ state.servers[$0] }) else { continue }
            guard partner.keys.values.contains(where: { $0.thumbprint == key.thumbprint }) else {
                throw name == group.primary
                    ? SQLError.keyMaterialMissing(uri: key.reference.uri, on: partner.name)
                    : SQLError.keyMaterialMissingOnPrimary
            }
            if autoRotation, partner.keys[CaselessName(key.name)] == nil { throw SQLError.sameURIMissing }
        }
    }

    mutating func revalidate(_ name: CaselessName, at now: Timestamp) throws(AzureError) {
        guard let server = state.servers[name] else { throw SQLError.operationNotFound }
        guard let key = server.protectorKey else { return }
        _ = try usableKey(key.reference, by: server, at: now)
        guard server.accessLostAt != nil else { return }
        state.servers[name]?.accessLostAt = nil
        state.servers[name]?.closedAtOnce = false
        record("protector.revalidated", "\(serverID(server))/encryptionProtector/current", at: now)
    }
}
