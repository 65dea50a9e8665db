// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps
internal import SQLSteps

/// Moves a database's master key from its wallet to Azure. There is no way back.
struct MigrateDatabaseKey: EffectStep {
    static let name = "migrate-database-key"
    static let definition = PackageResources.migrate_database_key_yaml

    struct Inputs: Decodable, Sendable {
        let database: OracleID
        let registeredKey: OracleID
        let confirm: String
        let settleWithin: Span
        let statusWithin: Span
        let backupKept: Bool
    }

    struct Outputs: Hashable, Codable, Sendable {
        let previousLocation: String
        let registeredKey: OracleID
        /// False: the key was there before the run.
        let isMoved: Bool
    }

    struct Undo: Hashable, Codable, Sendable {
        let previousLocation: String
        var operation: OracleOperation?
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let seen = try await containersSeen(inputs, context)
        return try await [seen.condition("containers-seen", evidence: ["sql"])] + reading(inputs, context)
    }

    /// Whoever is to show the move afterwards must be let in, and see every container, before it.
    private func containersSeen(_ inputs: Inputs, _ context: StepContext) async throws -> Finding {
        try await Databases.runOracle(context) { databases in
            try await OracleSession.run(context) { session in
                let view = try await KeyedDatabase.read(inputs.database, session)
                return try await KeyAnswers.ask(view, databases).finding(\.containersSeen)
            }
        }
    }

    private func reading(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            try await session.letSettle(inputs.database, within: inputs.settleWithin.duration, context)
            let view = try await KeyedDatabase.read(inputs.database, session)
            try context.evidence("database", view.evidence)
            let shown = ["database", "requests"]
            let cluster: (available: Finding, keyStore: Finding)
            if let id = view.database.vmClusterId.flatMap({ OracleID($0) }) {
                cluster = try await session.clusterIsReady(id)
            } else {
                let unknown = Finding.unverifiable("\(view.name) does not name its cluster.")
                cluster = (unknown, unknown)
            }
            return [
                confirmed(inputs, view).condition("move-confirmed", evidence: shown),
                view.isAvailable.condition("database-available", evidence: shown),
                view.isNoStandby.condition("database-primary", evidence: shown),
                movable(inputs, view).condition("key-movable", evidence: shown),
                cluster.available.condition("cluster-available", evidence: shown),
                cluster.keyStore.condition("key-store-enabled", evidence: shown),
                try await session.keyIsActive(inputs.registeredKey).condition("key-registered", evidence: shown),
                try await session.keyIsDedicated(inputs.registeredKey, to: view.database)
                    .condition("key-dedicated", evidence: shown),
                wayBackKept(inputs, view).condition("way-back-kept", evidence: shown),
                view.pluggablesOpen.condition("pluggables-open", evidence: shown),
                try await session.standbysReach(
                    inputs.registeredKey, of: view.database, statusWithin: inputs.statusWithin.duration, context
                ).condition("standbys-ready", evidence: shown),
            ]
        }
    }

    private func confirmed(_ inputs: Inputs, _ view: KeyedDatabase) -> Finding {
        inputs.confirm == view.database.dbUniqueName
            ? .met("It is confirmed for \(inputs.confirm).")
            : .unmet("confirm says \"\(inputs.confirm)\", and the database is \(view.database.dbUniqueName).")
    }

    /// From one external keystore to another no direct way leads.
    private func movable(_ inputs: Inputs, _ view: KeyedDatabase) -> Finding {
        if view.database.hasKey(inputs.registeredKey) { return .met("\(view.name) has its key there already.") }
        return view.database.isInWallet
            ? .met("\(view.name) has its key in a wallet.")
            : .unmet("\(view.name) has its key \(view.database.keyPlace): it cannot be moved from there.")
    }

    /// Once the move is made no interface leads back; what a person can keep for a way by hand must be there before.
    private func wayBackKept(_ inputs: Inputs, _ view: KeyedDatabase) -> Finding {
        if view.database.hasKey(inputs.registeredKey) { return .met("\(view.name) has its key there already.") }
        return inputs.backupKept
            ? .met("Somebody says that the wallet with its password and a recent backup are kept.")
            : .unverifiable("Nobody says that a copy of the wallet with its password, and a recent backup, are kept.")
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            if let undo, let why = try await session.unsettled(undo.operation, on: inputs.database, context) {
                return .unknown(why: why)
            }
            let database = try await session.oracle.databases.database(inputs.database).value
            if database.hasKey(inputs.registeredKey) {
                return .satisfied(
                    outputs(inputs, undo?.previousLocation ?? database.keyPlace, isMoved: undo != nil))
            }
            return .needed([
                Change(
                    "databases/\(database.dbUniqueName)/key", from: database.keyPlace,
                    to: "in AZURE as \(inputs.registeredKey)")
            ])
        }
    }

    private func outputs(_ inputs: Inputs, _ previous: String, isMoved: Bool) -> Outputs {
        Outputs(previousLocation: previous, registeredKey: inputs.registeredKey, isMoved: isMoved)
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            let read = try await session.oracle.databases.database(inputs.database)
            let previous = read.value.keyPlace
            if read.value.hasKey(inputs.registeredKey) {
                return outputs(inputs, previous, isMoved: try context.recordedUndo(as: Undo.self) != nil)
            }
            guard read.value.isInWallet else {
                throw StepError.permanent(
                    "oracle-dr-setup.key-elsewhere", "\(read.value.label) has its key \(previous).",
                    remedy: "A key in one external keystore cannot be moved to another.")
            }
            var undo = Undo(previousLocation: previous)
            try await gate.begin(undo: undo)
            context.progress("moving the key of \(read.value.label) to Azure")
            let operation = try await session.oracle.databases.moveKey(of: read, to: inputs.registeredKey)
            undo.operation = operation
            try await gate.begin(undo: undo)
            return try await session.afterEffect {
                let end = try await session.followDatabase(operation, context)
                try await session.settle(inputs.database, context)
                let after = try await session.oracle.databases.database(inputs.database).value
                if after.hasKey(inputs.registeredKey) { return outputs(inputs, previous, isMoved: true) }
                guard let reason = end.failure else {
                    throw StepError.unknownOutcome(
                        "oracle-dr-setup.move-not-shown",
                        "The service reports that the move succeeded, and \(after.label) still shows its key \(after.keyPlace).",
                        remedy: "Wait some minutes, then look at the step again; the database's own views decide.")
                }
                throw StepError.permanent(
                    "oracle-dr-setup.key-not-moved", "\(reason). \(after.label) still has its key \(after.keyPlace).",
                    remedy: "Mend what the reason names: the nodes must get at the key by themselves.")
            }
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await KeyedDatabase.read(inputs.database, session)
            try context.evidence("database", view.evidence)
            let shown = ["database", "requests"]
            return [
                view.hasKey(inputs.registeredKey).condition("key-as-named", evidence: shown),
                view.isAvailable.condition("database-available", evidence: shown),
                view.pluggablesOpen.condition("pluggables-open", evidence: shown),
            ]
        }
    }
}
