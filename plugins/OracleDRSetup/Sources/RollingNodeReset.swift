// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps
internal import SQLSteps

/// Starts a cluster's nodes anew, one after the other, to show that each instance gets its key by itself when it starts.
struct RollingNodeReset: EffectStep {
    static let name = "rolling-node-reset"
    static let definition = PackageResources.rolling_node_reset_yaml

    struct Inputs: Decodable, Sendable {
        let database: OracleID
        let confirm: String
        let within: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let nodes: [String]
    }

    struct Undo: Hashable, Codable, Sendable {
        /// The nodes that were started anew, in order; the last may still be on its way.
        var nodes: [String]
        var operation: OracleOperation?
    }

    /// What all verbs read.
    struct Look: Sendable {
        var view: KeyedDatabase
        var nodes: [DatabaseNode]
        var answers: Result<KeyAnswers, KeyAnswers.Silence>
        var names: [String] { nodes.map(\.label) }

        /// The nodes that are still to be started anew; nil when the database does not tell.
        var due: [String]? {
            guard case .success(let answers) = answers, let age = answers.newestAge else { return nil }
            return answers.notStarted(since: age, of: names)
        }

        var allOpen: Finding {
            .all(
                [
                    nodes.allAvailable, answers.finding { $0.instancesOpen(on: names) },
                    answers.finding(\.keystoresOpen),
                ], none: "")
        }
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await looking(inputs, context) { look, _, _ in
            let several: Finding =
                look.nodes.count > 1
                ? .met("The cluster has the nodes \(look.names.joined(separator: ", ")).")
                : .unmet("The cluster has \(look.nodes.count) node: the database would be away while it starts.")
            let confirmed: Finding =
                inputs.confirm == look.view.database.dbUniqueName
                ? .met("It is confirmed for \(inputs.confirm).")
                : .unmet("confirm says \"\(inputs.confirm)\", and the database is \(look.view.database.dbUniqueName).")
            let shown = ["database", "requests"]
            return [
                confirmed.condition("reset-confirmed", evidence: shown),
                look.view.isAvailable.condition("database-available", evidence: shown),
                several.condition("several-nodes", evidence: shown),
                look.nodes.allAvailable.condition("nodes-available", evidence: shown),
                look.answers.finding { $0.instancesOpen(on: look.names) }.condition(
                    "instances-open", evidence: ["sql"]),
                look.answers.finding(\.keystoresOpen).condition("keystores-open", evidence: ["sql"]),
                look.view.pluggablesOpen.condition("pluggables-open", evidence: shown),
            ]
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        let undo = try context.recordedUndo(as: Undo.self)
        return try await looking(inputs, context) { look, session, _ in
            if let operation = undo?.operation,
                let why = try await session.unsettled(operation, on: operation.database, context)
            {
                return .unknown(why: why)
            }
            guard let due = look.due else {
                return .unknown(why: "The database does not tell since when its instances run.")
            }
            let changes = due.map {
                Change("nodes/\($0)", from: "started before its key came into use", to: "started since")
            }
            guard case .met = look.allOpen else { return .partial(changes, why: look.allOpen.text) }
            return due.isEmpty ? .satisfied(Outputs(nodes: look.names)) : .needed(changes)
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await looking(inputs, context, reads: false) { look, session, databases in
            guard let due = look.due else {
                throw StepError.retryable(
                    "oracle-dr-setup.database-silent", "The database does not tell since when its instances run.",
                    remedy: "Look why it cannot be asked by SQL.")
            }
            var undo = Undo(nodes: try context.recordedUndo(as: Undo.self)?.nodes ?? [])
            for (index, name) in due.enumerated() {
                let now = index == 0 ? look : try await read(inputs, session, databases, context)
                try await reset(name, now, &undo, index: index, inputs, (session, databases, context), gate)
            }
            return Outputs(nodes: look.names)
        }
    }

    /// One node: all others must carry the database meanwhile.
    private func reset(
        _ name: String, _ look: Look, _ undo: inout Undo, index: Int, _ inputs: Inputs,
        _ means: (session: OracleSession, databases: Databases, context: StepContext), _ gate: EffectGate<Undo>
    ) async throws {
        let (session, databases, context) = means
        guard case .met = look.allOpen, let node = look.nodes.first(where: { $0.label == name }) else {
            let text = "\(name) was not started anew: \(look.allOpen.text)"
            throw index == 0 && undo.nodes.isEmpty
                ? StepError.permanent("oracle-dr-setup.not-all-open", text)
                : StepError.unknownOutcome("oracle-dr-setup.not-all-open", text)
        }
        undo.nodes.append(name)
        undo.operation = nil
        try await gate.begin(undo: undo)
        context.progress("starting \(name) anew")
        let read = try await session.oracle.databases.node(node.id)
        let operation = try await session.oracle.databases.begin(.softReset, on: read)
        undo.operation = operation
        try await gate.begin(undo: undo)
        try await session.afterEffect {
            let end = try await session.followDatabase(operation, context)
            let after = try await session.wait(within: inputs.within.duration, context) {
                let look = try await self.read(inputs, session, databases, context)
                let isOpen = look.allOpen.isMet && !(look.due ?? [name]).contains(name)
                return isOpen
                    ? .done(look) : .notYet(look, "waiting until the instance on \(name) is open: \(look.allOpen.text)")
            }
            guard case .met = after.allOpen, after.due.map({ !$0.contains(name) }) == true else {
                throw StepError.unknownOutcome(
                    "oracle-dr-setup.instance-not-open",
                    "\(name) was started anew, and \(end.failure.map { "\($0); " } ?? "")\(after.allOpen.text)",
                    remedy:
                        "Reset no other node. Look at the Arc agent of that node, the way to the vault, and the roles.")
            }
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await looking(inputs, context) { look, _, _ in
            let started: Finding =
                switch look.due {
                case []?: .met("Every instance was started since its key came into use.")
                case let due?: .unmet("Not started since the key came into use: \(due.joined(separator: ", ")).")
                case nil: .unverifiable("The database does not tell since when its instances run.")
                }
            return [
                look.nodes.allAvailable.condition("nodes-available", evidence: ["database", "requests"]),
                look.answers.finding { $0.instancesOpen(on: look.names) }.condition(
                    "instances-open", evidence: ["sql"]),
                look.answers.finding(\.keystoresOpen).condition("keystores-open", evidence: ["sql"]),
                started.condition("started-with-key", evidence: ["sql"]),
            ]
        }
    }

    private func looking<Value>(
        _ inputs: Inputs, _ context: StepContext, reads: Bool = true,
        _ work: (Look, OracleSession, Databases) async throws -> Value
    ) async throws -> Value {
        try await Databases.runOracle(context) { databases in
            try await OracleSession.run(context, reads: reads) { session in
                try await work(try await read(inputs, session, databases, context), session, databases)
            }
        }
    }

    private func read(
        _ inputs: Inputs, _ session: OracleSession, _ databases: Databases, _ context: StepContext
    ) async throws -> Look {
        let view = try await KeyedDatabase.read(inputs.database, session)
        let nodes = try await session.nodes(of: view.database)
        let answers = try await KeyAnswers.ask(view, databases)
        return Look(view: view, nodes: nodes, answers: answers)
    }
}
