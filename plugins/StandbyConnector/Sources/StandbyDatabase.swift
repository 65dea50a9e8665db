// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Makes a standby of a database whose key is in Azure, once the standby's cluster can use that key.
struct StandbyDatabase: ReversibleStep {
    static let name = "standby-database"
    static let definition = PackageResources.standby_database_yaml

    struct Inputs: Decodable, Sendable {
        let primary: OracleID
        let cluster: OracleID
        let compartment: OracleID
        let home: OracleID
        let uniqueName: String
        let registeredKey: OracleID
        let replicaKey: OracleID?
        let protectionMode: String
        let transport: String
        let activeDataGuard: Bool
        let crossRegion: Bool
        let deleteWithin: Span

        var wanted: NewStandby {
            NewStandby(
                home: home, source: primary, uniqueName: uniqueName, key: registeredKey,
                protectionMode: protectionMode, transport: transport, isActive: activeDataGuard)
        }
    }

    struct Outputs: Hashable, Codable, Sendable {
        let primary: OracleID
        let standby: OracleID
        let uniqueName: String
    }

    typealias Undo = CreatedDatabase

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let primary = try await KeyedDatabase.read(inputs.primary, session)
            try context.evidence("database", primary.evidence)
            let cluster = try await session.clusterIsReady(inputs.cluster)
            let found = try await session.database(
                named: inputs.uniqueName, on: inputs.cluster, in: inputs.compartment)
            let dryRun: Finding =
                if let found {
                    .met("\(found.label) is there already, so that nothing is asked for.")
                } else {
                    try await session.finding(ofDryRun: { () throws(OracleError) in
                        try await session.oracle.databases.validate(inputs.wanted)
                    })
                }
            let shown = ["database", "requests"]
            return [
                primary.isAvailable.condition("primary-available", evidence: shown),
                primary.isNoStandby.condition("primary-role", evidence: shown),
                primary.hasKey(inputs.registeredKey).condition("primary-key", evidence: shown),
                primary.pluggablesOpen.condition("pluggables-open", evidence: shown),
                protectionSound(inputs).condition("protection-sound", evidence: []),
                regionsFit(inputs).condition("regions-fit", evidence: []),
                cluster.available.condition("cluster-available"), cluster.keyStore.condition("key-store-enabled"),
                try await connected(inputs, session).condition("nodes-connected"),
                try await nameFits(found, inputs, session).condition("name-free"),
                session.hasPassword.condition("password-given", evidence: []),
                dryRun.condition("service-agrees"),
            ]
        }
    }

    /// Each protection mode takes certain transports (CreateStandbyDetails, transportType).
    private func protectionSound(_ inputs: Inputs) -> Finding {
        let fitting = [
            "MAXIMUM_AVAILABILITY": ["SYNC", "FASTSYNC"], "MAXIMUM_PERFORMANCE": ["ASYNC"],
            "MAXIMUM_PROTECTION": ["SYNC"],
        ]
        guard let allowed = fitting[inputs.protectionMode] else {
            return .unmet("\(inputs.protectionMode) is no protection mode.")
        }
        return allowed.contains(inputs.transport)
            ? .met("\(inputs.protectionMode) takes \(inputs.transport).")
            : .unmet("\(inputs.protectionMode) takes \(allowed.joined(separator: " or ")), not \(inputs.transport).")
    }

    private func regionsFit(_ inputs: Inputs) -> Finding {
        guard let from = inputs.primary.region?.name, let to = inputs.cluster.region?.name else {
            return .unverifiable("The ids of the primary and of the standby's cluster do not both name a region.")
        }
        if from == to { return .met("Both are in \(from).") }
        return inputs.crossRegion
            ? .met("The primary is in \(from), the standby's cluster in \(to); the vault must be replicated there.")
            : .unmet("The primary is in \(from), the standby's cluster in \(to), and crossRegion is off.")
    }

    private func connected(_ inputs: Inputs, _ session: OracleSession) async throws -> Finding {
        do {
            let view = try await ConnectorView.read(inputs.cluster, in: inputs.compartment, session)
            guard let connector = view.connector else {
                return .unmet("The cluster \(view.cluster.label) has no identity connector.")
            }
            return .all([connector.isActive, connector.isConnected(nodes: view.cluster.nodeCount)], none: "")
        } catch let error as OracleError {
            try Task.checkCancellation()
            return .unverifiable("The connector could not be read: \(error)")
        }
    }

    private func nameFits(
        _ found: OracleDatabase?, _ inputs: Inputs, _ session: OracleSession
    ) async throws -> Finding {
        guard let found else { return .met("Nobody on the cluster has the name \(inputs.uniqueName).") }
        return try await isWanted(found, inputs, session)
            ? .met("\(found.label) is the wanted standby.")
            : .unmet("\(found.label) has the name, is \(found.lifecycleState), and is no standby of the primary.")
    }

    private func isWanted(
        _ database: OracleDatabase, _ inputs: Inputs, _ session: OracleSession
    ) async throws -> Bool {
        let members = database.dataGuardGroup?.members ?? []
        guard members.contains(where: { $0.databaseId == inputs.primary }),
            !["FAILED", "TERMINATED"].contains(database.lifecycleState)
        else { return false }
        return try await keyFits(database, inputs, session).isMet
    }

    /// A standby in another region may name the key by another registration of it.
    private func keyFits(
        _ database: OracleDatabase, _ inputs: Inputs, _ session: OracleSession
    ) async throws -> Finding {
        if let replica = inputs.replicaKey, database.hasKey(replica) {
            return .met("\(database.label) has the primary's key.")
        }
        return try await session.keyFits(inputs.registeredKey, database: database.id)
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            if let why = try await session.creationUnsettled(undo, context) { return .unknown(why: why) }
            let change = Change(
                "data-guard/\(inputs.uniqueName)", from: nil, to: "a standby of \(inputs.primary) on \(inputs.cluster)")
            let found: OracleDatabase
            switch try await session.found(
                undo, named: inputs.uniqueName, on: inputs.cluster, in: inputs.compartment)
            {
            case .there(let database): found = database
            case .disputed(let why): return .unknown(why: why)
            case .gone: return .needed([change])
            }
            if undo?.isUndone == true { return .needed([change]) }
            if try await isWanted(found, inputs, session), found.lifecycleState == "AVAILABLE" {
                return .satisfied(outputs(found, inputs))
            }
            return .partial(
                [change], why: "\(found.label) is \(found.lifecycleState), and not yet a standby of the primary.")
        }
    }

    private func outputs(_ database: OracleDatabase, _ inputs: Inputs) -> Outputs {
        Outputs(primary: inputs.primary, standby: database.id, uniqueName: database.dbUniqueName)
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            if let found = try await session.database(
                named: inputs.uniqueName, on: inputs.cluster, in: inputs.compartment)
            {
                guard try await isWanted(found, inputs, session), found.lifecycleState == "AVAILABLE" else {
                    throw StepError.permanent(
                        "standby-connector.name-taken", "\(found.label) is there, and not as wanted.",
                        remedy: "Look at what it is; delete it when it is what is left of a failed try.")
                }
                return outputs(found, inputs)
            }
            let undo = Undo(
                cluster: inputs.cluster, compartment: inputs.compartment, uniqueName: inputs.uniqueName,
                asked: session.time.now)
            try await gate.begin(undo: undo)
            context.progress("making the standby \(inputs.uniqueName)")
            let made = try await session.make(
                undo, context,
                request: { () throws(OracleError) in try await session.oracle.databases.create(inputs.wanted) },
                accepted: { try await gate.begin(undo: $0) })
            try await session.afterEffect { try await session.settle(inputs.primary, context) }
            return outputs(made, inputs)
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await DataGuardView.read(inputs.primary, session)
            try context.evidence("data-guard", DataGuardEvidence(view))
            let shown = ["data-guard", "requests"]
            guard let found = Self.member(inputs.uniqueName, of: view) else {
                return Self.lacking(inputs.uniqueName, in: view)
                    .conditions(["is-standby", "standby-available", "standby-key"], evidence: shown)
            }
            let role = view.role(of: found.id) ?? "in no role"
            return [
                (role == DataGuardRole.standby
                    ? Finding.met("\(found.label) is STANDBY.") : .unmet("\(found.label) is \(role)."))
                    .condition("is-standby", evidence: shown),
                Finding.all([view.isAvailable(view.id), view.isAvailable(found.id)], none: "")
                    .condition("standby-available", evidence: shown),
                try await keyFits(found, inputs, session).condition("standby-key", evidence: shown),
            ]
        }
    }

    private static func member(_ name: String, of view: DataGuardView) -> OracleDatabase? {
        view.peers.compactMap { view.database($0.id) }.first { $0.dbUniqueName.lowercased() == name.lowercased() }
    }

    /// A member that could not be read may be the standby.
    private static func lacking(_ name: String, in view: DataGuardView) -> Finding {
        let hidden = view.peers.compactMap { peer in
            if case .failure(let error) = peer.read { "\(peer.id) could not be read: \(error)" } else { nil }
        }
        return hidden.isEmpty
            ? .unmet("The group of \(view.name) has no member \(name): \(view.roles).")
            : .unverifiable(
                "Whether \(name) is in the group of \(view.name) is not known: \(hidden.joined(separator: "; "))")
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let found = try await session.deletionConditions(
                undo, pluggables: nil, youngerThan: inputs.deleteWithin.duration, context)
            return [
                found.idle.condition("undo-standby-idle"), found.unneeded.condition("undo-standby-no-primary"),
                found.young.condition("undo-standby-young"),
            ]
        }
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await OracleSession.run(context, reads: false) { session in
            try await session.deleteMade(undo, context) { try await gate.begin(undo: $0) }
        }
    }
}
