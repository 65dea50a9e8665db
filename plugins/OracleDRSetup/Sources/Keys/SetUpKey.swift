// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import OracleCloudClient

/// Makes the key that shall protect a database, imports it, brings a deleted one back, or takes one that is there.
///
/// Oracle finds no vault without a key in it, so the key comes before the vault's registration.
struct SetUpKey: ReversibleStep {
    static let name = "key"
    static let definition = PackageResources.key_yaml

    struct Inputs: Decodable, Sendable {
        let vault: ResourceID
        let key: String
        let type: KeyWish.KeyType
        let size: Int64
        let transferFile: String?
        /// By which the databases are found whose key an undo must not take away.
        let cluster: OracleID?
        let compartment: OracleID?
    }

    struct Outputs: Hashable, Codable, Sendable {
        let key: String
        let keyId: String
        let version: String
    }

    struct Undo: Hashable, Codable, Sendable {
        let keyName: String
        let vaultName: String
        let origin: Origin
        let mark: Mark
        /// Only of what was recovered: the answer said that it was this step's doing.
        var isConfirmed = false
        /// How many versions it had then.
        var versions = 1
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let read = try await KeyPlace.attempt(inputs.vault, session)
            return [
                isKeyName(inputs.key)
                    ? Finding.met("\(inputs.key) can be a key's name.").condition("key-name-valid")
                    : Finding.unmet("\"\(inputs.key)\" is not letters, digits and hyphens.").condition(
                        "key-name-valid"),
                try accepts(inputs, read).condition("key-type-fits"),
                transferFinding(inputs).condition("transfer-readable"),
                try await mayMake(inputs, read, session).condition("rights-to-make-key"),
                isUsable(read).condition("vault-usable"),
                try await fits(inputs, read, session).condition("key-fits"),
                try await staysAsItIs(inputs, read, session).condition("no-rotation-policy"),
            ]
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { session in
            let path = "keys/\(inputs.key)"
            let wanted = "\(inputs.type.rawValue) \(inputs.size)"
            guard let home = try await KeyPlace.read(inputs.vault, session).home else {
                return .needed([Change(path, to: wanted)])
            }
            guard let key = try await session.azure.keyVault.key(inputs.key, in: home) else {
                let deleted = try await session.azure.keyVault.deletedKey(inputs.key, in: home)
                let change = Change(path, from: deleted == nil ? nil : "deleted", to: wanted)
                guard let deleted, try context.recordedUndo(as: Undo.self)?.origin == .created else {
                    return .needed([change])
                }
                return .absent([change], remains: Self.remains(deleted, inputs))
            }
            let faults = key.faults(inputs.type, size: inputs.size, now: session.seconds)
            guard faults.isEmpty else {
                return .partial(
                    [Change(path, from: key.key.kty, to: wanted)],
                    why: "\(inputs.key): \(faults.joined(separator: ", ")).")
            }
            return .satisfied(outputs(key, inputs))
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { session in
            let place = try await KeyPlace.read(inputs.vault, session)
            guard let home = place.home else {
                throw StepError.permanent(
                    "oracle-dr-setup.vault-not-usable", place.why, remedy: "Set the vault up first.")
            }
            let keys = session.azure.keyVault
            if let key = try await keys.key(inputs.key, in: home) { return try usable(key, inputs, session) }
            let isDeleted = try await keys.deletedKey(inputs.key, in: home) != nil
            var undo = Undo(
                keyName: inputs.key, vaultName: inputs.vault.name, origin: isDeleted ? .recovered : .created,
                mark: Mark(context))
            let transfer = isDeleted ? nil : try inputs.transferFile.map { try KeyTransfer(file: $0) }
            try await gate.begin(undo: undo)
            let key = try await make(inputs, isDeleted, transfer, undo.mark, home, session, context)
            if isDeleted {
                undo.isConfirmed = true
                undo.versions = try await afterEffect { try await keys.versions(of: inputs.key, in: home).count }
                try await gate.begin(undo: undo)
            }
            return try await afterEffect {
                guard try await shown(inputs.key, isThere: true, home, session) != nil else {
                    throw StepError.unknownOutcome(
                        "oracle-dr-setup.key-not-shown", "\(inputs.key) was made and is not shown.",
                        remedy: "Wait a minute, then observe the step again.")
                }
                return try usable(key, inputs, session)
            }
        }
    }

    private func make(
        _ inputs: Inputs, _ isDeleted: Bool, _ transfer: KeyTransfer?, _ mark: Mark, _ home: KeyHome,
        _ session: AzureSession,
        _ context: StepContext
    ) async throws -> VaultKey {
        let keys = session.azure.keyVault
        if isDeleted {
            context.progress("recovering the key \(inputs.key) in \(inputs.vault.name)")
            return try await keys.recover(inputs.key, in: home)
        }
        if let transfer {
            context.progress("importing the key \(inputs.key) into \(inputs.vault.name)")
            return try await keys.importKey(inputs.key, transfer: transfer, tags: mark.tags, in: home)
        }
        context.progress("making the key \(inputs.key) in \(inputs.vault.name)")
        var wish = KeyWish(type: inputs.type, size: inputs.size)
        wish.tags = mark.tags
        return try await keys.create(inputs.key, wish, in: home)
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let place = try await KeyPlace.read(inputs.vault, session)
            guard let home = place.home, let key = try await session.azure.keyVault.key(inputs.key, in: home) else {
                return Finding.unmet("There is no key \(inputs.key) in \(inputs.vault.name). \(place.why)")
                    .conditions(["key-ready"])
            }
            try context.evidence("key", KeyEntry(key))
            let faults = key.faults(inputs.type, size: inputs.size, now: session.seconds)
            let finding: Finding =
                faults.isEmpty
                ? .met("\(inputs.key) is enabled in the version \(key.version).")
                : .unmet("\(inputs.key): \(faults.joined(separator: ", ")).")
            return [finding.condition("key-ready", evidence: ["key", "requests"])]
        }
    }

    private func usable(_ key: VaultKey, _ inputs: Inputs, _ session: AzureSession) throws -> Outputs {
        let faults = key.faults(inputs.type, size: inputs.size, now: session.seconds)
        guard faults.isEmpty else {
            throw StepError.permanent(
                "oracle-dr-setup.key-does-not-fit", "\(inputs.key): \(faults.joined(separator: ", ")).",
                remedy: "Enable the key or choose another name, and make a new plan.")
        }
        return outputs(key, inputs)
    }

    private func outputs(_ key: VaultKey, _ inputs: Inputs) -> Outputs {
        Outputs(key: inputs.key, keyId: key.key.kid, version: key.version)
    }

    /// Looks until the key is shown, or is not: a deleted or recovered one is for some seconds neither here nor there.
    func shown(_ name: String, isThere: Bool, _ home: KeyHome, _ session: AzureSession) async throws -> VaultKey? {
        let end = Deadline(after: .seconds(120), from: session.time)
        while true {
            let key = try await session.azure.keyVault.key(name, in: home)
            if (key != nil) == isThere { return key }
            guard end.remaining(session.time) > .zero, await session.time.pause(.seconds(3)) else { return key }
        }
    }
}

extension AzureSession {
    /// Unix time, as keys have it.
    var seconds: Int64 { time.now.milliseconds / 1000 }
}

/// What the record keeps of a key.
struct KeyEntry: Encodable {
    let id: String
    let type: String
    let bits: Int?
    let enabled: Bool?
    let recoveryLevel: String?

    init(_ key: VaultKey) {
        id = key.key.kid
        type = key.key.kty
        bits = key.bits
        enabled = key.attributes.enabled
        recoveryLevel = key.attributes.recoveryLevel
    }
}
