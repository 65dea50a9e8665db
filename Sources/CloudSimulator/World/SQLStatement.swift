// SPDX-License-Identifier: Apache-2.0

/// The statements that the simulator can answer, known by their text. It has no SQL of its own.
enum SQLStatement: Sendable, Hashable {
    case encryptionKeys
    case replicationLinks
    case updateability
    case insertMarker(table: String)
    case newestMarker(table: String)
    case deleteMarkers(table: String)
    /// Any other that only reads.
    case read

    /// Nil when it is none of these. White space, case, and a semicolon at the end do not count.
    init?(_ text: String) {
        var words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
        if words.hasSuffix(";") { words = String(words.dropLast()).trimmingSpaces }
        if let known = Self.known[words] ?? Self.marker(words) {
            self = known
            return
        }
        // A view that is asked otherwise than above would have to show other columns.
        guard !words.contains("sys.dm_"), words.hasPrefix("select ") || words.hasPrefix("with ") else { return nil }
        self = .read
    }

    private static let known: [String: SQLStatement] = [
        "select db_name(db_id()) as database_name, dek.encryption_state, dek.encryption_state_desc, "
            + "dek.key_algorithm, dek.key_length, dek.encryptor_type, dek.encryptor_thumbprint "
            + "from sys.dm_database_encryption_keys as dek where database_id <> 2": .encryptionKeys,
        "select partner_server, partner_database, replication_state_desc, replication_lag_sec, last_replication "
            + "from sys.dm_geo_replication_link_status": .replicationLinks,
        "select databasepropertyex(db_name(), 'updateability') as updateability": .updateability,
    ]

    private static func marker(_ words: String) -> SQLStatement? {
        if let table = table(in: words, "insert into ", " (run, marker, written_at) values (?, ?, ?)") {
            return .insertMarker(table: table)
        }
        if let table = table(in: words, "select max(marker) as newest from ", " where run = ?") {
            return .newestMarker(table: table)
        }
        return table(in: words, "delete from ", " where run = ?").map { .deleteMarkers(table: $0) }
    }

    /// What stands between both, when it is one or two identifiers.
    private static func table(in words: String, _ before: String, _ after: String) -> String? {
        guard words.hasPrefix(before), words.hasSuffix(after), words.count > before.count + after.count else {
            return nil
        }
        let name = words.dropFirst(before.count).dropLast(after.count)
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let isName =
            parts.count <= 2
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
            }
        return isName ? String(name) : nil
    }

    /// How many parameters it takes; nil: any number.
    var parameterCount: Int? {
        switch self {
        case .encryptionKeys, .replicationLinks, .updateability: 0
        case .insertMarker: 3
        case .newestMarker, .deleteMarkers: 1
        case .read: nil
        }
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
