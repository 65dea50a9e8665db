// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps
internal import SQLSteps

/// Starts one node of a cluster anew while the others carry the database, to show that its instance gets the key by itself when
/// it starts.
struct ResetNode: EffectStep {
    static let name = "reset-node"
    static let definition = PackageResources.reset_node_yaml

    struct Inputs: Decodable, Sendable {
        let database: OracleID
        let node: String
        let confirm: String
        let within: Span
    }

    private static let silent = "The database does not tell since when its keys are in use and its instances run."

    struct Outputs: Hashable, Codable, Sendable {
        let node: String
    }

    struct Undo: Hashable, Codable, Sendable {
        let node: String
        /// Nil while the request's answer is not known.
        var operation: OracleOperation?
    }

    /// What all verbs read.
    struct Look: Sendable {
        var view: KeyedDatabase
        var nodes: [DatabaseNode]
        var answers: Result<KeyAnswers, KeyAnswers.Silence>
        var names: [String] { nodes.map(\.label) }

        /// Whether a node is still to be started anew; nil when the database does not tell.
        func isDue(_ node: String) -> Bool? {
            guard case .success(let answers) = answers, let age = answers.newestAge else { return nil }
            return !answers.notStarted(since: age, of: [node]).isEmpty
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
            let known: Finding =
                look.names.contains(inputs.node)
                ? .met("\(inputs.node) is a node of the cluster.")
                : .unmet("The cluster has no node \(inputs.node); it has \(look.names.joined(separator: ", ")).")
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
                known.condition("node-known", evidence: shown),
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
        // What is read while the node still starts is no account of what became of it.
        if let operation = undo?.operation {
            let why = try await OracleSession.run(context) { session in
                try await session.unsettled(operation, on: operation.database, context)
            }
            if let why { return .unknown(why: why) }
        }
        return try await looking(inputs, context) { first, session, databases in
            let look =
                undo == nil || first.allOpen.isMet
                ? first : try await self.opened(inputs, session, databases, context) { _ in true }
            guard let isDue = look.isDue(inputs.node) else {
                return .unknown(why: Self.silent)
            }
            let change = Change(
                "nodes/\(inputs.node)", from: "started before the key came into use", to: "started since")
            let changes = isDue ? [change] : []
            guard case .met = look.allOpen else { return .partial(changes, why: look.allOpen.text) }
            return isDue ? .needed(changes) : .satisfied(Outputs(node: inputs.node))
        }
    }

    /// All other nodes must carry the database meanwhile, so nothing is begun unless all are open.
    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await looking(inputs, context, reads: false) { look, session, databases in
            guard let isDue = look.isDue(inputs.node) else {
                throw StepError.retryable(
                    "oracle-dr-setup.database-silent", Self.silent,
                    remedy: "Look why it cannot be asked by SQL.")
            }
            guard isDue else { return Outputs(node: inputs.node) }
            guard case .met = look.allOpen, let node = look.nodes.first(where: { $0.label == inputs.node }) else {
                let text = "\(inputs.node) was not started anew: \(look.allOpen.text)"
                throw try context.recordedUndo(as: Undo.self) == nil
                    ? StepError.permanent("oracle-dr-setup.not-all-open", text)
                    : StepError.unknownOutcome("oracle-dr-setup.not-all-open", text)
            }
            try await gate.begin(undo: Undo(node: inputs.node))
            context.progress("starting \(inputs.node) anew")
            let read = try await session.oracle.databases.node(node.id)
            let operation = try await session.oracle.databases.begin(.softReset, on: read)
            try await gate.begin(undo: Undo(node: inputs.node, operation: operation))
            try await session.afterEffect {
                let end = try await session.followDatabase(operation, context)
                try await open(after: end, inputs, session, databases, context)
            }
            return Outputs(node: inputs.node)
        }
    }

    private func open(
        after end: WorkRequestEnd, _ inputs: Inputs, _ session: OracleSession, _ databases: Databases,
        _ context: StepContext
    ) async throws {
        let after = try await opened(inputs, session, databases, context) { $0.isDue(inputs.node) == false }
        guard case .met = after.allOpen, after.isDue(inputs.node) == false else {
            throw StepError.unknownOutcome(
                "oracle-dr-setup.instance-not-open",
                "\(inputs.node) was started anew, and \(end.failure.map { "\($0); " } ?? "")\(after.allOpen.text)",
                remedy: "Reset no other node. Look at the Arc agent of that node, the way to the vault, and the roles.")
        }
    }

    /// What is there once every instance is open, and what is asked besides holds; or when the time for it is over.
    private func opened(
        _ inputs: Inputs, _ session: OracleSession, _ databases: Databases, _ context: StepContext,
        _ isEnough: (Look) -> Bool
    ) async throws -> Look {
        try await session.wait(within: inputs.within.duration, context) {
            let look = try await self.read(inputs, session, databases, context)
            return look.allOpen.isMet && isEnough(look)
                ? .done(look)
                : .notYet(look, "waiting until the instance on \(inputs.node) is open: \(look.allOpen.text)")
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await looking(inputs, context) { look, _, _ in
            let started: Finding =
                switch look.isDue(inputs.node) {
                case false?: .met("The instance on \(inputs.node) was started since the key came into use.")
                case true?: .unmet("The instance on \(inputs.node) was not started since the key came into use.")
                case nil: .unverifiable(Self.silent)
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
