// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import Testing

/// Rows as they came, each cell by its value alone.
struct Table: Equatable {
    var columns: [String]
    var rows: [[JSON?]]
}

extension Rehearsal {
    static let encryptionColumns = [
        "database_name", "encryption_state", "encryption_state_desc", "key_algorithm", "key_length", "encryptor_type",
        "encryptor_thumbprint",
    ]
    /// https://learn.microsoft.com/azure/azure-sql/database/transparent-data-encryption-byok-key-rotation
    static let encryptionQuery = """
        SELECT DB_NAME(db_id()) AS database_name, dek.encryption_state, dek.encryption_state_desc, dek.key_algorithm,
        dek.key_length, dek.encryptor_type, dek.encryptor_thumbprint
        FROM sys.dm_database_encryption_keys AS dek WHERE database_id <> 2
        """

    static func encrypted(by thumbprint: String) -> [JSON?] {
        ["db", 3, "ENCRYPTED", "AES", 256, "ASYMMETRIC KEY", .string(thumbprint)]
    }

    /// Both servers protected by a key of their own, each registered on the other.
    static func differentKeys(_ document: inout JSON) {
        for (server, protector, other) in [("first", keyA, keyB), ("second", keyB, keyA)] {
            document.set("cloud", "servers", server, "protector", to: .string(protector))
            document.set("cloud", "servers", server, "keys", to: [.string(other)])
        }
    }

    mutating func thumbprint(_ key: String, on server: String) throws -> String {
        try #require(get("\(Self.servers)/\(server)/keys/\(key)")["properties"]?["thumbprint"]?.string)
    }

    mutating func sql(_ statement: String, _ parameters: [JSON] = [], on server: String, database: String = "db")
        -> SimulatedResponse
    {
        let body: JSON = [
            "server": .string(server), "database": .string(database), "intent": "ReadWrite",
            "statement": .string(statement), "parameters": .array(parameters),
        ]
        return send(
            SimulatedRequest("POST", host: "127.0.0.1:8080", target: "/simulator/sql", body: body.canonicalBytes()))
    }

    /// The rows of a statement that must succeed.
    mutating func table(_ statement: String, _ parameters: [JSON] = [], on server: String) throws -> Table {
        let answer = sql(statement, parameters, on: server)
        try #require(answer.status == 200 && !answer.dropsConnection, "\(answer)")
        let json = try #require(answer.json)
        let columns = json["columns"]?.array?.compactMap(\.string) ?? []
        let rows = json["rows"]?.array ?? []
        return Table(columns: columns, rows: rows.map { row in row.array?.map { $0.object?.first?.value } ?? [] })
    }

    mutating func encryptionKeys(on server: String) throws -> Table {
        try table(Self.encryptionQuery, on: server)
    }

    mutating func look(_ name: String, server: String) -> SimulatedResponse {
        send(
            SimulatedRequest(
                "GET", host: "127.0.0.1:8080", target: "/simulator/sql/\(name)?server=\(server)&database=db"))
    }
}
