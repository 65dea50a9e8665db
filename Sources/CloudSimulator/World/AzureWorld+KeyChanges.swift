// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Changes of keys on the data plane.
/// https://learn.microsoft.com/rest/api/keyvault/keys
extension AzureWorld {
    static let notActivated = AzureError(
        403, "Forbidden", "The Managed HSM is not activated: its security domain was not downloaded.",
        inner: "HsmNotActivated")

    mutating func keyChange(_ call: Call, _ vault: Vault) throws(AzureError) -> SimulatedResponse {
        let name = call.request.segments.count > 1 ? call.request.segments[1] : ""
        let key = vault.keys[CaselessName(name)]
        switch call.operation {
        case "CreateKey": return try createKey(call, vault, name, key)
        case "ImportKey": return try importKey(call, vault, name, key)
        case "RecoverDeletedKey":
            guard var key, key.deletedAt != nil, let version = key.current else {
                throw keyNotFound(name, in: "deleted keys")
            }
            key.deletedAt = nil
            put(key, in: vault)
            record("key.recovered", "\(vault.name)/\(key.name)", at: call.at)
            return SimulatedResponse(200, bundle(vault, key, version))
        default: break
        }
        guard var key, key.deletedAt == nil, let current = key.current else { throw keyNotFound(name) }
        guard call.operation == "DeleteKey" else { return try updateKey(call, vault, &key, current) }
        key.deletedAt = call.at
        put(key, in: vault)
        record("key.deleted", "\(vault.name)/\(key.name)", at: call.at)
        return SimulatedResponse(200, deletionMembers(of: bundle(vault, key, current), vault, key, call.at))
    }

    private mutating func put(_ key: VaultKey, in vault: Vault) {
        state[vault.kind, vault.name]?.keys[CaselessName(key.name)] = key
    }

    private mutating func createKey(_ call: Call, _ vault: Vault, _ name: String, _ key: VaultKey?)
        throws(AzureError) -> SimulatedResponse
    {
        let body = try call.jsonBody()
        guard var type = body["kty"]?.string else { throw Self.badKey("kty") }
        // Recorded: a Managed HSM makes an RSA-HSM key of a wish for RSA.
        if vault.kind == .managedHSM, !type.hasSuffix("-HSM") { type += "-HSM" }
        let bits = Int(body["key_size"]?.int ?? (type.hasPrefix("oct") ? 256 : 2048))
        try checkType(type, bits, in: vault)
        let digits = nextID("key-version").filter { $0 != "-" }
        let version = KeyVersion(
            version: digits, type: type, bits: bits, enabled: body["attributes"]?["enabled"]?.bool ?? true,
            notBefore: time(body, "nbf"), expires: time(body, "exp"), created: call.at, material: digits,
            tags: tags(body))
        return try add(version, to: key, name, vault, call, kind: "key.created")
    }

    private func time(_ body: JSON, _ name: String) -> Timestamp? {
        body["attributes"]?[name]?.int.map { Timestamp(milliseconds: $0 * 1000) }
    }

    private mutating func importKey(_ call: Call, _ vault: Vault, _ name: String, _ key: VaultKey?)
        throws(AzureError) -> SimulatedResponse
    {
        let body = try call.jsonBody()
        let web = body["key"]
        guard let transfer = web?["key_hsm"]?.string, !transfer.isEmpty, web?["kty"]?.string == "RSA-HSM" else {
            throw Self.badKey("key_hsm")
        }
        try checkType("RSA-HSM", 2048, in: vault)
        let digits = nextID("key-version").filter { $0 != "-" }
        // Whoever imports the same blob twice has the same key twice.
        let version = KeyVersion(
            version: digits, type: "RSA-HSM", created: call.at, material: transfer,
            tags: tags(body))
        return try add(version, to: key, name, vault, call, kind: "key.imported")
    }

    private mutating func add(
        _ version: KeyVersion, to key: VaultKey?, _ name: String, _ vault: Vault, _ call: Call, kind: String
    ) throws(AzureError) -> SimulatedResponse {
        guard key?.deletedAt == nil else {
            throw AzureError(
                409, "Conflict",
                "Key \(name) is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the key can only be recovered or purged.",
                inner: "ObjectIsDeletedButRecoverable")
        }
        var key = key ?? VaultKey(name: name, versions: [])
        key.versions.append(version)
        put(key, in: vault)
        record(key.versions.count == 1 ? kind : "key.version-added", "\(vault.name)/\(key.name)", at: call.at)
        return SimulatedResponse(200, bundle(vault, key, version))
    }

    private func checkType(_ type: String, _ bits: Int, in vault: Vault) throws(AzureError) {
        let fits =
            switch type {
            case "RSA": vault.kind == .vault && [2048, 3072, 4096].contains(bits)
            case "RSA-HSM": (vault.kind == .managedHSM || vault.sku == "premium") && [2048, 3072, 4096].contains(bits)
            case "oct-HSM": vault.kind == .managedHSM && [128, 192, 256].contains(bits)
            default: false
            }
        if !fits { throw Self.badKey("kty") }
    }

    private static func badKey(_ property: String) -> AzureError {
        AzureError(400, "BadParameter", "AKV10045: Property \(property) has invalid value for this vault.")
    }

    private mutating func updateKey(
        _ call: Call, _ vault: Vault, _ key: inout VaultKey, _ current: KeyVersion
    ) throws(AzureError) -> SimulatedResponse {
        let wanted = call.request.segments.count > 2 ? call.request.segments[2].lowercased() : current.version
        guard let index = key.versions.firstIndex(where: { $0.version == wanted }) else {
            throw keyNotFound("\(key.name)/\(wanted)")
        }
        if let enabled = try call.jsonBody()["attributes"]?["enabled"]?.bool, enabled != key.versions[index].enabled {
            key.versions[index].enabled = enabled
            record(enabled ? "key.enabled" : "key.disabled", "\(vault.name)/\(key.name)/\(wanted)", at: call.at)
        }
        put(key, in: vault)
        followKeyAccess(at: call.at)
        return SimulatedResponse(200, bundle(vault, key, key.versions[index]))
    }

    /// What a key has that nobody gave a policy: thirty days before its end, people are told.
    func rotationPolicy(_ vault: Vault, _ key: VaultKey) -> JSON {
        let notice: JSON = ["trigger": ["timeBeforeExpiry": "P30D"], "action": ["type": "Notify"]]
        let rotation: JSON = ["trigger": ["timeAfterCreate": "P90D"], "action": ["type": "Rotate"]]
        return [
            "id": .string("\(keyURL(vault, key))/rotationpolicy"),
            "lifetimeActions": .array((key.rotatesByPolicy ? [rotation] : []) + [notice]), "attributes": [:],
        ]
    }
}
