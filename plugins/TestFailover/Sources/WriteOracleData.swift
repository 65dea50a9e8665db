// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import MusterSQL
internal import OracleCloudClient
internal import OracleSteps
internal import SQLSteps

/// Writes one row into the drill's table of an Oracle database and reads it back: both take the key.
struct WriteOracleData: ReversibleStep {
    static let name = "write-oracle-data"
    static let definition = PackageResources.write_oracle_data_yaml

    struct Inputs: Decodable, Sendable {
        let database: OracleID
        let pluggableDatabase: String?
        let table: String
    }

    struct Outputs: Hashable, Codable, Sendable {
        let series: String
    }

    struct Undo: Hashable, Codable, Sendable {
        let series: String
        let server: String
        var isUndone: Bool?
    }

    /// Names the row of this step in this run; the table's column holds 64 characters.
    private func series(_ context: StepContext) -> String {
        let name = "\(context.run ?? "plan")/\(context.stepID)"
        return name.utf8.count <= 64 ? name : context.idempotencyKey
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        [
            try await readable(inputs, series(context), context).condition("table-readable", evidence: ["sql"]),
            try await encrypted(inputs, context).condition("table-encrypted", evidence: ["sql"]),
        ]
    }

    /// A row that lies in the open shows nothing of the key, and whoever reads it later would find out too late.
    private func encrypted(_ inputs: Inputs, _ context: StepContext) async throws -> Finding {
        try await answer {
            try await on(inputs, context) { place, databases, _ in
                OracleDataPlace.encryption(
                    try await databases.ask(place.target, OracleDataPlace.tablespace, place.owner), of: inputs.table)
            }
        }
    }

    private func readable(_ inputs: Inputs, _ series: String, _ context: StepContext) async throws -> Finding {
        try await answer {
            _ = try await newest(inputs, series, context)
            return .met("\(inputs.table) answers. Whether it takes rows is seen when one comes.")
        }
    }

    /// What stands against the table, or keeps it from being asked, as a finding.
    private func answer(_ ask: () async throws -> Finding) async throws -> Finding {
        do {
            return try await ask()
        } catch let error as StepError where !error.code.hasPrefix("plugin.") {
            let says = [error.message, error.remedy].compactMap { $0 }.joined(separator: " ")
            let isTheTable = ["sql.statement", "sql.denied"].contains(error.code) || !error.code.hasPrefix("sql.")
            return isTheTable ? .unmet(says) : .unverifiable(says)
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        let wanted = [Change("\(inputs.table)/\(context.stepID)", from: nil, to: "one row")]
        guard context.run != nil, let undo = try context.recordedUndo(as: Undo.self) else { return .needed(wanted) }
        let newest = try await newest(inputs, undo.series, context)
        if undo.isUndone == true, newest != nil {
            return .partial(wanted, why: "The row \(undo.series) is still in \(inputs.table).")
        }
        return newest == nil ? .needed(wanted) : .satisfied(Outputs(series: undo.series))
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await on(inputs, context, begun: true) { place, databases, session in
            let series = series(context)
            try await gate.begin(undo: Undo(series: series, server: place.target.server))
            let at = String(session.time.now.description.dropLast())
            _ = try await databases.ask(place.target, place.table.delete, [.text(series)])
            _ = try await databases.ask(place.target, place.table.insert, [.text(series), .integer(1), .text(at)])
            return Outputs(series: series)
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let found = try await newest(inputs, series(context), context)
        let finding: Finding =
            found == 1 ? .met("The row is in \(inputs.table).") : .unmet("The row is not in \(inputs.table).")
        return [finding.condition("row-written", evidence: ["sql"])]
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        [try await readable(inputs, undo.series, context).condition("undo-table-readable", evidence: ["sql"])]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        guard try await newest(inputs, undo.series, context) != nil else { return }
        try await on(inputs, context, begun: true) { place, databases, _ in
            var data = undo
            data.isUndone = true
            try await gate.begin(undo: data)
            _ = try await databases.ask(place.target, place.table.delete, [.text(undo.series)])
        }
    }

    private func newest(_ inputs: Inputs, _ series: String, _ context: StepContext) async throws -> Int64? {
        try await on(inputs, context) { place, databases, _ in
            let rows = try await databases.ask(place.target, place.table.newest, [.text(series)])
            guard let newest = MarkerTable.newest(rows) else {
                throw StepError.permanent(
                    "test-failover.marker-answer",
                    "\(place.target.server) answered the newest row with columns \(rows.columns.joined(separator: ", "))."
                )
            }
            return newest
        }
    }

    private func on<Value>(
        _ inputs: Inputs, _ context: StepContext, begun: Bool = false,
        _ work: (OracleDataPlace, Databases, OracleSession) async throws -> Value
    ) async throws -> Value {
        try await Databases.runOracle(context) { databases in
            try await OracleSession.run(context) { session in
                let place = try await OracleDataPlace.find(
                    inputs.database, pluggable: inputs.pluggableDatabase, table: inputs.table, .readWrite, session)
                return try await asStepError(begun: begun) { try await work(place, databases, session) }
            }
        }
    }
}
