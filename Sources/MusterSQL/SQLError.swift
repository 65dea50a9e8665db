// SPDX-License-Identifier: Apache-2.0

/// Why a connection could not be made, or a statement failed. Its texts hold no credential.
package struct SQLError: Error, Hashable, Sendable {
    /// What the caller may conclude, whichever database and driver it was. Its raw value is the error's code.
    package enum Kind: String, Hashable, Sendable {
        /// The connection string or the driver it names is at fault: nothing was reached.
        case configuration = "sql.configuration"
        /// The server was not reached, or did not answer in time.
        case unreachable = "sql.unreachable"
        /// User, password or token were refused.
        case refused = "sql.refused"
        /// The server was reached, and the database is not to be had now.
        case unavailable = "sql.unavailable"
        /// The connection broke; what the statement did is not known.
        case connectionLost = "sql.connection-lost"
        /// The statement was stopped at its time limit.
        case timedOut = "sql.timed-out"
        /// The step was cancelled, and the statement with it.
        case cancelled = "sql.cancelled"
        /// The database did not permit it to this user.
        case denied = "sql.denied"
        /// The statement itself failed.
        case statement = "sql.statement"
    }

    package var kind: Kind
    /// Five characters, such as `08001`; nil when no diagnostic record came.
    package var state: String?
    /// The database's own number, such as 40613; 0 when it gave none.
    package var native: Int
    /// What happened, in the driver's words, without its prefixes.
    package var message: String
    /// What a person can do about it.
    package var remedy: String?

    package init(kind: Kind, state: String?, native: Int, message: String, remedy: String?) {
        self.kind = kind
        self.state = state
        self.native = native
        self.message = message
        self.remedy = remedy
    }
}

extension SQLError: CustomStringConvertible {
    package var description: String {
        let number = native == 0 ? "" : ", \(native)"
        return message + (state.map { " [SQLSTATE \($0)\(number)]" } ?? "")
    }
}
