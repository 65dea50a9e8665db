// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What a token is worth to somebody whom it was handed.
package enum TokenVerdict: Sendable, Hashable {
    /// It is good for Azure Resource Manager, as the principal with that object id.
    case valid(String)
    case expired
    case unknown
}

/// Whether an identity gets at a key, as it finds out by using it.
package enum KeyReach: Sendable, Hashable {
    case reachable
    /// It was told no, for this reason.
    case refused(String)
    case notFound
    /// No answer comes.
    case unreachable
}

/// What the Oracle side finds in Azure: the token that it was given, and the keys that its nodes use.
extension AzureWorld {
    func takesToken(_ bearer: String, at now: Timestamp) -> TokenVerdict {
        guard let token = tokens[bearer], token.audience == .resourceManager else { return .unknown }
        return token.expires > now ? .valid(state.client.objectID) : .expired
    }

    /// - Parameters:
    ///   - vault: a vault's or Managed HSM's resource id, URI or name.
    ///   - key: nil asks for the vault itself: to be found and to have its keys listed.
    ///   - version: nil: the newest.
    func keyReach(principal: String, vault: String, key: String?, version: String?, at now: Timestamp) -> KeyReach {
        guard let vault = keyHolder(vault), vault.deletedAt == nil else { return .notFound }
        if isCutOff(principal, from: vault) || !answers(vault, from: network(of: principal)) { return .unreachable }
        guard vault.isUsable(at: now) else { return .refused("The Managed HSM \(vault.name) is not activated.") }
        guard let key else { return listing(of: vault, by: principal, at: now) }
        if let missing = missingRight(of: principal, on: vault, key: key, at: now) { return .refused(missing) }
        guard let held = vault.keys[CaselessName(key)], held.deletedAt == nil else { return .notFound }
        let found = version.map { wanted in held.versions.first { $0.version == wanted.lowercased() } } ?? held.current
        guard let found else { return .notFound }
        guard found.enabled else { return .refused("KeyDisabled: the key \(key) of \(vault.name) is disabled.") }
        if let expires = found.expires, expires <= now {
            return .refused("KeyExpired: the key \(key) of \(vault.name) has expired.")
        }
        if let notBefore = found.notBefore, notBefore > now {
            return .refused("KeyNotYetValid: the key \(key) of \(vault.name) is not valid yet.")
        }
        return .reachable
    }

    /// Names of the keys that are there, sorted. Rights are ``keyReach(principal:vault:key:version:at:)``'s business.
    func keyNames(inVault vault: String) -> [String] {
        guard let vault = keyHolder(vault), vault.deletedAt == nil else { return [] }
        return sorted(vault.keys).filter { $0.deletedAt == nil }.map(\.name)
    }

    /// Adds a version of new material, of the newest version's type and size.
    ///
    /// - Returns: the version; nil when there is no such key.
    mutating func addKeyVersion(vault: String, key: String, at now: Timestamp) -> String? {
        guard let holder = keyHolder(vault), holder.deletedAt == nil, let held = holder.keys[CaselessName(key)],
            held.deletedAt == nil, let former = held.current
        else { return nil }
        let version = newVersion(like: former, at: now)
        state[holder.kind, holder.name]?.keys[CaselessName(key)]?.versions.append(version)
        record("key.version-added", "\(holder.name)/\(held.name)/\(version.version)", at: now)
        return version.version
    }

    mutating func newVersion(like former: KeyVersion, at now: Timestamp) -> KeyVersion {
        let digits = nextID("key-version").filter { $0 != "-" }
        return KeyVersion(version: digits, type: former.type, bits: former.bits, created: now, material: digits)
    }

    /// The vault or HSM that is meant, whether deleted or not.
    func keyHolder(_ text: String) -> Vault? {
        if text.hasPrefix("/") {
            let path = ARMPath(text.split(separator: "/").map(String.init))
            guard let path, path.provider.lowercased() == "microsoft.keyvault", path.names.count == 1 else {
                return nil
            }
            let kind = path.types[0].lowercased() == "vaults" ? VaultKind.vault : .managedHSM
            return state[kind, path.names[0]].flatMap {
                CaselessName($0.group) == CaselessName(path.group ?? "") ? $0 : nil
            }
        }
        if let start = text.firstRange(of: "://") {
            let labels = text[start.upperBound...].split(separator: "/")[0].split(separator: ".")
            guard labels.count >= 2 else { return nil }
            return state[labels[1].lowercased() == VaultKind.managedHSM.label ? .managedHSM : .vault, labels[0]]
        }
        return state[.vault, text] ?? state[.managedHSM, text]
    }
}
