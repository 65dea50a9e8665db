// SPDX-License-Identifier: Apache-2.0

internal import MusterExpressions
internal import MusterModel

/// A connection string with expressions in it, taken apart into attributes *before* anything is filled in: what an
/// expression gives is part of one attribute's value, whatever it holds.
struct ConnectionTemplate: Hashable, Sendable {
    private struct Attribute: Hashable, Sendable {
        var name: String
        var value: [Piece] = []
        var isBraced = false
        /// Whether one expression is all of the value.
        var isFilled: Bool { if value.count == 1, case .expression = value[0] { true } else { false } }
    }

    private enum Piece: Hashable, Sendable {
        case text(String)
        case expression(Expression)
    }

    private let attributes: [Attribute]

    var names: [String] { attributes.map(\.name) }

    /// - Throws: ``SQLError`` of kind configuration for what is no connection string.
    init(_ text: String) throws(SQLError) {
        let template: Template
        do {
            template = try Template(text)
        } catch {
            throw SQLError(configuration: "The connection string cannot be read: \(error).")
        }
        var reader = Reader()
        for segment in template.segments {
            switch segment {
            case .text(let text):
                for character in text.unicodeScalars { try reader.take(character) }
            case .expression(let expression): try reader.take(expression)
            }
        }
        try reader.end()
        attributes = reader.attributes
        try checkNames()
    }

    /// These choose the code that is loaded, or read and write files; values from elsewhere have no business there.
    private static let fixedNames: Set = ["driver", "dsn", "filedsn", "savefile"]

    private func checkNames() throws(SQLError) {
        guard !attributes.isEmpty else { throw SQLError(configuration: "The connection string is empty.") }
        var seen: Set<String> = []
        for attribute in attributes {
            // Which of two counts differs between drivers.
            guard seen.insert(attribute.name.lowercased()).inserted else {
                throw SQLError(configuration: "The connection string says '\(attribute.name)' twice.")
            }
            let hasExpression = attribute.value.contains { if case .expression = $0 { true } else { false } }
            if hasExpression, Self.fixedNames.contains(attribute.name.lowercased()) {
                throw SQLError(configuration: "The connection string's '\(attribute.name)' cannot be an expression.")
            }
        }
    }

    /// - Throws: ``SQLError`` of kind configuration: an expression has no value, or one that cannot stand where it does.
    func filled(_ scope: ValueScope) throws(SQLError) -> ConnectionString {
        var string = ConnectionString()
        for attribute in attributes {
            var value = ""
            for piece in attribute.value {
                switch piece {
                case .text(let text): value += text
                case .expression(let expression):
                    let filled = try text(of: expression, in: scope)
                    try check(filled, of: expression, isWhole: attribute.isFilled)
                    value += filled
                }
            }
            if attribute.isFilled {
                string.append(attribute.name, value)
            } else {
                string.append(attribute.name, author: value, inBraces: attribute.isBraced)
            }
        }
        return string
    }

    private func text(of expression: Expression, in scope: ValueScope) throws(SQLError) -> String {
        do {
            switch try expression.evaluate(in: scope) {
            case .array, .object, .null:
                throw SQLError(configuration: "In the connection string '\(expression)' is not a text.")
            case let value: return value.text
            }
        } catch let error as SQLError {
            throw error
        } catch {
            throw SQLError(configuration: "The connection string cannot be filled: \(error).")
        }
    }

    /// A value that is an attribute's whole value is put into braces. Beside other text there is no form that every driver
    /// takes for the same.
    private func check(_ value: String, of expression: Expression, isWhole: Bool) throws(SQLError) {
        let isRefused = value.unicodeScalars.contains {
            $0.value == 0 || !isWhole && ($0.value < 0x20 || $0.value == 0x7F || ";{}()=".unicodeScalars.contains($0))
        }
        guard !isRefused else {
            throw SQLError(
                configuration:
                    "In the connection string '\(expression)' has a value with a character that is not allowed"
                    + (isWhole ? " there." : " beside other text."),
                remedy: isWhole ? "Correct the value." : "Correct the value, or give it an attribute of its own.")
        }
    }
}

extension ConnectionTemplate {
    /// Takes attributes out of a template, character by character.
    private struct Reader {
        private enum Place { case name, valueStart, bare, braced, closingBrace }

        private(set) var attributes: [Attribute] = []
        private var place = Place.name
        private var text = ""
        private var current = Attribute(name: "")

        mutating func take(_ character: Unicode.Scalar) throws(SQLError) {
            guard character.value != 0 else { throw SQLError(configuration: "The connection string holds a NUL.") }
            switch (place, character) {
            case (.name, "="):
                current = Attribute(name: text.trimmed)
                guard !current.name.isEmpty, current.name.unicodeScalars.allSatisfy({ $0 >= " " }) else {
                    throw SQLError(configuration: "The connection string has an attribute without a name.")
                }
                (text, place) = ("", .valueStart)
            case (.name, ";"):
                guard text.trimmed.isEmpty else { throw withoutValue }
                text = ""
            case (.valueStart, " "): break
            case (.valueStart, "{"):
                place = .braced
                current.isBraced = true
            case (.valueStart, ";"), (.bare, ";"), (.closingBrace, ";"): endAttribute()
            case (.valueStart, _):
                place = .bare
                text.unicodeScalars.append(character)
            case (.braced, "}"): place = .closingBrace
            case (.closingBrace, "}"):
                place = .braced
                text.unicodeScalars.append("}")
            case (.closingBrace, " "): break
            case (.closingBrace, _): throw behindBrace
            case (.name, _), (.bare, _), (.braced, _): text.unicodeScalars.append(character)
            }
        }

        mutating func take(_ expression: Expression) throws(SQLError) {
            switch place {
            case .name:
                throw SQLError(configuration: "In the connection string '\(expression)' stands outside of a value.")
            case .closingBrace: throw behindBrace
            case .valueStart: place = .bare
            case .bare, .braced: break
            }
            endText()
            current.value.append(.expression(expression))
        }

        mutating func end() throws(SQLError) {
            switch place {
            case .name: guard text.trimmed.isEmpty else { throw withoutValue }
            case .braced:
                throw SQLError(configuration: "The connection string's '\(current.name)' has no closing brace.")
            case .valueStart, .bare, .closingBrace: endAttribute()
            }
        }

        private mutating func endAttribute() {
            // Space behind a bare value does not belong to it.
            if place == .bare { while text.last == " " { text.removeLast() } }
            endText()
            attributes.append(current)
            place = .name
        }

        private mutating func endText() {
            if !text.isEmpty { current.value.append(.text(text)) }
            text = ""
        }

        private var withoutValue: SQLError {
            SQLError(configuration: "The connection string's '\(text.trimmed)' has no '=' and value.")
        }

        private var behindBrace: SQLError {
            SQLError(configuration: "In the connection string's '\(current.name)' something stands behind the brace.")
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        return String(start[..<(start.lastIndex { !$0.isWhitespace }.map(start.index(after:)) ?? start.startIndex)])
    }
}
