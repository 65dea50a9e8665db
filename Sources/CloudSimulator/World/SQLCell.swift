// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// A value of a row or of a parameter: null, or an object with one member that names its type.
enum SQLCell: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    /// Hexadecimal digits.
    case bytes(String)

    /// Nil when the JSON is no such value.
    init?(_ json: JSON) {
        if json == .null {
            self = .null
            return
        }
        guard let members = json.object, members.count == 1, let (type, value) = members.first else { return nil }
        switch (type, value) {
        case ("boolean", .bool(let value)): self = .boolean(value)
        case ("integer", .int(let value)): self = .integer(value)
        case ("number", .double(let value)): self = .number(value)
        case ("number", .int(let value)): self = .number(Double(value))
        case ("text", .string(let value)): self = .text(value)
        case ("bytes", .string(let value)) where value.allSatisfy(\.isHexDigit): self = .bytes(value)
        default: return nil
        }
    }

    var json: JSON {
        switch self {
        case .null: .null
        case .boolean(let value): ["boolean": .bool(value)]
        case .integer(let value): ["integer": .int(value)]
        case .number(let value): ["number": .double(value)]
        case .text(let value): ["text": .string(value)]
        case .bytes(let value): ["bytes": .string(value)]
        }
    }
}

/// What a statement answers.
struct SQLTable: Sendable, Hashable {
    var columns: [String] = []
    var rows: [[SQLCell]] = []

    var json: JSON {
        [
            "columns": .array(columns.map { .string($0) }),
            "rows": .array(rows.map { row in .array(row.map(\.json)) }),
        ]
    }
}
