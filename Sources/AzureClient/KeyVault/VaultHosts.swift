// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP

/// Which hosts are vaults, and where they are reached.
///
/// A key's id holds the host of its vault. A token goes there only when the host lies under a suffix that the cloud or
/// the environment names; else a wrong id would hand a token to a stranger.
package struct VaultHosts: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case vault
        case managedHSM = "managed-hsm"
    }

    private struct Family: Hashable, Sendable {
        var kind: Kind
        /// The cloud's own suffix, by which ids are recognised.
        var suffix: String
        /// What the environment sets instead; the id's first label is put before it.
        var override: WebAddress?
        var scope: String
    }

    private var families: [Family] = []

    init(cloud: Cloud?, endpoints: SectionReader) throws(AzureError) {
        for (kind, name, standard) in [
            (Kind.vault, "key-vault-suffix", cloud?.keyVaultSuffix),
            (.managedHSM, "managed-hsm-suffix", cloud?.managedHSMSuffix),
        ] {
            let text = try endpoints.optional(name)
            let override = try text.map { (text) throws(AzureError) in try Self.address(text, name, endpoints) }
            guard let suffix = standard ?? override?.host else { continue }
            families.append(Family(kind: kind, suffix: suffix, override: override, scope: "https://\(suffix)/.default"))
        }
    }

    private static func address(_ text: String, _ name: String, _ endpoints: SectionReader) throws(AzureError)
        -> WebAddress
    {
        var rest = Substring(text)
        let scheme = rest.hasPrefix("http://") ? "http://" : "https://"
        if rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        if rest.hasPrefix(".") { rest = rest.dropFirst() }
        guard let address = WebAddress(scheme + rest), address.path == "/", address.query.isEmpty else {
            throw endpoints.wrong(name, "is not a DNS suffix such as vault.azure.net or vault.localhost:8443")
        }
        return address
    }

    /// Where the key's vault is reached.
    ///
    /// - Throws: `azure.foreign-key-host` for a host that is no vault of this environment.
    func place(of key: KeyIdentifier) throws(AzureError) -> (base: WebAddress, scope: String, kind: Kind) {
        try place(host: key.host, label: key.vault)
    }

    /// - Parameter label: the host's first label.
    func place(host: String, label: String) throws(AzureError) -> (base: WebAddress, scope: String, kind: Kind) {
        for family in families {
            let suffixes = [family.suffix, family.override?.host].compactMap { $0 }
            guard suffixes.contains(where: { host.hasSuffix("." + $0) }) else { continue }
            let text =
                family.override.map { address in
                    address.origin.replacingScheme { "\(label)." + $0 }
                } ?? "https://\(host)"
            guard let base = WebAddress(text) else { break }
            return (base, family.scope, family.kind)
        }
        throw AzureError(
            code: "azure.foreign-key-host",
            "\(host) is not under \(families.map(\.suffix).joined(separator: " or ")); no token is sent there. "
                + "Check the key's id and the environment's cloud.")
    }

    /// The public name of a vault, by which whoever uses it knows it; nil in a cloud that does not tell.
    func host(_ name: String, _ kind: Kind) -> String? {
        families.first { $0.kind == kind }.map { "\(name.lowercased()).\($0.suffix)" }
    }

    package func kind(of key: KeyIdentifier) throws(AzureError) -> Kind { try place(of: key).kind }
}

extension String {
    /// Puts something between the scheme and what follows it.
    fileprivate func replacingScheme(_ change: (Substring) -> String) -> String {
        let scheme = hasPrefix("http://") ? "http://" : "https://"
        return scheme + change(dropFirst(scheme.count))
    }
}
