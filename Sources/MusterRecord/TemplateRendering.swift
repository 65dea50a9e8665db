// SPDX-License-Identifier: Apache-2.0

internal import MusterExpressions
package import MusterModel

/// Fills a rollback template. A value that is not known is named in its place, for a person reads it who needs the
/// rest.
///
/// - Parameter roots: `inputs`, `undo`, `environment`, `run`, `item`, and `steps` with each step's `outputs`.
package func renderTemplate(_ template: String, _ roots: [String: JSON]) -> String {
    let parsed: Template
    do { parsed = try Template(template) } catch {
        // The definition was linted when it was published; what cannot be filled still says what to do.
        return template
    }
    var outputs: [String: [String: JSON]] = [:]
    // A run may have thousands of steps, and a template hardly ever reads one.
    if parsed.references.contains(where: { $0.root == "steps" }) {
        outputs = roots["steps"]?.object?.compactMapValues { $0["outputs"]?.object } ?? [:]
    }
    let scope = ValueScope(roots: roots, outputs: outputs)
    return parsed.segments.map { segment in
        switch segment {
        case .text(let text): return text
        case .expression(let expression):
            do { return try expression.evaluate(in: scope).text } catch { return "(not known: \(expression))" }
        }
    }.joined()
}
