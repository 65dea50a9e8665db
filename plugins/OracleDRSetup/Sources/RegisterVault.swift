// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Makes a vault of Azure, and a key in it, known to Oracle, as a connector's nodes find it.
struct RegisterVault: ReversibleStep {
    static let name = "register-vault"
    static let definition = PackageResources.register_vault_yaml

    struct Inputs: Decodable, Sendable {
        let vault: AzureVaultName
        let key: String
        let connector: OracleID
        let compartment: OracleID
        let name: String
        let patience: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let registeredVault: OracleID
        let registeredKey: OracleID
    }

    struct Undo: Hashable, Codable, Sendable {
        let vaultName: String
        /// False: the vault was registered before, and only its keys were read again.
        let isMade: Bool
        let mark: Mark
        var vault: OracleID?
        var discovery: OracleID?
        var operation: MulticloudOperation?
        /// Only of one that stays: its undo has run.
        var isUndone: Bool?
        var byHand: String
    }

    /// What is registered of the vault.
    struct View: Encodable, Sendable {
        /// Those that are not gone and did not fail: one, or none.
        var vaults: [RegisteredVault]
        var keys: [RegisteredKey]

        var vault: RegisteredVault? { vaults.first }
    }

    static func read(_ inputs: Inputs, _ session: OracleSession) async throws -> View {
        let multicloud = session.oracle.multicloud
        let vaults = try await multicloud.vaults(in: inputs.compartment, regionOf: inputs.connector)
            .filter { $0.isOf(inputs.vault) && $0.lifecycleState != "DELETED" && $0.lifecycleState != "FAILED" }
        var keys: [RegisteredKey] = []
        if let vault = vaults.first(where: { $0.lifecycleState == Lifecycle.active }) {
            keys = try await multicloud.keys(of: vault.id, in: inputs.compartment)
        }
        return View(vaults: vaults, keys: keys)
    }

    static func key(_ inputs: Inputs, _ view: View) -> RegisteredKey? {
        view.keys.first { $0.isNamed(inputs.key) && ($0.lifecycleState ?? Lifecycle.active) == Lifecycle.active }
    }

    /// The view once nothing is in progress, where an earlier attempt may have begun something.
    static func settled(
        _ inputs: Inputs, _ waits: Bool, _ session: OracleSession, _ context: StepContext
    ) async throws -> View {
        try await session.settled(waits: waits, context) {
            try await read(inputs, session)
        } busy: { view in
            view.vaults.contains(where: \.isBusy) ? "the registered vault \(inputs.vault.name)" : nil
        }
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let connector = try await session.oracle.multicloud.connector(inputs.connector).value
            let view = try await Self.read(inputs, session)
            try context.evidence("registration", view)
            let nodes = try await nodeCount(connector, session)
            return [
                connector.isActive.condition("connector-active"),
                connector.isConnected(nodes: nodes).condition("nodes-connected"),
                (view.vaults.count <= 1
                    ? Finding.met(
                        view.vault.map { "\($0.label) is registered." } ?? "\(inputs.vault.name) is not registered yet."
                    )
                    : .unmet("\(inputs.vault.name) is registered \(view.vaults.count) times."))
                    .condition("registered-once", evidence: ["registration", "requests"]),
            ]
        }
    }

    private func nodeCount(_ connector: IdentityConnector, _ session: OracleSession) async throws -> Int? {
        guard let cluster = connector.dbClusterResourceId else { return nil }
        return try await session.oracle.clusters.cluster(cluster).value.nodeCount
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            if let why = try await session.unsettled(undo?.operation, context) { return .unknown(why: why) }
            let view = try await Self.settled(inputs, undo != nil, session, context)
            if let busy = view.vaults.first(where: \.isBusy) {
                return .unknown(why: "The registered vault \(busy.label) is \(busy.lifecycleState ?? "busy").")
            }
            let path = "\(inputs.vault.name)/registration"
            if undo?.isUndone == true, undo?.isMade == false, Self.key(inputs, view) != nil {
                return .absent([Change(path, to: "registered")], remains: Self.staysListed)
            }
            guard let vault = view.vault, undo?.isUndone != true else {
                return try await Self.unregistered(Change(path, to: "registered"), undo, session)
            }
            guard let key = Self.key(inputs, view) else {
                let change = Change("\(path)/keys/\(inputs.key)", to: "known")
                guard let undo, Self.made(view, undo) != nil else { return .needed([change]) }
                return .unfinished([change], why: "This run registered \(vault.label), whose key is not known yet.")
            }
            return .satisfied(Outputs(registeredVault: vault.id, registeredKey: key.id))
        }
    }

    /// Not registered, though a search that was cut off may have left its object behind.
    private static func unregistered(
        _ change: Change, _ undo: Undo?, _ session: OracleSession
    ) async throws -> Observed<Outputs> {
        guard let undo, let search = try await leftSearch(undo, session) else { return .needed([change]) }
        return .unfinished([change], why: "The search \(search.value.id) of this run is left behind.")
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            let view = try await Self.read(inputs, session)
            if let vault = view.vault, let key = Self.key(inputs, view) {
                return Outputs(registeredVault: vault.id, registeredKey: key.id)
            }
            var undo = Self.undo(view, inputs, Mark(context), after: try context.recordedUndo(as: Undo.self))
            try await gate.begin(undo: undo)
            let vault: OracleID
            if let known = view.vault {
                try await refresh(known, inputs, session, context)
                vault = known.id
            } else {
                let found = try await discover(inputs, &undo, session, context, gate)
                vault = try await register(found, inputs, &undo, session, context, gate)
            }
            return try await session.afterEffect {
                let after = try await session.wait(within: inputs.patience.duration, context) {
                    let now = try await Self.read(inputs, session)
                    return Self.key(inputs, now) != nil
                        ? .done(now) : .notYet(now, "waiting for the key \(inputs.key) among those that Oracle knows")
                }
                guard let key = Self.key(inputs, after) else {
                    throw StepError.unknownOutcome(
                        "vault.key-unknown", "Oracle does not know the key \(inputs.key) of \(inputs.vault.name).",
                        remedy:
                            "Check that the vault holds the key, and that it is enabled; a resume reads the keys again."
                    )
                }
                return Outputs(registeredVault: vault, registeredKey: key.id)
            }
        }
    }

    static func byHand(_ vault: String) -> String {
        "oci dbmulticloud oracle-db-azure-vault delete --oracle-db-azure-vault-id \(vault)"
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await Self.read(inputs, session)
            try context.evidence("registration", view)
            let shown = ["registration", "requests"]
            let key = Self.key(inputs, view)
            return [
                (view.vault?.isActive ?? .unmet("\(inputs.vault.name) is not registered."))
                    .condition("vault-registered", evidence: shown),
                (key == nil
                    ? Finding.unmet("Oracle does not know the key \(inputs.key).")
                    : .met("Oracle knows the key \(inputs.key) as \(key?.id.text ?? "").")).condition(
                        "key-known", evidence: shown),
            ]
        }
    }
}
