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

    /// A secondary shows what has been replicated, and what it alone holds as a former primary.
    func newestMarker(_ cells: [SQLCell], in table: String, of database: OpenDatabase) throws(DatabaseError)
        -> SQLTable
    {
        let run = try text(cells[0])
        let reached = database.isReadOnly ? database.group?.replicatedUntil : nil
        let held =
            state.markers.filter { row in reached.map { row.committed <= $0 } ?? true }
            + (database.isReadOnly ? state.strandedMarkers : [])
        let rows = held.filter { $0.database == database.identity && $0.table == table && $0.run == run }
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

    /// What a forced failover loses: the rows that had not reached the secondary, and those written while it ran. The former
    /// primary keeps them, and a second forced failover back to it makes them count again.
    mutating func loseMarkers(of group: FailoverGroup, forcedAt started: Timestamp) {
        let reached = started.advanced(by: .zero - state.durations.dataLoss)
        let kept = min(reached, group.replicatedUntil ?? reached)
        let owner = CaselessName(group.name)
        let isLost = { (row: MarkerRow) in row.database.owner == owner && row.committed > kept }
        let lost = state.markers.filter(isLost)
        state.markers.removeAll(where: isLost)
        state.markers += state.strandedMarkers.filter { $0.database.owner == owner }
        dropStrandedMarkers(of: owner)
        state.strandedMarkers += lost
    }

    /// The group's secondary is level with its primary.
    mutating func dropStrandedMarkers(of group: CaselessName) {
        state.strandedMarkers.removeAll { $0.database.owner == group }
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
