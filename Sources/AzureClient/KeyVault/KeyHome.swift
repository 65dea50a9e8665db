// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP

/// Where keys lie: the data plane of a vault or a Managed HSM, by its URI such as `https://kv1.vault.azure.net/`.
package struct KeyHome: Hashable, Sendable {
    package let kind: VaultHosts.Kind
    /// The vault's name: the first label of its host.
    package let name: String
    package let host: String
    let base: WebAddress
    let scope: String

    /// - Throws: `azure.foreign-key-host` for a host that is no vault of this environment: no token goes there.
    package init(_ uri: String, in hosts: VaultHosts) throws(AzureError) {
        guard let url = WebAddress(uri), url.isSecure, url.target == "/",
            let label = url.host.split(separator: ".").first
        else {
            throw AzureError(code: "azure.answer", "\"\(uri)\" is not the address of a vault.")
        }
        name = String(label)
        host = url.host
        (base, scope, kind) = try hosts.place(host: url.host, label: name)
    }

    /// The id of a key in it, without a version, as Azure writes it.
    package func keyID(_ key: String) -> String { "https://\(host)/keys/\(key)" }
}

/// A key's name as Key Vault allows it.
package func isKeyName(_ text: String) -> Bool {
    (1...127).contains(text.count) && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
}
