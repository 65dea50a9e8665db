// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// The vault or Managed HSM in which a key lies or shall lie.
struct KeyPlace {
    enum Kind: Sendable { case vault, managedHSM }

    let id: ResourceID
    let kind: Kind
    /// Such as `premium`; nil of a Managed HSM, and where it is not there.
    var tier: String?
    var isThere = false
    /// Whether a vault goes by roles, as one that is made does, or by access policies.
    var usesRoles = true
    /// Nil where the vault is not there yet, or not usable.
    var home: KeyHome?
    /// Why ``home`` is nil.
    var why = ""

    static func kind(of id: ResourceID) throws -> Kind {
        if id.isType("Microsoft.KeyVault/vaults") { return .vault }
        if id.isType("Microsoft.KeyVault/managedHSMs") { return .managedHSM }
        throw StepError.permanent(
            "oracle-dr-setup.no-vault", "\(id) is neither a vault nor a Managed HSM.",
            remedy: "Give the resource id of one of them.")
    }

    static func read(_ id: ResourceID, _ session: AzureSession) async throws -> KeyPlace {
        var place = KeyPlace(id: id, kind: try kind(of: id))
        switch place.kind {
        case .vault:
            guard let vault = try await session.azure.vaults.vaultIfAny(id) else {
                place.why = "There is no vault \(id.name)."
                return place
            }
            place.isThere = true
            place.usesRoles = vault.usesRoles
            place.tier = vault.properties.sku?.name.lowercased()
            if let uri = vault.properties.vaultUri { place.home = try session.azure.keyVault.home(uri) }
        case .managedHSM:
            guard let hsm = try await session.azure.managedHSMs.hsmIfAny(id) else {
                place.why = "There is no Managed HSM \(id.name)."
                return place
            }
            guard hsm.isActivated == true else {
                place.why = "The Managed HSM \(id.name) is \(hsm.state)."
                return place
            }
            if let uri = hsm.properties.hsmUri { place.home = try session.azure.keyVault.home(uri) }
        }
        if place.home == nil { place.why = "\(id.name) does not tell its address." }
        return place
    }

    /// The same, with Azure's refusal as a value.
    static func attempt(_ id: ResourceID, _ session: AzureSession) async throws -> Result<KeyPlace, AzureError> {
        do {
            return .success(try await read(id, session))
        } catch let error as AzureError {
            try Task.checkCancellation()
            return .failure(error)
        }
    }

    /// Whether keys of that kind can be made here at all.
    func accepts(_ type: KeyWish.KeyType, size: Int64) -> Finding {
        guard KeyWish.sizes(of: type).contains(size) else {
            let sizes = KeyWish.sizes(of: type).map(String.init).joined(separator: ", ")
            return .unmet("A key of the type \(type.rawValue) has one of \(sizes) bits, not \(size).")
        }
        switch (kind, type) {
        case (.vault, .octHSM): return .unmet("AES keys (oct-HSM) are held by Managed HSMs only.")
        case (.vault, .rsaHSM) where tier != nil && tier != "premium":
            return .unmet("\(id.name) is of the tier \(tier ?? ""); keys in hardware need premium.")
        case (.managedHSM, .rsa): return .unmet("A Managed HSM holds keys in hardware only: ask for RSA-HSM.")
        default: return .met("\(id.name) can hold a key of the type \(type.rawValue) with \(size) bits.")
        }
    }
}

extension VaultKey {
    /// 32 hexadecimal digits at the end of its id.
    var version: String { String(key.kid.split(separator: "/").last ?? "") }

    /// What speaks against using it for Oracle's TDE.
    func faults(_ type: KeyWish.KeyType, size: Int64, now: Int64) -> [String] {
        var faults: [String] = []
        if attributes.enabled == false { faults.append("it is disabled") }
        if let end = attributes.exp, end <= now { faults.append("it has expired") }
        if let start = attributes.nbf, start > now { faults.append("it is not valid yet") }
        // A key in hardware serves where one in software would.
        if key.kty != type.rawValue, !(type == .rsa && key.kty == "RSA-HSM") {
            faults.append("it is of the type \(key.kty), not \(type.rawValue)")
        }
        if let bits, Int64(bits) != size { faults.append("it has \(bits) bits, not \(size)") }
        return faults
    }
}
