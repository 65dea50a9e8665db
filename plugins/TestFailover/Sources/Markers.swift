// SPDX-License-Identifier: Apache-2.0

internal import MusterModel
internal import MusterSQL

/// A numbered row, and when the database had acknowledged it.
struct Marker: Hashable, Sendable, Codable {
    var number: Int64
    var at: Timestamp
}

/// The user's table of marker rows: run varchar(64), marker int, written_at datetime2 or timestamp.
struct MarkerTable: Hashable, Sendable {
    /// `table` or `schema.table`.
    let name: String

    /// Nil unless it is one or two plain identifiers: the name becomes part of statements.
    init?(_ name: String) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy(Self.isIdentifier) else { return nil }
        self.name = name
    }

    private static func isIdentifier(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first), text.utf8.count <= 128 else { return false }
        return text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "_")
        }
    }

    var insert: String { "INSERT INTO \(name) (run, marker, written_at) VALUES (?, ?, ?)" }
    var newest: String { "SELECT MAX(marker) AS newest FROM \(name) WHERE run = ?" }
    var delete: String { "DELETE FROM \(name) WHERE run = ?" }

    /// What ``newest`` answered.
    ///
    /// - Returns: nil when it is no such answer; inside nil when there is no row of the series.
    static func newest(_ rows: SQLRows) -> Int64?? {
        guard let column = rows.position(of: "newest"), let row = rows.rows.first, row.indices.contains(column) else {
            return nil
        }
        if case .null = row[column] { return .some(nil) }
        return row[column].whole.map { .some($0) }
    }
}

/// What a failover has lost, as far as markers show it.
enum MarkerLoss: Hashable, Sendable {
    case none
    /// The newest acknowledged markers are gone; the span is that between the acknowledgements of the newest survivor
    /// and of the last one.
    case some(lost: Int64, span: Duration, survivor: Marker)
    /// No marker survives: the loss reaches back beyond the first, nobody knows how far.
    case all(count: Int64, atLeast: Duration)
    /// The table holds a newer marker than was acknowledged.
    case foreign(Int64)

    /// - Parameter markers: not empty, numbered from 1.
    init(newest: Int64?, of markers: [Marker]) {
        let last = markers[markers.count - 1]
        switch newest {
        case nil: self = .all(count: last.number, atLeast: last.at.duration(since: markers[0].at))
        case let newest? where newest == last.number: self = .none
        case let newest?:
            guard let survivor = markers.first(where: { $0.number == newest }) else {
                self = .foreign(newest)
                return
            }
            self = .some(lost: last.number - newest, span: last.at.duration(since: survivor.at), survivor: survivor)
        }
    }
}
