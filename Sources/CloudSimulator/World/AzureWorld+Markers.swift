// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Marker tables: rows that show how much a failover has lost. A table of any name is taken to be there.
extension AzureWorld {
    mutating func insertMarker(
        _ cells: [SQLCell], into table: String, of database: OpenDatabase, at now: Timestamp
    ) throws(DatabaseError) -> SQLTable {
        if database.isReadOnly { throw .readOnly(database.name) }
        let run = try text(cells[0])
        if run.unicodeScalars.count > 64 { throw .tooLong }
        let writtenAt = try text(cells[2])
        guard isTime(writtenAt) else { throw .notATime }
        state.markers.append(
            MarkerRow(
                database: database.identity, table: table, run: run, marker: try integer(cells[1]),
                writtenAt: writtenAt, committed: now))
        record("marker.written", target(table, of: database), at: now)
        return SQLTable()
    }

    /// A secondary shows what has been replicated.
    func newestMarker(_ cells: [SQLCell], in table: String, of database: OpenDatabase) throws(DatabaseError)
        -> SQLTable
    {
        let run = try text(cells[0])
        let reached = database.isReadOnly ? database.group?.replicatedUntil : nil
        let rows = state.markers.filter { row in
            row.database == database.identity && row.table == table && row.run == run
                && (reached.map { row.committed <= $0 } ?? true)
        }
        return SQLTable(columns: ["newest"], rows: [[rows.map(\.marker).max().map { .integer($0) } ?? .null]])
    }

    mutating func deleteMarkers(
        _ cells: [SQLCell], from table: String, of database: OpenDatabase, at now: Timestamp
    ) throws(DatabaseError) -> SQLTable {
        if database.isReadOnly { throw .readOnly(database.name) }
        let run = try text(cells[0])
        let before = state.markers.count
        state.markers.removeAll { $0.database == database.identity && $0.table == table && $0.run == run }
        if state.markers.count < before { record("marker.removed", target(table, of: database), at: now) }
        return SQLTable()
    }

    /// What a forced failover loses: the rows that had not reached the secondary, and those written while it ran.
    mutating func loseMarkers(of group: FailoverGroup, forcedAt started: Timestamp) {
        let reached = started.advanced(by: .zero - state.durations.dataLoss)
        let kept = min(reached, group.replicatedUntil ?? reached)
        state.markers.removeAll { $0.database.owner == CaselessName(group.name) && $0.committed > kept }
    }

    private func target(_ table: String, of database: OpenDatabase) -> String {
        "\(database.identity.owner.folded)/\(database.name) \(table)"
    }

    private func text(_ cell: SQLCell) throws(DatabaseError) -> String {
        guard case .text(let text) = cell else { throw .notAText }
        return text
    }

    private func integer(_ cell: SQLCell) throws(DatabaseError) -> Int64 {
        switch cell {
        case .integer(let value) where Int32(exactly: value) != nil: return value
        case .text(let value):
            guard let number = Int32(value) else { throw .notAnInteger(value) }
            return Int64(number)
        default: throw .notAnInteger(cell.json.canonicalText)
        }
    }

    /// `2026-11-21 14:03:02` with any fraction, with `T` instead of the space, with or without `Z`.
    private func isTime(_ text: String) -> Bool {
        let seconds = text.prefix(19)
        let fraction = text.dropFirst(19).drop { $0 == "." || $0.isNumber }
        return Timestamp(seconds.replacing(" ", with: "T") + "Z") != nil && ["", "Z"].contains(fraction)
    }
}
