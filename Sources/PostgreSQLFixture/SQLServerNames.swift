// SPDX-License-Identifier: Apache-2.0

extension PostgreSQLFixture {
    /// Gives a database what the query for encryption keys needs, so that it runs unchanged: the view
    /// `sys.dm_database_encryption_keys` and the functions `db_id` and `db_name`, which says `databaseName`.
    ///
    /// The view's rows are those of the table `sys.encryption_keys`, with the columns and types that SQL Server documents:
    /// https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-database-encryption-keys-transact-sql
    package static func sqlServerNames(databaseName: String) -> String {
        let text = databaseName.replacing("'", with: "''")
        return """
            CREATE SCHEMA sys;
            CREATE TABLE sys.encryption_keys (
                database_id int PRIMARY KEY,
                encryption_state int NOT NULL,
                encryption_state_desc varchar(32) GENERATED ALWAYS AS (CASE encryption_state
                    WHEN 0 THEN 'NONE' WHEN 1 THEN 'UNENCRYPTED' WHEN 2 THEN 'ENCRYPTION_IN_PROGRESS' WHEN 3 THEN 'ENCRYPTED'
                    WHEN 4 THEN 'KEY_CHANGE_IN_PROGRESS' WHEN 5 THEN 'DECRYPTION_IN_PROGRESS'
                    WHEN 6 THEN 'PROTECTION_CHANGE_IN_PROGRESS' END) STORED,
                key_algorithm varchar(32), key_length int, encryptor_type varchar(32),
                encryptor_thumbprint bytea CHECK (length(encryptor_thumbprint) <= 20));
            CREATE VIEW sys.dm_database_encryption_keys AS SELECT * FROM sys.encryption_keys;
            CREATE FUNCTION db_id() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 5';
            CREATE FUNCTION db_name(int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '\(text)'::text $$;
            GRANT USAGE ON SCHEMA sys TO \(user);
            GRANT SELECT ON sys.dm_database_encryption_keys TO \(user);

            """
    }

    /// One row of the view, for ``sqlServerNames(databaseName:)``.
    package struct EncryptionKey: Sendable {
        /// 2 is `tempdb`.
        package var databaseID = 5
        /// 3 is encrypted.
        package var state = 3
        /// `ASYMMETRIC KEY` for a customer's key, `CERTIFICATE` for the service's.
        package var encryptorType = "ASYMMETRIC KEY"
        /// Hexadecimal digits, without `0x`.
        package var thumbprint: String

        package init(databaseID: Int = 5, state: Int = 3, thumbprint: String) {
            self.databaseID = databaseID
            self.state = state
            self.thumbprint = thumbprint
        }

        package var script: String {
            """
            INSERT INTO sys.encryption_keys (database_id, encryption_state, key_algorithm, key_length, encryptor_type,
                encryptor_thumbprint) VALUES (\(databaseID), \(state), 'AES', 256, '\(encryptorType)', '\\x\(thumbprint)')
            ON CONFLICT (database_id) DO UPDATE SET encryption_state = excluded.encryption_state,
                encryptor_type = excluded.encryptor_type, encryptor_thumbprint = excluded.encryptor_thumbprint;

            """
        }
    }
}
