// SPDX-License-Identifier: Apache-2.0

/// The statements that a simulated Oracle database can answer, known by their text. It has no SQL of its own.
enum OracleStatement: Sendable, Hashable {
    case keystores, masterKeys, database, lags, gaps, instances
    case tablespace
    case insertMarker(table: String)
    case newestMarker(table: String)
    case deleteMarkers(table: String)

    /// Nil when it is none of these. White space and case do not count.
    init?(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
        if let known = Self.known[words] {
            self = known
            return
        }
        switch SQLStatement(text) {
        case .insertMarker(let table): self = .insertMarker(table: table)
        case .newestMarker(let table): self = .newestMarker(table: table)
        case .deleteMarkers(let table): self = .deleteMarkers(table: table)
        default: return nil
        }
    }

    private static let known: [String: OracleStatement] = [
        "select inst_id, con_id, wrl_type, status, wallet_type from gv$encryption_wallet "
            + "order by inst_id, con_id, wrl_type": .keystores,
        "select con_id, key_id, keystore_type, "
            + "to_char(sys_extract_utc(activation_time), 'yyyy-mm-dd hh24:mi:ss') as activated, "
            + "to_char(sys_extract_utc(systimestamp), 'yyyy-mm-dd hh24:mi:ss') as read_at from v$encryption_keys "
            + "where (con_id, activation_time) in "
            + "(select con_id, max(activation_time) from v$encryption_keys group by con_id) order by con_id":
            .masterKeys,
        "select name, db_unique_name, database_role, open_mode, protection_mode, switchover_status, force_logging, "
            + "flashback_on from v$database": .database,
        "select name, value, time_computed, datum_time from v$dataguard_stats": .lags,
        "select count(*) as gaps from v$archive_gap": .gaps,
        "select inst_id, host_name, status, round((sysdate - startup_time) * 86400) as up_seconds from gv$instance "
            + "order by inst_id": .instances,
        "select s.tablespace_name, s.encrypted from all_tables t join user_tablespaces s "
            + "on s.tablespace_name = t.tablespace_name where t.owner = ? and t.table_name = ?": .tablespace,
    ]

    var parameterCount: Int {
        switch self {
        case .keystores, .masterKeys, .database, .lags, .gaps, .instances: 0
        case .tablespace: 2
        case .insertMarker: 3
        case .newestMarker, .deleteMarkers: 1
        }
    }
}

extension DatabaseError {
    // MARK: Oracle's numbers and words, docs.oracle.com/en/error-help/db

    static func oracle(_ status: Int, _ native: Int64, _ text: String) -> DatabaseError {
        let digits = String(native)
        return DatabaseError(
            status, "HY000", native, "ORA-\(String(repeating: "0", count: max(0, 5 - digits.count)))\(digits): \(text)")
    }

    static func unknownService(_ name: String) -> DatabaseError {
        oracle(404, 12514, "TNS:listener does not currently know of service \(name) requested in connect descriptor")
    }

    static let mounted = oracle(503, 1033, "ORACLE initialization or shutdown in progress")
    static let notAvailable = oracle(503, 1034, "ORACLE not available")
    static let keystoreClosed = oracle(503, 28365, "wallet is not open")
    static let openReadOnly = oracle(400, 16000, "database or pluggable database open for read-only access")
    static let unknownTable = oracle(400, 942, "table or view does not exist")
    static let unknownOracleStatement = oracle(
        400, 900, "invalid SQL statement. The cloud simulator knows those that docs/guides/rehearse.md lists.")
}
