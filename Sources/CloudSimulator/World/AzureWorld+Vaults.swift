// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Key Vault: what the management side says of a vault, and the data plane's keys.
extension AzureWorld {
    mutating func vaultManagement(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let group = call.path?.group.map(CaselessName.init)
        let alive = sorted(state.vaults).filter {
            $0.deletedAt == nil && (group == nil || CaselessName($0.group) == group)
        }
        let deleted = sorted(state.vaults).filter { $0.deletedAt != nil }
        switch call.operation {
        case "Vaults_CreateOrUpdate", "Vaults_Delete": return try vaultChange(call)
        case "Vaults_ListDeleted": return page(deleted.map(deletedJSON))
        case "Vaults_GetDeleted":
            guard let vault = deleted.first(where: { CaselessName($0.name) == CaselessName(call.name(1)) }) else {
                throw AzureError(
                    404, "DeletedVaultNotFound", "The specified deleted vault '\(call.name(1))' does not exist.")
            }
            return SimulatedResponse(200, deletedJSON(vault))
        case "Vaults_Get":
            guard let vault = alive.first(where: { CaselessName($0.name) == CaselessName(call.name(0)) }) else {
                throw ARMError.resourceNotFound(
                    "Microsoft.KeyVault/vaults", call.name(0), group: call.path?.group ?? "")
            }
            return SimulatedResponse(200, json(vault))
        default: return page(alive.map(json))
        }
    }

    func json(_ vault: Vault) -> JSON {
        let policies: [JSON] = vault.accessPolicies.sorted { $0.key < $1.key }.map { principal, permissions in
            [
                "tenantId": .string(state.tenant), "objectId": .string(principal),
                "permissions": ["keys": .array(permissions.sorted().map { .string($0) })],
            ]
        }
        var properties: [String: JSON] = [
            "sku": ["family": "A", "name": .string(vault.sku)], "tenantId": .string(state.tenant),
            "accessPolicies": .array(policies), "enabledForDeployment": false,
            "enableSoftDelete": .bool(vault.softDelete),
            "softDeleteRetentionInDays": .int(Int64(vault.retentionDays)),
            "enableRbacAuthorization": .bool(vault.roleBased),
            "vaultUri": .string("https://\(vault.name.lowercased()).vault.azure.net/"),
            "provisioningState": "Succeeded", "publicNetworkAccess": .string(vault.publicNetworkAccess),
            "networkAcls": networkJSON(vault),
        ]
        // The service leaves the member out rather than answer false.
        if vault.purgeProtection { properties["enablePurgeProtection"] = true }
        properties["privateEndpointConnections"] = endpointConnections(of: vault)
        return [
            "id": .string(vaultID(vault)), "name": .string(vault.name), "type": "Microsoft.KeyVault/vaults",
            "location": .string(vault.location), "tags": tagsJSON(vault.tags), "properties": .object(properties),
        ]
    }

    func tagsJSON(_ tags: [String: String]) -> JSON { .object(tags.mapValues { .string($0) }) }

    func tags(_ body: JSON) -> [String: String] { (body["tags"]?.object ?? [:]).compactMapValues(\.string) }

    func networkJSON(_ vault: Vault) -> JSON {
        [
            "bypass": "AzureServices", "defaultAction": .string(vault.defaultAction), "ipRules": [],
            "virtualNetworkRules": [],
        ]
    }

    private func deletedJSON(_ vault: Vault) -> JSON {
        let place = "/subscriptions/\(state.subscription)/providers/Microsoft.KeyVault/locations/\(vault.location)"
        let deleted = vault.deletedAt ?? started
        return [
            "id": .string("\(place)/deletedVaults/\(vault.name)"), "name": .string(vault.name),
            "type": "Microsoft.KeyVault/deletedVaults",
            "properties": [
                "vaultId": .string(vaultID(vault)), "location": .string(vault.location),
                "deletionDate": .string(deleted.description),
                "scheduledPurgeDate": .string(
                    deleted.advanced(by: .seconds(Int64(vault.retentionDays) * 86_400)).description), "tags": [:],
                "purgeProtectionEnabled": .bool(vault.purgeProtection),
            ],
        ]
    }

    /// A vault that does not exist has no name in the DNS; here its connection is refused by a 404 of the front door.
    func reachableVault(_ call: Call) throws(AzureError) -> Vault {
        let labels = call.request.host.split(separator: ".")
        let kind = labels[1].lowercased() == VaultKind.managedHSM.label ? VaultKind.managedHSM : .vault
        guard let vault = state[kind, labels[0]], vault.deletedAt == nil, !vault.hsm.isPending(at: call.at) else {
            throw AzureError(404, "VaultNotFound", "AKV10032: No Key Vault answers at '\(call.request.host)'.")
        }
        return vault
    }

    mutating func keyVault(_ call: Call, _ vault: Vault) throws(AzureError) -> SimulatedResponse {
        if call.operation.hasPrefix("LocalRoles_") { return try localRoles(call, vault) }
        guard vault.isUsable(at: call.at) else { throw Self.notActivated }
        if call.isMutation { return try keyChange(call, vault) }
        let segments = call.request.segments
        let wanted = segments.count > 1 ? segments[1] : ""
        let key = vault.keys[CaselessName(wanted)]
        switch call.operation {
        case "GetKeys":
            let items = sorted(vault.keys).filter { $0.deletedAt == nil }
            return keyPage(items.compactMap { key in key.current.map { item(vault, key, $0, versioned: false) } })
        case "GetDeletedKeys":
            return keyPage(sorted(vault.keys).filter { $0.deletedAt != nil }.compactMap { deletedItem(vault, $0) })
        case "GetDeletedKey":
            guard let key, let deleted = key.deletedAt, let version = key.current else {
                throw keyNotFound(wanted, in: "deleted keys")
            }
            return SimulatedResponse(200, deletionMembers(of: bundle(vault, key, version), vault, key, deleted))
        case "GetKeyVersions":
            guard let key, key.deletedAt == nil else { throw keyNotFound(wanted) }
            return keyPage(key.versions.map { item(vault, key, $0, versioned: true) })
        case "GetKeyRotationPolicy":
            guard let key, key.deletedAt == nil else { throw keyNotFound(wanted) }
            return SimulatedResponse(200, rotationPolicy(vault, key))
        default:
            guard let key, key.deletedAt == nil else { throw keyNotFound(wanted) }
            let version =
                segments.count > 2 ? key.versions.first { $0.version == segments[2].lowercased() } : key.current
            guard let version else { throw keyNotFound("\(wanted)/\(segments.last ?? "")") }
            return SimulatedResponse(200, bundle(vault, key, version))
        }
    }

    private func keyPage(_ items: [JSON]) -> SimulatedResponse {
        SimulatedResponse(200, ["value": .array(items), "nextLink": .null])
    }

    func keyNotFound(_ name: String, in place: String = "this key vault") -> AzureError {
        AzureError(
            404, "KeyNotFound",
            "A key with (name/id) \(name) was not found in \(place). If you recently deleted this key you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
        )
    }

    func bundle(_ vault: Vault, _ key: VaultKey, _ version: KeyVersion) -> JSON {
        var web: [String: JSON] = [
            "kid": .string("\(keyURL(vault, key))/\(version.version)"), "kty": .string(version.type),
            "key_ops": version.type.hasPrefix("oct")
                ? ["encrypt", "decrypt", "wrapKey", "unwrapKey"]
                : ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"],
        ]
        if version.type.hasPrefix("RSA") {
            web["n"] = .string(DerivedID.modulus(material: version.material, bits: version.bits))
            web["e"] = "AQAB"
        }
        return ["key": .object(web), "attributes": attributes(vault, version), "tags": tagsJSON(version.tags)]
    }

    func item(_ vault: Vault, _ key: VaultKey, _ version: KeyVersion, versioned: Bool) -> JSON {
        let id = keyURL(vault, key) + (versioned ? "/\(version.version)" : "")
        return ["kid": .string(id), "attributes": attributes(vault, version)]
    }

    private func deletedItem(_ vault: Vault, _ key: VaultKey) -> JSON? {
        guard let deleted = key.deletedAt, let version = key.current else { return nil }
        return deletionMembers(of: item(vault, key, version, versioned: false), vault, key, deleted)
    }

    func deletionMembers(of json: JSON, _ vault: Vault, _ key: VaultKey, _ deleted: Timestamp) -> JSON {
        var members = json.object ?? [:]
        members["recoveryId"] = .string("\(origin(vault))/deletedkeys/\(key.name)")
        members["deletedDate"] = .int(deleted.milliseconds / 1000)
        members["scheduledPurgeDate"] = .int(deleted.milliseconds / 1000 + Int64(vault.retentionDays) * 86_400)
        return .object(members)
    }

    func attributes(_ vault: Vault, _ version: KeyVersion) -> JSON {
        let created = version.created.milliseconds / 1000
        let level = vault.purgeProtection ? "Recoverable" : "Recoverable+Purgeable"
        var members: [String: JSON] = [
            "enabled": .bool(version.enabled), "created": .int(created), "updated": .int(created),
            "recoveryLevel": .string(vault.softDelete ? level : "Purgeable"), "exportable": false,
        ]
        if vault.softDelete { members["recoverableDays"] = .int(Int64(vault.retentionDays)) }
        if let expires = version.expires { members["exp"] = .int(expires.milliseconds / 1000) }
        if let notBefore = version.notBefore { members["nbf"] = .int(notBefore.milliseconds / 1000) }
        return .object(members)
    }

    /// Keys are named as in the real cloud, so that inputs and records look as they will there.
    func keyURL(_ vault: Vault, _ key: VaultKey) -> String {
        "\(origin(vault))/keys/\(key.name)"
    }

    func origin(_ vault: Vault) -> String { "https://\(vault.name.lowercased()).\(vault.kind.suffix)" }
}
