// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Makes a database whose master key is in Azure from its first moment.
struct CreateDatabase: ReversibleStep {
    static let name = "create-database"
    static let definition = PackageResources.create_database_yaml

    struct Inputs: Decodable, Sendable {
        let cluster: OracleID
        let compartment: OracleID
        let home: OracleID
        let name: String
        let uniqueName: String
        let pluggableDatabase: String?
        let registeredKey: OracleID
        let characterSet: String?
        let deleteWithin: Span

        var wanted: NewDatabase {
            NewDatabase(
                home: home, name: name, uniqueName: uniqueName, pluggableDatabase: pluggableDatabase,
                key: registeredKey, characterSet: characterSet)
        }
    }

    struct Outputs: Hashable, Codable, Sendable {
        let database: OracleID
        let uniqueName: String
        /// False: it was there before the run.
        let isMade: Bool
    }

    typealias Undo = CreatedDatabase

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let cluster = try await session.clusterIsReady(inputs.cluster)
            let listed = try await session.databases(on: inputs.cluster, in: inputs.compartment)
            let all = listed.all
            let homes = try await session.oracle.databases.homes(on: inputs.cluster, in: inputs.compartment)
            let found = all.last { $0.isLive && $0.dbUniqueName.lowercased() == inputs.uniqueName.lowercased() }
            let dryRun: Finding =
                if let found {
                    .met("\(found.label) is there already, so that nothing is asked for.")
                } else {
                    try await session.finding(ofDryRun: { () throws(OracleError) in
                        try await session.oracle.databases.validate(inputs.wanted)
                    })
                }
            return [
                cluster.available.condition("cluster-available"), cluster.keyStore.condition("key-store-enabled"),
                homeFits(homes, inputs).condition("home-available"),
                try await session.keyIsActive(inputs.registeredKey).condition("key-registered"),
                try await session.keyIsDedicated(inputs.registeredKey, to: inputs.name, among: listed)
                    .condition("key-dedicated"),
                nameIsFree(all, inputs).condition("name-free"),
                session.hasPassword.condition("password-given", evidence: []),
                dryRun.condition("service-agrees"),
            ]
        }
    }

    private func homeFits(_ homes: [DatabaseHome], _ inputs: Inputs) -> Finding {
        guard let home = homes.first(where: { $0.id == inputs.home }) else {
            let names = homes.map { "\($0.displayName) (\($0.id))" }.joined(separator: ", ")
            return .unmet("The cluster has no home \(inputs.home), but \(names.isEmpty ? "none" : names).")
        }
        return home.lifecycleState == "AVAILABLE"
            ? .met("The home \(home.displayName) with \(home.dbVersion) is AVAILABLE.")
            : .unmet("The home \(home.displayName) is \(home.lifecycleState).")
    }

    /// Rules of the service (CreateDatabaseDetails, dbName), and nobody else has the name.
    private func nameIsFree(_ all: [OracleDatabase], _ inputs: Inputs) -> Finding {
        if case .unmet(let why) = databaseNamesFit(
            name: inputs.name, uniqueName: inputs.uniqueName, pluggable: inputs.pluggableDatabase)
        {
            return .unmet(why)
        }
        let others = all.filter { $0.isLive && $0.dbName.lowercased() == inputs.name.lowercased() }
        guard let other = others.first(where: { !isWanted($0, inputs) }) else {
            return .met("Nobody else on the cluster has the name \(inputs.name).")
        }
        return .unmet(
            "\(other.label) has the name \(inputs.name), its key \(other.keyPlace), and is \(other.lifecycleState).")
    }

    private func isWanted(_ database: OracleDatabase, _ inputs: Inputs) -> Bool {
        database.dbUniqueName.lowercased() == inputs.uniqueName.lowercased() && database.hasKey(inputs.registeredKey)
            && database.lifecycleState != "FAILED"
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            if let why = try await session.creationUnsettled(undo, context) { return .unknown(why: why) }
            let found: OracleDatabase
            switch try await self.found(undo, inputs, session) {
            case .there(let database): found = database
            case .disputed(let why): return .unknown(why: why)
            case .gone: return .needed([change(inputs, from: nil)])
            }
            if undo?.isUndone == true { return .needed([change(inputs, from: found.lifecycleState)]) }
            if isWanted(found, inputs), found.lifecycleState == "AVAILABLE" {
                return .satisfied(outputs(found, undo, session))
            }
            return .partial(
                [change(inputs, from: found.lifecycleState)],
                why: "\(found.label) is \(found.lifecycleState), and has its key \(found.keyPlace).")
        }
    }

    private func change(_ inputs: Inputs, from: String?) -> Change {
        Change("databases/\(inputs.uniqueName)", from: from, to: "AVAILABLE, with its key in \(inputs.registeredKey)")
    }

    private func found(_ undo: Undo?, _ inputs: Inputs, _ session: OracleSession) async throws -> Presence {
        try await session.found(undo, named: inputs.uniqueName, on: inputs.cluster, in: inputs.compartment)
    }

    private func outputs(_ found: OracleDatabase, _ undo: Undo?, _ session: OracleSession) -> Outputs {
        Outputs(
            database: found.id, uniqueName: found.dbUniqueName,
            isMade: undo.map { session.isMade(found, by: $0) } ?? false)
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            if let found = try await session.database(
                named: inputs.uniqueName, on: inputs.cluster, in: inputs.compartment)
            {
                guard isWanted(found, inputs), found.lifecycleState == "AVAILABLE" else {
                    throw StepError.permanent(
                        "oracle-dr-setup.name-taken", "\(found.label) is there, and not as wanted.",
                        remedy: "Look at what it is; delete it when it is what is left of a failed try.")
                }
                return outputs(found, try context.recordedUndo(as: Undo.self), session)
            }
            let undo = Undo(
                cluster: inputs.cluster, compartment: inputs.compartment, uniqueName: inputs.uniqueName,
                tags: Mark(context).tags, asked: session.time.now)
            var wanted = inputs.wanted
            wanted.tags = Mark(context).tags
            try await gate.begin(undo: undo)
            context.progress("making the database \(inputs.uniqueName)")
            let made = try await session.make(
                undo, context,
                request: { [wanted] () throws(OracleError) in try await session.oracle.databases.create(wanted) },
                accepted: { try await gate.begin(undo: $0) })
            return Outputs(database: made.id, uniqueName: made.dbUniqueName, isMade: true)
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            guard
                let found = try await session.database(
                    named: inputs.uniqueName, on: inputs.cluster, in: inputs.compartment)
            else {
                return Finding.unmet("There is no database \(inputs.uniqueName) on the cluster.")
                    .conditions(["database-available", "key-as-named", "pluggables-open"])
            }
            let view = try await KeyedDatabase.read(found.id, session)
            try context.evidence("database", view.evidence)
            let shown = ["database", "requests"]
            return [
                view.isAvailable.condition("database-available", evidence: shown),
                view.hasKey(inputs.registeredKey).condition("key-as-named", evidence: shown),
                view.pluggablesOpen.condition("pluggables-open", evidence: shown),
            ]
        }
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let pluggables = [inputs.pluggableDatabase].compactMap { $0 }
            let found = try await session.deletionConditions(
                undo, pluggables: pluggables, youngerThan: inputs.deleteWithin.duration, context)
            return [
                found.idle.condition("undo-database-idle"), found.unneeded.condition("undo-database-unneeded"),
                found.young.condition("undo-database-young"),
            ]
        }
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await OracleSession.run(context, reads: false) { session in
            try await session.deleteMade(undo, context) { try await gate.begin(undo: $0) }
        }
    }
}
