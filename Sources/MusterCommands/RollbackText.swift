// SPDX-License-Identifier: Apache-2.0

internal import MusterExpressions
internal import MusterModel

/// Fills a rollback template, in pieces: what has no value says so in its place, so that the rest can still be followed.
let renderTemplate: @Sendable (String, [String: JSON]) -> String = { template, roots in
    let scope = ValueScope(roots: roots, outputs: (roots["steps"]?.object ?? [:]).compactMapValues { $0["outputs"]?.object })
    do {
        return try Template(template).evaluate(in: scope).text
    } catch {
        return template + " (not filled: \(error))"
    }
}
