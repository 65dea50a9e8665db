// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// A file with inputs of a run, `name: value` a line (`docs/formats/runbook-v1.md`), held against what the runbook declares.
package struct RunInputs: Sendable {
    package var values: [String: JSON]

    /// - Parameter overridden: names whose values come from elsewhere; what stands in the file for them means nothing.
    package static func parse(
        _ bytes: [UInt8], file: String, for declared: [InputDeclaration], overridden: Set<String> = []
    ) -> Parsed<RunInputs> {
        let parsed = parseYAML(bytes, file: file)
        guard let root = parsed.partial else { return Parsed(partial: nil, diagnostics: parsed.diagnostics) }
        var diagnostics = parsed.diagnostics + secretDiagnostics(in: bytes, file: file)
        guard let members = root.members else {
            diagnostics.append(
                Diagnostic(
                    code: "input.not-a-map", "A file of inputs is a mapping, this is \(root.kindName)",
                    help: "Write `name: value` lines.", at: root.location))
            return Parsed(partial: nil, diagnostics: diagnostics)
        }
        let byName = Dictionary(declared.map { ($0.name.value, $0) }, uniquingKeysWith: { first, _ in first })
        let allowance = SuggestionAllowance()
        let names = declared.map(\.name.value)
        for member in members {
            guard let input = byName[member.name] else {
                let known = names.isEmpty ? "It has none." : "It has \(listed(names))."
                diagnostics.append(
                    Diagnostic(
                        code: "input.unknown", "The runbook has no input '\(member.name)'",
                        help: allowance.suggestion(for: member.name, in: names) ?? known, at: member.nameLocation))
                continue
            }
            guard !overridden.contains(member.name), !member.value.hasInvalidPart,
                let why = input.mismatch(of: member.value.json)
            else { continue }
            diagnostics.append(
                Diagnostic(
                    code: "input.type", "The input '\(member.name)' does not fit its type: \(why)",
                    at: member.value.location))
        }
        let values = members.map { ($0.name, $0.value.json) }
        return Parsed(
            partial: RunInputs(values: Dictionary(values, uniquingKeysWith: { first, _ in first })),
            diagnostics: diagnostics)
    }
}
