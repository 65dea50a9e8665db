// SPDX-License-Identifier: Apache-2.0

import MusterModel

/// What a part of a document may hold: the one description from which documents are checked and JSON Schemas written.
indirect enum Shape: Sendable {
    case text(TextRule)
    case boolean
    case integer(ClosedRange<Int64>)
    /// An integer, or a decimal fraction.
    case number
    case choice([String])
    /// Anything that JSON can say.
    case any
    case null
    case list(Shape, atLeast: Int = 0)
    /// Names of the author's choice, all with values of one shape.
    case map(names: TextRule, Shape)
    case object(ObjectShape)
    /// An object whose member `tag` says which of the shapes it has.
    case variants(tag: String, [(name: String, shape: ObjectShape)])
    /// Told apart by kind: text, list, mapping …
    case either([Shape])
}

/// A text's rule, with a name for people and a pattern for editors. The pattern may be looser than `accepts`.
struct TextRule: Sendable {
    var name: String
    var pattern: String?
    var accepts: @Sendable (String) -> Bool

    init(_ name: String, pattern: String? = nil, accepts: @escaping @Sendable (String) -> Bool) {
        self.name = name
        self.pattern = pattern
        self.accepts = accepts
    }
}

struct ObjectShape: Sendable {
    /// Exactly one of the fields is given.
    var exactlyOne: Bool
    var fields: [Field]
    let byName: [String: Field]

    init(exactlyOne: Bool = false, _ fields: [Field]) {
        self.exactlyOne = exactlyOne
        self.fields = fields
        byName = Dictionary(fields.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

struct Field: Sendable {
    var name: String
    var shape: Shape
    var isRequired: Bool
    var summary: String

    static func required(_ name: String, _ shape: Shape, _ summary: String) -> Field {
        Field(name: name, shape: shape, isRequired: true, summary: summary)
    }

    static func optional(_ name: String, _ shape: Shape, _ summary: String) -> Field {
        Field(name: name, shape: shape, isRequired: false, summary: summary)
    }
}

extension Shape {
    static func object(_ fields: Field...) -> Shape { .object(ObjectShape(fields)) }

    /// The kind's name inside an error text.
    var wanted: String {
        switch self {
        case .text(let rule): rule.name
        case .boolean: "true or false"
        case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .number: "a number"
        case .choice(let names): "one of \(names.joined(separator: ", "))"
        case .any: "a value"
        case .null: "null"
        case .list: "a list"
        case .map, .object, .variants: "a mapping"
        case .either(let shapes): shapes.map(\.wanted).joined(separator: " or ")
        }
    }
}
