// SPDX-License-Identifier: Apache-2.0

internal import MusterModel
package import MusterSQL

/// The views of an Oracle database that tell of its keys, as they are asked.
///
/// `gv$` shows all instances of a cluster; each has opened the keystore for itself. The last statement reads the database's
/// own clock beside its times, so that no other clock has part in a comparison.
package enum KeyViews {
    package static let keystores =
        "SELECT inst_id, con_id, wrl_type, status, wallet_type FROM gv$encryption_wallet "
        + "ORDER BY inst_id, con_id, wrl_type"
    package static let instances =
        "SELECT inst_id, host_name, status, ROUND((sysdate - startup_time) * 86400) AS up_seconds FROM gv$instance "
        + "ORDER BY inst_id"
    package static let masterKeys =
        "SELECT con_id, key_id, keystore_type, "
        + "TO_CHAR(SYS_EXTRACT_UTC(activation_time), 'YYYY-MM-DD HH24:MI:SS') AS activated, "
        + "TO_CHAR(SYS_EXTRACT_UTC(systimestamp), 'YYYY-MM-DD HH24:MI:SS') AS read_at FROM v$encryption_keys "
        + "WHERE (con_id, activation_time) IN "
        + "(SELECT con_id, MAX(activation_time) FROM v$encryption_keys GROUP BY con_id) ORDER BY con_id"
}

/// A row of `gv$encryption_wallet`.
package struct KeystoreRow: Hashable, Sendable {
    package var instance: Int64
    package var container: Int64
    /// `FILE` for a wallet; how an external keystore is named differs by version: `HSM` or `OKV`.
    package var kind: String
    package var status: String

    package var isExternal: Bool { kind != "FILE" }

    package static func read(_ rows: SQLRows) -> [KeystoreRow]? {
        rows.read(["inst_id", "con_id", "wrl_type", "status"]) { cells in
            guard let instance = cells[0].wholeNumber, let container = cells[1].wholeNumber, let kind = cells[2].trimmed
            else { return nil }
            return KeystoreRow(
                instance: instance, container: container, kind: kind.uppercased(), status: cells[3].trimmed ?? "unknown"
            )
        }
    }
}

/// The newest master key of a container, a row of `v$encryption_keys`.
package struct MasterKeyRow: Hashable, Sendable, Codable {
    package var container: Int64
    package var id: String
    /// `SOFTWARE KEYSTORE` for a wallet.
    package var keystore: String
    /// How long it has been in use; nil where that cannot be read.
    package var ageSeconds: Int64?

    package var isExternal: Bool { !keystore.hasPrefix("SOFTWARE") && keystore != "UNDEFINED" }

    package static func read(_ rows: SQLRows) -> [MasterKeyRow]? {
        rows.read(["con_id", "key_id", "keystore_type", "activated", "read_at"]) { cells in
            guard let container = cells[0].wholeNumber, let id = cells[1].trimmed else { return nil }
            let times = [cells[3], cells[4]].map {
                $0.trimmed.flatMap { Timestamp($0.replacing(" ", with: "T") + "Z") }
            }
            let age = zip(times[1...1], times[0...0]).compactMap { now, then in
                now.flatMap { now in then.map { now.duration(since: $0).milliseconds / 1000 } }
            }.first
            return MasterKeyRow(
                container: container, id: id, keystore: cells[2].trimmed?.uppercased() ?? "UNDEFINED", ageSeconds: age)
        }
    }
}

/// An instance that is up, a row of `gv$instance`.
package struct InstanceRow: Hashable, Sendable {
    package var instance: Int64
    package var host: String
    package var status: String
    package var upSeconds: Int64

    package static func read(_ rows: SQLRows) -> [InstanceRow]? {
        rows.read(["inst_id", "host_name", "status", "up_seconds"]) { cells in
            guard let instance = cells[0].wholeNumber, let host = cells[1].trimmed, let up = cells[3].wholeNumber
            else { return nil }
            return InstanceRow(
                instance: instance, host: host, status: cells[2].trimmed?.uppercased() ?? "UNKNOWN", upSeconds: up)
        }
    }

    /// Hosts may be told with or without their domain.
    package func runs(on node: String) -> Bool {
        let short = { (name: String) in name.lowercased().split(separator: ".").first.map(String.init) ?? "" }
        return short(host) == short(node)
    }
}

extension SQLRows {
    /// - Returns: nil when a column is missing or a row cannot be read.
    package func read<Row>(_ names: [String], _ row: ([SQLValue]) -> Row?) -> [Row]? {
        let columns = names.compactMap { position(of: $0) }
        guard columns.count == names.count else { return nil }
        var read: [Row] = []
        for cells in rows {
            guard columns.allSatisfy(cells.indices.contains), let one = row(columns.map { cells[$0] }) else {
                return nil
            }
            read.append(one)
        }
        return read
    }
}

extension SQLValue {
    package var wholeNumber: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value.rounded())
        // Oracle's NUMBER comes as text from some drivers.
        case .text: trimmed.flatMap { text in Int64(text) ?? Double(text).flatMap { Int64(exactly: $0.rounded()) } }
        default: nil
        }
    }

    /// Text without the padding of fixed-width columns.
    package var trimmed: String? {
        guard case .text(let text) = self else { return nil }
        return String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
