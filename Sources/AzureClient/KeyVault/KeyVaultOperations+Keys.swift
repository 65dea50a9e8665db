// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// What a new key shall be like.
package struct KeyWish: Hashable, Sendable {
    package enum KeyType: String, Hashable, Sendable, Codable, CaseIterable {
        case rsa = "RSA"
        /// In hardware: a premium vault or a Managed HSM.
        case rsaHSM = "RSA-HSM"
        /// AES, in a Managed HSM only.
        case octHSM = "oct-HSM"
    }

    package var type: KeyType
    package var size: Int64
    package var tags: [String: String] = [:]

    package init(type: KeyType, size: Int64) {
        self.type = type
        self.size = size
    }

    package static func sizes(of type: KeyType) -> [Int64] {
        type == .octHSM ? [128, 192, 256] : [2048, 3072, 4096]
    }

    /// What Oracle's TDE does with a key.
    fileprivate var operations: JSON {
        type == .octHSM
            ? ["encrypt", "decrypt", "wrapKey", "unwrapKey"]
            : ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
    }

    fileprivate var body: JSON {
        [
            "kty": .string(type.rawValue), "key_size": .int(size), "key_ops": operations,
            "attributes": ["enabled": true], "tags": .object(tags.mapValues { .string($0) }),
        ]
    }
}

/// A key that was deleted and can be recovered.
package struct DeletedVaultKey: Hashable, Sendable, Decodable {
    package var key: VaultKey.WebKey
    package var recoveryId: String?
    package var deletedDate: Int64?
    package var scheduledPurgeDate: Int64?
}

package struct KeyRotationPolicy: Hashable, Sendable, Decodable {
    package struct Action: Hashable, Sendable, Decodable {
        package struct Kind: Hashable, Sendable, Decodable { package var type: String? }
        package var action: Kind?
    }
    package var lifetimeActions: [Action]?

    /// Whether the vault makes new versions by itself, and does not only tell that it is time.
    package var rotates: Bool { (lifetimeActions ?? []).contains { $0.action?.type?.lowercased() == "rotate" } }
}

/// Keys by the vault that they are in.
extension KeyVaultOperations {
    package func home(_ uri: String) throws(AzureError) -> KeyHome { try KeyHome(uri, in: hosts) }

    /// The newest version; nil when there is no key of that name.
    package func key(_ name: String, in home: KeyHome) async throws(AzureError) -> VaultKey? {
        try await find(.get, "/keys/\(percentEncoded(name))/", home)
    }

    /// All versions, the oldest first.
    package func versions(of name: String, in home: KeyHome) async throws(AzureError) -> [VaultKeyVersion] {
        let items: [VaultKeyVersion] = try await list("/keys/\(percentEncoded(name))/versions", home)
        return items.sorted { ($0.attributes.created ?? 0) < ($1.attributes.created ?? 0) }
    }

    /// The keys that are there, one item for each.
    package func keys(in home: KeyHome) async throws(AzureError) -> [VaultKeyVersion] { try await list("/keys", home) }

    /// Nil when no deleted key of the name can be recovered.
    package func deletedKey(_ name: String, in home: KeyHome) async throws(AzureError) -> DeletedVaultKey? {
        try await find(.get, "/deletedkeys/\(percentEncoded(name))", home)
    }

    package func rotationPolicy(of name: String, in home: KeyHome) async throws(AzureError) -> KeyRotationPolicy {
        let url = address("/keys/\(percentEncoded(name))/rotationpolicy", home)
        return try model(try parsed(await sender.send(ServiceRequest(.get, url, scope: home.scope))), url)
    }

    /// Makes a key. Where one of the name is there it gets a new version each time, so look first.
    package func create(_ name: String, _ wish: KeyWish, in home: KeyHome) async throws(AzureError) -> VaultKey {
        try await change(.post, "/keys/\(percentEncoded(name))/create", home, wish.body)
    }

    /// Makes a key of material that was wrapped elsewhere for this vault alone ("bring your own key"). It makes a new
    /// version each time.
    package func importKey(
        _ name: String, transfer: KeyTransfer, tags: [String: String] = [:], in home: KeyHome
    ) async throws(AzureError) -> VaultKey {
        let body: JSON = [
            "key": [
                "kty": "RSA-HSM", "key_ops": KeyWish(type: .rsaHSM, size: 0).operations,
                "key_hsm": .string(transfer.blob),
            ],
            "attributes": ["enabled": true], "tags": .object(tags.mapValues { .string($0) }),
        ]
        return try await change(.put, "/keys/\(percentEncoded(name))", home, body)
    }

    /// Brings a deleted key back, with all its versions.
    package func recover(_ name: String, in home: KeyHome) async throws(AzureError) -> VaultKey {
        try await change(.post, "/deletedkeys/\(percentEncoded(name))/recover", home)
    }

    /// Deletes a key with all its versions so that it can be recovered. An absent key is no error.
    package func delete(_ name: String, in home: KeyHome) async throws(AzureError) {
        let url = address("/keys/\(percentEncoded(name))", home)
        do throws(AzureError) {
            _ = try await sender.send(ServiceRequest(.delete, url, scope: home.scope))
        } catch  where error.isNotFound {
        }
    }

    // MARK: Shared

    private func address(_ path: String, _ home: KeyHome) -> WebAddress {
        home.base.appending(path: path, query: [("api-version", version)])
    }

    private func find<Model: Decodable>(
        _ method: RequestMethod, _ path: String, _ home: KeyHome
    ) async throws(AzureError) -> Model? {
        let url = address(path, home)
        do throws(AzureError) {
            return try model(try parsed(await sender.send(ServiceRequest(method, url, scope: home.scope))), url)
        } catch  where error.isNotFound && error.code == "KeyNotFound" {
            return nil
        }
    }

    /// An answer that cannot be read leaves the change in doubt.
    private func change(
        _ method: RequestMethod, _ path: String, _ home: KeyHome, _ body: JSON? = nil
    ) async throws(AzureError) -> VaultKey {
        let url = address(path, home)
        let answer = try await sender.send(ServiceRequest(method, url, scope: home.scope, body: body))
        do throws(AzureError) {
            return try model(try parsed(answer), url)
        } catch {
            throw error.inDoubt
        }
    }

    private func list<Model: Decodable>(_ path: String, _ home: KeyHome) async throws(AzureError) -> [Model] {
        var next: WebAddress? = address(path, home)
        var models: [Model] = []
        for _ in 0..<Self.pagesMax {
            guard let url = next else { return models }
            let page = try parsed(await sender.send(ServiceRequest(.get, url, scope: home.scope)))
            guard let items = page["value"]?.array else {
                throw AzureError(code: "azure.answer", "\(url.shortened) answered something that is no list.")
            }
            for item in items { models.append(try model(item, url)) }
            next = try page["nextLink"]?.string.flatMap { $0.isEmpty ? nil : $0 }.map { (link) throws(AzureError) in
                guard let address = WebAddress(link), address.origin == home.base.origin else {
                    throw AzureError(
                        code: "azure.foreign-host", "The next page of \(url.shortened) is not at \(home.base.origin).")
                }
                return address
            }
        }
        throw AzureError(code: "azure.endless-list", "\(home.name)\(path) has more than \(Self.pagesMax) pages.")
    }
}
