// SPDX-License-Identifier: Apache-2.0

internal import CODBC

/// A statement's calls: bind, execute, and fetch what it answers.
///
/// Text goes both ways as UTF-16, the one encoding that does not depend on the process's locale:
/// https://learn.microsoft.com/sql/connect/odbc/linux-mac/programming-guidelines#character-support
struct ODBCStatement {
    /// Most that one answer may hold: an answer is evidence, and this guards the memory of a step.
    static let rowsMax = 10_000
    static let bytesMax = 16 << 20

    let handle: SQLHANDLE

    func run(_ text: String, _ parameters: [SQLValue]) throws(SQLError) -> SQLRows {
        let bound = try parameters.enumerated().map { (index, value) throws(SQLError) in
            let parameter = BoundParameter(value)
            try check(parameter.bind(to: handle, at: index + 1))
            return parameter
        }
        // The driver may read from the parameters' memory for as long as parts of the statement are executed.
        defer { extendLifetime(bound) }
        var units = Array(text.utf16)
        try check(SQLExecDirectW(handle, &units, SQLINTEGER(units.count)))
        var answer: SQLRows?
        // An error of a later part of the statement comes only when all before it has been looked at.
        repeat {
            let columns = try columns()
            if answer == nil, !columns.isEmpty { answer = try fetch(columns) }
        } while try hasMoreResults()
        return answer ?? SQLRows(columns: [], rows: [])
    }

    private func check(_ code: SQLRETURN) throws(SQLError) {
        try MusterSQL.check(code, SQL_HANDLE_STMT, handle, .running)
    }

    private func hasMoreResults() throws(SQLError) -> Bool {
        let code = SQLMoreResults(handle)
        try check(code)
        return code != SQL_NO_DATA
    }

    // MARK: Columns

    private struct Column {
        var name: String
        var type: Int32
    }

    private func columns() throws(SQLError) -> [Column] {
        var count: SQLSMALLINT = 0
        try check(SQLNumResultCols(handle, &count))
        var columns: [Column] = []
        for number in 1..<SQLUSMALLINT(max(1, count + 1)) {
            // Identifiers have at most 128 characters in SQL Server and Oracle, 63 bytes in PostgreSQL.
            var name = [SQLWCHAR](repeating: 0, count: 512)
            var (length, type, size, digits, nullable) = (
                SQLSMALLINT(0), SQLSMALLINT(0), SQLULEN(0), SQLSMALLINT(0), SQLSMALLINT(0)
            )
            try check(
                SQLDescribeColW(
                    handle, number, &name, SQLSMALLINT(name.count), &length, &type, &size, &digits, &nullable))
            columns.append(Column(name: String(decoding: name.prefix { $0 != 0 }, as: UTF16.self), type: Int32(type)))
        }
        return columns
    }

    // MARK: Rows

    private func fetch(_ columns: [Column]) throws(SQLError) -> SQLRows {
        var rows: [[SQLValue]] = []
        var bytesLeft = Self.bytesMax
        while true {
            let code = SQLFetch(handle)
            try check(code)
            guard code != SQL_NO_DATA else { return SQLRows(columns: columns.map(\.name), rows: rows) }
            guard rows.count < Self.rowsMax else { throw .tooLarge("more than \(Self.rowsMax) rows") }
            var row: [SQLValue] = []
            for (index, column) in columns.enumerated() {
                row.append(try value(SQLUSMALLINT(index + 1), column.type, &bytesLeft))
            }
            rows.append(row)
        }
    }

    private func value(_ number: SQLUSMALLINT, _ type: Int32, _ bytesLeft: inout Int) throws(SQLError) -> SQLValue {
        switch type {
        case SQL_BIT:
            return try fixed(number, SQL_C_BIT, UInt8(0)).map { .boolean($0 != 0) } ?? .null
        case SQL_TINYINT, SQL_SMALLINT, SQL_INTEGER, SQL_BIGINT:
            return try fixed(number, SQL_C_SBIGINT, Int64(0)).map(SQLValue.integer) ?? .null
        case SQL_REAL, SQL_FLOAT, SQL_DOUBLE:
            return try fixed(number, SQL_C_DOUBLE, 0.0).map(SQLValue.number) ?? .null
        case SQL_BINARY, SQL_VARBINARY, SQL_LONGVARBINARY:
            return try pieces(number, SQL_C_BINARY, of: UInt8.self, &bytesLeft).map(SQLValue.bytes) ?? .null
        default:
            let units = try pieces(number, SQL_C_WCHAR, of: SQLWCHAR.self, &bytesLeft)
            return units.map { .text(String(decoding: $0, as: UTF16.self)) } ?? .null
        }
    }

    private func fixed<Value: BitwiseCopyable>(
        _ number: SQLUSMALLINT, _ type: Int32, _ empty: Value
    ) throws(SQLError) -> Value? {
        var value = empty
        var length: SQLLEN = 0
        try check(SQLGetData(handle, number, SQLSMALLINT(type), &value, MemoryLayout<Value>.size, &length))
        return length == SQL_NULL_DATA ? nil : value
    }

    /// A value of any length, piece by piece. Text ends in each piece with a zero, which is not part of it.
    ///
    /// https://learn.microsoft.com/sql/odbc/reference/syntax/sqlgetdata-function#retrieving-variable-length-data-in-parts
    private func pieces<Unit: FixedWidthInteger>(
        _ number: SQLUSMALLINT, _ type: Int32, of unit: Unit.Type, _ bytesLeft: inout Int
    ) throws(SQLError) -> [Unit]? {
        let size = MemoryLayout<Unit>.size
        let terminators = type == SQL_C_BINARY ? 0 : 1
        var value: [Unit] = []
        var piece = [Unit](repeating: 0, count: 4096)
        while true {
            var length: SQLLEN = 0
            let code = SQLGetData(handle, number, SQLSMALLINT(type), &piece, piece.count * size, &length)
            try check(code)
            if code == SQL_NO_DATA { return value }
            if length == SQL_NULL_DATA { return nil }
            let capacity = piece.count - terminators
            // The length is what was left before this call, and not always known.
            let count = length == SQL_NO_TOTAL ? capacity : min(length / size, capacity)
            value += piece[..<count]
            bytesLeft -= count * size
            guard bytesLeft >= 0 else { throw .tooLarge("more than \(Self.bytesMax >> 20) MiB") }
            if code == SQL_SUCCESS { return value }
        }
    }
}

extension SQLError {
    fileprivate static func tooLarge(_ what: String) -> SQLError {
        SQLError(
            kind: .statement, state: nil, native: 0, message: "The statement answers \(what).",
            remedy: "Let it answer less: name columns and conditions.")
    }
}
