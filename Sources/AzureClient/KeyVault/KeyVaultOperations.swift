// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A key as its vault shows it; never key material that opens anything (Key Vault data plane 7.5, KeyBundle).
package struct VaultKey: Hashable, Sendable, Decodable {
    package struct WebKey: Hashable, Sendable, Decodable {
        package var kid: String
        package var kty: String
        /// The public modulus in base64url.
        package var n: String?
    }
    package struct Attributes: Hashable, Sendable, Decodable {
        package var enabled: Bool?
        /// Unix times in seconds.
        package var nbf: Int64?
        package var exp: Int64?
        package var created: Int64?
        package var recoveryLevel: String?
    }
    package var key: WebKey
    package var attributes: Attributes
    package var tags: [String: String]?

    /// Length of an RSA key's modulus in bits.
    package var bits: Int? {
        guard let bytes = key.n.flatMap(Base64.decode) else { return nil }
        let significant = bytes.drop { $0 == 0 }
        guard let top = significant.first else { return nil }
        return significant.count * 8 - top.leadingZeroBitCount
    }

    /// A level without `Purgeable` exists only where soft delete and purge protection are on. Nil when not told.
    package var isProtectedFromPurge: Bool? {
        attributes.recoveryLevel.map { $0.contains("Recoverable") && !$0.contains("Purgeable") }
    }
}

package struct VaultKeyVersion: Hashable, Sendable, Decodable {
    package var kid: String
    package var attributes: VaultKey.Attributes
}

/// The data plane of Key Vault and Managed HSM.
package struct KeyVaultOperations: Sendable {
    let sender: AuthorizedSender
    let hosts: VaultHosts
    let version: String

    static let pagesMax = 1000

    package func kind(of key: KeyIdentifier) throws(AzureError) -> VaultHosts.Kind { try hosts.kind(of: key) }

    package func key(_ key: KeyIdentifier) async throws(AzureError) -> VaultKey {
        let (base, scope, _) = try hosts.place(of: key)
        let url = base.appending(path: "/keys/\(key.name)/\(key.version)", query: [("api-version", version)])
        let answer = try await sender.send(ServiceRequest(.get, url, scope: scope))
        return try model(try parsed(answer), url)
    }

    /// All versions of the key, the oldest first; the service answers them in no order.
    package func versions(of key: KeyIdentifier) async throws(AzureError) -> [VaultKeyVersion] {
        let (base, scope, _) = try hosts.place(of: key)
        var next: WebAddress? = base.appending(path: "/keys/\(key.name)/versions", query: [("api-version", version)])
        var versions: [VaultKeyVersion] = []
        for _ in 0..<Self.pagesMax {
            guard let url = next else { break }
            let page = try parsed(await sender.send(ServiceRequest(.get, url, scope: scope)))
            for item in page["value"]?.array ?? [] { versions.append(try model(item, url)) }
            next = try page["nextLink"]?.string.flatMap { $0.isEmpty ? nil : $0 }.map { (link) throws(AzureError) in
                guard let address = WebAddress(link), address.origin == base.origin else {
                    throw AzureError(
                        code: "azure.foreign-host", "The next page of \(url.shortened) is not at \(base.origin).")
                }
                return address
            }
        }
        return versions.sorted { ($0.attributes.created ?? 0) < ($1.attributes.created ?? 0) }
    }
}
