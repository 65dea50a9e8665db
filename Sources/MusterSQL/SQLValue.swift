// SPDX-License-Identifier: Apache-2.0

/// A value of a row or of a parameter.
package enum SQLValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    /// Also decimals, dates and times, as the database writes them.
    case text(String)
    case bytes([UInt8])
}

/// What a statement answered.
package struct SQLRows: Hashable, Sendable {
    /// Names as the database gave them; their case differs between databases.
    package var columns: [String]
    package var rows: [[SQLValue]]

    package init(columns: [String], rows: [[SQLValue]]) {
        self.columns = columns
        self.rows = rows
    }

    /// Where the column stands, its name compared without case.
    package func position(of column: String) -> Int? {
        columns.firstIndex { $0.lowercased() == column.lowercased() }
    }
}
