// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Makes a registered vault known to Oracle in the standby's region.
struct ReplicateVault: ReversibleStep {
    static let name = "replicate-vault"
    static let definition = PackageResources.replicate_vault_yaml

    struct Inputs: Decodable, Sendable {
        let registeredVault: OracleID
        let compartment: OracleID
        let region: String
        let key: String
        /// By which the databases are found that an undo must not cut off from their key.
        let cluster: OracleID?
        let databases: [OracleID]
        let patience: Span

        var target: Region { Region(region, realm: registeredVault.realm) }
    }

    struct Outputs: Hashable, Codable, Sendable {
        let registeredVault: OracleID
        let registeredKey: OracleID
    }

    /// Recorded only where this run replicates: a replica that was there before is taken as it is, and has none.
    struct Undo: Hashable, RefusableUndo {
        let vaultName: String
        let region: String
        var operation: MulticloudOperation?
        var isRefused: Bool?
        var isUndone: Bool?
    }

    struct View: Encodable, Sendable {
        var vault: RegisteredVault
        var etag: String?
        /// In the target region.
        var replica: RegisteredVault?
        var keys: [RegisteredKey]
    }

    private static func read(_ inputs: Inputs, _ session: OracleSession) async throws -> View {
        let multicloud = session.oracle.multicloud
        let vault = try await multicloud.vault(inputs.registeredVault)
        let replicas = try await multicloud.vaults(in: inputs.compartment, inputs.target).filter {
            $0.azureVaultId?.lowercased() == vault.value.azureVaultId?.lowercased() && $0.azureVaultId != nil
                && ($0.type ?? "") == (vault.value.type ?? "") && $0.lifecycleState == Lifecycle.active
        }
        var keys: [RegisteredKey] = []
        if let replica = replicas.first {
            keys = try await multicloud.keys(of: replica.id, in: inputs.compartment)
        }
        return View(vault: vault.value, etag: vault.etag, replica: replicas.first, keys: keys)
    }

    /// Nil as long as something is missing.
    private static func outputs(_ inputs: Inputs, _ view: View) -> Outputs? {
        guard let replica = view.replica, let key = view.keys.first(where: { $0.isNamed(inputs.key) }) else {
            return nil
        }
        return Outputs(registeredVault: replica.id, registeredKey: key.id)
    }

    private static func isBusy(_ view: View, _ inputs: Inputs) -> Bool {
        view.vault.isBusy
            || Lifecycle.busy.contains(view.vault.replication(in: inputs.target)?.replicationState ?? "")
    }

    private static func state(_ view: View, _ inputs: Inputs) -> String {
        view.vault.replication(in: inputs.target)?.replicationState ?? "none"
    }

    private static func settled(
        _ inputs: Inputs, _ waits: Bool, _ session: OracleSession, _ context: StepContext
    ) async throws -> View {
        try await session.settled(waits: waits, context) {
            try await read(inputs, session)
        } busy: { view in
            isBusy(view, inputs) ? "\(view.vault.label): its replica is \(state(view, inputs))" : nil
        }
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await Self.read(inputs, session)
            try context.evidence("replication", view)
            let home = inputs.registeredVault.region?.name ?? session.oracle.connection.region.name
            return [
                view.vault.isActive.condition("vault-active", evidence: ["replication", "requests"]),
                (home == inputs.target.name
                    ? Finding.unmet("The vault is registered in \(home) itself: it needs no replica there.")
                    : .met("The vault is registered in \(home); its replica is to be in \(inputs.target.name)."))
                    .condition("another-region", evidence: []),
            ]
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            if let why = try await session.unsettled(undo?.operation, context) { return .unknown(why: why) }
            let view = try await Self.settled(inputs, undo != nil, session, context)
            let state = Self.state(view, inputs)
            if Self.isBusy(view, inputs) { return .unknown(why: "The replica of \(view.vault.label) is \(state).") }
            let change = Change("\(view.vault.label)/replicas/\(inputs.target.name)", from: state, to: Lifecycle.active)
            if undo?.isUndone == true { return .needed([change]) }
            if state == Lifecycle.active, let outputs = Self.outputs(inputs, view) { return .satisfied(outputs) }
            let mayBeOurs = undo?.hasNothing == false
            if state == Lifecycle.active {
                let why = "It is replicated, but not listed in \(inputs.target.name) with \(inputs.key)."
                return mayBeOurs ? .unfinished([change], why: why) : .partial([change], why: why)
            }
            guard mayBeOurs, view.vault.replication(in: inputs.target) != nil else { return .needed([change]) }
            return .unfinished([change], why: "This run's replica in \(inputs.target.name) is \(state).")
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            let view = try await Self.read(inputs, session)
            if Self.state(view, inputs) == Lifecycle.active, let outputs = Self.outputs(inputs, view) { return outputs }
            let mayBeOurs = try context.recordedUndo(as: Undo.self)?.hasNothing == false
            if view.vault.replication(in: inputs.target) != nil, !mayBeOurs {
                return try await Self.adopted(inputs, session, context)
            }
            if Self.state(view, inputs) == Lifecycle.active {
                return try await session.afterEffect { try await Self.listed(inputs, nil, session, context) }
            }
            var undo = Undo(vaultName: view.vault.label, region: inputs.target.name)
            let operation = try await gate.ask(undo, context) {
                context.progress("replicating \(view.vault.label) to \(inputs.target.name)")
                return try await session.oracle.multicloud.replicate(
                    Tagged(value: view.vault, etag: view.etag), to: inputs.target)
            }
            undo.operation = operation
            try await gate.begin(undo: undo)
            return try await session.afterEffect {
                let end = try await session.follow(operation, context)
                return try await Self.listed(inputs, end.failure, session, context)
            }
        }
    }

    /// Waits until the replica is listed with the key, as long as nothing says that it failed.
    private static func listed(
        _ inputs: Inputs, _ failure: String?, _ session: OracleSession, _ context: StepContext
    ) async throws -> Outputs {
        let after = try await session.wait(within: inputs.patience.duration, context) {
            let now = try await read(inputs, session)
            let isThere = state(now, inputs) == Lifecycle.active && outputs(inputs, now) != nil
            return isThere || failure != nil
                ? .done(now) : .notYet(now, "waiting for \(now.vault.label) in \(inputs.target.name)")
        }
        try context.evidence("replication-after", after)
        guard let outputs = outputs(inputs, after), state(after, inputs) == Lifecycle.active else {
            throw StepError.unknownOutcome(
                "replica.not-made",
                "\(after.vault.label) is \(state(after, inputs)) in \(inputs.target.name). "
                    + (failure ?? "The service gives no reason."),
                remedy: "Look at the vault's replications in Oracle's console, mend what they name, then resume.")
        }
        return outputs
    }

    /// What somebody else has begun is waited for and taken as it is, so that no undo of this run ends it.
    private static func adopted(
        _ inputs: Inputs, _ session: OracleSession, _ context: StepContext
    ) async throws -> Outputs {
        let view = try await settled(inputs, true, session, context)
        let state = state(view, inputs)
        if state == Lifecycle.active, let outputs = outputs(inputs, view) { return outputs }
        throw StepError.permanent(
            "replica.other",
            "\(view.vault.label) had a replica in \(inputs.target.name) before this run. It is \(state), and "
                + (outputs(inputs, view) == nil ? "the key \(inputs.key) is not known there." : "of no use like that."),
            remedy: "Have whoever made the replica mend or end it, then make a new plan.")
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await Self.read(inputs, session)
            try context.evidence("replication", view)
            let shown = ["replication", "requests"]
            let state = Self.state(view, inputs)
            return [
                (state == Lifecycle.active
                    ? Finding.met("\(view.vault.label) is ACTIVE in \(inputs.target.name).")
                    : .unmet("\(view.vault.label) is \(state) in \(inputs.target.name)."))
                    .condition("replica-active", evidence: shown),
                (Self.outputs(inputs, view) == nil
                    ? Finding.unmet("The key \(inputs.key) is not known in \(inputs.target.name).")
                    : .met("The key \(inputs.key) is known in \(inputs.target.name)."))
                    .condition("key-known", evidence: shown),
            ]
        }
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let id = "undo-replica-unused"
            if let nothing = undo.nothingToUndo { return [nothing.condition(id)] }
            if let why = try await session.unsettled(undo.operation, context) {
                return [Finding.unverifiable(why).condition(id)]
            }
            let view = try await Self.settled(inputs, true, session, context)
            return [try await users(view, inputs, session).condition(id)]
        }
    }

    /// Who would lose the key: connectors that are associated with the replica, and databases on the cluster that is named.
    /// A replica that is not seen may have users all the same.
    private func users(_ view: View, _ inputs: Inputs, _ session: OracleSession) async throws -> Finding {
        let region = inputs.target.name
        guard let replication = view.vault.replication(in: inputs.target) else {
            return .met("There is no replica in \(region).")
        }
        guard let replica = view.replica else {
            return replication.replicationState == "FAILED"
                ? .met("The replica in \(region) was never made.")
                : .unverifiable(
                    "The replica in \(region) is not listed there in the compartment, so its users are not seen.")
        }
        let used = try await session.oracle.multicloud.associations(of: replica.id, in: inputs.compartment)
            .filter(\.isLive)
        guard used.isEmpty else {
            let names = used.map { $0.displayName ?? $0.id.text }.joined(separator: ", ")
            return .unmet("Connectors use the replica: \(names).")
        }
        let unused = Finding.met("No connector in \(region) uses the replica.")
        guard let cluster = inputs.cluster else { return unused }
        return .all([unused, try await session.keyUsers(ofCluster: cluster, knowing: inputs.databases)], none: "")
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await OracleSession.run(context, reads: false) { session in
            if try await gate.endsWithNothing(undo) { return }
            if let why = try await session.unsettled(undo.operation, context) {
                throw StepError.retryable("replica.unsettled", why)
            }
            let view = try await Self.settled(inputs, true, session, context)
            guard view.vault.replication(in: inputs.target) != nil else { return }
            try [try await users(view, inputs, session).condition("unused")].demandMet(
                code: "replica.in-use",
                remedy:
                    "Take those associations away first, and leave the replica while a database has its key in Azure.")
            var undo = undo
            undo.operation = nil
            try await gate.begin(undo: undo)
            context.progress("ending the replica of \(view.vault.label) in \(inputs.target.name)")
            let operation = try await session.oracle.multicloud.replicate(
                Tagged(value: view.vault, etag: view.etag), to: inputs.target, ends: true)
            undo.operation = operation
            try await gate.begin(undo: undo)
            try await session.afterEffect {
                let end = try await session.follow(operation, context)
                let after = try await Self.settled(inputs, true, session, context)
                guard after.vault.replication(in: inputs.target) == nil else {
                    throw StepError.unknownOutcome(
                        "replica.not-ended",
                        "The replica is \(Self.state(after, inputs)). \(end.failure ?? "The service gives no reason.")",
                        remedy: "End it in Oracle's console, or resume.")
                }
            }
        }
    }
}
