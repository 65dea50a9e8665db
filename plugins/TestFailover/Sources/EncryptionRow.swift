// SPDX-License-Identifier: Apache-2.0

internal import AzureSteps
internal import MusterSQL
internal import SQLSteps

/// A row of `sys.dm_database_encryption_keys`
/// (learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-database-encryption-keys-transact-sql).
struct EncryptionRow: Hashable, Sendable, Encodable {
    enum State: Int64, Sendable {
        case noKey = 0
        case unencrypted, encrypting, encrypted, changingKey, decrypting, changingProtection

        var isPassing: Bool { [.encrypting, .changingKey, .decrypting, .changingProtection].contains(self) }

        var words: String {
            switch self {
            case .noKey: "without an encryption key"
            case .unencrypted: "unencrypted"
            case .encrypting: "being encrypted"
            case .encrypted: "encrypted"
            case .changingKey: "getting another encryption key"
            case .decrypting: "being decrypted"
            case .changingProtection: "getting another protector"
            }
        }
    }

    /// In a user database the view shows that database and tempdb, whose id is 2.
    static let query =
        "SELECT DB_NAME(db_id()) AS database_name, dek.encryption_state, dek.encryption_state_desc, dek.key_algorithm, "
        + "dek.key_length, dek.encryptor_type, dek.encryptor_thumbprint FROM sys.dm_database_encryption_keys AS dek "
        + "WHERE database_id <> 2;"

    var database: String
    var state: Int64
    var algorithm: String?
    var keyLength: Int64?
    var encryptorType: String?
    /// Hexadecimal digits in upper case.
    var thumbprint: String?

    var known: State? { State(rawValue: state) }

    /// What it says, in words: `encrypted, AES 256`.
    var words: String {
        let state = known?.words ?? "in state \(state), which is not known"
        guard let algorithm else { return state }
        return "\(state), \(algorithm)" + (keyLength.map { " \($0)" } ?? "")
    }

    /// - Returns: nil when the columns are not those of the query.
    static func read(_ rows: SQLRows) -> [EncryptionRow]? {
        let names = [
            "database_name", "encryption_state", "key_algorithm", "key_length", "encryptor_type",
            "encryptor_thumbprint",
        ]
        let columns = names.compactMap { rows.position(of: $0) }
        guard columns.count == names.count else { return nil }
        var read: [EncryptionRow] = []
        for row in rows.rows {
            guard columns.allSatisfy(row.indices.contains), let state = row[columns[1]].whole else { return nil }
            read.append(
                EncryptionRow(
                    database: row[columns[0]].words ?? "", state: state, algorithm: row[columns[2]].words,
                    keyLength: row[columns[3]].whole, encryptorType: row[columns[4]].words?.uppercased(),
                    thumbprint: row[columns[5]].thumbprint))
        }
        return read
    }
}

extension SQLValue {
    var whole: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        case .text(let text): Int64(text)
        default: nil
        }
    }

    /// Text without the padding of fixed-width columns.
    var words: String? {
        guard case .text(let text) = self else { return nil }
        return String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// `varbinary` comes as bytes, or from some drivers as `0x…`.
    fileprivate var thumbprint: String? {
        switch self {
        case .bytes(let bytes): hexDigits(bytes)
        case .text: words.map { ($0.lowercased().hasPrefix("0x") ? String($0.dropFirst(2)) : $0).uppercased() }
        default: nil
        }
    }
}
