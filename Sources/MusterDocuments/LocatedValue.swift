// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// A value together with where it stands in its document.
package struct Located<Value: Sendable>: Sendable {
    package var value: Value
    package var location: SourceLocation

    package init(_ value: Value, at location: SourceLocation) {
        self.value = value
        self.location = location
    }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}

/// A node of a YAML document: what JSON can say, with the place of every part.
package struct LocatedValue: Sendable {
    package enum Content: Sendable {
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case string(String)
        case list([LocatedValue])
        /// In the order written; each name once.
        case mapping([Member])
        /// A diagnostic about it has been given already; nothing more is said about it.
        case invalid
    }

    package struct Member: Sendable {
        package var name: String
        package var nameLocation: SourceLocation
        package var value: LocatedValue
    }

    package var content: Content
    package var location: SourceLocation
    /// Of a text: where each `${{` in it stands, so that an error inside an expression has its own line and column.
    package var expressionStarts: [SourceLocation] = []

    package init(_ content: Content, at location: SourceLocation) {
        self.content = content
        self.location = location
    }
}

extension LocatedValue {
    package var string: String? { if case .string(let text) = content { text } else { nil } }
    package var int: Int64? { if case .int(let number) = content { number } else { nil } }
    package var bool: Bool? { if case .bool(let truth) = content { truth } else { nil } }
    package var list: [LocatedValue]? { if case .list(let elements) = content { elements } else { nil } }
    package var members: [Member]? { if case .mapping(let members) = content { members } else { nil } }

    package subscript(_ name: String) -> LocatedValue? {
        if case .mapping(let members) = content { members.first { $0.name == name }?.value } else { nil }
    }

    /// The text with its place; nil for anything else.
    package var text: Located<String>? { string.map { Located($0, at: location) } }

    /// The value without places. A part that a diagnostic was given for is null.
    package var json: JSON {
        switch content {
        case .null, .invalid: .null
        case .bool(let truth): .bool(truth)
        case .int(let number): .int(number)
        case .double(let number): .double(number)
        case .string(let text): .string(text)
        case .list(let elements): .array(elements.map(\.json))
        case .mapping(let members):
            .object(Dictionary(members.map { ($0.name, $0.value.json) }, uniquingKeysWith: { first, _ in first }))
        }
    }

    /// Whether a diagnostic was given for any part of it when it was read.
    var hasInvalidPart: Bool {
        switch content {
        case .invalid: true
        case .list(let elements): elements.contains(where: \.hasInvalidPart)
        case .mapping(let members): members.contains { $0.value.hasInvalidPart }
        default: false
        }
    }

    /// The kind's name for error texts.
    var kindName: String {
        switch content {
        case .null: "null"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double: "a number"
        case .string: "text"
        case .list: "a list"
        case .mapping: "a mapping"
        case .invalid: "not readable"
        }
    }
}
