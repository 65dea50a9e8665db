// SPDX-License-Identifier: Apache-2.0

package import MusterModel
package import MusterSQL

/// For evidence: a statement and its answer, with who answered.
package struct SQLEvidence: Encodable, Sendable {
    /// Nil when nobody was reached.
    package var source: SQLSource?
    package var server: String
    package var host: String
    package var database: String
    package var intent: String
    package var statement: String
    /// Those of the statement's `?`.
    package var parameters: [JSON]?
    package var columns: [String]?
    /// Bytes as hexadecimal digits behind `0x`, as T-SQL shows them.
    package var rows: [[JSON]]?
    /// How many rows came, where that is more than are kept.
    package var rowCount: Int?
    package var error: String?

    /// A record is no copy of a database: what shows that it answered, and how, is at the beginning.
    package static let rowsMax = 50
    package static let charactersMax = 1000

    /// - Parameter answer: what came back, or why nothing did.
    package init(
        _ statement: String, _ parameters: [SQLValue] = [], of target: SQLTarget, source: SQLSource?,
        answer: Result<SQLRows, SQLError>
    ) {
        self.source = source
        server = target.server
        host = target.host
        database = target.database
        intent = target.intent.rawValue
        self.statement = statement
        if !parameters.isEmpty { self.parameters = parameters.map(Self.shown) }
        switch answer {
        case .success(let answer):
            columns = answer.columns
            rows = answer.rows.prefix(Self.rowsMax).map { $0.map(Self.shown) }
            if answer.rows.count > Self.rowsMax { rowCount = answer.rows.count }
        case .failure(let failure): error = failure.description
        }
    }

    private static func shown(_ value: SQLValue) -> JSON {
        switch value {
        case .null: .null
        case .boolean(let value): .bool(value)
        case .integer(let value): .int(value)
        // Infinity and the like have no JSON form.
        case .number(let value): value.isFinite ? .double(value) : .string("\(value)")
        case .text(let value): .string(beginning(of: value))
        case .bytes(let value): .string(beginning(of: "0x" + hexDigits(Array(value.prefix(charactersMax)))))
        }
    }

    private static func beginning(of text: String) -> String {
        text.count > charactersMax ? text.prefix(charactersMax) + "…" : text
    }
}
