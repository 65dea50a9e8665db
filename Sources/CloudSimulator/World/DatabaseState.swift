// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// A database with its copies: one of a failover group is the same wherever it is asked.
package struct DatabaseIdentity: Sendable, Hashable {
    /// The failover group's name, or the server's when the database is in none.
    package var owner: CaselessName
    package var name: CaselessName
}

/// What a database's encryption key is encrypted with, as SQL shows it.
package struct Encryptor: Sendable, Hashable {
    /// `ASYMMETRIC KEY` for a customer's key, `CERTIFICATE` for the service's.
    package var type: String
    /// 40 upper-case hexadecimal digits.
    package var thumbprint: String
}

/// A group's databases on their way from the former primary's protector to the new primary's.
package struct KeyChange: Sendable, Hashable {
    package var from: Encryptor
    package var until: Timestamp
}

/// A row of a marker table: `run varchar(64), marker int, written_at datetime2`.
package struct MarkerRow: Sendable, Hashable {
    package var database: DatabaseIdentity
    /// In lower case.
    package var table: String
    package var run: String
    package var marker: Int64
    /// As the client wrote it.
    package var writtenAt: String
    /// When it came, by the simulated clock.
    package var committed: Timestamp
}
