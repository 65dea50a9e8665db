// SPDX-License-Identifier: Apache-2.0

internal import CODBC

/// One of the records that a driver or the driver manager leaves about a call.
struct SQLDiagnostic: Hashable, Sendable {
    var state: String
    var native: Int
    /// With its prefixes: `[vendor][component][source]text`.
    var message: String

    /// Without the prefixes, on one line.
    var text: String {
        var rest = message[...]
        while rest.first == "[", let end = rest.firstIndex(of: "]") { rest = rest[rest.index(after: end)...] }
        let lines = rest.split(whereSeparator: \.isNewline).map { line in
            let start = line.drop { $0 == " " }
            return start.last == ";" ? start.dropLast() : start
        }
        return lines.joined(separator: "; ")
    }

    /// All records about the last call with this handle. https://learn.microsoft.com/sql/odbc/reference/syntax/sqlgetdiagrec-function
    static func all(_ type: Int32, _ handle: SQLHANDLE?) -> [SQLDiagnostic] {
        var records: [SQLDiagnostic] = []
        var state = [SQLWCHAR](repeating: 0, count: 6)
        var text = [SQLWCHAR](repeating: 0, count: 4096)
        // Drivers say a few at most; the bound is for a broken one.
        for number in 1...20 {
            var native: SQLINTEGER = 0
            var length: SQLSMALLINT = 0
            let code = SQLGetDiagRecW(
                SQLSMALLINT(type), handle, SQLSMALLINT(number), &state, &native, &text, SQLSMALLINT(text.count), &length
            )
            guard code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO else { break }
            records.append(
                SQLDiagnostic(
                    state: String(decoding: state.prefix { $0 != 0 }, as: UTF16.self), native: Int(native),
                    message: String(decoding: text.prefix(min(max(0, Int(length)), text.count - 1)), as: UTF16.self)))
        }
        return records
    }
}
