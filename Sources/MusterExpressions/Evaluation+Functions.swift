// SPDX-License-Identifier: Apache-2.0

import MusterModel

extension Node {
    /// All functions but `default`, which may not evaluate its first value to the end.
    func call(_ function: ExpressionFunction, _ values: [JSON]) throws(ExpressionIssue) -> JSON {
        switch function {
        case .length: return .int(try length(values[0]))
        case .contains: return .bool(try contains(values[0], values[1]))
        case .startsWith: return .bool(try text(values[0]).utf8.starts(with: try text(values[1]).utf8))
        case .endsWith:
            return .bool(try text(values[0]).utf8.reversed().starts(with: try text(values[1]).utf8.reversed()))
        case .lower: return .string(try text(values[0]).lowercased())
        case .upper: return .string(try text(values[0]).uppercased())
        case .join: return .string(try join(values[0], try text(values[1])))
        case .lastSegment: return .string(lastSegment(try text(values[0])))
        case .default: preconditionFailure("default is evaluated where its first value is")
        }
    }

    private func text(_ value: JSON) throws(ExpressionIssue) -> String {
        guard let text = value.string else { throw wrongType("Text is needed here, this is \(value.kindName)") }
        return text
    }

    private func length(_ value: JSON) throws(ExpressionIssue) -> Int64 {
        switch value {
        case .string(let text): return Int64(text.unicodeScalars.count)
        case .array(let elements): return Int64(elements.count)
        case .object(let members): return Int64(members.count)
        default: throw wrongType("length takes text, a list or an object, this is \(value.kindName)")
        }
    }

    private func contains(_ value: JSON, _ part: JSON) throws(ExpressionIssue) -> Bool {
        if case .array(let elements) = value { return elements.contains(part) }
        let (whole, part) = (Array(try text(value).utf8), Array(try text(part).utf8))
        guard part.count <= whole.count else { return false }
        return (0...(whole.count - part.count)).contains { whole[$0...].starts(with: part) }
    }

    private func join(_ value: JSON, _ separator: String) throws(ExpressionIssue) -> String {
        guard let elements = value.array else { throw wrongType("join takes a list, this is \(value.kindName)") }
        var texts: [String] = []
        for element in elements { texts.append(try text(element)) }
        return texts.joined(separator: separator)
    }

    private func lastSegment(_ text: String) -> String {
        text.split(separator: "/").last.map(String.init) ?? ""
    }
}
