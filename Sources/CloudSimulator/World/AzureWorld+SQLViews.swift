// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// The system views, as the database's server shows them.
extension AzureWorld {
    /// Encrypted, or its protection being changed.
    /// https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-database-encryption-keys-transact-sql
    private func encryptionState(_ database: OpenDatabase) -> (number: Int64, name: String) {
        database.group?.keyChange == nil ? (3, "ENCRYPTED") : (6, "PROTECTION_CHANGE_IN_PROGRESS")
    }

    func encryptionKeys(_ database: OpenDatabase, at now: Timestamp) -> SQLTable {
        let encryptor = encryptor(of: CaselessName(database.name), on: database.server)
        let (number, name) = encryptionState(database)
        return SQLTable(
            columns: [
                "database_name", "encryption_state", "encryption_state_desc", "key_algorithm", "key_length",
                "encryptor_type", "encryptor_thumbprint",
            ],
            rows: [
                [
                    .text(database.name), .integer(number), .text(name), .text("AES"), .integer(256),
                    .text(encryptor.type), .bytes(encryptor.thumbprint),
                ]
            ])
    }

    /// The view's lines with its header, those of `tempdb` (2) too.
    func encryptionKeyRows(_ database: OpenDatabase, at now: Timestamp) -> [[String]] {
        let encryptor = encryptor(of: CaselessName(database.name), on: database.server)
        let (number, name) = encryptionState(database)
        return [
            [
                "database_id", "encryption_state", "encryption_state_desc", "key_algorithm", "key_length",
                "encryptor_type", "encryptor_thumbprint",
            ],
            ["2", "3", "ENCRYPTED", "AES", "256", "", ""],
            ["5", String(number), name, "AES", "256", encryptor.type, encryptor.thumbprint],
        ]
    }

    /// Lag and last replication are shown by the primary only.
    /// https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-geo-replication-link-status-azure-sql-database
    func replicationLinks(_ database: OpenDatabase, at now: Timestamp) -> SQLTable {
        var table = SQLTable(columns: [
            "partner_server", "partner_database", "replication_state_desc", "replication_lag_sec", "last_replication",
        ])
        guard let group = database.group,
            let partner = group.partner(of: CaselessName(database.server.name)).flatMap({ state.servers[$0] })
        else { return table }
        let last = group.replicatedUntil ?? now
        let lag = now.duration(since: last).milliseconds / 1000
        // As ODBC drivers write datetimeoffset(7).
        let time = "\(last.date) \(last.description.dropFirst(11).dropLast())0000 +00:00"
        table.rows = [
            [
                .text(partner.name), .text(database.name), .text(group.replicationState),
                database.isReadOnly ? .null : .integer(lag), database.isReadOnly ? .null : .text(time),
            ]
        ]
        return table
    }
}
