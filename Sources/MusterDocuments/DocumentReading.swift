// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
import MusterModel

/// Reads the bytes, checks them against the description and hands the root to `build`, which may add diagnostics of its
/// own. `build` takes what is there and leaves out what has the wrong shape: that has been reported.
func parseDocument<Value>(
    _ bytes: [UInt8], file: String, shape: ObjectShape, named name: String,
    build: (LocatedValue, inout [Diagnostic]) -> Value
) -> Parsed<Value> {
    let parsed = parseYAML(bytes, file: file)
    var diagnostics = parsed.diagnostics
    guard let root = parsed.partial else { return Parsed(partial: nil, diagnostics: diagnostics) }
    diagnostics += secretDiagnostics(in: bytes, file: file)
    Shape.object(shape).check(root, named: name, into: &diagnostics)
    guard root.members != nil else { return Parsed(partial: nil, diagnostics: diagnostics) }
    let value = build(root, &diagnostics)
    return Parsed(partial: value, diagnostics: diagnostics)
}

/// An error for each key or token that stands in the document, be it in a comment: what is committed stays in git.
func secretDiagnostics(in bytes: [UInt8], file: String) -> [Diagnostic] {
    let most = 20
    var found: [Diagnostic] = []
    var (line, lineStart, start) = (1, 0, 0)
    while found.count < most, let (at, what) = KeyPattern.first(in: bytes, from: start) {
        for index in start..<at where bytes[index] == 0x0A { (line, lineStart) = (line + 1, index + 1) }
        let column = 1 + bytes[lineStart..<at].count { $0 & 0xC0 != 0x80 }
        found.append(
            Diagnostic(
                code: "document.secret", "The document holds \(what)",
                help:
                    "Remove it, refer to it as { env: NAME }, and change it where it is real: git keeps what is committed.",
                at: SourceLocation(file: file, line: line, column: column)))
        start = at + 1
    }
    return found
}

extension LocatedValue {
    /// The member's text made into something; nil when it is absent or was refused.
    func read<Value>(_ name: String, _ make: (String) -> Value?) -> Located<Value>? {
        guard let member = self[name], let text = member.string, let value = make(text) else { return nil }
        return Located(value, at: member.location)
    }

    func read<Value>(_ name: String, or fallback: Value, _ make: (String) -> Value?) -> Located<Value> {
        read(name, make) ?? Located(fallback, at: location)
    }

    func texts(_ name: String) -> [Located<String>] { self[name]?.list?.compactMap(\.text) ?? [] }

    /// The text member as a template; nil when it is absent or was refused, now or before.
    func template(_ name: String, into diagnostics: inout [Diagnostic]) -> Located<Template>? {
        guard let member = self[name], let text = member.string else { return nil }
        do throws(ExpressionIssue) {
            return Located(try Template(text), at: member.location)
        } catch {
            diagnostics.append(error.diagnostic(in: member))
            return nil
        }
    }
}

/// An error for each name that stands there a second time.
func reportDoubled(
    _ names: [Located<String>], code: String, _ what: String, into diagnostics: inout [Diagnostic]
) {
    var seen: Set<String> = []
    for name in names where !seen.insert(name.value).inserted {
        diagnostics.append(
            Diagnostic(
                code: code, "There are two \(what) '\(name.value)'", help: "Give one of them another id.",
                at: name.location))
    }
}
