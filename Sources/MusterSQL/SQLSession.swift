// SPDX-License-Identifier: Apache-2.0

/// One connection to a database. Its statements run one after the other.
package protocol SQLSession: Sendable {
    /// Who answers, for evidence.
    var source: SQLSource { get }

    /// Runs one statement to its end and fetches all of its rows.
    ///
    /// - Parameters:
    ///   - parameters: bound to the statement's `?`, never written into its text.
    ///   - timeout: how long the statement may take.
    /// - Throws: ``SQLError``. When the task is cancelled the statement is, and the error's kind says so.
    func run(_ statement: String, _ parameters: [SQLValue], timeout: Duration) async throws(SQLError) -> SQLRows

    /// Ends the connection; harmless when it is gone.
    func close() async
}

/// Who answered a statement. A record that shows rows names it beside them.
package struct SQLSource: Hashable, Sendable, Encodable {
    package enum Kind: String, Hashable, Sendable, Encodable {
        /// A database, through an ODBC driver.
        case odbc
        /// The cloud simulator, by its own means: no database was asked.
        case simulator
    }

    package var kind: Kind
    /// The driver with its version, such as `msodbcsql18 18.03.0002`; nil for the simulator.
    package var driver: String?
    /// The database product with its version, such as `Microsoft SQL Server 12.00.2000`.
    package var product: String

    package init(kind: Kind, driver: String?, product: String) {
        self.kind = kind
        self.driver = driver
        self.product = product
    }
}
