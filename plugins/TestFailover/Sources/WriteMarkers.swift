// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import MusterSQL
internal import SQLSteps

/// Writes numbered rows into the user's marker table, one after the other, and keeps when each was acknowledged.
struct WriteMarkers: ReversibleStep {
    static let name = "write-markers"
    static let definition = PackageResources.write_markers_yaml

    struct Inputs: Decodable, Sendable {
        let failoverGroup: ResourceID
        let table: String
        let count: Int64
        let interval: Span
        let database: String?
    }

    struct Outputs: Hashable, Codable, Sendable {
        let series: String
        let database: String
        let lastMarker: Int64
        let lastMarkerAt: Timestamp
        let markers: [Marker]
    }

    struct Undo: Hashable, Codable, Sendable {
        let series: String
        let database: String
        /// Those that are known to be there.
        var markers: [Marker]
        /// Set before they are deleted: from then on none of them is to be there.
        var isUndone: Bool?
    }

    /// Names the rows of this step in this run; the table's column holds 64 characters.
    private func series(_ context: StepContext) -> String {
        let name = "\(context.run ?? "plan")/\(context.stepID)"
        return name.utf8.count <= 64 ? name : context.idempotencyKey
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let named: Finding =
            MarkerTable(inputs.table) == nil
            ? .unmet("\"\(inputs.table)\" is not one or two plain identifiers.")
            : (1...1000).contains(inputs.count)
                ? .met("\(inputs.count) markers go to \(inputs.table).")
                : .unmet("\(inputs.count) markers are wanted; 1 to 1000 can be written.")
        let readable = try await readable(inputs, context)
        return try await checkGroup(inputs.failoverGroup, context) + [
            named.condition("table-named", evidence: []), readable.condition("table-readable", evidence: ["sql"]),
        ]
    }

    private func readable(_ inputs: Inputs, _ context: StepContext, of undo: Undo? = nil) async throws -> Finding {
        do {
            return try await on(inputs, context, in: undo?.database) { table, _ in
                _ = try await table.newest(undo?.series ?? series(context))
                return .met(
                    "\(inputs.table) in \(table.target.database) answers. Whether it takes rows is seen when they come."
                )
            }
        } catch let error as StepError where !error.code.hasPrefix("plugin.") {
            // The definition's remedy is for the table; what keeps the database from being asked has its own.
            let isTheTable = ["sql.statement", "sql.denied", "test-failover.marker-answer"].contains(error.code)
            let says = [error.message, isTheTable ? nil : error.remedy].compactMap { $0 }.joined(separator: " ")
            return isTheTable || !error.code.hasPrefix("sql.") ? .unmet(says) : .unverifiable(says)
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        let wanted = [Change("\(inputs.table)/\(context.stepID)/markers", from: nil, to: "1 to \(inputs.count)")]
        // Without a run there is no series, and without this step's own rows nothing to look for.
        guard context.run != nil, let undo = try context.recordedUndo(as: Undo.self) else { return .needed(wanted) }
        return try await on(inputs, context, in: undo.database) { table, _ in
            let newest = try await table.newest(undo.series)
            if undo.isUndone == true, let newest {
                return .partial(wanted, why: "Markers up to \(newest) of \(undo.series) are still in \(inputs.table).")
            }
            guard newest == inputs.count, undo.markers.count == Int(inputs.count) else { return .needed(wanted) }
            return .satisfied(outputs(undo))
        }
    }

    /// Rows of an earlier attempt are deleted first: the times of their acknowledgement are not all known.
    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await on(inputs, context, begun: true) { table, session in
            var undo = Undo(series: series(context), database: table.target.database, markers: [])
            try await gate.begin(undo: undo)
            try await table.delete(undo.series)
            for number in 1...inputs.count {
                if number > 1, !(await session.time.pause(inputs.interval.duration)) { throw CancellationError() }
                // Without the zone letter every database takes it.
                let sent = String(session.time.now.description.dropLast())
                try await table.write(number, undo.series, at: sent)
                undo.markers.append(Marker(number: number, at: session.time.now))
                try await gate.begin(undo: undo)
                context.progress(
                    "marker \(number) of \(inputs.count) is acknowledged",
                    fraction: Double(number) / Double(inputs.count))
            }
            return outputs(undo)
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await on(inputs, context) { table, _ in
            let newest = try await table.newest(series(context))
            let finding: Finding =
                newest == inputs.count
                ? .met("The newest marker in \(inputs.table) is \(inputs.count).")
                : .unmet(
                    "The newest marker in \(inputs.table) is \(newest.map(String.init) ?? "none"), not \(inputs.count)."
                )
            return [finding.condition("markers-written", evidence: ["sql"])]
        }
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        [try await readable(inputs, context, of: undo).condition("undo-table-readable", evidence: ["sql"])]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        // Another database may be the group's first by now.
        try await on(inputs, context, in: undo.database, begun: true) { table, _ in
            guard try await table.newest(undo.series) != nil else { return }
            var data = undo
            data.markers = []
            data.isUndone = true
            try await gate.begin(undo: data)
            context.progress("deleting the markers \(undo.series) from \(inputs.table)")
            try await table.delete(undo.series)
        }
    }

    /// - Parameter database: where the markers were written; nil before that is known.
    private func on<Value>(
        _ inputs: Inputs, _ context: StepContext, in database: String? = nil, begun: Bool = false,
        _ work: (MarkerDatabase, AzureSession) async throws -> Value
    ) async throws -> Value {
        try await Databases.run(context) { databases in
            try await AzureSession.run(context, reads: !begun) { session in
                let table = try await asStepError {
                    try await MarkerDatabase(
                        inputs.table, in: database ?? inputs.database, of: inputs.failoverGroup, databases, session)
                }
                return try await asStepError(begun: begun) { try await work(table, session) }
            }
        }
    }

    private func outputs(_ undo: Undo) -> Outputs {
        let last = undo.markers[undo.markers.count - 1]
        return Outputs(
            series: undo.series, database: undo.database, lastMarker: last.number, lastMarkerAt: last.at,
            markers: undo.markers)
    }
}
